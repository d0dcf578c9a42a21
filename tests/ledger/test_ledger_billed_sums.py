"""What the documents of a run bill is summed with their lines, and `verify` compares the two."""

import sqlite3
from datetime import date
from pathlib import Path

import pytest
from ledger_rows import frame

from connector.ledger import (
    Place,
    RefusedError,
    append,
    billed_since,
    database,
    last_billed_on,
    read,
    transaction,
    verify,
)

TOLD = "it is summed otherwise than the lines of its documents say"


def charges(*wanted: tuple[str, str, str | None, int]) -> None:
    """Put charges into the open ledger: id, run, tier, amount."""
    rows = (
        {"charge_id": one, "subject_id": one, "run_id": run, "tier": tier, "unit_minor": amount, "amount_minor": amount}
        for one, run, tier, amount in wanted
    )
    append("charge", frame("charge", *rows))


def document(name: str, run: str, day: date, kind: str = "invoice") -> None:
    """Put a document into the open ledger."""
    row = {"document_id": name, "number": name, "run_id": run, "dated": day, "kind": kind}
    append("document", frame("document", row))


def lines(table: str, *wanted: tuple[str, int, str, int]) -> None:
    """Put lines into the open ledger: document, position, charge, net."""
    rows = (
        {"document_id": document_id, "position": position, "charge_id": charge, "net_minor": net}
        for document_id, position, charge, net in wanted
    )
    append(table, frame(table, *rows))


def fill() -> None:
    """Two runs: the second bills a charge of the first and takes another back."""
    append("source", frame("source"))
    charges(("A", "R-1", "1", 100), ("B", "R-1", "2-10", 250), ("C", "R-1", "2-10", 250), ("D", "R-1", None, 7))
    charges(("E", "R-2", "1", 100))
    document("D-1", "R-1", date(2025, 3, 4))
    document("D-2", "R-1", date(2025, 3, 4))
    lines("document_line", ("D-1", 1, "A", 100), ("D-1", 2, "B", 250))
    lines("document_line", ("D-2", 1, "D", 7))
    document("D-3", "R-2", date(2025, 4, 1))
    document("D-4", "R-2", date(2025, 4, 2), "credit_note")
    lines("document_line", ("D-3", 1, "C", 250), ("D-3", 2, "E", 100))
    append("credit", frame("credit", {"charge_id": "B", "run_id": "R-2", "amount_minor": 250}))
    lines("credit_line", ("D-4", 1, "B", 250))


SUMS = [
    ("R-1", date(2025, 3, 4), "USD", "invoice", "document_line", "client", "", True, 1, 7, 7),
    ("R-1", date(2025, 3, 4), "USD", "invoice", "document_line", "client", "1", True, 1, 100, 100),
    ("R-1", date(2025, 3, 4), "USD", "invoice", "document_line", "client", "2-10", True, 1, 250, 250),
    ("R-2", date(2025, 4, 1), "USD", "invoice", "document_line", "client", "1", True, 1, 100, 100),
    ("R-2", date(2025, 4, 1), "USD", "invoice", "document_line", "client", "2-10", False, 1, 250, 250),
    ("R-2", date(2025, 4, 2), "USD", "credit_note", "credit_line", "client", "2-10", False, 1, 250, 250),
]


def test_lines_are_summed_by_run_day_and_tier_and_by_whose_charges_they_bill(ledger: Place) -> None:
    assert ledger.exists()
    fill()
    assert read("billed_sum").rows() == SUMS
    assert verify().faults == ()
    assert billed_since(date(2025, 3, 5)).rows() == [
        (date(2025, 4, 1), "USD", "client", "1", 100),
        (date(2025, 4, 1), "USD", "client", "2-10", 250),
        (date(2025, 4, 2), "USD", "client", "2-10", -250),
    ]
    assert [row[3] for row in billed_since(date(2025, 3, 4)).rows()[:3]] == [None, "1", "2-10"]
    assert [last_billed_on(date(2025, month, 1)) for month in (3, 4, 5)] == [
        None,
        date(2025, 4, 1),
        date(2025, 4, 2),
    ]


def test_lines_that_come_in_parts_are_summed_once(ledger: Place) -> None:
    assert ledger.exists()
    append("source", frame("source"))
    charges(*((name, "R-1", "1", 100) for name in "ABC"))
    document("D-1", "R-1", date(2025, 3, 4))
    for position, name in enumerate("ABC", start=1):
        lines("document_line", ("D-1", position, name, 100))
    assert read("billed_sum").select("line_count", "charged_minor", "net_minor").rows() == [(3, 300, 300)]
    assert verify().faults == ()


def test_lines_that_are_taken_back_with_their_transaction_are_not_summed(ledger: Place) -> None:
    assert ledger.exists()
    fill()

    def twice() -> None:
        with transaction():
            charges(("F", "R-2", "1", 100))
            lines("document_line", ("D-3", 3, "F", 100))
            lines("document_line", ("D-3", 4, "F", 100))

    with pytest.raises(RefusedError):
        twice()
    assert read("billed_sum").rows() == SUMS


@pytest.mark.parametrize(
    ("changed", "runs"),
    [
        ("UPDATE billed_sum SET net_minor = net_minor + 1 WHERE run_id = 'R-2' AND tier = '1'", ["R-2"]),
        ("DELETE FROM billed_sum WHERE run_id = 'R-1'", ["R-1"]),
        ("UPDATE billed_sum SET run_id = 'R-9' WHERE run_id = 'R-2' AND kind = 'credit_note'", ["R-2", "R-9"]),
    ],
)
def test_a_run_that_is_summed_otherwise_is_told(ledger: Place, changed: str, runs: list[str]) -> None:
    assert ledger.exists()
    fill()
    with transaction():
        database.execute(changed)
    assert [str(fault) for fault in verify().faults] == [f"billed_sum {run}: {TOLD}" for run in runs]


ALTERED = {
    "document_line": "UPDATE document_line SET net_minor = 5",
    "document": "UPDATE document SET dated = '2025-03-05'",
    "charge": "UPDATE charge SET tier = '51-200'",
}


@pytest.mark.parametrize("table", ALTERED)
def test_where_what_is_summed_was_altered_that_alone_is_told(ledger_file: Path, table: str) -> None:
    fill()
    other = sqlite3.connect(ledger_file, isolation_level=None)
    guard = f"guard_{table}_update"
    (trigger,) = other.execute("SELECT sql FROM sqlite_master WHERE name = ?", (guard,)).fetchone()
    other.execute(f"DROP TRIGGER {guard}")
    other.execute(ALTERED[table])
    other.execute(trigger)
    other.close()
    assert {fault.table for fault in verify().faults} == {table}
