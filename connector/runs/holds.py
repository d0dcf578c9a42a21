"""Lines that a person has put on hold: they leave the plan they stand on, and every later one, until they are released.

A stranger's trap: a hold is on the charge key, not on the run, so planning again does not lose it. A stored plan is
never changed: its holds are applied whenever it is shown or approved.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import polars as pl

from connector import ledger
from connector.billing.invoicing import Draft
from connector.runs import serial, store
from connector.runs.errors import INPUT, StopError
from connector.runs.held_lines import LINES, Cut, Read, Sums, cut
from connector.runs.runplan import Hold, RunPlan

ALL = "all"


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
    """The plan without these lines. A correction is applied whole, whatever is on hold."""
    if plan.correction is not None or not held:
        return plan
    found = cut(_lines(plan.documents), partial(_columns_of, plan), held, plan.terms.get("stopped", 0))
    if found is None:
        return plan
    shortened = (draft if draft.faults else _shortened(draft, found.taken) for draft in plan.drafts)
    drafts = tuple(draft for draft in shortened if draft.document.lines)
    left = Sums.of(_lines(draft for draft in drafts if not draft.faults))
    return replace(
        plan,
        drafts=drafts,
        buckets=found.buckets,
        terms=found.terms,
        amounts=found.amounts,
        checks=(*plan.checks, *found.checks(left)),
        frames={name: found.frame(name, frame) for name, frame in plan.frames.items()},
        on_hold=found.on_hold,
    )


def looked_without(
    plain: Mapping[str, Any], read: Read, held: Mapping[str, Hold]
) -> tuple[Mapping[str, Any], Cut | None]:
    """The same of a plan as it is stored, for whoever looks at parts of it: its JSON values, and what cuts its frames.

    Args:
        plain: its JSON values; it keeps its lines apart.
        read: columns of its frames.
        held: the lines on hold, by charge.
    """
    if plain.get("correction") is not None or not held:
        return plain, None
    lines = read("lines", ["document_id", "charge_id", "net_minor", "tax_minor"])
    found = cut(_stored_lines(plain, lines), read, held, plain.get("terms", {}).get("stopped", 0))
    return (plain, None) if found is None else (found.stored(plain, lines), found)


def _columns_of(plan: RunPlan, name: str, columns: Sequence[str]) -> pl.DataFrame:
    """Columns of a frame of a plan, as `cut` reads them."""
    frame = plan.frames.get(name, pl.DataFrame())
    return frame.select(columns or pl.all()) if frame.width else frame


def _shortened(draft: Draft, taken: Container[str]) -> Draft:
    lines = tuple(line for line in draft.document.lines if line.charge_id not in taken)
    return replace(draft, document=replace(draft.document, lines=lines))


def _lines(drafts: Iterable[Draft]) -> pl.DataFrame:
    """The lines of drafts: `LINES`."""
    rows = [
        (line.charge_id, draft.document_id, draft.document.party.partner_id, draft.document.currency, line.net_minor)
        for draft in drafts
        for line in draft.document.lines
    ]
    return pl.DataFrame(rows, schema=LINES, orient="row")


def _stored_lines(plain: Mapping[str, Any], lines: pl.DataFrame) -> pl.DataFrame:
    """The same of a plan as it is stored, and its frame of lines."""
    heads = [
        (one["document_id"], one["document"]["party"]["partner_id"], one["document"]["currency"])
        for one in plain["documents"]
        if not one["faults"]
    ]
    own = pl.DataFrame(heads, schema=dict.fromkeys(("document_id", "partner_id", "currency"), pl.String), orient="row")
    return lines.join(own, on="document_id", maintain_order="left").select(list(LINES))


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
