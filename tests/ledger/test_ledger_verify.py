"""`verify` names the first altered entry, whatever was done to it behind the program's back."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_rows import NOW, ROWS, fill, frame

from connector.ledger import (
    Chain,
    StoreError,
    acting,
    append,
    chain_heads,
    close_store,
    open_store,
    read,
    transaction,
    verify,
)
from connector.ledger.entries import entry_digests
from connector.ledger.frames import stored
from connector.ledger.schemas import APPEND_ONLY, SEALED, SEALS, TABLES, UNIQUE, insert_schema

SPARE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
COLUMNS = [(table, column) for table in SEALED for column in (*insert_schema(table), *SEALS)]
WHOLE = ("Int64", "UInt32", "Boolean")
BY_LINK = "2025-03-04 05:06:07 by ann"


@contextmanager
def behind(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of somebody who takes the guards away first, and puts them back."""
    other = sqlite3.connect(path, isolation_level=None)
    guards = other.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in guards:
        other.execute(f"DROP TRIGGER {name}")
    yield other
    for _, sql in guards:
        other.execute(sql)
    other.close()


@pytest.fixture
def ledger(ledger_file: Path) -> Path:
    """A file: what is done behind the guards is done to SQLite here. A server's is in test_ledger_postgres.py."""
    return ledger_file


@pytest.fixture
def filled(ledger: Path) -> Path:
    """A row in every table, one transaction."""
    with acting("ann"):
        fill()
    with behind(ledger) as other:
        other.execute("DELETE FROM chain_link WHERE batch IS NULL")
    return ledger


def told() -> list[str]:
    return [str(fault) for fault in verify().faults]


def test_a_sound_ledger_is_proved_row_by_row(filled: Path) -> None:
    assert filled.exists()
    seen: list[tuple[str, int, int]] = []
    found = verify(chain_heads(), lambda *step: seen.append(step))
    assert found.faults == ()
    assert found.rows == dict.fromkeys(SEALED, 1)
    heads = chain_heads()
    assert found.chains == (Chain("ledger", 1, 0, heads["ledger"]), Chain("us", 1, 0, heads["us"]))
    assert seen[-1] == ("rows", len(SEALED), len(SEALED))


def test_what_is_written_while_it_looks_is_no_fault(filled: Path) -> None:
    """All of it is one view of the ledger, as it was when the look began."""

    def meanwhile(*_: object) -> None:
        other = sqlite3.connect(filled)
        other.execute("DELETE FROM chain_head")
        other.commit()
        other.close()

    assert verify(progress=meanwhile).faults == ()
    assert len(verify().faults) == 2


def test_an_empty_ledger_is_sound(ledger: Path) -> None:
    assert ledger.exists()
    found = verify()
    assert (found.chains, set(found.rows.values()), found.faults) == ((), {0}, ())


def _key(table: str) -> str:
    return " ".join(str(ROWS[table][one]) for one in UNIQUE[table][0]) if UNIQUE[table] else "1"


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_change_of_any_column_of_any_table_is_found_and_named(filled: Path, table: str, column: str) -> None:
    whole = column in TABLES[table] and str(TABLES[table][column]) in WHOLE
    with behind(filled) as other:
        other.execute("PRAGMA ignore_check_constraints = ON")
        value = f'COALESCE("{column}", 0) + 1' if whole else f"COALESCE(\"{column}\", '') || 'x'"
        other.execute(f'UPDATE "{table}" SET "{column}" = {value}')  # noqa: S608 - our own names
        columns = ", ".join(f'"{one}"' for one in (UNIQUE[table][0] if UNIQUE[table] else ("id",)))
        key = " ".join(str(one) for one in other.execute(f"SELECT {columns} FROM {table}").fetchone())  # noqa: S608 - our own names
    entity = "us" if {"selling_entity", "document_id"} & {*TABLES[table]} else "ledger"
    link = f" (link 1 of {entity}, {BY_LINK})"
    first = told()[0]
    if column == "batch":
        stray = "it stands under no link: it was put in behind the program's back, or its batch was changed"
        assert first == f"{table} {key}: {stray}"
    else:
        assert first == f"{table} {key}: it was changed after it was written{link}"


