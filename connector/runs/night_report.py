"""What a night did, as tables for people and as JSON values: the morning's report."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from connector.domain.money import Money
from connector.export import Fetched, RetryLater
from connector.printed import Table, page, text
from connector.runs.fetching import Outcome as Fetching
from connector.runs.nightly import Told
from connector.runs.nights import Outcome
from connector.runs.runplan import RunPlan
from connector.runs.tieout import TieOut
from connector.runs.wholefile import write_whole

FOLDER = "reports"
_ENDED = {
    Outcome.DONE: "Everything is done, and nothing needs a person.",
    Outcome.WAITS: "Something waits: see below.",
    Outcome.FAILED: "Something could not be done: see below.",
}
_MOST = 500  # rows of a table; the command that lists all of them is named


def write_report(folder: Path, told: Told) -> tuple[Path, ...]:
    """Write the report of a night as JSON, page and text into the working folder's `reports`.

    One that a night wrote before it was stopped is replaced: the night has only one end.

    Raises:
        StopError: a file cannot be written.
    """
    place = folder / FOLDER
    place.mkdir(exist_ok=True)
    title, about, tables = _title(told), tuple(sentences(told)), tuple(_tables(told))
    made = {
        "json": json.dumps(to_plain(told), ensure_ascii=False, indent=2, default=str),
        "html": page(title, about, tables),
        "txt": text(title, about, tables),
    }
    written = []
    for ending, content in made.items():
        out = place / f"{told.night.night_id}.{ending}"
        out.unlink(missing_ok=True)
        write_whole(out, content.encode())
        written.append(out)
    return tuple(written)


def sentences(told: Told) -> Iterator[str]:
    """The night in a few sentences, the most important first."""
    yield _ENDED[told.outcome]
    if told.rehearsed:
        yield "This was a rehearsal: nothing was written, approved or sent."
    if told.resumed:
        yield f"It was stopped, and gone on with; it began {told.night.began:%Y-%m-%d %H:%M} UTC."
    for trouble in told.troubles:
        yield f"{trouble.stage}: {trouble.message.rstrip('.')}. {trouble.next_step}"
    for proposal in told.in_force:
        yield f"Rules: proposal {proposal.number} is in force from now on: {proposal.title}."
    for name, one in told.fetched.items():
        yield f"Export {name}: {_fetched(one)}"
    yield from _of_plan(told)
    yield from _of_tenants(told)
    for entity, head in told.heads.items():
        yield f"Chain head of {entity}: {head}"


def _of_tenants(told: Told) -> Iterator[str]:
    """What was sent to each tenant, and what kept it from being sent or read back."""
    for name, result in told.sent.results.items() if told.sent else ():
        count = len(result.booked) + len(result.adopted)
        open_ones = len(result.rejected) + len(result.quarantined) + len(result.waiting)
        done = "written to files" if told.sent and name in told.sent.files else "sent"
        yield f"{name}: {count} documents {done}, {open_ones} not yet."
        if result.stopped:
            again = f" It can go on at {result.resume_at:%Y-%m-%d %H:%M} UTC." if result.resume_at else ""
            yield f"{name}: stopped: {result.stopped}{again}"
    for file in told.files:
        yield f"{file.file} waits to be imported: {file.documents} documents. {file.next_step}"
    for name, (message, next_step) in told.faults.items():
        yield f"{name}: {message}. {next_step}"
    for name, reason in told.unread.items():
        yield f"{name}: not read back: {reason}"


def _of_plan(told: Told) -> Iterator[str]:
    plan = told.plan
    if plan is None:
        return
    totals = ", ".join(str(total) for total in plan.totals.values()) or "nothing"
    yield f"{plan.run_id}: {len(plan.documents)} documents, total with tax: {totals}."
    if told.approval is not None:
        yield f"{plan.run_id} was approved by the declared policy."
    elif told.waits:
        yield f"{plan.run_id} waits for a person: {'; '.join(told.waits)}. 'connector show {plan.run_id}'."
    elif told.rehearsed and plan.documents:
        yield "By the declared policy it would be approved."


def _title(told: Told) -> str:
    return f"Nightly run {told.night.night_id}" if told.night.night_id else "Rehearsal of the nightly run"


def _fetched(one: Fetching) -> str:
    if isinstance(one, Fetched):
        counted = "" if one.records is None else f"{one.records:,} records, "
        return f"{counted}{one.size_bytes:,} bytes."
    if isinstance(one, RetryLater):
        return f"not whole yet: {one.reason}; it goes on after {one.not_before:%Y-%m-%d %H:%M} UTC."
    return f"not fetched: {one.reason}. {one.next_step}"


def _tables(told: Told) -> Iterator[Table]:
    if told.attention:
        rows = tuple((one.kind, one.where, one.what, one.next_step) for one in told.attention[:_MOST])
        notes = () if len(told.attention) <= _MOST else (f"{len(told.attention)} in all: 'connector exceptions'.",)
        yield Table("person", "What needs a person", ("kind", "where", "what", "next step"), rows, notes)
    for tied in told.sent.tied if told.sent else ():
        yield from _tied(tied)


def _tied(tied: TieOut) -> Iterator[Table]:
    """A run from its rows to the books, and the equations that do not hold."""
    rows = tuple((one.name, one.count, _money(one.minor), one.note) for one in tied.stages)
    wrong = tuple(str(one) for one in tied.checks if not one.ties)
    told = "ties" if tied.ties else "does not tie"
    yield Table(f"tie-{tied.run_id}", f"{tied.run_id} {told}", ("stage", "count", "money", "note"), rows, wrong)


def _money(minor: Mapping[str, int]) -> str:
    return ", ".join(str(Money(amount, code)) for code, amount in minor.items())


def to_plain(told: Told) -> dict[str, Any]:
    """What a night did, as JSON values."""
    return {
        "night": told.night.night_id,
        "began": told.night.began.isoformat(),
        "outcome": told.outcome.value,
        "resumed": told.resumed,
        "dry_run": told.rehearsed,
        "sentences": list(sentences(told)),
        "exports": {name: _fetched(one) for name, one in told.fetched.items()},
        "plan": _plan_to_plain(told.plan),
        "waits": list(told.waits),
        "approved": None if told.approval is None else [one.number for one in told.approval.documents],
        "push": None if told.sent is None else told.sent.to_plain(),
        "reconcile": None if told.reconciled is None else told.reconciled.to_plain(),
        "troubles": [asdict(one) for one in told.troubles],
        "exceptions": [asdict(one) for one in told.attention],
        "chain_heads": dict(told.heads),
    }


def _plan_to_plain(plan: RunPlan | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    counted = [one.severity.value for one in plan.problems]
    return {
        "run": plan.run_id,
        "documents": len(plan.documents),
        "totals_minor": {code: total.minor for code, total in plan.totals.items()},
        "buckets": plan.buckets,
        "errors": counted.count("error"),
        "warnings": counted.count("warning"),
    }
