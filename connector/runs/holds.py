"""Lines that a person has put on hold: they leave the plan they stand on, and every later one, until they are released.

A stranger's trap: a hold is on the charge key, not on the run, so planning again does not lose it. A stored plan is
never changed: its holds are applied whenever it is shown or approved.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import polars as pl

from connector import ledger
from connector.billing.counts import Check
from connector.billing.invoicing import Draft
from connector.domain.words import Bucket
from connector.runs import serial, store
from connector.runs.errors import INPUT, StopError
from connector.runs.rows import record_buckets, term_buckets
from connector.runs.runplan import Hold, RunPlan

ALL = "all"
_PLACE = ["source", "sheet", "row"]
_KEY = ["subject_id", "metric", "ordinal"]
_LINES = {
    "charge_id": pl.String,
    "document_id": pl.String,
    "partner_id": pl.String,
    "currency": pl.String,
    "net_minor": pl.Int64,
}


def planned(run_id: str) -> tuple[RunPlan, store.RunState]:
    """A stored plan as it stands: without the lines that are on hold or, once approved, that were on hold then.

    Raises:
        StopError: there is no such run.
    """
    return standing(store.load_plan(run_id))


def standing(plan: RunPlan) -> tuple[RunPlan, store.RunState]:
    """A plan as it was stored, as it stands now: see `planned`."""
    state = store.state_of(plan.run_id)
    return without(plan, store.holds(store.approved_at(plan.run_id))), state


def hold(run_id: str, words: Sequence[str], reason: str, *, now: datetime, by: str) -> tuple[Hold, ...]:
    """Put lines of a plan on hold.

    Args:
        run_id: the run.
        words: charges, drafts, partners or clients (their ids), or `all`.
        reason: why; it is shown wherever the line is told of.
        now: the moment, UTC.
        by: who holds them.

    Raises:
        StopError: the run does not wait for approval or is a correction, a word names no line of it, or the reason is
            empty.
    """
    _need_reason(reason)
    whole = store.load_plan(run_id)
    with ledger.transaction():
        serial.hold_lines(whole)
        plan, state = standing(whole)
        store.refuse_erased(state)
        if state.state != store.PLANNED:
            message = f"{state.run_id} was approved before (now: {state.state}), so its lines are billed"
            raise StopError(message, "'connector correct' credits what is billed.", INPUT)
        if plan.correction is not None:
            message = f"{plan.run_id} is a correction, and is applied whole or not at all"
            raise StopError(message, "Leave it unapproved, or correct other lines.", INPUT)
        charges = plan.frames["charges"].select("charge_id", "subject_id")
        lines = _lines(plan.documents).join(charges, on="charge_id", how="left", maintain_order="left")
        chosen = _chosen(lines, words, f"{plan.run_id} has no line of", f"'connector show {plan.run_id}' lists them.")
        made = tuple(Hold(one, partner, plan.run_id, reason.strip(), by, now) for one, partner in chosen)
        store.add_holds(made, store.HELD)
    return made


def release(words: Sequence[str], reason: str, *, now: datetime, by: str) -> tuple[Hold, ...]:
    """Release lines: the plan that waits for approval bills them again, or the next one does.

    Args:
        words: charges or partners (their ids), or `all`.
        reason: why.
        now: the moment, UTC.
        by: who releases them.

    Raises:
        StopError: a word names no line on hold, or the reason is empty.
    """
    _need_reason(reason)
    partners = {one.partner_id for one in store.holds().values()}
    with ledger.transaction():
        serial.hold_partners(partners)
        held = store.holds()
        known = [(one.charge_id, one.partner_id) for one in held.values()]
        lines = pl.DataFrame(known, schema=["charge_id", "partner_id"], orient="row")
        chosen = _chosen(lines, words, "no line on hold is called", "'connector exceptions' lists them.")
        freed = tuple(replace(held[one], reason=reason.strip(), by=by, at=now) for one, _ in chosen)
        store.add_holds(freed, store.RELEASED)
    return freed


def without(plan: RunPlan, held: Mapping[str, Hold]) -> RunPlan:
    """The plan without these lines; what it counts and adds up is counted and added up again.

    A document that is blocked for another reason keeps its lines: none of them is billed. A correction is applied
    whole, whatever is on hold.
    """
    if plan.correction is not None or not held:
        return plan
    lines = _lines(plan.documents)
    held = {**held, **_dependent(plan, held)}
    out = lines.filter(pl.col("charge_id").is_in(list(held)))
    if out.is_empty():
        return plan
    taken = set(out["charge_id"].to_list())
    drafts = tuple(draft if draft.faults else _shortened(draft, taken) for draft in plan.drafts)
    drafts = tuple(draft for draft in drafts if draft.document.lines)
    charges = plan.frames["charges"]
    gone = charges.filter(pl.col("charge_id").is_in(taken))
    told = {one: str(held[one]) for one in taken}
    reasons = gone.select(*_KEY, on_hold=pl.col("charge_id").replace_strict(told))
    records = {name: _marked(plan.frames[name], reasons, _KEY) for name in ("clients", "bundles")}
    rows = [frame.join(reasons, on=_KEY).select(*_PLACE, "on_hold") for frame in records.values()]
    terms = _marked(plan.frames["terms"], reasons, _KEY)
    every = _marked(plan.frames["rows"], pl.concat(rows), _PLACE)
    staying = charges.filter(~pl.col("charge_id").is_in(taken))
    return replace(
        plan,
        drafts=drafts,
        buckets=record_buckets(every),
        terms=term_buckets(terms, staying, plan.terms["stopped"]),
        amounts=dict(staying.group_by("currency").agg(pl.col("amount_minor").sum()).sort("currency").iter_rows()),
        checks=(*plan.checks, *_checks(lines, out, _lines(draft for draft in drafts if not draft.faults))),
        frames={**plan.frames, **records, "terms": terms, "charges": staying, "rows": every},
        on_hold=tuple(held[one] for one in sorted(taken)),
    )


def _dependent(plan: RunPlan, held: Mapping[str, Hold]) -> dict[str, Hold]:
    """What is billed of a new client besides a charge on hold: the client is remembered with its first charge only."""
    fresh = plan.frames["clients"].filter("is_new").select("subject_id").unique()
    charges = (
        plan.frames["charges"].join(fresh, on="subject_id", how="semi").select("subject_id", "charge_id", "ordinal")
    )
    first = charges.filter((pl.col("ordinal") == 1) & pl.col("charge_id").is_in(list(held)))
    pairs = charges.join(first.select("subject_id", first="charge_id"), on="subject_id")
    return {one: replace(held[cause], charge_id=one) for _, one, _, cause in pairs.iter_rows()}


def _shortened(draft: Draft, taken: set[str]) -> Draft:
    lines = tuple(line for line in draft.document.lines if line.charge_id not in taken)
    return replace(draft, document=replace(draft.document, lines=lines))


def _marked(frame: pl.DataFrame, reasons: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The frame with what is on hold in its bucket, and the reason."""
    joined = frame.join(reasons, on=list(keys), how="left", maintain_order="left")
    held = pl.col("on_hold").is_not_null()
    return joined.with_columns(
        bucket=pl.when(held).then(pl.lit(Bucket.HELD.value)).otherwise("bucket"),
        reason=pl.coalesce("on_hold", "reason"),
    ).drop("on_hold")


