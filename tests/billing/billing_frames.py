"""Frames written as dicts: one row with defaults per dict, as the tables and the ledger declare them.

A stranger's trap: defaults count the rows, so two dicts without an id are two clients, not one twice.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
from hypothesis import settings

from connector.billing.context import Context
from connector.billing.identity import identify, with_digests
from connector.billing.lifecycle import client_events
from connector.domain.entities import Policies, SellingEntity
from connector.ledger.schemas import TABLES
from connector.tables import BUNDLES, CLIENTS, PARTNERS, RATED, TEMPLATES
from connector.tables.schemas import Schema

Row = Mapping[str, Any]

# Frames are slow to make next to numbers, and a busy machine is slower still.
QUICK = settings(deadline=None, max_examples=25)
KEY = b"a key for tests"
GO_LIVE = date(2025, 3, 1)
TODAY = date(2025, 6, 15)
POLICIES = Policies("count_first", "keeps_bundle_place", "hold", "stop", "hold", "allow")


def frame(schema: Schema, rows: list[Row]) -> pl.DataFrame:
    """A frame of this schema; what a row does not say is null."""
    unknown = {name for row in rows for name in row} - set(schema)
    assert not unknown, f"the schema has no {unknown}"
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=dict(schema), orient="row")


def clients(*rows: Row) -> pl.DataFrame:
    """`tables.CLIENTS`: active clients of P-1 on a full Spoke, each with its own id and domain."""
    return frame(CLIENTS, [_client(number, row) for number, row in enumerate(rows, 1)])


def _client(number: int, row: Row) -> Row:
    return {
        "source": "clients.xlsx",
        "sheet": "Clients",
        "row": number + 1,
        "client_ref": f"C-{number}",
        "namespace": "platform",
        "partner_id": "P-1",
        "name": f"Client {number}",
        "domain": f"c{number}.example",
        "plan": "full_spoke",
        "created_on": date(2025, 4, 1),
        "count_low": 30,
        "status": "active",
        "advisors": 1,
        "users": 0,
    } | dict(row)


def partner(**said: Any) -> Row:  # a cell of any type
    """One partner as a row of `tables.PARTNERS`: P-1 of `us`, billed at every run."""
    return {
        "source": "partners.xlsx",
        "sheet": "Partners",
        "row": 2,
        "partner_id": "P-1",
        "name": "Northwind Advisors",
        "kind": "advisor",
        "selling_entity": "us",
        "currency": "USD",
        "country": "US",
        "tax_status": "taxable",
        "terms_days": 30,
        "payment_method": "bank_transfer",
        "grouping": "on_event",
        "valid_from": date(2025, 1, 1),
    } | said


def partners(*rows: Row) -> pl.DataFrame:
    """`tables.PARTNERS`, of rows that `partner` made."""
    return frame(PARTNERS, [{**row, "row": number} for number, row in enumerate(rows, 2)])


def bundles(*rows: Row) -> pl.DataFrame:
    """`tables.BUNDLES`: purchases of one bundle by P-1, each with its own reference."""
    return frame(
        BUNDLES,
        [
            {
                "source": "bundles.csv",
                "sheet": "",
                "row": number + 1,
                "partner_id": "P-1",
                "reference": f"PO-{number}",
                "purchased_on": date(2025, 4, 1),
                "quantity": 1,
            }
            | dict(row)
            for number, row in enumerate(rows, 1)
        ],
    )


def templates(*rows: Row) -> pl.DataFrame:
    """`tables.TEMPLATES`: templates for every partner, valid since 2025."""
    return frame(
        TEMPLATES,
        [
            {"source": "t.csv", "sheet": "", "row": number, "template": "T", "plan": "full_spoke"}
            | {"valid_from": date(2025, 1, 1)}
            | dict(row)
            for number, row in enumerate(rows, 2)
        ],
    )


def ledger(table: str, *rows: Row) -> pl.DataFrame:
    """A frame of a ledger table."""
    return frame(TABLES[table], list(rows))


def rated(*rows: Row) -> pl.DataFrame:
    """`tables.RATED`."""
    return frame(RATED, list(rows))


def entity(name: str = "us", currency: str = "USD", bill_from: date = GO_LIVE) -> SellingEntity:
    """A selling entity."""
    return SellingEntity(name, name.upper(), currency, bill_from, "UTC", f"{name.upper()}-", "refuse", "entities:1")


def context(
    *partner_rows: Row,
    template_rows: pl.DataFrame | None = None,
    entities: tuple[SellingEntity, ...] = (),
    policies: Policies = POLICIES,
    as_of: date = TODAY,
    run_id: str = "R-1",
) -> Context:
    """The givens of a run; without partners P-1 and P-2 of `us` are known."""
    declared = entities or (entity(), entity("uk", "GBP"))
    known = partners(*(partner_rows or (partner(), partner(partner_id="P-2", name="Contoso"))))
    common = templates() if template_rows is None else template_rows
    return Context(
        run_id=run_id,
        key=KEY,
        entities={one.id: one for one in declared},
        policies=policies,
        as_of={one.id: as_of for one in declared},
        partners=known.drop("source", "sheet", "row"),
        templates=common.select("template", pl.col("partner_id").fill_null(""), "valid_from", "plan"),
        rulebook_digest="rulebook",
    )


def identified(records: pl.DataFrame, aliases: pl.DataFrame | None = None) -> pl.DataFrame:
    """The records with their client ids; without `aliases` every client is new."""
    known = ledger("client_alias") if aliases is None else aliases
    return identify(with_digests(records, KEY), known, KEY)


def events(records: pl.DataFrame, given: Context | None = None, versions: pl.DataFrame | None = None) -> pl.DataFrame:
    """The events of records whose clients are all new, or stand in `versions`."""
    known = ledger("client_version") if versions is None else versions
    return client_events(identified(records), known, given or context())


def verdicts(found: pl.DataFrame) -> list[str | None]:
    """The problem code of each row."""
    return found["code"].to_list()
