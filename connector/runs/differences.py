"""Differences: what is billed stays, and what is owed more or less by what is known and ruled now is billed on its own.

A stranger's trap: an adjustment is never a revision. It is made only where it is nothing but an amount: event, partner,
account and tax stay, and the tax of the difference is to the cent the difference of the taxes. So what is left of a
charge can be credited in one line later.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl

from connector import ledger
from connector.accounting.totals import predict_tax_minor
from connector.billing.charges import LINE
from connector.billing.context import Context
from connector.billing.counts import Check
from connector.billing.digests import keyed_digest
from connector.billing.invoicing import Draft
from connector.domain.documents import CREDIT_NOTE, INVOICE, Document, Line
from connector.domain.money import Money
from connector.runs.credit_notes import Billed, billed_on, refuse_unnumbered
from connector.runs.drafting import drafted
from connector.runs.errors import INPUT, StopError
from connector.runs.look_ahead import answered
from connector.runs.plan import Inputs, given_of, refuse_untied
from connector.runs.rebilling import (
    Made,
    Wanted,
    as_known_now,
    billed_as,
    frames_of,
    plan_of,
    refuse_faults,
    refuse_no_change,
    refuse_questions,
    refuse_unreasoned,
    targets_of,
    unchanged,
    without,
)
from connector.runs.runplan import Corrected, Correction, RunPlan

_CHARGE = {
    "partner_id": "partner",
    "selling_entity": "selling entity",
    "currency": "currency",
    "item": "item",
    "event": "event",
    "event_on": "day",
}
_LINE = {"item_code": "item code", "account": "account", "tax_code": "tax code", "tax_percent": "tax rate"}
_WHOLE = "Correct it whole: without --difference."


@dataclass(frozen=True)
class _Difference:
    """A charge as it was billed and as it would be now, where it stands, and the line that it would have now."""

    was: Mapping[str, Any]
    now: Mapping[str, Any]
    billed: Billed
    line: Line

    @property
    def minor(self) -> int:
        """What is owed more; below zero for less."""
        return int(self.now["amount_minor"] - self.was["amount_minor"])

    @property
    def kind(self) -> str:
        """The kind of document that says so."""
        return INVOICE if self.minor > 0 else CREDIT_NOTE


def make_difference(inputs: Inputs, wanted: Wanted) -> RunPlan:
    """The run plan that bills or gives back the difference of what is wanted; nothing is written to the books here.

    Args:
        inputs: everything a plan follows from, without sources.
        wanted: what is to be adjusted.

    Raises:
        StopError: as for a correction; or more than the amount would be another, or the tax of the difference is not
            the difference of the taxes.
    """
    refuse_unreasoned(wanted)
    context = given_of(inputs).context
    targets, alone = targets_of(inputs, wanted.words)
    places = billed_on(targets)
    again, now = as_known_now(inputs, context, targets)
    refuse_questions(targets, now)
    again = _under_their_ids(again, targets)
    same = unchanged(targets, again)
    refuse_no_change(same, alone, targets)
    targets, again = without(same, targets), without(same, again)
    _refuse(_unlike(targets, again, places))
    known = replace(inputs.known, waiting=inputs.known.waiting.clear())
    names = dict(inputs.known.labels.iter_rows())
    found = drafted(again, names, known, inputs.books, inputs.tenants, context)
    refuse_faults(found.drafts)
    _refuse((one, "its document would wait for its month's end") for one in found.waiting["charge_id"])
    differences = _differences(targets, again, places, found.drafts)
    _refuse(_taxed_otherwise(differences))
    refuse_unnumbered({one.was["selling_entity"] for one in differences if one.minor < 0}, context)
    adjustments = _adjustments(targets, again, context.key)
    asked = _documents(differences, dict(adjustments.select("charge_id", "adjustment_id").iter_rows()), context)
    looked = inputs.look(asked)
    drafts = answered(asked, looked, context.entities)
    refuse_faults(drafts)
    checks = _checks(adjustments, drafts)
    refuse_untied(checks)
    base = frames_of(inputs, again.clear(), targets, drafts)
    made = Made(
        drafts,
        looked,
        checks,
        dict(adjustments.group_by("currency").agg(pl.col("amount_minor").sum()).sort("currency").iter_rows()),
        {**base, "credits": base["credits"].clear(), "adjustments": adjustments},
        Correction(wanted.reason.strip(), tuple(_told(differences)), difference=True),
    )
    return plan_of(inputs, context, made)


def _under_their_ids(again: pl.DataFrame, targets: pl.DataFrame) -> pl.DataFrame:
    """What the charges would be billed as now, under the ids that they have."""
    own = targets.select(*LINE, "charge_id", "revision")
    return again.drop("charge_id", "revision").join(own, on=list(LINE)).select(again.columns).sort("charge_id")


def _refuse(found: Iterator[tuple[str, str]]) -> None:
    told = [f"{charge}: {why}" for charge, why in found]
    if told:
        raise StopError(f"it is no mere difference: {'; '.join(told)}", _WHOLE, INPUT)


def _unlike(targets: pl.DataFrame, again: pl.DataFrame, places: Collection[str]) -> Iterator[tuple[str, str]]:
    """The charges of which more than the amount would be another, and in what."""
    now = {row["charge_id"]: row for row in again.iter_rows(named=True)}
    for was in targets.sort("charge_id").iter_rows(named=True):
        charge = was["charge_id"]
        if charge not in places:
            yield charge, "it stands on no document yet"
        elif charge not in now:
            yield charge, "it would not be billed now"
        elif others := [told for name, told in _CHARGE.items() if was[name] != now[charge][name]]:
            yield charge, f"its {', '.join(others)} would be another"
        elif now[charge]["amount_minor"] == was["amount_minor"]:
            yield charge, "its amount would be the same"
        elif now[charge]["amount_minor"] <= 0:
            yield charge, "nothing would be left of it"


def _differences(
    targets: pl.DataFrame, again: pl.DataFrame, places: Mapping[str, Billed], drafts: Sequence[Draft]
) -> list[_Difference]:
    """In the order of their documents and lines."""
    now = {row["charge_id"]: row for row in again.iter_rows(named=True)}
    lines = {line.charge_id: line for draft in drafts for line in draft.document.lines}
    rows = sorted(targets.to_dicts(), key=lambda row: _place(places[row["charge_id"]]))
    return [_Difference(row, now[one], places[one], lines[one]) for row in rows for one in (row["charge_id"],)]


def _place(billed: Billed) -> tuple[str, int]:
    return billed.number, billed.position


def _taxed_otherwise(differences: Sequence[_Difference]) -> Iterator[tuple[str, str]]:
    """The charges of which account or tax would be another, or whose taxes differ by what no line has."""
    for one in differences:
        charge, before = one.was["charge_id"], one.billed.line_of(one.was["charge_id"])
        others = [told for name, told in _LINE.items() if getattr(before, name) != getattr(one.line, name)]
        if others:
            yield charge, f"its {', '.join(others)} would be another"
            continue
        currency = one.was["currency"]
        was = predict_tax_minor(one.was["amount_minor"], before.tax_percent, currency)
        apart, own = abs(one.line.tax_minor - was), _tax(one)
        if own != apart:
            told = f"{Money(own, currency)}, and the taxes are {Money(apart, currency)} apart"
            yield charge, f"the tax of the difference would be {told}"


def _tax(one: _Difference) -> int:
    return predict_tax_minor(abs(one.minor), one.line.tax_percent, one.was["currency"])


def _adjustments(targets: pl.DataFrame, again: pl.DataFrame, key: bytes) -> pl.DataFrame:
    """The entries: the difference, what it was before it, and what the charge is billed as from then on."""
    there = ledger.read("adjustment").group_by("charge_id").agg(there=pl.len().cast(pl.Int64))
    before = targets.select("charge_id", was_minor="amount_minor").join(there, on="charge_id", how="left")
    joined = again.join(before, on="charge_id").with_columns(
        amount_minor=pl.col("amount_minor") - pl.col("was_minor"), sequence=pl.col("there").fill_null(0) + 1
    )
    return joined.drop("there").with_columns(adjustment_ids(joined, key))


def adjustment_ids(adjustments: pl.DataFrame, key: bytes) -> pl.Series:
    """The id of each adjustment, which its charge and its place among that one's adjustments decide.

    Args:
        adjustments: their `charge_id` and `sequence`.
        key: the ledger's digest key.
    """
    named = (f"{charge}\x1f{sequence}" for charge, sequence in adjustments.select("charge_id", "sequence").iter_rows())
    return pl.Series("adjustment_id", ["AD-" + keyed_digest(one, key)[:16] for one in named], dtype=pl.String)


def _documents(differences: Sequence[_Difference], ids: Mapping[str, str], context: Context) -> list[Draft]:
    """For each document of which lines are adjusted an invoice for what is owed more, a credit note for less."""
    groups: dict[tuple[str, str], list[_Difference]] = {}
    for one in differences:
        groups.setdefault((one.billed.document_id, one.kind), []).append(one)
    drafts = []
    for (document_id, kind), own in groups.items():
        identity = keyed_digest(f"{context.run_id}\x1f{document_id}\x1f{kind}", context.key)[:16]
        lines = tuple(_line(one, ids[one.was["charge_id"]]) for one in own)
        head, number = own[0].billed.document, own[0].billed.number
        day = context.as_of[head.selling_entity]
        note = replace(head, number="", kind=kind, dated=day, due=_due(head, kind, day), moved_from=None)
        drafts.append(Draft(f"D-{identity}", replace(note, reference=number, lines=lines), ()))
    return drafts


def _due(head: Document, kind: str, day: date) -> date:
    """An invoice has the days that the first one had; a credit note is due at once."""
    return day if kind == CREDIT_NOTE else day + (head.due - head.dated)


def _line(one: _Difference, adjustment_id: str) -> Line:
    minor = abs(one.minor)
    return replace(
        one.line,
        adjustment_id=adjustment_id,
        description=f"Difference to {one.billed.number}/{one.billed.position}: {one.line.description}",
        quantity=1,
        unit_minor=minor,
        net_minor=minor,
        tax_minor=_tax(one),
    )


def _checks(adjustments: pl.DataFrame, drafts: Sequence[Draft]) -> tuple[Check, ...]:
    """Adjustments against lines, in counts and, per currency, in money."""
    lines = [(draft.document, line) for draft in drafts for line in draft.document.lines]
    name = "differences against lines"
    found = [Check(name, adjustments.height, len(lines))]
    for (code,), own in adjustments.group_by("currency", maintain_order=True):
        signs = [(1 if one.kind == INVOICE else -1, line.net_minor) for one, line in lines if one.currency == code]
        found.append(Check(name, int(own["amount_minor"].sum()), sum(sign * net for sign, net in signs), str(code)))
    return tuple(found)


def _told(differences: Sequence[_Difference]) -> Iterator[Corrected]:
    for one in differences:
        yield Corrected(
            charge_id=one.was["charge_id"],
            place=f"{one.billed.number}/{one.billed.position}",
            partner_id=one.was["partner_id"],
            before=billed_as(one.was),
            after=billed_as(one.now),
            new_charge="",
        )
