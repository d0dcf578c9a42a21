"""Frames go into the ledger and come back equal."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_rows import NOW, ROWS, documents, fill, frame

from connector.ledger import (
    TABLES,
    Place,
    append,
    close_store,
    erase,
    insert_schema,
    open_store,
    overwrite_erased,
    put,
    read,
    transaction,
)
from connector.tables import SchemaError

SPARE = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=30)
WHOLE = st.integers(-(2**63), 2**63 - 1)
TIMES = st.datetimes(datetime(1900, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - the bounds are naive by contract
DAYS = st.dates(date(1000, 1, 1))


@pytest.mark.parametrize("table", list(ROWS))
def test_every_table_gives_back_what_was_appended(ledger: Place, table: str) -> None:
    assert ledger.exists()
    fill()
    got = read(table, "batch IS NULL") if table == "chain_link" else read(table)  # besides it, the links of the rows
    assert dict(got.schema) == dict(TABLES[table])
    assert got.select(list(insert_schema(table))).equals(frame(table))


@pytest.mark.parametrize("table", list(TABLES))
def test_an_empty_table_has_its_schema(ledger: Place, table: str) -> None:
    assert ledger.exists()
    assert dict(read(table, "1 = 0").schema) == dict(TABLES[table])


@given(
    name=TEXT,
    size=WHOLE,
    rows=WHOLE,
    at=TIMES,
    day=DAYS,
    until=st.none() | DAYS,
    po=st.none() | TEXT,
    yes=st.booleans(),
)
@SPARE
def test_any_value_comes_back_exactly(  # noqa: PLR0913, PLR0917 - one argument per type of column
    empty_ledger: Place,
    name: str,
    size: int,
    rows: int,
    at: datetime,
    day: date,
    until: date | None,
    po: str | None,
    yes: bool,  # noqa: FBT001 - drawn, not called
) -> None:
    open_store(empty_ledger)
    source = frame("source", {"name": name, "size_bytes": size, "row_count": rows, "recorded_at": at})
    partner = frame("partner_version", {"valid_from": day, "included_until": until, "po_reference": po})
    receipt = frame("receipt", {"adopted": yes, "received_at": at, "total_minor": size})

    def written_and_read() -> list[pl.DataFrame]:
        documents(1)
        wanted = {"source": source, "partner_version": partner, "receipt": receipt}
        for table, one in wanted.items():
            append(table, one)
        return [read(table).select(list(insert_schema(table))) for table in wanted]

    got: list[pl.DataFrame] = []
    with pytest.raises(ZeroDivisionError), transaction():  # noqa: PT012 - leaves the shared ledger empty
        got += written_and_read()
        raise ZeroDivisionError
    close_store()
    assert [one.to_dicts() for one in got] == [one.to_dicts() for one in (source, partner, receipt)]


def test_reading_some_rows_and_columns(ledger: Place) -> None:
    assert ledger.exists()
    with transaction():
        append("client", frame("client", *({"client_id": f"CL-{n}", "run_id": f"R-{n % 2}"} for n in (3, 1, 2))))
    got = read("client", "run_id = ? AND client_id LIKE '%-%'", ["R-1"], columns=["client_id", "run_id"])
    assert got.rows() == [("CL-1", "R-1"), ("CL-3", "R-1")]
    assert read("client", "recorded_at = ?", [NOW], columns=["client_id"]).height == 3


def test_rows_with_an_id_come_in_the_order_of_arrival(ledger: Place) -> None:
    assert ledger.exists()
    with transaction():
        documents(1)
        append("document_event", frame("document_event", *({"state": state} for state in ("sent", "booked", "drift"))))
    got = read("document_event", columns=["id", "state"])
    assert got.rows() == [(1, "sent"), (2, "booked"), (3, "drift")]


def test_a_condition_may_look_at_other_tables(ledger: Place) -> None:
    assert ledger.exists()
    fill()
    append("charge", frame("charge", {"charge_id": "CH-2", "subject_id": "CL-2"}))
    got = read("charge", "charge_id NOT IN (SELECT charge_id FROM document_line)", columns=["charge_id"])
    assert got.rows() == [("CH-2",)]


def test_a_frame_with_other_columns_is_a_defect(ledger: Place) -> None:
    assert ledger.exists()
    for wrong in (frame("client").drop("run_id"), frame("client").with_columns(id=1), frame("source")):
        with pytest.raises(SchemaError, match="does not match its schema"):
            append("client", wrong)


def test_an_empty_frame_adds_nothing(ledger: Place) -> None:
    assert ledger.exists()
    append("client", frame("client").clear())
    assert read("client").height == 0


def test_only_personal_columns_and_contacts_are_replaced(ledger: Place) -> None:
    assert ledger.exists()
    contact = {"tenant": "US-BOOKS", "partner_id": "P-1", "contact_id": "C-1", "how": "created"}
    append("contact_link", frame("contact_link", contact))
    put("contact_link", frame("contact_link", {**contact, "contact_id": "C-2", "how": "linked"}))
    assert read("contact_link").rows() == [("US-BOOKS", "P-1", "C-2", "linked")]
    for table in ("charge", "outbox", "counter"):
        with pytest.raises(ValueError, match=f"rows of {table} are never replaced"):
            put(table, frame(table))
    for table in ("outbox", "counter", "chain_head", "ledger_key"):
        with pytest.raises(ValueError, match=f"rows of {table} are not appended"):
            append(table, frame(table))


def test_what_is_erased_is_gone_from_the_file_too(ledger_file: Path) -> None:
    fill()
    fields = {"name": "Zephyrine Quillfeather", "domain": "quillfeather.example"}
    rows = [
        {"owner_type": "client", "owner_id": owner, "field": field, "value": f"{value} {owner}"}
        for owner in ("CL-1", "CL-2")
        for field, value in fields.items()
    ]
    put("personal", frame("personal", *rows))
    assert (erase("client", "CL-1"), erase("client", "CL-1")) == (2, 0)
    overwrite_erased()
    assert read("personal", columns=["owner_id"]).rows() == [("CL-2",), ("CL-2",)]
    assert read("charge").height == 1
    close_store()
    contents = b"".join(one.read_bytes() for one in ledger_file.parent.iterdir())
    assert (b"Quillfeather CL-1" in contents, b"Quillfeather CL-2" in contents) == (False, True)
