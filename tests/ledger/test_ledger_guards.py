"""Append-only is enforced by the database, whatever way a change takes to it."""

import sqlite3
from itertools import product
from pathlib import Path

import pytest
from ledger_rows import ROWS, fill, frame

from connector.ledger import (
    Place,
    RefusedError,
    StoreError,
    append,
    guards,
    insert_schema,
    open_store,
    read,
    transaction,
)
from connector.ledger.schemas import APPEND_ONLY, UNIQUE

TABLES = sorted(APPEND_ONLY)
KEYS = [(table, key) for table in TABLES for key in (*UNIQUE[table], ("id",)) if set(key) <= set(APPEND_ONLY[table])]


def _guarded(path: Path) -> sqlite3.Connection:
    """A connection of another program: it sets no pragma of ours."""
    return sqlite3.connect(path, isolation_level=None)


def _other_value(column: str, value: object) -> object:
    if column in {"kind", "currency", "revision"}:
        return value
    return value + 1000 if isinstance(value, int) else f"{value}-other"


def test_every_append_only_table_has_a_row_to_try() -> None:
    assert sorted(ROWS) == TABLES


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["UPDATE {t} SET {c} = {c}", "DELETE FROM {t}"])
def test_update_and_delete_are_refused(ledger_file: Path, table: str, statement: str) -> None:
    fill()
    before = read(table)
    column = next(iter(APPEND_ONLY[table]))
    other = _guarded(ledger_file)
    with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
        other.execute(statement.format(t=table, c=column))
    other.close()
    assert read(table).equals(before)


@pytest.mark.parametrize(("table", "key"), KEYS, ids=lambda one: one if isinstance(one, str) else "-".join(one))
def test_a_known_key_is_refused(ledger_file: Path, table: str, key: tuple[str, ...]) -> None:
    """Each unique key alone is enough, with recursive_triggers off, and whatever else the row holds."""
    fill()
    before = read(table)
    other = _guarded(ledger_file)
    cursor = other.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own names
    same = dict(zip([name for name, *_ in cursor.description], cursor.fetchone(), strict=True))
    if key != ("id",):
        same.pop("id", None)
    different = {name: value if name in key else _other_value(name, value) for name, value in same.items()}
    upsert = f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {key[0]} = {key[0]}"
    skip = " ON CONFLICT DO NOTHING"
    verbs = [("INSERT", ""), ("INSERT OR REPLACE", ""), ("INSERT OR IGNORE", ""), ("INSERT", upsert), ("INSERT", skip)]
    for row, (verb, ending) in product((same, different), verbs):
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        with pytest.raises(
            sqlite3.IntegrityError, match=f"{table} holds a row with this|a credit takes back|an adjustment is"
        ):
            other.execute(f"{verb} INTO {table} ({names}) VALUES ({marks}){ending}", list(row.values()))
    other.close()
    assert read(table).equals(before)


@pytest.mark.parametrize("table", TABLES)
def test_django_cannot_change_or_delete_either(ledger: Place, table: str) -> None:
    from django.apps import apps  # noqa: PLC0415 - set up by opening the ledger
    from django.db import DatabaseError  # noqa: PLC0415

    fill()
    before = read(table)
    model = next(one for one in apps.get_app_config("ledger").get_models() if one._meta.db_table == table)  # noqa: SLF001 - Django's documented name
    rows = model.objects
    row = rows.first()
    field = next(one.name for one in model._meta.fields if not one.primary_key)  # noqa: SLF001 - as above
    told = "append-only|holds a row with this|an adjustment is the next|permission denied for table"
    for attempt in (
        row.save,
        row.delete,
        rows.all().delete,
        lambda: rows.update(**{field: getattr(row, field)}),
        lambda: rows.bulk_update([row], [field]),
        lambda: rows.bulk_create([row], update_conflicts=True, unique_fields=["pk"], update_fields=[field]),
    ):
        with pytest.raises(DatabaseError, match=told):
            attempt()
    assert ledger.exists()
    assert read(table).equals(before)


