"""One work, in this process: `python -m connector.web.worker FOLDER NUMBER`. Only `works` starts it.

A stranger's trap: it stands in the folder of its upload while it reads, so that files have the names that people gave
them: the next upload of `clients.xlsx` continues the last one, whoever sent it.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from connector import ledger
from connector.runs import contacts, crashpoints, proposal_files, proposal_money, proposals, reconcile, workspace
from connector.runs.asking import Asked, Clock
from connector.runs.compared import compare_upload
from connector.runs.config import Config
from connector.runs.errors import INPUT, StopError
from connector.runs.health import look_at
from connector.runs.push_result import Progress
from connector.runs.reissue import reissue_run
from connector.runs.sending import Wish, send
from connector.runs.stops import as_stop
from connector.web import settings
from connector.web.peoplefile import FILE, open_people, secret_of
from connector.web.site import Site, serve_site

_BEAT_SECONDS = 5.0
_TELL_SECONDS = 0.3


def main(folder: str, number: str) -> int:
    """Do the work and keep what came of it; 0, also where it was refused: what is told then says why."""
    place = Path(folder)
    settings.configure(secret_of(place))
    serve_site(Site(place, Clock(lambda: datetime.now(UTC), time.sleep, time.monotonic)))
    open_people(place / FILE)
    crashpoints.arm_from(os.environ.get(crashpoints.VARIABLE, ""))

    from connector.web.models import Work  # noqa: PLC0415 - Django is configured by now

    work = Work.objects.get(pk=int(number))
    with _beating(work.pk):
        try:
            found = _KINDS[work.kind](work)
        except Exception as error:  # noqa: BLE001 - the last line of defence: a person must be told
            stop = as_stop(error)
            told = f"{stop.message[0].upper()}{stop.message[1:]}. {stop.next_step}"
            problems = [str(problem) for problem in stop.problems]
            _end(work.pk, "failed", told, {"problems": problems})
        else:
            _end(work.pk, "done", "", found)
    return 0


def _end(number: int, state: str, told: str, found: Mapping[str, Any]) -> None:
    from connector.web.models import Work  # noqa: PLC0415 - as above

    now = datetime.now(UTC)
    Work.objects.filter(pk=number).update(state=state, told=told, found=dict(found), ended_at=now, beat_at=now)


@contextmanager
def _beating(number: int) -> Iterator[None]:
    """Give a sign of life until the work ends."""
    from django.db import connections  # noqa: PLC0415 - Django is configured by now

    from connector.web.models import Work  # noqa: PLC0415 - as above

    over = threading.Event()

    def beat() -> None:
        while not over.wait(_BEAT_SECONDS):
            Work.objects.filter(pk=number).update(beat_at=datetime.now(UTC))
        connections.close_all()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _teller(number: int) -> Callable[[str, int, int], None]:
    """Keeps how far a work is, some times a second."""
    from connector.web.models import Work  # noqa: PLC0415 - as above

    last = [0.0]

    def tell(told: str, done: int, total: int) -> None:
        if done >= total or time.monotonic() - last[0] > _TELL_SECONDS:
            last[0] = time.monotonic()
            Work.objects.filter(pk=number).update(told=told, done=done, total=total, beat_at=datetime.now(UTC))

    return tell


@contextmanager
def _opened(by: str) -> Iterator[tuple[Config, Clock]]:
    """The working folder with its ledger open; entries are made in this person's name."""
    from connector.web.site import site  # noqa: PLC0415 - as above

    config = site().config()
    workspace.open_ledger(config)
    try:
        with ledger.acting(by):
            yield config, site().clock
    finally:
        ledger.close_store()


def _files(work: Any) -> list[Path]:  # noqa: ANN401 - a model, which is not imported here
    """The files of the work, by their own names: this process stands beside them from now on."""
    from connector.web import made  # noqa: PLC0415 - as above
    from connector.web.site import site  # noqa: PLC0415 - as above

    if work.given.get("made_here"):
        os.chdir(site().folder)
        written = made.write()
        if not written:
            raise StopError("no client was made here yet", "Make one, then plan.", INPUT)
        return [Path(one.name) for one in written]
    if work.upload is None:
        return []
    os.chdir(site().uploads(work.upload.pk))
    return [Path(one["name"]) for one in work.upload.files]


