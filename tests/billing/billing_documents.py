"""Charges and the books they are booked by, and the documents that come of them."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
from billing_frames import Row, context, ledger

from connector.billing.books import Books, BookSet, Item, TaxRow
from connector.billing.context import Context
from connector.billing.invoicing import Draft, draft_documents, ready_for_document
from connector.domain.money import Money

TENANTS = {"us": "tenant-us", "uk": "tenant-uk", "jp": "tenant-jp", "kw": "tenant-kw"}
ITEMS = {"SPOKE": Item("Full feature Spoke", "200", "SPOKE-1"), "BUNDLE": Item("Bundle", "201", None)}
TAX = (
    TaxRow(("taxable",), (), (), "OUTPUT", Decimal("8.25"), "books:5"),
    TaxRow(("export",), ("other",), (), "NONE", Decimal(0), "books:6"),
    TaxRow(("exempt",), ("US",), (), "EXEMPT", Decimal(0), "books:7"),
)
BOOKS = BookSet({name: Books(name, ITEMS, TAX, "books:1") for name in TENANTS}, "digest")


def charge(name: str, **said: Any) -> Row:
    """A charge of one client of P-1, 100.00 on 2025-05-01."""
    return {
        "charge_id": name,
        "subject_type": "client",
        "subject_id": f"CL-{name}",
        "metric": "full-spoke",
        "kind": "charge",
        "event": "created",
        "event_on": date(2025, 5, 1),
        "partner_id": "P-1",
        "selling_entity": "us",
        "currency": "USD",
        "unit_minor": 10_000,
        "quantity": 1,
        "amount_minor": 10_000,
        "item": "SPOKE",
        "tier": "11-50",
    } | said


def predict_tax(net_minor: int, percent: Decimal, currency: str) -> int:
    """The tax of one line, in minor units."""
    return Money.rounded(Money(net_minor, currency).amount * percent / 100, currency).minor


def ready(*charges: Row, given: Context | None = None) -> pl.DataFrame:
    """The charges whose document is due."""
    return ready_for_document(ledger("charge", *charges), given or context())


def drafts(*charges: Row, given: Context | None = None, books: BookSet = BOOKS) -> tuple[Draft, ...]:
    """The documents of these charges."""
    given = given or context()
    frame = ready(*charges, given=given)
    labels = {name: f"label of {name}" for name in frame["charge_id"]}
    return draft_documents(frame, labels, books, TENANTS, predict_tax, given)