def _page(path: Path, name: str, text: bytes) -> tuple[bytearray, int]:
    """A ledger's file, closed now, and where the last byte of a text stands in a table or index of one page."""
    close_store()
    other = sqlite3.connect(path)
    root = other.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0]
    size = other.execute("PRAGMA page_size").fetchone()[0]
    other.close()
    data = bytearray(path.read_bytes())
    page = data[(root - 1) * size : root * size]
    assert page.count(text) == 1
    return data, (root - 1) * size + page.index(text) + len(text) - 1


@pytest.mark.parametrize("table", SEALED)
def test_a_byte_changed_in_the_file_is_found(filled: Path, table: str) -> None:
    """The last byte of a text that the row alone has in the file."""
    texts = {
        "source": b"clients.xlsx",
        "partner_version": b"on_event",
        "template_version": b"full_spoke",
        "client": b"CL-1",
        "client_alias": b"R-1",
        "client_version": b"billed",
        "charge": b"SPOKE-FULL",
        "document": b"US-BOOKS",
        "document_line": b"OUTPUT",
        "credit": b"USD",
        "credit_line": b"OUTPUT",
        "adjustment": b"SPOKE-FULL",
        "adjustment_line": b"OUTPUT",
        "document_event": b"approved",
        "receipt": b"AUTHORISED",
        "erasure": b"CL-9",
    }
    data, at = _page(filled, table, texts[table])
    for flipped in (0x01, 0x80):  # another letter; no UTF-8 any more
        changed = bytearray(data)
        changed[at] ^= flipped
        copy = filled.with_name(f"{flipped}.db")
        copy.write_bytes(changed)
        open_store(copy)
        first = verify().faults[0]
        if flipped == 0x80 and table != "client":  # whose only text is read from its index
            with pytest.raises(StoreError, match="the ledger's file is damaged"):
                read(table)
        close_store()
        assert (first.table, first.link, first.what) == (table, 1, "it was changed after it was written")


@pytest.mark.parametrize("table", SEALED)
def test_a_row_that_was_taken_out_is_missed(filled: Path, table: str) -> None:
    with behind(filled) as other:
        other.execute("PRAGMA foreign_keys = OFF")
        other.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
    entity = "us" if {"selling_entity", "document_id"} & {*TABLES[table]} else "ledger"
    assert told() == [f"{table}: 0 rows are there, not the 1 that were written (link 1 of {entity}, {BY_LINK})"]


def test_a_row_that_was_put_in_is_named(filled: Path) -> None:
    with behind(filled) as other:
        other.execute("INSERT INTO client (client_id, run_id, recorded_at) VALUES ('CL-7', 'R-1', '2025-01-01')")
    assert told()[0] == "client CL-7: it was changed after it was written"


def test_a_row_put_in_with_its_digest_and_the_batch_of_another_is_counted(filled: Path) -> None:
    row = frame("client", {"client_id": "CL-7"})
    [digest] = entry_digests("client", stored(row))
    values = "'CL-7', 'R-1', '2025-03-04 05:06:07.000089'"
    with behind(filled) as other:
        sql = f"INSERT INTO client SELECT {values}, batch, '{digest}' FROM client"  # noqa: S608 - our own values
        other.execute(sql.replace("INTO client", "INTO client (client_id, run_id, recorded_at, batch, entry_digest)"))
    assert told() == [f"client: 2 rows are there, not the 1 that were written (link 1 of ledger, {BY_LINK})"]


def test_a_row_changed_together_with_its_digest_is_found_by_its_link(filled: Path) -> None:
    [digest] = entry_digests("client", stored(frame("client", {"run_id": "R-2"})))
    with behind(filled) as other:
        other.execute("UPDATE client SET run_id = 'R-2', entry_digest = ?", (digest,))
    what = "one of its 1 rows was changed, with its digest, or their order was"
    assert told() == [f"client: {what} (link 1 of ledger, {BY_LINK})"]


