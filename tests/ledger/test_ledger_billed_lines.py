"""What is billed of each subject under each metric is counted with the charges, and `verify` compares the two."""

import sqlite3
from pathlib import Path

import pytest
from ledger_rows import frame

from connector.ledger import Place, RefusedError, append, database, read, transaction, verify

COLUMNS = ["subject_type", "subject_id", "metric", "first", "latest", "charges", "revision"]


def charges(*wanted: tuple[str, str, int, int]) -> None:
    """Put charges into the open ledger: subject, metric, ordinal, revision."""
    rows = (
        {
            "charge_id": "-".join(map(str, one)),
            "subject_id": one[0],
            "metric": one[1],
            "ordinal": one[2],
            "revision": one[3],
        }
        for one in wanted
    )
    append("charge", frame("charge", *rows))


def test_charges_are_counted_by_subject_and_metric_whatever_their_order(ledger: Place) -> None:
    assert ledger.exists()
    append("source", frame("source"))
    charges(("CL-1", "spoke", 3, 1), ("CL-2", "spoke", 1, 1), ("CL-1", "spoke", 2, 1))
    charges(("CL-1", "spoke", 5, 1), ("CL-1", "month", 202505, 1))
    charges(("CL-1", "spoke", 1, 1))
    assert read("billed_line").rows() == [
        ("client", "CL-1", "month", 202505, 202505, 1, 1),
        ("client", "CL-1", "spoke", 1, 5, 4, 1),
        ("client", "CL-2", "spoke", 1, 1, 1, 1),
    ]
    assert read("billed_line").columns == COLUMNS
    assert verify().faults == ()


def test_a_charge_that_is_taken_back_with_its_transaction_is_not_counted(ledger: Place) -> None:
    assert ledger.exists()
    append("source", frame("source"))

    def twice() -> None:
        with transaction():
            charges(("CL-1", "spoke", 1, 1))
            charges(("CL-1", "spoke", 1, 1))

    with pytest.raises(RefusedError):
        twice()
    assert read("billed_line").is_empty()


def test_a_line_that_is_counted_otherwise_is_told(ledger: Place) -> None:
    assert ledger.exists()
    append("source", frame("source"))
    charges(("CL-1", "spoke", 1, 1))
    with transaction():
        database.execute("UPDATE billed_line SET latest = 7, charges = 7")
        database.execute(
            "INSERT INTO billed_line (subject_type, subject_id, metric, first, latest, charges, revision)"
            " VALUES ('client', 'CL-9', 'spoke', 1, 1, 1, 1)"
        )
    told = "it is counted otherwise than its charges say"
    assert [str(fault) for fault in verify().faults] == [
        f"billed_line client CL-1 spoke: {told}",
        f"billed_line client CL-9 spoke: {told}",
    ]


def test_where_a_charge_was_altered_that_alone_is_told(ledger_file: Path) -> None:
    append("source", frame("source"))
    charges(("CL-1", "spoke", 1, 1))
    other = sqlite3.connect(ledger_file, isolation_level=None)
    (trigger,) = other.execute("SELECT sql FROM sqlite_master WHERE name = 'guard_charge_update'").fetchone()
    other.execute("DROP TRIGGER guard_charge_update")
    other.execute("UPDATE charge SET ordinal = 2")
    other.execute(trigger)
    other.close()
    assert [(fault.table, fault.key) for fault in verify().faults] == [("charge", "CL-1-spoke-1-1")]
