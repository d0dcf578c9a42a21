"""A ledger of any earlier schema, with rows in it, is migrated when it is opened: all is kept, everything is sealed."""

import sqlite3
from pathlib import Path

import pytest
from ledger_rows import ROWS, frame

from connector.ledger import close_store, guards, open_store, read, transaction, verify
from connector.ledger.frames import stored
from connector.ledger.schemas import SEALED

STEPS = ("0001_parties", "0002_billing", "0003_registers", "0004_sending", "0005_charge_why")


def _back_to(path: Path, step: str) -> None:
    """Bring the open ledger back to an earlier schema, empty."""
    from django.db import connection  # noqa: PLC0415 - set up by opening the ledger
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    assert path.exists()
    with transaction():
        guards.remove()  # as the program does before it migrates
    MigrationExecutor(connection).migrate([("ledger", step)])
    close_store()


def _fill(path: Path) -> set[str]:
    """Put a row into every table that there is; which tables these are."""
    other = sqlite3.connect(path)
    there = set()
    for table in SEALED:
        known = {name for (name,) in other.execute("SELECT name FROM pragma_table_info(?)", (table,))}
        if known:
            there.add(table)
            row = {name: value for name, value in stored(frame(table)).to_dicts()[0].items() if name in known}
            names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
            other.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))  # noqa: S608 - our own names
    other.commit()
    other.close()
    return there


def test_an_upgrade_that_died_before_it_sealed_is_finished_at_the_next_open(ledger_file: Path) -> None:
    from django.db import connection  # noqa: PLC0415 - set up by opening the ledger
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    with transaction():
        guards.remove()
        guards.note(0)
    MigrationExecutor(connection).migrate([("ledger", "0003_registers")])
    there = _fill(ledger_file)
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    close_store()
    open_store(ledger_file)
    found = verify()
    assert found.faults == ()
    assert {table for table, rows in found.rows.items() if rows} == there


@pytest.mark.parametrize("step", STEPS)
def test_rows_of_every_earlier_schema_are_kept_and_sealed(ledger_file: Path, step: str) -> None:
    _back_to(ledger_file, step)
    there = _fill(ledger_file)
    assert there >= {"source", "client"}
    open_store(ledger_file)
    found = verify()
    assert found.faults == ()
    assert {table for table, rows in found.rows.items() if rows} == there
    for table in there:
        got = read(table).to_dicts()[0]
        wanted = ROWS[table]
        assert {name: got[name] for name in wanted} == wanted
    links = read("chain_link")
    assert (links["by"].unique().to_list(), links["sequence"].unique().to_list()) == (["migration"], [1])