def test_an_order_that_was_changed_is_found(ledger: Path) -> None:
    """The latest event of a document is its status, so the order of arrival is part of what was written."""
    with transaction():
        append("document", frame("document"))
        append("document_event", frame("document_event", {"state": "approved"}, {"state": "booked"}))
    assert told() == []
    with behind(ledger) as other:
        other.execute("UPDATE document_event SET id = 3 - id + 10")
    assert len(told()) == 1
    assert "or their order was" in told()[0]


def test_the_first_altered_entry_comes_first(ledger: Path) -> None:
    for n in range(1, 6):
        append("client", frame("client", {"client_id": f"CL-{n}", "recorded_at": NOW + timedelta(days=n)}))
    with behind(ledger) as other:
        other.execute("UPDATE client SET run_id = 'x' WHERE client_id IN ('CL-2', 'CL-4')")
        other.execute("DELETE FROM client WHERE client_id = 'CL-3'")
    assert [(one.link, one.key) for one in verify().faults] == [(2, "CL-2"), (3, ""), (4, "CL-4")]


def test_many_rows_are_read_in_pages_and_the_altered_one_is_named(ledger: Path) -> None:
    with transaction():
        append("client", frame("client", *({"client_id": f"CL-{n}"} for n in range(120_000))))
    with behind(ledger) as other:
        other.execute("UPDATE client SET recorded_at = x'ff' WHERE client_id = 'CL-77777'")
        other.execute("UPDATE client SET client_id = 5.5 WHERE client_id = 'CL-66666'")
    found = verify()
    assert found.rows["client"] == 120_000
    assert [one.key for one in found.faults][:2] == ["5.5", "CL-77777"]


def test_values_that_are_no_longer_of_their_type_are_named_one_by_one(ledger: Path) -> None:
    with transaction():
        append("source", frame("source", *({"source_id": f"S-{n}"} for n in range(100))))
    with behind(ledger) as other:
        other.execute("PRAGMA ignore_check_constraints = ON")
        other.execute("UPDATE source SET size_bytes = 'many' WHERE source_id = 'S-20'")
        other.execute("UPDATE source SET size_bytes = 1.5, batch = 7 WHERE source_id = 'S-77'")
        other.execute("UPDATE source SET size_bytes = 1.5, batch = x'07' WHERE source_id = 'S-78'")
    found = verify().faults
    assert sorted(one.key for one in found if one.table == "source") == ["S-20", "S-77", "S-78"]
    assert [str(one) for one in found if one.table == "the file"] == ["the file: CHECK constraint failed in source"] * 3


def test_a_chain_that_was_cut_off_is_found_by_a_head_written_down(filled: Path) -> None:
    with acting("ann"):
        append("client", frame("client", {"client_id": "CL-2"}))
    head = chain_heads()["ledger"]
    assert verify({"ledger": head}).faults == ()
    with behind(filled) as other:
        other.execute("DELETE FROM client WHERE client_id = 'CL-2'")
        other.execute("DELETE FROM chain_link WHERE sequence = 2")
        other.execute(
            "UPDATE chain_head SET sequence = 1, digest = (SELECT digest FROM chain_link AS one"
            " WHERE one.entity = chain_head.entity)"
        )
    assert told() == []
    what = f"the chain of ledger: the head {head} is not on it: it was cut off or rewritten since that was written down"
    assert [str(one) for one in verify({"ledger": head}).faults] == [what]
    assert [one.entity for one in verify({"au": head}).faults] == ["au"]


def test_a_link_that_was_changed_is_named_with_the_rows_it_had(filled: Path) -> None:
    with behind(filled) as other:
        other.execute("UPDATE chain_link SET contents = 'no JSON' WHERE entity = 'us'")
    assert told() == [f"chain_link us 1: link 1 of us was changed after it was written (link 1 of us, {BY_LINK})"]


def test_an_index_that_tells_another_story_than_its_table_is_found(filled: Path) -> None:
    data, at = _page(filled, "sqlite_autoindex_client_1", b"CL-1")
    data[at] ^= 1
    filled.write_bytes(data)
    open_store(filled)
    assert "the file: row 1 missing from index sqlite_autoindex_client_1" in told()


