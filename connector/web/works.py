"""Works: reading, planning and sending, each in a process of its own, so that the page goes on whatever they take.

They go on when the page is stopped, too, whether by Ctrl-C or by its service: a plan or a sending is not half a thing.

A stranger's trap: a process can die. It beats while it lives; a work whose beat has stopped is told as interrupted, and
the same thing is started anew by the person. What a work had committed stands, as on the command line.
"""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connector.web.models import Upload, Work
from connector.web.site import site

RUNNING, DONE, FAILED = "running", "done", "failed"
CHECK, PLAN, APPROVE, PUSH, EXPORT, SIMULATE = "check", "plan", "approve", "push", "export", "simulate"
READ_BACK, ACCEPT, REISSUE, LOOK = "read-back", "accept", "reissue", "look"
SILENT = timedelta(seconds=45)
TITLES: Mapping[str, str] = {
    CHECK: "Checking the files",
    PLAN: "Planning",
    APPROVE: "Approving",
    PUSH: "Sending",
    EXPORT: "Making the workbook",
    SIMULATE: "Simulating the rules",
    READ_BACK: "Reading the books back",
    ACCEPT: "Accepting",
    REISSUE: "Planning to bill again",
    LOOK: "Asking the accounting systems",
}
_LOG = logging.getLogger("connector.web")


@dataclass(frozen=True)
class Standing:
    """How a work stands: `state` is `RUNNING`, `DONE` or `FAILED`; `told` says what it does or why it failed."""

    state: str
    told: str
    percent: int


def start(kind: str, by: str, given: Mapping[str, Any], upload: Upload | None = None) -> Work:
    """Start a work in a process of its own."""
    now = site().now()
    work = Work.objects.create(
        kind=kind, by=by, given=dict(given), upload=upload, state=RUNNING, made_at=now, beat_at=now
    )
    command = [sys.executable, "-m", "connector.web.worker", str(site().folder), str(work.pk)]
    process = subprocess.Popen(  # noqa: S603 - ourselves
        command, stdin=subprocess.DEVNULL, start_new_session=True, env={**os.environ, "CONNECTOR_USER": by}
    )
    threading.Thread(target=_reap, args=(process, work.pk), daemon=True).start()
    return work


def _reap(process: "subprocess.Popen[bytes]", number: int) -> None:
    """Wait for a process, so that none is left behind dead, and tell where it died without a word."""
    from django.db import connections  # noqa: PLC0415 - Django is configured by then

    code = process.wait()
    try:
        if code:
            told = f"Its process ended with {code}; what was committed before stands. Start it again."
            Work.objects.filter(pk=number, state=RUNNING).update(state=FAILED, told=told, ended_at=site().now())
            _LOG.error("work %s ended with %s", number, code)
    finally:
        connections.close_all()


def going(kind: str, **given: object) -> Work | None:
    """The work of this kind, with these words given, that goes on; None where there is none."""
    found = Work.objects.filter(kind=kind, state=RUNNING, **{f"given__{name}": value for name, value in given.items()})
    return next((work for work in found if standing(work).state == RUNNING), None)


def still_going() -> list[Work]:
    """The works that go on now, the first started first."""
    found = Work.objects.filter(state=RUNNING).order_by("id")
    return [one for one in found if standing(one).state == RUNNING]


def standing(work: Work) -> Standing:
    """How a work stands now."""
    percent = min(100, work.done * 100 // work.total) if work.total else 0
    if work.state == RUNNING and site().now() - work.beat_at > SILENT:
        return Standing(FAILED, "It was interrupted: its process gives no sign. Start it again.", percent)
    return Standing(work.state, work.told, 100 if work.state == DONE else percent)