@pytest.mark.parametrize("table", [table for table in TABLES if "id" in APPEND_ONLY[table]])
def test_no_row_takes_the_id_that_stands_for_an_unset_one(ledger_file: Path, table: str) -> None:
    """A row with the id −1 would make the guard refuse every later insert."""
    fill()
    other = _guarded(ledger_file)
    row = {**frame(table).with_columns().to_dicts()[0], "id": -1}
    values = [str(value) if hasattr(value, "isoformat") else value for value in row.values()]
    row_names, marks = ", ".join(row), ", ".join("?" * len(row))
    with pytest.raises(sqlite3.IntegrityError):
        other.execute(f"INSERT INTO {table} ({row_names}) VALUES ({marks})", values)  # noqa: S608 - our own names
    other.close()


def test_a_second_revision_is_refused_with_its_reason(ledger: Place) -> None:
    assert ledger.exists()
    fill()
    append("charge", frame("charge", {"charge_id": "CH-2", "revision": 2}))  # the first one is credited
    with pytest.raises(RefusedError, match="only where the one before it is fully credited"):
        append("charge", frame("charge", {"charge_id": "CH-3", "revision": 3}))
    with pytest.raises(RefusedError, match="only where the one before it is fully credited"):
        append("charge", frame("charge", {"charge_id": "CH-4", "metric": "other", "revision": 2}))


@pytest.mark.parametrize(
    "other", [{"amount_minor": 270000}, {"currency": "GBP"}, {"partner_id": "P-2"}, {"charge_id": "X"}]
)
def test_a_credit_takes_back_a_whole_charge(ledger: Place, other: dict[str, object]) -> None:
    assert ledger.exists()
    fill()
    append("charge", frame("charge", {"charge_id": "CH-2", "revision": 2}))
    with pytest.raises(RefusedError):
        append("credit", frame("credit", {"charge_id": "CH-2", "amount_minor": 180000, **other}))
    append("credit", frame("credit", {"charge_id": "CH-2", "amount_minor": 180000}))
    append("charge", frame("charge", {"charge_id": "CH-3", "revision": 3}))


@pytest.mark.parametrize(
    "other",
    [
        {"sequence": 2},
        {"amount_minor": 0},
        {"currency": "GBP"},
        {"partner_id": "P-2"},
        {"selling_entity": "uk"},
        {"charge_id": "X"},
        {"charge_id": "CH-3"},
    ],
)
def test_an_adjustment_is_the_next_of_a_charge_that_is_billed(ledger: Place, other: dict[str, object]) -> None:
    assert ledger.exists()
    fill()
    append("charge", frame("charge", {"charge_id": "CH-2", "revision": 2}))
    append("charge", frame("charge", {"charge_id": "CH-3", "metric": "other"}))  # on no document
    append("document_line", frame("document_line", {"charge_id": "CH-2", "position": 2}))
    first = {"charge_id": "CH-2", "adjustment_id": "AD-2", "amount_minor": -1}
    with pytest.raises(RefusedError):
        append("adjustment", frame("adjustment", {**first, **other}))
    append("adjustment", frame("adjustment", first))
    with pytest.raises(RefusedError):
        append("adjustment", frame("adjustment", {**first, "adjustment_id": "AD-3"}))
    append("adjustment", frame("adjustment", {**first, "adjustment_id": "AD-3", "sequence": 2}))
    append("credit", frame("credit", {"charge_id": "CH-2", "amount_minor": 179998}))
    with pytest.raises(RefusedError, match="billed and not credited"):
        append("adjustment", frame("adjustment", {**first, "adjustment_id": "AD-4", "sequence": 3}))


def test_a_missing_guard_is_found_at_open(ledger_file: Path) -> None:
    other = _guarded(ledger_file)
    other.execute("DROP TRIGGER guard_charge_delete")
    other.close()
    with pytest.raises(StoreError, match="lacks what makes it append-only: guard_charge_delete"):
        open_store(ledger_file)