def _check(work: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as above
    from connector.web.checked import keep_check, keep_compared  # noqa: PLC0415 - as above

    files, tell = _files(work), _teller(work.pk)
    with _opened(work.by) as (config, clock):
        mappings = workspace.open_mappings(config)
        intake = workspace.read_files(config, mappings, files, tell)
        found = keep_check(intake, mappings, config.limits)
        tell("Comparing with the last upload", 1, 1)
        return {**found, **keep_compared(compare_upload(config, intake, clock, work.by))}


def _plan(work: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as above
    day = work.given.get("as_of")
    with _opened(work.by) as (config, clock):
        asked = Asked(date.fromisoformat(day) if day else None, clock, work.by)
        files = proposals.files_in_force(config, asked)
        plan = workspace.plan_files(config, files, _files(work), asked, _teller(work.pk))
        return {"run": plan.run_id}


def _push(work: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as above
    tell = _teller(work.pk)

    def report(progress: Progress) -> None:
        tell(progress.message, progress.settled, max(progress.total, 1))

    with _opened(work.by) as (config, clock):
        wish = Wish(work.given["run"], work.by, until_done=True, retry_rejected=bool(work.given.get("retry")))
        sent = send(config, wish, clock, report)
        return {**sent.to_plain(), "remains": sent.remains or bool(sent.setup_faults)}


def _simulate(work: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as above
    from connector.web.site import site  # noqa: PLC0415 - as above

    config = site().config()
    proposal = proposal_files.one(config, work.given["proposal"])
    start = date.fromisoformat(work.given["start"])
    asked = Asked(None, site().clock, work.by)
    kept = proposal_money.simulated(config, proposal, start, asked, _teller(work.pk))
    return {"lines": kept.lines}


def _read_back(work: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as above
    from connector.web.site import site  # noqa: PLC0415 - as above

    with _opened(work.by) as (config, _clock):
        entities = workspace.open_files(config).rulebook.entities
        return reconcile.reconcile(config, entities, None, site().asked(work.by), _teller(work.pk)).to_plain()


def _accept(work: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as above
    from connector.web import deeds  # noqa: PLC0415 - as above
    from connector.web.site import site  # noqa: PLC0415 - as above

    numbers, reason = work.given["numbers"], work.given["reason"]
    with _opened(work.by) as (config, _clock):
        taken = reconcile.accept(config, numbers, reason, site().asked(work.by))
        deeds.note(work.by, "accepted", ", ".join(one.number for one in taken), reason)
        return {"accepted": [one.to_plain() for one in taken]}


def _reissue(work: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as above
    from connector.web import deeds  # noqa: PLC0415 - as above
    from connector.web.site import site  # noqa: PLC0415 - as above

    numbers, reason = work.given["numbers"], work.given["reason"]
    with _opened(work.by) as (config, _clock):
        asked = site().asked(work.by)
        made = reissue_run(config, proposals.files_in_force(config, asked), numbers, reason, asked)
        deeds.note(work.by, "issued again", ", ".join(numbers), f"{made.run_id}: {reason}")
        return {"run": made.run_id}


def _look(work: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as above
    from connector.web.site import site  # noqa: PLC0415 - as above

    tell, asked = _teller(work.pk), site().asked(work.by)
    connections, known, unasked = [], {}, {}
    with _opened(work.by) as (config, clock):
        everybody = contacts.everybody(config, clock.now().date())
        for done, name in enumerate(sorted(config.tenants)):
            tell(f"Asking {name}", done, len(config.tenants))
            one = look_at(config.tenants[name], clock)
            connections.append(one.to_plain())
            answer = contacts.look_for(config, name, everybody, asked) if one.catalogue is not None else one.fault
            if isinstance(answer, str):
                unasked[name] = answer
            else:
                known[name] = {partner: asdict(found) for partner, found in answer.items()}
    return {"connections": connections, "contacts": known, "unasked": unasked}


_KINDS: Mapping[str, Callable[[Any], Mapping[str, Any]]] = {
    "check": _check,
    "plan": _plan,
    "push": _push,
    "simulate": _simulate,
    "read-back": _read_back,
    "accept": _accept,
    "reissue": _reissue,
    "look": _look,
}

if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
