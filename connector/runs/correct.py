"""Corrections: what is billed is credited whole, and billed again by what is known and ruled now.

A stranger's trap: nothing that is billed is ever edited. A correction is a run plan like any other, with credit notes
beside invoices; the charge that is taken back stays, and the next revision of its key stands in its place.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import polars as pl

from connector import ledger
from connector.billing.charges import LINE, charge_ids, new_charges
from connector.billing.context import Context
from connector.billing.counts import Check
from connector.billing.invoicing import Draft
from connector.domain.documents import CREDIT_NOTE, INVOICE
from connector.domain.money import Money
from connector.domain.words import Bucket
from connector.runs.credit_notes import Billed, billed_on, credit_notes
from connector.runs.drafting import drafted
from connector.runs.errors import INPUT, StopError
from connector.runs.events import counted, events_of_bundles, events_of_clients, settle
from connector.runs.known import Known
from connector.runs.ledger_records import known_clients, known_purchases
from connector.runs.look_ahead import answered, look_nowhere
from connector.runs.plan import Inputs, given_of, make_plan, read_set, refuse_untied, settled_records
from connector.runs.runplan import Corrected, Correction, RunPlan
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
    """

    words: Sequence[str]
    reason: str
    bill_again: bool


def make_correction(inputs: Inputs, wanted: Wanted) -> RunPlan:
    """The run plan that credits what is wanted and bills it again; nothing is written to the books here.

    Args:
        inputs: everything a plan follows from, without sources.
        wanted: what is to be corrected.

    Raises:
        StopError: a word names nothing that is billed, it is credited already or not in the books yet, it cannot be
            billed again now, nothing would change, or the money does not tie.
    """
    if not wanted.reason.strip():
        raise StopError("a correction needs a reason", "Say why, with --reason.")
    context = given_of(inputs).context
    targets, alone = _targets(inputs, wanted.words)
    billed = billed_on(targets)
    again, now = _again(inputs, context, targets) if wanted.bill_again else (targets.clear(), targets.clear())
    charges = _revised(again, targets, context.key)
    if wanted.bill_again:
        _refuse_questions(targets, now)
        same = _unchanged(targets, charges)
        _refuse_no_change(same, alone, targets)
        targets, charges = _without(same, targets), charges.join(_without(same, targets), on=list(LINE), how="semi")
        billed = {charge: one for charge, one in billed.items() if charge not in same}
    names = dict(inputs.known.labels.iter_rows())
    known = replace(inputs.known, waiting=inputs.known.waiting.clear())
    found = drafted(charges, names, known, inputs.books, inputs.tenants, context)
    made = (*credit_notes(billed, context), *found.drafts)
    looked = inputs.look([draft for draft in made if not draft.faults])
    drafts = answered(made, looked, context.entities)
    _refuse_faults(drafts)
    checks = _checks(targets, billed, charges, found.waiting, drafts)
    refuse_untied(checks)
    return RunPlan(
        run_id=inputs.run_id,
        created_at=inputs.now,
        as_of=context.as_of,
        sources=(),
        problems=(),
        row_kinds={},
        hidden={},
        buckets={},
        amounts=_net(charges, targets),
        drafts=drafts,
        checks=checks,
        unasked=looked.unasked,
        pins=inputs.pins,
        frames=_frames(inputs, charges, targets, drafts),
        terms={"events": {}, "stopped": 0},
        correction=Correction(wanted.reason.strip(), tuple(_told(targets, billed, charges, now))),
    )