def _plain(table: str, row: dict[str, object]) -> str:
    """The canonical text of a row, written a second time, by hand."""
    parts = [f"{table};"]
    for name in sorted(row):
        value = row[name]
        if value is None:
            continue
        if isinstance(value, bool | int):
            parts.append(f"{name}={int(value)};")
            continue
        text = str(value) if not hasattr(value, "strftime") else value.strftime("%Y-%m-%d %H:%M:%S.%f")
        text = value.isoformat() if type(value) is date else text
        parts.append(f"{name}={len(text.encode())}:{text};")
    return "".join(parts)


@given(name=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00")), size=st.integers(0, 2**40))
@SPARE
def test_the_digest_is_the_one_a_second_writer_comes_to(name: str, size: int) -> None:
    from hashlib import sha256  # noqa: PLC0415 - the second writer's own

    for table, change in (("source", {"name": name, "size_bytes": size}), ("partner_version", {"po_reference": name})):
        row = frame(table, change)
        [got] = entry_digests(table, stored(row))
        assert got == sha256(_plain(table, row.to_dicts()[0]).encode()).hexdigest()


def test_every_append_only_table_but_the_chain_itself_is_sealed(ledger: Path) -> None:
    other = sqlite3.connect(ledger)
    columns = {
        table: {name for (name,) in other.execute("SELECT name FROM pragma_table_info(?)", (table,))}
        for table in APPEND_ONLY
    }
    other.close()
    assert {table for table, names in columns.items() if {*SEALS} <= names} == {*APPEND_ONLY} - {"chain_link"}


def test_rows_of_a_ledger_from_before_are_sealed_when_it_is_opened(ledger: Path, tmp_path: Path) -> None:
    """From the first schema on, with rows in it and a link of the old kind."""
    fill()
    close_store()
    old = tmp_path / "old.db"
    shutil.copy(ledger, old)
    other = sqlite3.connect(old, isolation_level=None)
    for (name,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        other.execute(f"DROP TRIGGER {name}")
    for table in SEALED:
        for column in SEALS:
            other.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    other.execute("DELETE FROM chain_link WHERE batch IS NOT NULL")
    other.execute("DELETE FROM chain_head")
    other.execute("UPDATE chain_link SET entity = 'us', previous = ?, at = '2025-03-04 05:06:07.000089'", ("0" * 64,))
    from hashlib import sha256  # noqa: PLC0415 - the link as the earlier version made it

    digest = sha256("\x1f".join(("us", "1", "p", "0" * 64, "2025-03-04 05:06:07.000089")).encode()).hexdigest()
    other.execute("UPDATE chain_link SET digest = ?", (digest,))
    other.execute("INSERT INTO chain_head VALUES ('us', 1, ?)", (digest,))
    for column in ("batch", "by", "contents"):
        other.execute(f"ALTER TABLE chain_link DROP COLUMN {column}")
    for table in (
        "allocation",
        "erasure",
        "credit_line",
        "credit",
        "adjustment_line",
        "adjustment",
        "billed_line",
        "billed_sum",
    ):
        other.execute(f"DROP TABLE {table}")
    for index in ("client_alias_owner", "client_version_contents"):
        other.execute(f"DROP INDEX {index}")
    for column in ("said_on", "archived_on", "advisors", "users"):
        other.execute(f"ALTER TABLE client_version DROP COLUMN {column}")
    other.execute("DELETE FROM django_migrations WHERE app = 'ledger' AND name >= '0006'")
    other.execute("PRAGMA user_version = 1")
    other.close()
    open_store(old)
    found = verify({"us": digest})
    assert found.faults == ()
    assert {table: rows for table, rows in found.rows.items() if rows == 0} == dict.fromkeys(
        ("credit", "credit_line", "adjustment", "adjustment_line", "erasure"), 0
    )
    assert [(one.entity, one.links, one.earlier) for one in found.chains] == [("ledger", 1, 0), ("us", 2, 1)]
    with behind(old) as changed:
        changed.execute("UPDATE charge SET amount_minor = 1")
    assert told() == [
        "charge CH-1: it was changed after it was written (link 2 of us, 2025-03-04 05:06:07 by migration)"
    ]
