"""Corrections: what is billed is credited whole, and billed again by what is known and ruled now.

A stranger's trap: nothing that is billed is ever edited. A correction is a run plan like any other, with credit notes
beside invoices; the charge that is taken back stays, and the next revision of its key stands in its place.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from connector.billing.charges import LINE, charge_ids
from connector.billing.counts import Check
from connector.billing.invoicing import Draft
from connector.domain.documents import CREDIT_NOTE, INVOICE
from connector.runs.credit_notes import Billed, billed_on, credit_notes, gone_documents
from connector.runs.drafting import drafted
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
    sum_of,
    targets_of,
    unchanged,
    without,
)
from connector.runs.runplan import Corrected, Correction, RunPlan


def make_correction(inputs: Inputs, wanted: Wanted) -> RunPlan:
    """The run plan that credits what is wanted and bills it again; nothing is written to the books here.

    Args:
        inputs: everything a plan follows from, without sources.
        wanted: what is to be corrected.

    Raises:
        StopError: a word names nothing that is billed, it is credited already or not in the books yet, it cannot be
            billed again now, nothing would change, or the money does not tie.
    """
    refuse_unreasoned(wanted)
    context = given_of(inputs).context
    targets, alone = targets_of(inputs, wanted.words)
    billed = billed_on(targets)
    gone = gone_documents(wanted.words, billed) if wanted.reissue else ()
    again, now = as_known_now(inputs, context, targets) if wanted.bill_again else (targets.clear(), targets.clear())
    charges = _revised(again, targets, context.key)
    if wanted.bill_again:
        refuse_questions(targets, now)
        same = [] if wanted.reissue else unchanged(targets, charges)
        refuse_no_change(same, alone, targets)
        targets, charges = without(same, targets), charges.join(without(same, targets), on=list(LINE), how="semi")
        billed = {charge: one for charge, one in billed.items() if charge not in same}
    names = dict(inputs.known.labels.iter_rows())
    known = replace(inputs.known, waiting=inputs.known.waiting.clear())
    found = drafted(charges, names, known, inputs.books, inputs.tenants, context)
    told = tuple(_told(targets, billed, charges, now))
    billed = {} if wanted.reissue else billed  # what is void in the books needs no credit note there
    asked = (*credit_notes(billed, context), *found.drafts)
    looked = inputs.look([draft for draft in asked if not draft.faults])
    drafts = answered(asked, looked, context.entities)
    refuse_faults(drafts)
    checks = _checks(targets, billed, charges, found.waiting, drafts)
    refuse_untied(checks)
    made = Made(
        drafts,
        looked,
        checks,
        _net(charges, targets),
        frames_of(inputs, charges, targets, drafts),
        Correction(wanted.reason.strip(), told, reissued=gone),
    )
    return plan_of(inputs, context, made)


def _revised(again: pl.DataFrame, targets: pl.DataFrame, key: bytes) -> pl.DataFrame:
    """The charges under the revision after the one that is credited."""
    before = targets.select(*LINE, before="revision")
    revised = again.join(before, on=list(LINE)).with_columns(revision=pl.col("before") + 1).drop("before")
    return revised.with_columns(charge_ids(revised, key))


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
            found.append(Check(name, sum_of(entries, code), sum_of(put_off, code) + lined, code))
    return tuple(found)


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
        yield Corrected(
            charge_id=row["charge_id"],
            place=f"{place.number}/{place.position}" if place else "",
            partner_id=row["partner_id"],
            before=billed_as(row),
            after=_after(after, reasons.get((row["subject_type"], row["subject_id"]))),
            new_charge=after["charge_id"] if after else "",
        )


def _after(charge: Mapping[str, Any] | None, reason: str | None) -> str:
    if charge is None:
        return f"nothing: {reason}" if reason else "nothing"
    return billed_as(charge)