def _frames(
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


def _targets(inputs: Inputs, words: Sequence[str]) -> tuple[pl.DataFrame, set[str]]:
    """The charges that the words name, each once; and those of them that are named alone, not with their document.

    Raises:
        StopError: a word names nothing billed, or what was credited before.
    """
    charges = inputs.known.charges
    lines = ledger.read("document_line").join(ledger.read("document").select("document_id", "number"), on="document_id")
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


def _again(inputs: Inputs, context: Context, targets: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
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


def _revised(again: pl.DataFrame, targets: pl.DataFrame, key: bytes) -> pl.DataFrame:
    """The charges under the revision after the one that is credited."""
    before = targets.select(*LINE, before="revision")
    revised = again.join(before, on=list(LINE)).with_columns(revision=pl.col("before") + 1).drop("before")
    return revised.with_columns(charge_ids(revised, key))


def _refuse_questions(targets: pl.DataFrame, now: pl.DataFrame) -> None:
    asked = targets.select("charge_id", *LINE).join(now.filter(pl.col("bucket").is_in(_ASKED)), on=_SUBJECT)
    if not asked.is_empty():
        told = [f"{charge}: {reason}" for charge, reason in asked.select("charge_id", "reason").iter_rows()]
        message = f"it cannot be billed again now: {'; '.join(told)}"
        raise StopError(message, "Answer that first, or only credit it (--credit-only).", INPUT)


def _unchanged(targets: pl.DataFrame, charges: pl.DataFrame) -> list[str]:
    """The charges that would be billed just as they are."""
    return targets.join(charges, on=[*LINE, *_SAME], how="semi", nulls_equal=True)["charge_id"].to_list()


def _without(same: Sequence[str], targets: pl.DataFrame) -> pl.DataFrame:
    return targets.filter(~pl.col("charge_id").is_in(list(same)))


def _refuse_no_change(same: Sequence[str], alone: set[str], targets: pl.DataFrame) -> None:
    told = [one for one in same if one in alone or len(same) == targets.height]
    if told:
        message = f"by what is known and ruled now it would be billed just the same: {', '.join(told)}"
        step = "Upload and approve the corrected list, or mend the rules, first; --credit-only credits it alone."
        raise StopError(message, step, INPUT)


def _refuse_faults(drafts: Sequence[Draft]) -> None:
    """A correction is applied whole: a document that would be blocked refuses all of it."""
    faults = list(dict.fromkeys(text for draft in drafts for _, text in draft.faults))
    if faults:
        message = f"the books would not take it: {'; '.join(faults)}"
        raise StopError(message, "Mend the cause, then correct it again. Nothing was written.", INPUT)


def _checks(
    targets: pl.DataFrame,
    billed: Mapping[str, Billed],
    charges: pl.DataFrame,
    waiting: pl.DataFrame,
    drafts: Sequence[Draft],
) -> tuple[Check, ...]:
    """Credits against lines of credit notes, new charges against lines of invoices, in counts and in money."""
    on_documents = targets.filter(pl.col("charge_id").is_in(list(billed)))
    new = charges.filter(pl.col("kind") == "charge")
    pairs = (("credits against lines of credit notes", on_documents, CREDIT_NOTE, targets.clear()),
             ("charges against lines of invoices", new, INVOICE, waiting))  # fmt: skip
    found = []
    for name, entries, kind, put_off in pairs:
        lines = [
            (draft.document.currency, line.net_minor)
            for draft in drafts
            if draft.document.kind == kind
            for line in draft.document.lines
        ]
        found.append(Check(name, entries.height, len(lines) + put_off.height))
        for code in sorted({*entries["currency"], *(currency for currency, _ in lines)}):
            lined = sum(net for one, net in lines if one == code)
            found.append(Check(name, _sum(entries, code), _sum(put_off, code) + lined, code))
    return tuple(found)


def _sum(entries: pl.DataFrame, currency: str) -> int:
    return int(entries.filter(pl.col("currency") == currency)["amount_minor"].sum())


def _net(charges: pl.DataFrame, targets: pl.DataFrame) -> dict[str, int]:
    """Per currency, what is charged less what is credited, in minor units."""
    back = targets.select("currency", amount_minor=-pl.col("amount_minor"))
    both = pl.concat([charges.select("currency", "amount_minor"), back])
    return dict(both.group_by("currency").agg(pl.col("amount_minor").sum()).sort("currency").iter_rows())


def _told(
    targets: pl.DataFrame, billed: Mapping[str, Billed], charges: pl.DataFrame, now: pl.DataFrame
) -> Iterator[Corrected]:
    """Each charge that is credited: where it stands, what it was, and what it is billed as from now on."""
    new = {tuple(row[name] for name in LINE): row for row in charges.iter_rows(named=True)}
    reasons = {tuple(row[name] for name in LINE[:2]): row["reason"] for row in now.iter_rows(named=True)}
    for row in targets.iter_rows(named=True):
        place = billed.get(row["charge_id"])
        after = new.get(tuple(row[name] for name in LINE))
        was, tier = Money(row["amount_minor"], row["currency"]), f", {row['tier']} employees" if row["tier"] else ""
        yield Corrected(
            charge_id=row["charge_id"],
            place=f"{place.number}/{place.position}" if place else "",
            partner_id=row["partner_id"],
            before=f"{was} ({row['event']} on {row['event_on']}{tier})",
            after=_after(after, reasons.get((row["subject_type"], row["subject_id"]))),
            new_charge=after["charge_id"] if after else "",
        )


def _after(charge: Mapping[str, Any] | None, reason: str | None) -> str:
    if charge is None:
        return f"nothing: {reason}" if reason else "nothing"
    amount = Money(charge["amount_minor"], charge["currency"])
    tier = f", {charge['tier']} employees" if charge["tier"] else ""
    return f"{amount} ({charge['event']} on {charge['event_on']}{tier})"