def _lines(drafts: Iterable[Draft]) -> pl.DataFrame:
    """The lines of drafts: `_LINES`."""
    rows = [
        (line.charge_id, draft.document_id, draft.document.party.partner_id, draft.document.currency, line.net_minor)
        for draft in drafts
        for line in draft.document.lines
    ]
    return pl.DataFrame(rows, schema=_LINES, orient="row")


def _checks(planned_lines: pl.DataFrame, out: pl.DataFrame, left: pl.DataFrame) -> tuple[Check, ...]:
    """Lines and money as planned, against what is left and what is on hold."""
    name = "lines as planned, against those left and those on hold"
    counted = Check(name, planned_lines.height, left.height + out.height)
    total, rest = (
        dict(frame.group_by("currency").agg(pl.col("net_minor").sum()).iter_rows())
        for frame in (planned_lines, pl.concat([left, out]))
    )
    return (counted, *(Check(name, total[code], rest.get(code, 0), code) for code in sorted(total)))


def _chosen(lines: pl.DataFrame, words: Sequence[str], absent: str, next_step: str) -> list[tuple[str, str]]:
    """Charge and partner of the lines that the words name, each word by some id of theirs.

    Raises:
        StopError: a word names none.
    """
    ids = [name for name in ("charge_id", "document_id", "partner_id", "subject_id") if name in lines.columns]
    named = {
        word: lines if word == ALL else lines.filter(pl.any_horizontal(pl.col(name) == word for name in ids))
        for word in words
    }
    unknown = [word for word, found in named.items() if found.is_empty()]
    if unknown or not named:
        raise StopError(f"{absent} {', '.join(unknown) or 'nothing'}", next_step, INPUT)
    chosen = pl.concat(list(named.values())).select("charge_id", "partner_id").unique(maintain_order=True)
    return list(chosen.iter_rows())


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise StopError("a hold and a release need a reason", "Say why, with --reason.")
