"""The models, the declared schemas and the migrations say the same, and no reference points to a room above."""

import sqlite3
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from ledger_rows import NOW, ROWS, fill, frame

from connector.ledger import Place, RefusedError, append, database, next_numbers, put, transaction
from connector.ledger.outbox import NewItem, State, enqueue, hold_tenant
from connector.ledger.schemas import SEALED, SEALS, TABLES, UNIQUE

_KINDS = {
    "TextField": pl.String,
    "BigIntegerField": pl.Int64,
    "BigAutoField": pl.Int64,
    "DateField": pl.Date,
    "DateTimeField": pl.Datetime("us", "UTC"),
    "BooleanField": pl.Boolean,
}


def _models() -> dict[str, Any]:
    from django.apps import apps  # noqa: PLC0415 - set up by opening the ledger

    return {one._meta.db_table: one._meta for one in apps.get_app_config("ledger").get_models()}  # noqa: SLF001 - Django's documented name


def test_the_models_have_the_columns_of_the_schemas(ledger: Place) -> None:
    assert ledger.exists()
    got = {
        table: {
            field.column: _KINDS[(field.target_field if field.is_relation else field).get_internal_type()]
            for field in meta.fields
        }
        for table, meta in _models().items()
    }
    surrogate = {"contact_link", "personal", "counter", "billed_line", "billed_sum"}  # their number is for Django only
    wanted = {
        table: {
            **({"id": pl.Int64} if table in surrogate else {}),
            **{name: pl.Int64 if kind == pl.UInt32 else kind for name, kind in schema.items()},
            **(SEALS if table in SEALED else {}),
        }
        for table, schema in TABLES.items()
    }
    assert got == wanted


def test_the_database_has_the_unique_keys_that_the_guards_know(ledger_file: Path) -> None:
    other = sqlite3.connect(ledger_file)

    def keys(table: str) -> set[tuple[str, ...]]:
        found = other.execute('SELECT name FROM pragma_index_list(?) WHERE "unique"', (table,)).fetchall()
        return {tuple(name for (name,) in other.execute("SELECT name FROM pragma_index_info(?)", one)) for one in found}

    got = {table: keys(table) for table in TABLES}
    other.close()
    assert got == {table: set(UNIQUE[table]) for table in TABLES}


def test_no_foreign_key_points_upward(ledger: Place) -> None:
    """Rooms above may refer to the ledger's rows; the ledger refers only to itself."""
    assert ledger.exists()
    got = {
        (table, field.column, field.related_model._meta.app_label)  # noqa: SLF001 - Django's documented name
        for table, meta in _models().items()
        for field in meta.fields
        if field.is_relation
    }
    assert {app for _, _, app in got} == {"ledger"}
    assert {(table, column) for table, column, _ in got} == {
        ("client_alias", "client_id"),
        ("client_version", "client_id"),
        ("client_version", "source_id"),
        ("charge", "source_id"),
        ("document_line", "document_id"),
        ("document_line", "charge_id"),
        ("adjustment", "charge_id"),
        ("adjustment", "source_id"),
        ("adjustment_line", "adjustment_id"),
        ("adjustment_line", "charge_id"),
        ("adjustment_line", "document_id"),
        ("credit", "charge_id"),
        ("credit_line", "document_id"),
        ("credit_line", "charge_id"),
        ("document_event", "document_id"),
        ("receipt", "document_id"),
        ("outbox", "document_id"),
        ("allocation", "document_id"),
        ("allocation", "invoice_id"),
    }


def test_the_migrations_make_what_the_models_say(ledger: Place) -> None:
    from django.core.management import call_command  # noqa: PLC0415 - set up by opening the ledger

    assert ledger.exists()
    call_command("makemigrations", "ledger", check=True, dry_run=True, verbosity=0)


