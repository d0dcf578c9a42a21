"""What a person names of what is billed, what it comes to by what is known and ruled now, and the plan made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import polars as pl

from connector import ledger
from connector.billing.charges import LINE, new_charges
from connector.billing.context import Context
from connector.billing.counts import Check
from connector.billing.invoicing import Draft
from connector.domain.money import Money
from connector.domain.words import Bucket
from connector.runs.errors import INPUT, StopError
from connector.runs.events import counted, events_of_bundles, events_of_clients, settle
from connector.runs.known import Known
from connector.runs.ledger_records import known_clients, known_purchases
from connector.runs.look_ahead import Looked, look_nowhere
from connector.runs.plan import Inputs, make_plan, read_set, settled_records
from connector.runs.runplan import Correction, RunPlan
from connector.runs.timed import Present, terms_of

_SAME = ("amount_minor", "quantity", "item", "tier", "partner_id", "selling_entity", "currency", "event", "event_on")
_ASKED = (Bucket.BLOCKED.value, Bucket.HELD.value)
_SUBJECT = ["subject_type", "subject_id"]
_NOW = [*LINE, "bucket", "code", "reason"]


@dataclass(frozen=True)
class Wanted:
    """What is to be corrected.

    Attributes:
        words: charges (`CH-…`), documents (`US-000001`) or lines of them (`US-000001/2`). Of a document, lines that
            would be billed just the same are left alone.
        reason: why; it is kept with the run.
        bill_again: whether what is credited is billed again by what is known now.
        difference: whether nothing is credited, and what is owed more or less is billed on its own.
        reissue: whether the words are documents that the books have no more: nothing is credited there, and what they
            billed is billed again, changed or not.
    """

    words: Sequence[str]
    reason: str
    bill_again: bool = True
    difference: bool = False
    reissue: bool = False


def targets_of(inputs: Inputs, words: Sequence[str]) -> tuple[pl.DataFrame, set[str]]:
    """The charges that the words name, each once; and those of them that are named alone, not with their document.

    Raises:
        StopError: a word names nothing billed, or what was credited before.
    """
    charges = inputs.known.charges
    tables = ("document_line", "adjustment_line")
    lines = pl.concat(ledger.read(table).select("document_id", "charge_id", "position") for table in tables)
    lines = lines.join(ledger.read("document").select("document_id", "number"), on="document_id")
    of_lines = lines.select("charge_id", "number", line=pl.format("{}/{}", "number", "position"))
    every = ledger.read("charge").select("charge_id")
    named = {word: _named(word, every, of_lines) for word in words}
    unknown = [word for word, found in named.items() if not found]
    if unknown or not named:
        message = f"nothing that is billed is called {', '.join(unknown) or 'nothing'}"
        step = "Name a charge (CH-…), a document (US-000001) or a line (US-000001/2); 'connector documents' lists them."
        raise StopError(message, step, INPUT)
    wanted = {one for found in named.values() for one in found}
    chosen = charges.filter(pl.col("charge_id").is_in(list(wanted)))
    standing = set(chosen.filter(~pl.col("credited"))["charge_id"].to_list())
    before = sorted(wanted - standing)
    if before:
        raise StopError(f"credited before: {', '.join(before)}", "'connector explain' tells where.", INPUT)
    numbers = set(of_lines["number"].to_list())
    alone = {one for word, found in named.items() if word not in numbers for one in found}
    return chosen.drop("credited"), alone


def _named(word: str, every: pl.DataFrame, lines: pl.DataFrame) -> list[str]:
    found = lines.filter((pl.col("number") == word) | (pl.col("line") == word))["charge_id"].to_list()
    return [*found, *every.filter(pl.col("charge_id") == word)["charge_id"].to_list()]


def as_known_now(inputs: Inputs, context: Context, targets: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the targets come to as if they had never been billed: charges, and what became of each event.

    First terms are made from the latest record of their client or purchase, later ones as time makes them.
    """
    subjects = targets.select(client_id="subject_id").unique()
    known = inputs.known
    free = replace(
        inputs,
        known=replace(
            known,
            charges=known.charges.join(targets, on=list(LINE), how="anti"),
            versions=known.versions.join(subjects, on="client_id", how="anti"),
        ),
    )
    clients = events_of_clients(free, known_clients(known, inputs.earlier, subjects)[0], context)
    bundles = events_of_bundles(free, known_purchases(targets, inputs.earlier), context)
    clients, bundles = counted(free, clients, bundles, context)
    settled = [_placed(settle(free.rulebook, clients, free.known.charges), known), _settled(free, bundles)]
    first = pl.concat([new_charges(one, context) for one in settled])
    nobody, nothing = settled_records(inputs, context)
    # What is known now is right for the past too: that is what a correction says. So nothing earlier is looked at.
    now = known.history.join(known.versions.select("client_id", "sequence"), on=["client_id", "sequence"], how="semi")
    there = replace(free, known=replace(free.known, versions=known.versions, history=now))
    timed = terms_of(there, context, Present(nobody, nothing, first, inputs.doubts, inputs.earlier))
    wanted = targets.select(LINE)
    charges = pl.concat([first, timed.charges]).join(wanted, on=list(LINE), how="semi")
    events = pl.concat([*(one.select(_NOW) for one in settled), timed.events.select(_NOW)])
    return charges, events


