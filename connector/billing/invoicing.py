"""From charges to documents: one per partner, currency, selling entity and, where grouped monthly, month.

Charges stand alone and lines join them to documents. Where anything of a document cannot be decided, the whole document
is blocked, never a line of it dropped (invariant 9).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from connector.billing import kinds
from connector.billing.books import BookSet
from connector.billing.context import Context
from connector.billing.digests import keyed_digest
from connector.billing.master import valid_on
from connector.domain.documents import Document, Line, Party
from connector.domain.words import EventKind, Grouping

PredictTax = Callable[[int, Decimal, str], int]


@dataclass(frozen=True)
class Draft:
    """A document before approval: everything but its number.

    Attributes:
        document_id: our own id.
        document: what will be sent; its number is empty.
        faults: code and sentence of everything that blocks it; empty when it can be approved.
    """

    document_id: str
    document: Document
    faults: tuple[tuple[str, str], ...]


def ready_for_document(charges: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The charges whose document is due, with `period` ("" or the month) and the partner's facts on the run's day.

    A monthly grouped partner's charges wait for the last day of their month. No document is dated before what it bills:
    a run for an earlier day leaves later charges waiting.
    """
    days = pl.DataFrame(
        {"selling_entity": list(context.as_of), "run_day": list(context.as_of.values())},
        schema={"selling_entity": pl.String, "run_day": pl.Date},
    )
    frame = charges.filter(pl.col("kind") == "charge").join(days, on="selling_entity", maintain_order="left")
    facts = context.partners.drop("selling_entity", "currency", "kind")
    frame = valid_on(frame, facts, "partner_id", "run_day")
    monthly = pl.col("grouping") == Grouping.MONTHLY.value
    earliest = pl.when(monthly).then(pl.col("event_on").dt.month_end()).otherwise("event_on")
    period = pl.when(monthly).then(pl.col("event_on").dt.strftime("%Y-%m")).otherwise(pl.lit(""))
    return frame.filter(earliest <= pl.col("run_day")).with_columns(period=period)


def draft_documents(
    ready: pl.DataFrame,
    labels: Mapping[str, str],
    books: BookSet,
    tenants: Mapping[str, str],
    predict_tax: PredictTax,
    context: Context,
) -> tuple[Draft, ...]:
    """One draft per group, its lines in the order of event day and charge id.

    Args:
        ready: what `ready_for_document` returned.
        labels: what a line calls its subject, per charge id: the client's name, or the purchase reference.
        books: items, accounts and tax codes.
        tenants: the accounting tenant of each selling entity.
        predict_tax: the accounting system's tax on one line: net in minor units, percent, currency.
        context: the givens of the run.
    """
    group = ["selling_entity", "partner_id", "currency", "period"]
    ordered = ready.sort([*group, "event_on", "charge_id"])
    drafts = []
    for (entity, partner, currency, period), lines in ordered.group_by(group, maintain_order=True):
        rows = lines.to_dicts()
        identity = "\x1f".join([context.run_id, str(entity), str(partner), str(currency), str(period)])
        document_id = "D-" + keyed_digest(identity, context.key)[:16]
        drafts.append(_draft(document_id, rows, labels, books, tenants, predict_tax))
    return tuple(drafts)


def _draft(
    document_id: str,
    rows: Sequence[Mapping[str, Any]],
    labels: Mapping[str, str],
    books: BookSet,
    tenants: Mapping[str, str],
    predict_tax: PredictTax,
) -> Draft:
    first = rows[0]
    dated: date = first["run_day"]
    faults: list[tuple[str, str]] = []
    lines = tuple(_line(row, labels[row["charge_id"]], books, predict_tax, faults) for row in rows)
    party = Party(
        first["partner_id"], first["name"], first["contact_id"], first["email"], first["country"], first["tax_number"]
    )
    document = Document(
        number="",
        kind="invoice",
        selling_entity=first["selling_entity"],
        tenant=tenants[first["selling_entity"]],
        party=party,
        currency=first["currency"],
        dated=dated,
        due=dated + timedelta(days=first["terms_days"]),
        reference=first["po_reference"] or first["period"] or f"Clients to {dated.isoformat()}",
        payment_method=first["payment_method"],
        lines=lines,
    )
    return Draft(document_id, document, tuple(dict.fromkeys(faults)))


def _line(
    row: Mapping[str, Any], label: str, books: BookSet, predict_tax: PredictTax, faults: list[tuple[str, str]]
) -> Line:
    entity, name = row["selling_entity"], row["item"]
    chart = books.by_entity.get(entity)
    item = chart.items.get(name) if chart else None
    tax = chart.tax_row(row["tax_status"], row["country"], name) if chart and item else None
    if item is None:
        faults.append((kinds.ITEM_UNMAPPED.code, f"item {name} has no account in the books of {entity}"))
    elif tax is None:
        case = f"a {row['tax_status']} partner in {row['country'] or 'an unstated country'} buying {name} from {entity}"
        faults.append((kinds.TAX_UNMAPPED.code, f"no tax code is declared for {case}"))
    percent = tax.percent if tax else Decimal(0)
    # What is no plain multiple of one price stands on its line as one, so that quantity × price is the amount.
    plain = row["quantity"] * row["unit_minor"] == row["amount_minor"]
    return Line(
        charge_id=row["charge_id"],
        description=_description(item.description if item else name, label, row),
        item=name,
        item_code=item.item_code if item else None,
        account=item.account if item else "",
        tax_code=tax.code if tax else "",
        tax_percent=percent,
        quantity=row["quantity"] if plain else 1,
        unit_minor=row["unit_minor"] if plain else row["amount_minor"],
        net_minor=row["amount_minor"],
        tax_minor=predict_tax(row["amount_minor"], percent, row["currency"]),
    )


def _description(item: str, label: str, row: Mapping[str, Any]) -> str:
    verb = "purchased" if row["event"] == EventKind.BUNDLE.value else row["event"]
    if row["event"] == EventKind.MONTH.value:
        return f"{item}: {label}, {row['event_on'].isoformat()[:7]}"
    size = f", {row['tier']} employees" if row["tier"] else ""
    return f"{item}: {label}{size}, {verb} {row['event_on'].isoformat()}"