def test_every_model_shows_its_key_and_never_a_secret(ledger: Place) -> None:
    from connector.ledger import models  # noqa: PLC0415 - needs Django set up

    assert ledger.exists()
    fill()
    with transaction():
        next_numbers("us", "invoice", "US-", 2)
        enqueue([NewItem("D-1", "US-000001", "US-BOOKS", "{}", "b")])
        database.execute(
            "INSERT INTO allocation (document_id, invoice_id, number, tenant, state, fence, epoch, detail)"
            " VALUES ('D-1', 'D-1', 'US-CN-000001', 'US-BOOKS', 'ready', 0, 0, '')"
        )
    hold_tenant("US-BOOKS", NOW, "day limit")
    contact = {"tenant": "US-BOOKS", "partner_id": "P-1", "contact_id": "C-1", "how": "created"}
    put("contact_link", frame("contact_link", contact))
    personal = {"owner_type": "client", "owner_id": "CL-1", "field": "name", "value": "Northwind"}
    put("personal", frame("personal", personal))
    got = {name: str(getattr(models, name).objects.first()) for name in models.__all__}
    assert got == {
        "Adjustment": "AD-1",
        "AdjustmentLine": "D-1/1",
        "Allocation": "US-CN-000001 ready",
        "BilledLine": "client CL-1 full-spoke",
        "BilledSum": "R-1 2025-03-04 USD document_line",
        "ChainHead": "ledger 1",
        "ChainLink": "of an earlier version 1",
        "Charge": "CH-1",
        "Client": "CL-1",
        "ClientAlias": "ref d1",
        "ClientVersion": "CL-1 1",
        "ContactLink": "US-BOOKS P-1",
        "Counter": "us invoice 2",
        "Credit": "CH-1",
        "CreditLine": "D-1/1",
        "Document": "US-000001",
        "DocumentEvent": "D-1 approved",
        "DocumentLine": "D-1/1",
        "Erasure": "client CL-9",
        "LedgerKey": "alias",
        "Outbox": "US-000001 ready",
        "PartnerVersion": "P-1 from 2025-01-01",
        "Personal": "client CL-1 name",
        "Receipt": "D-1 X-1",
        "Source": "S-1",
        "TemplateVersion": "Full from 2025-01-01",
        "TenantHold": "US-BOOKS until 2025-03-04 05:06:07.000089+00:00",
    }


def test_the_states_of_the_outbox_are_those_the_database_knows(ledger: Place) -> None:
    from connector.ledger.models.sending import STATES  # noqa: PLC0415 - needs Django set up

    assert ledger.exists()
    assert sorted(STATES) == sorted(State)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("charge", {"kind": "opening"}),
        ("charge", {"kind": "credit"}),
        ("charge", {"subject_type": "partner"}),
        ("charge", {"ordinal": 0}),
        ("charge", {"revision": 0}),
        ("charge", {"quantity": 0}),
        ("charge", {"currency": "DOLLAR"}),
        ("charge", {"metric": None}),
        ("charge", {"source_id": "S-9"}),
        ("client_alias", {"kind": "name"}),
        ("client_alias", {"client_id": "CL-9"}),
        ("client_version", {"sequence": 0}),
        ("partner_version", {"sequence": 0}),
        ("document", {"kind": "letter"}),
        ("document", {"total_minor": 216001}),
        ("document", {"number": "US-" + "0" * 19}),
        ("document_line", {"charge_id": "CH-9"}),
        ("document_line", {"document_id": "D-9"}),
        ("document_line", {"position": 0}),
        ("document_event", {"document_id": "D-9"}),
        ("receipt", {"document_id": "D-9"}),
    ],
    ids=str,
)
def test_what_breaks_a_rule_of_its_table_is_refused(ledger: Place, table: str, change: dict[str, Any]) -> None:
    assert ledger.exists()
    names = list(ROWS)

    def with_change() -> None:
        with transaction():
            for one in names[: names.index(table)]:
                append(one, frame(one))
            append(table, frame(table, change))

    with pytest.raises(RefusedError, match="the ledger refuses the entry"):
        with_change()


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("charge", "unit_minor"),
        ("charge", "amount_minor"),
        ("charge", "quantity"),
        ("document", "net_minor"),
        ("document", "tax_minor"),
        ("document", "total_minor"),
        ("document_line", "net_minor"),
        ("document_line", "tax_minor"),
        ("document_line", "unit_minor"),
        ("receipt", "net_minor"),
        ("receipt", "tax_minor"),
        ("receipt", "total_minor"),
    ],
)
@pytest.mark.parametrize("value", [1.5, "many"])
def test_money_is_a_whole_number_whoever_writes_it(ledger_file: Path, table: str, column: str, value: object) -> None:
    """SQLite stores anything in any column unless a constraint looks at the type."""
    other = sqlite3.connect(ledger_file)
    row = {**frame(table).to_dicts()[0], column: value}
    values = [str(one) if isinstance(one, date) else one for one in row.values()]
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    with pytest.raises(sqlite3.IntegrityError, match=r"CHECK constraint failed"):
        other.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)  # noqa: S608 - our own names
    other.close()


def test_an_opening_entry_takes_the_key_at_amount_zero(ledger: Place) -> None:
    assert ledger.exists()
    with transaction():
        append("source", frame("source"))
        append("charge", frame("charge", {"kind": "opening", "unit_minor": 0, "amount_minor": 0}))
    with pytest.raises(RefusedError, match="charge holds a row with this subject_type, subject_id, metric"):
        append("charge", frame("charge", {"charge_id": "CH-2"}))