def test_a_guard_without_teeth_is_found_at_open(ledger_file: Path) -> None:
    other = _guarded(ledger_file)
    other.executescript(
        "DROP TRIGGER guard_receipt_update;"
        "CREATE TRIGGER guard_receipt_update BEFORE UPDATE ON receipt BEGIN SELECT 1; END"
    )
    other.close()
    with pytest.raises(StoreError, match="guard_receipt_update"):
        open_store(ledger_file)


def test_a_rebuilt_table_without_its_guards_is_found_at_open(ledger_file: Path) -> None:
    """Adding a field with Django rebuilds the table and drops its triggers without a word."""
    from django.db import connection, models  # noqa: PLC0415 - set up by opening the ledger

    from connector.ledger.models import Receipt  # noqa: PLC0415

    field = models.TextField(default="")
    field.set_attributes_from_name("extra")
    with connection.schema_editor() as editor:
        editor.add_field(Receipt, field)
    with pytest.raises(StoreError, match="guard_receipt_update, guard_receipt_delete, guard_receipt_insert"):
        open_store(ledger_file)


@pytest.mark.parametrize("applied", ["zero", "0001_parties", "0002_billing", "0003_registers"])
def test_guards_are_complete_after_a_migration_from_any_version(ledger_file: Path, applied: str) -> None:
    from django.db import connection  # noqa: PLC0415 - set up by opening the ledger
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    other = _guarded(ledger_file)
    every = other.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name").fetchall()
    target = ("ledger", None if applied == "zero" else applied)
    with transaction():
        guards.remove()  # as the program does before it migrates
    MigrationExecutor(connection).migrate([target])
    open_store(ledger_file)
    got = other.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name").fetchall()
    other.close()
    assert got == every
    assert len(every) > 3 * len(TABLES) - 3


def test_an_interrupted_migration_is_finished_at_the_next_open(ledger_file: Path) -> None:
    """The version mark is cleared first, so that guards removed for a migration are not taken for tampering."""
    other = _guarded(ledger_file)
    other.executescript("PRAGMA user_version = 0; DROP TRIGGER guard_charge_delete")
    open_store(ledger_file)
    names = {name for (name,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    other.close()
    assert "guard_charge_delete" in names


def test_triggers_of_other_rooms_stay(ledger_file: Path) -> None:
    other = _guarded(ledger_file)
    other.executescript("CREATE TRIGGER runs_note AFTER INSERT ON source BEGIN SELECT 1; END; PRAGMA user_version = 0")
    open_store(ledger_file)
    assert other.execute("SELECT count(*) FROM sqlite_master WHERE name = 'runs_note'").fetchone() == (1,)
    other.close()


def test_a_refused_row_takes_the_whole_transaction_along(ledger: Place) -> None:
    assert ledger.exists()
    fill()

    def two_steps() -> None:
        with transaction():
            append("client", frame("client", {"client_id": "CL-2"}))
            append("client", frame("client", {"client_id": "CL-3"}, {"client_id": "CL-1"}))

    with pytest.raises(RefusedError, match="client holds a row with this client_id already"):
        two_steps()
    assert read("client", columns=["client_id"]).to_series().to_list() == ["CL-1"]


def test_a_refusal_that_is_passed_over_still_writes_nothing(ledger: Place) -> None:
    assert ledger.exists()
    fill()

    def careless() -> None:
        with transaction():
            append("client", frame("client", {"client_id": "CL-2"}))
            with pytest.raises(RefusedError):
                append("client", frame("client"))

    with pytest.raises(RuntimeError, match="a step of this transaction failed and was passed over"):
        careless()
    assert read("client").height == 1


def test_insert_schemas_leave_out_only_the_automatic_id() -> None:
    assert {table: set(APPEND_ONLY[table]) - set(insert_schema(table)) for table in TABLES} == {
        table: ({"id"} if "id" in APPEND_ONLY[table] else set()) for table in TABLES
    }