def _settled(free: Inputs, bundles: pl.DataFrame) -> pl.DataFrame:
    return settle(free.rulebook, bundles, free.known.charges)


def _placed(settled: pl.DataFrame, known: Known) -> pl.DataFrame:
    """The clients with the place of their latest record, and the day for which that was said."""
    there = known.versions.select("client_id", "said_on", "source_id", "source")
    placed = settled.drop("source").join(there, on="client_id", how="left", maintain_order="left")
    return placed.with_columns(size_as_of="said_on")


def refuse_unreasoned(wanted: Wanted) -> None:
    """Refuse a correction that nobody gives a reason for."""
    if not wanted.reason.strip():
        raise StopError("a correction needs a reason", "Say why, with --reason.")


def refuse_questions(targets: pl.DataFrame, now: pl.DataFrame) -> None:
    """Refuse what asks a question now, or cannot be read."""
    asked = targets.select("charge_id", *LINE).join(now.filter(pl.col("bucket").is_in(_ASKED)), on=_SUBJECT)
    if not asked.is_empty():
        told = [f"{charge}: {reason}" for charge, reason in asked.select("charge_id", "reason").iter_rows()]
        message = f"it cannot be billed again now: {'; '.join(told)}"
        raise StopError(message, "Answer that first, or only credit it (--credit-only).", INPUT)


def unchanged(targets: pl.DataFrame, charges: pl.DataFrame) -> list[str]:
    """The charges that would be billed just as they are."""
    return targets.join(charges, on=[*LINE, *_SAME], how="semi", nulls_equal=True)["charge_id"].to_list()


def without(same: Sequence[str], targets: pl.DataFrame) -> pl.DataFrame:
    """The charges but for some."""
    return targets.filter(~pl.col("charge_id").is_in(list(same)))


def refuse_no_change(same: Sequence[str], alone: set[str], targets: pl.DataFrame) -> None:
    """Refuse where nothing would change, or not what was named alone."""
    told = [one for one in same if one in alone or len(same) == targets.height]
    if told:
        message = f"by what is known and ruled now it would be billed just the same: {', '.join(told)}"
        step = "Upload and approve the corrected list, or mend the rules, first; --credit-only credits it alone."
        raise StopError(message, step, INPUT)


def refuse_faults(drafts: Sequence[Draft]) -> None:
    """A correction is applied whole: a document that would be blocked refuses all of it."""
    faults = list(dict.fromkeys(text for draft in drafts for _, text in draft.faults))
    if faults:
        message = f"the books would not take it: {'; '.join(faults)}"
        raise StopError(message, "Mend the cause, then correct it again. Nothing was written.", INPUT)


def frames_of(
    inputs: Inputs, charges: pl.DataFrame, targets: pl.DataFrame, drafts: Sequence[Draft]
) -> dict[str, pl.DataFrame]:
    """What approval writes, charges and credits, and what it reads again; every other frame of a plan is empty."""
    nothing = {one.name: getattr(inputs.known, one.name).clear() for one in fields(inputs.known) if one.name != "key"}
    blank = replace(inputs, known=replace(inputs.known, **nothing), earlier=(), look=look_nowhere)
    idle = make_plan(blank).frames
    read = inputs.known.versions.join(targets.select(client_id="subject_id"), on="client_id", how="semi")
    return {
        **{name: frame.clear() for name, frame in idle.items()},
        **read_set(inputs.known, [charges], drafts),
        "doubts": inputs.doubts,
        "charges": charges,
        "credits": targets.select("charge_id", "partner_id", "selling_entity", "currency", "amount_minor"),
        "read_clients": read.select("client_id", known_sequence="sequence"),
    }


def sum_of(entries: pl.DataFrame, currency: str) -> int:
    """The amounts in one currency, in minor units."""
    return int(entries.filter(pl.col("currency") == currency)["amount_minor"].sum())


def billed_as(charge: Mapping[str, Any]) -> str:
    """What a charge is billed as, for people: amount, event and tier."""
    tier = f", {charge['tier']} employees" if charge["tier"] else ""
    amount = Money(charge["amount_minor"], charge["currency"])
    return f"{amount} ({charge['event']} on {charge['event_on']}{tier})"


@dataclass(frozen=True)
class Made:
    """What a correction would do: documents, what the books say, equations, money, frames, and what is told of it."""

    drafts: tuple[Draft, ...]
    looked: Looked
    checks: tuple[Check, ...]
    amounts: Mapping[str, int]
    frames: Mapping[str, pl.DataFrame]
    correction: Correction


def plan_of(inputs: Inputs, context: Context, made: Made) -> RunPlan:
    """The run plan of a correction, which has no sources."""
    return RunPlan(
        run_id=inputs.run_id,
        created_at=inputs.now,
        as_of=context.as_of,
        sources=(),
        problems=(),
        row_kinds={},
        hidden={},
        buckets={},
        amounts=made.amounts,
        drafts=made.drafts,
        checks=made.checks,
        unasked=made.looked.unasked,
        efforts=made.looked.efforts,
        pins=inputs.pins,
        frames=made.frames,
        terms={"events": {}, "stopped": 0},
        correction=made.correction,
    )
