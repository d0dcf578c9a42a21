"""One valid row per append-only table, and frames of them."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from connector.ledger import append, insert_schema, transaction

NOW = datetime(2025, 3, 4, 5, 6, 7, 89, tzinfo=UTC)
_RUN = {"run_id": "R-1", "recorded_at": NOW}
_PLACE = {"source_id": "S-1", "sheet": "Clients", "row": 7}
_TOTALS = {"net_minor": 180000, "tax_minor": 36000, "total_minor": 216000}
_LINE = {
    "document_id": "D-1",
    "position": 1,
    "charge_id": "CH-1",
    "net_minor": 180000,
    "tax_minor": 36000,
    "item": "SPOKE-FULL",
    "account": "200",
    "tax_code": "OUTPUT",
    "tax_percent": "20",
    "quantity": 1,
    "unit_minor": 180000,
}

# In the order in which references need them.
ROWS: dict[str, dict[str, Any]] = {
    "source": {"source_id": "S-1", "name": "clients.xlsx", "sha256": "ab", "size_bytes": 9, "row_count": 3, **_RUN},
    "partner_version": {
        "partner_id": "P-1",
        "valid_from": date(2025, 1, 1),
        "sequence": 1,
        "kind": "msp",
        "selling_entity": "us",
        "currency": "USD",
        "country": "US",
        "tax_status": "taxable",
        "terms_days": 30,
        "payment_method": "card",
        "included_places": 5,
        "included_until": date(2025, 12, 31),
        "grouping": "on_event",
        "content_digest": "c1",
        **_RUN,
    },
    "template_version": {
        "template": "Full",
        "partner_id": "P-1",
        "plan": "full_spoke",
        "valid_from": date(2025, 1, 1),
        **_RUN,
    },
    "client": {"client_id": "CL-1", **_RUN},
    "client_alias": {"client_id": "CL-1", "kind": "ref", "digest": "d1", "partner_id": "P-1", **_RUN},
    "client_version": {
        "client_id": "CL-1",
        "sequence": 1,
        "partner_id": "P-1",
        "row_digest": "r1",
        "plan": "full_spoke",
        "created_on": date(2025, 3, 2),
        "status": "active",
        "count_low": 40,
        "bucket": "billed",
        **_PLACE,
        **_RUN,
    },
    "charge": {
        "charge_id": "CH-1",
        "subject_type": "client",
        "subject_id": "CL-1",
        "metric": "full-spoke",
        "ordinal": 1,
        "revision": 1,
        "kind": "charge",
        "event": "created",
        "event_on": date(2025, 3, 2),
        "partner_id": "P-1",
        "selling_entity": "us",
        "currency": "USD",
        "unit_minor": 180000,
        "quantity": 1,
        "amount_minor": 180000,
        "item": "SPOKE-FULL",
        "rulebook_digest": "rb",
        **_PLACE,
        **_RUN,
    },
    "document": {
        "document_id": "D-1",
        "number": "US-000001",
        "kind": "invoice",
        "partner_id": "P-1",
        "selling_entity": "us",
        "tenant": "US-BOOKS",
        "currency": "USD",
        "dated": date(2025, 3, 4),
        "due": date(2025, 4, 3),
        **_TOTALS,
        "line_count": 1,
        "content_digest": "cd",
        **_RUN,
    },
    "document_line": _LINE,
    "adjustment": {
        "adjustment_id": "AD-1",
        "charge_id": "CH-1",
        "sequence": 1,
        "partner_id": "P-1",
        "selling_entity": "us",
        "currency": "USD",
        "amount_minor": 90000,
        "unit_minor": 270000,
        "quantity": 1,
        "item": "SPOKE-FULL",
        "rulebook_digest": "rb",
        **_PLACE,
        **_RUN,
    },
    "adjustment_line": {**_LINE, "adjustment_id": "AD-1"},
    "credit": {
        "charge_id": "CH-1",
        "partner_id": "P-1",
        "selling_entity": "us",
        "currency": "USD",
        "amount_minor": 270000,
        **_RUN,
    },
    "credit_line": _LINE,
    "document_event": {"document_id": "D-1", "state": "approved", "at": NOW, "detail": ""},
    "receipt": {
        "document_id": "D-1",
        "remote_id": "X-1",
        "remote_number": "US-000001",
        "contact_id": "C-1",
        "currency": "USD",
        **_TOTALS,
        "status": "AUTHORISED",
        "adopted": False,
        "received_at": NOW,
    },
    "erasure": {"owner_type": "client", "owner_id": "CL-9", "items": 2, "by": "ann", "recorded_at": NOW},
    "chain_link": {
        "entity": "of an earlier version",
        "sequence": 1,
        "payload_digest": "p",
        "previous": "0",
        "digest": "1",
        "at": NOW,
    },
}


def frame(table: str, *changes: dict[str, Any]) -> pl.DataFrame:
    """The table's row, once for each set of changes, as `append` takes it."""
    schema = dict(insert_schema(table))
    rows = [{name: {**ROWS.get(table, {}), **change}.get(name) for name in schema} for change in (changes or ({},))]
    return pl.DataFrame(rows, schema=schema)


def fill() -> None:
    """Put the row of every append-only table into the open ledger."""
    with transaction():
        for table in ROWS:
            append(table, frame(table))


def documents(*numbers: int) -> None:
    """Put documents D-n with the numbers US-00000n into the open ledger."""
    append("document", frame("document", *({"document_id": f"D-{n}", "number": f"US-{n:06d}"} for n in numbers)))
