"""From charges to documents: one per partner, currency, selling entity and, where grouped monthly, month.

Charges stand alone and lines join them to documents. Where anything of a document cannot be decided, the whole document
is blocked, never a line of it dropped (invariant 9).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, partial
from itertools import groupby
from operator import itemgetter
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

_GROUP = ("selling_entity", "partner_id", "currency", "period")
_OF_CHARGE = ("charge_id", "item", "event", "event_on", "tier", "quantity", "unit_minor", "amount_minor")
_OF_PARTNER = ("name", "contact_id", "email", "country", "tax_number", "tax_status", "terms_days", "po_reference")
_NEEDED = (*_GROUP, *_OF_CHARGE, *_OF_PARTNER, "payment_method", "run_day")


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
    ordered = ready.sort([*_GROUP, "event_on", "charge_id"])
    desk = _Desk(books, predict_tax)
    drafts = []
    for group, rows in groupby(ordered.select(_NEEDED).iter_rows(named=True), itemgetter(*_GROUP)):
        identity = "\x1f".join([context.run_id, *(str(one) for one in group)])
        document_id = "D-" + keyed_digest(identity, context.key)[:16]
        drafts.append(_draft(document_id, list(rows), labels, tenants, desk))
    return tuple(drafts)


class _Desk:
    """Where a line is booked and what tax it carries, worked out once for each distinct case."""

    def __init__(self, books: BookSet, predict_tax: PredictTax) -> None:
        self.booking = cache(partial(_booking, books))
        self.tax = cache(predict_tax)


@dataclass(frozen=True)
class _Booking:
    """Where an item is booked: its description, code and account, and the tax; the fault where it is not declared."""

    description: str
    item_code: str | None = None
    account: str = ""
    tax_code: str = ""
    percent: Decimal = Decimal(0)
    fault: tuple[str, str] | None = None


def _booking(books: BookSet, entity: str, name: str, status: str, country: str | None) -> _Booking:
    chart = books.by_entity.get(entity)
    item = chart.items.get(name) if chart else None
    if chart is None or item is None:
        fault = (kinds.ITEM_UNMAPPED.code, f"item {name} has no account in the books of {entity}")
        return _Booking(name, fault=fault)
    tax = chart.tax_row(status, country, name)
    if tax is None:
        case = f"a {status} partner in {country or 'an unstated country'} buying {name} from {entity}"
        fault = (kinds.TAX_UNMAPPED.code, f"no tax code is declared for {case}")
        return _Booking(item.description, item.item_code, item.account, fault=fault)
    return _Booking(item.description, item.item_code, item.account, tax.code, tax.percent)


def _draft(
    document_id: str,
    rows: Sequence[Mapping[str, Any]],
    labels: Mapping[str, str],
    tenants: Mapping[str, str],
    desk: _Desk,
) -> Draft:
    first = rows[0]
    dated: date = first["run_day"]
    booked = [desk.booking(row["selling_entity"], row["item"], row["tax_status"], row["country"]) for row in rows]
    lines = tuple(_line(row, labels[row["charge_id"]], one, desk) for row, one in zip(rows, booked, strict=True))
    faults = dict.fromkeys(one.fault for one in booked if one.fault is not None)
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
    return Draft(document_id, document, tuple(faults))


def _line(row: Mapping[str, Any], label: str, booked: _Booking, desk: _Desk) -> Line:
    # What is no plain multiple of one price stands on its line as one, so that quantity × price is the amount.
    plain = row["quantity"] * row["unit_minor"] == row["amount_minor"]
    return Line(
        charge_id=row["charge_id"],
        description=_description(booked.description, label, row),
        item=row["item"],
        item_code=booked.item_code,
        account=booked.account,
        tax_code=booked.tax_code,
        tax_percent=booked.percent,
        quantity=row["quantity"] if plain else 1,
        unit_minor=row["unit_minor"] if plain else row["amount_minor"],
        net_minor=row["amount_minor"],
        tax_minor=desk.tax(row["amount_minor"], booked.percent, row["currency"]),
    )


def _description(item: str, label: str, row: Mapping[str, Any]) -> str:
    verb = "purchased" if row["event"] == EventKind.BUNDLE.value else row["event"]
    if row["event"] == EventKind.MONTH.value:
        return f"{item}: {label}, {row['event_on'].isoformat()[:7]}"
    size = f", {row['tier']} employees" if row["tier"] else ""
    return f"{item}: {label}{size}, {verb} {row['event_on'].isoformat()}"
