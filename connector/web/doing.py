"""What each kind of work does, in the process that `worker` has made ready: Django is configured by then.

A stranger's trap: what is read is read from the folder of its upload, so that files have the names that people gave
them: the next upload of `clients.xlsx` continues the last one, whoever sent it.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from connector import ledger
from connector.runs import contacts, proposal_files, proposal_money, proposals, reconcile, workspace
from connector.runs.asking import Asked
from connector.runs.compared import compare_upload
from connector.runs.config import Config
from connector.runs.errors import INPUT, StopError
from connector.runs.health import look_at
from connector.runs.push_result import Progress
from connector.runs.reissue import reissue_run
from connector.runs.sending import Wish, send
from connector.web import deeds, made, run_books, works
from connector.web.checked import keep_check, keep_compared
from connector.web.models import Work
from connector.web.site import site

_TELL_SECONDS = 0.3

Found = Mapping[str, Any]


def do(work: Work) -> Found:
    """Do a work; what came of it, as JSON values.

    Raises:
        Exception: whatever stops it.
    """
    return _KINDS[work.kind](work)


def _teller(work: Work) -> Callable[[str, int, int], None]:
    """Keeps how far a work is, some times a second."""
    last = [0.0]

    def tell(told: str, done: int, total: int) -> None:
        if done >= total or time.monotonic() - last[0] > _TELL_SECONDS:
            last[0] = time.monotonic()
            Work.objects.filter(pk=work.pk).update(told=told, done=done, total=total, beat_at=datetime.now(UTC))

    return tell


@contextmanager
def _opened(work: Work) -> Iterator[tuple[Config, Asked]]:
    """The working folder with its ledger open; entries are made in the name of whoever started the work."""
    config = site().config()
    workspace.open_ledger(config)
    try:
        with ledger.acting(work.by):
            yield config, site().asked(work.by)
    finally:
        ledger.close_store()


def _files(work: Work) -> list[Path]:
    """The files of the work, by their own names: this process stands beside them from now on.

    Raises:
        StopError: what was made here shall be read, and nothing was.
    """
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


def _check(work: Work) -> Found:
    files, tell = _files(work), _teller(work)
    with _opened(work) as (config, asked):
        mappings = workspace.open_mappings(config)
        intake = workspace.read_files(config, mappings, files, tell)
        found = keep_check(intake, mappings, config.limits)
        tell("Comparing with the last upload", 1, 1)
        return {**found, **keep_compared(compare_upload(config, intake, asked.clock, work.by))}


def _plan(work: Work) -> Found:
    day = work.given.get("as_of")
    with _opened(work) as (config, asked):
        on_day = Asked(date.fromisoformat(day) if day else None, asked.clock, work.by)
        files = proposals.files_in_force(config, on_day)
        plan = workspace.plan_files(config, files, _files(work), on_day, _teller(work))
        return {"run": plan.run_id}


def _approve(work: Work) -> Found:
    with _opened(work) as (config, asked):
        done = workspace.approve_run(config, workspace.open_files(config), work.given["run"], asked, _teller(work))
        heads = ", ".join(f"{one}: {head}" for one, head in done.heads.items())
        deeds.note(work.by, "approved", done.run_id, heads)
        return {"run": done.run_id, "documents": len(done.documents), "unasked": dict(done.unasked)}


def _export(work: Work) -> Found:
    with _opened(work):
        run_books.keep(work.given["run"], _teller(work))
        return {"run": work.given["run"]}


def _push(work: Work) -> Found:
    tell = _teller(work)

    def report(progress: Progress) -> None:
        tell(progress.message, progress.settled, max(progress.total, 1))

    with _opened(work) as (config, asked):
        wish = Wish(work.given["run"], work.by, until_done=True, retry_rejected=bool(work.given.get("retry")))
        sent = send(config, wish, asked.clock, report)
        return {**sent.to_plain(), "remains": sent.remains or bool(sent.setup_faults)}


def _simulate(work: Work) -> Found:
    config = site().config()  # the ledger is opened by the simulation, which may do without one
    proposal = proposal_files.one(config, work.given["proposal"])
    start = date.fromisoformat(work.given["start"])
    kept = proposal_money.simulated(config, proposal, start, site().asked(work.by), _teller(work))
    return {"lines": kept.lines}


def _read_back(work: Work) -> Found:
    with _opened(work) as (config, asked):
        entities = workspace.open_files(config).rulebook.entities
        return reconcile.reconcile(config, entities, None, asked, _teller(work)).to_plain()


def _accept(work: Work) -> Found:
    numbers, reason = work.given["numbers"], work.given["reason"]
    with _opened(work) as (config, asked):
        taken = reconcile.accept(config, numbers, reason, asked)
        deeds.note(work.by, "accepted", ", ".join(one.number for one in taken), reason)
        return {"accepted": [one.to_plain() for one in taken]}


def _reissue(work: Work) -> Found:
    numbers, reason = work.given["numbers"], work.given["reason"]
    with _opened(work) as (config, asked):
        plan = reissue_run(config, proposals.files_in_force(config, asked), numbers, reason, asked)
        deeds.note(work.by, "issued again", ", ".join(numbers), f"{plan.run_id}: {reason}")
        return {"run": plan.run_id}


def _look(work: Work) -> Found:
    tell = _teller(work)
    connections, known, unasked = [], {}, {}
    with _opened(work) as (config, asked):
        everybody = contacts.everybody(config, asked.clock.now().date())
        for done, name in enumerate(sorted(config.tenants)):
            tell(f"Asking {name}", done, len(config.tenants))
            one = look_at(config.tenants[name], asked.clock)
            connections.append(one.to_plain())
            answer = contacts.look_for(config, name, everybody, asked) if one.catalogue is not None else one.fault
            if isinstance(answer, str):
                unasked[name] = answer
            else:
                known[name] = {partner: asdict(found) for partner, found in answer.items()}
    return {"connections": connections, "contacts": known, "unasked": unasked}


_KINDS: Mapping[str, Callable[[Work], Found]] = {
    works.CHECK: _check,
    works.PLAN: _plan,
    works.APPROVE: _approve,
    works.PUSH: _push,
    works.EXPORT: _export,
    works.SIMULATE: _simulate,
    works.READ_BACK: _read_back,
    works.ACCEPT: _accept,
    works.REISSUE: _reissue,
    works.LOOK: _look,
}
