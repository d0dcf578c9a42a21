"""Sections, notes and totals are told from records only where they plainly are; what is doubtful is blocked."""

from collections.abc import Sequence
from pathlib import Path

import openpyxl
from intake_kit import CLIENT, CLIENT_HEADER, codes, read, write_csv, write_xlsx

# Columns: Client ID, Partner ID, Client name, Website, Plan, Created on, Employees, Status
SECOND = ("C-2", "P-2", *CLIENT[2:])


def kinds_of(tmp_path: Path, rows: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """The kind of each row, between two records of other partners."""
    full = [(*row, *[""] * (len(CLIENT_HEADER) - len(row))) for row in rows]
    sheet = [CLIENT_HEADER, *(row for odd in full for row in (CLIENT, odd, SECOND))]
    got = read(write_xlsx(tmp_path / "c.xlsx", {"Clients": sheet})).rows["kind"].to_list()
    return dict(zip(rows, got[2::3], strict=True))


HEADINGS = [
    ("EMEA",),
    ("", "EMEA"),
    ("P-2",),
    ("", "P-2"),
    ("* excludes trial",),
    ("", "", "* excludes trial"),
    ("", "", "Prepared by Finance"),
    ("Prepared by", "Finance"),
    ("Printed on", "2025-03-01"),
    ("", "", "Page 2 of 3"),
    ("Note: without trials",),
    ("Clients that left the platform",),
    ("", "", "", "", "", "", "", "Clients that left the platform"),
    ("----", "", "----", "====="),
    ("End of report",),
]


def test_headings_and_notes(tmp_path: Path) -> None:
    assert kinds_of(tmp_path, HEADINGS) == dict.fromkeys(HEADINGS, "title")


DOUBTFUL = [
    ("C-3",),
    ("", "P-1"),
    ("", "", "EMEA"),
    ("", "", "The Royal Borough of Kensington"),
    ("", "", "Page Industries"),
    ("", "", "Printed Matters"),
    ("", "", "", "acme.org"),
    ("", "", "Acme", "acme.org"),
    ("EMEA", "", "Acme"),
    ("", "", "Prepared by Nature", "prepared.com"),
    ("", "", "", "", "", "2025-03-01"),
    ("", "", "", "", "", "", "12"),
]


def test_what_may_be_an_incomplete_record_is_blocked(tmp_path: Path) -> None:
    assert kinds_of(tmp_path, DOUBTFUL) == dict.fromkeys(DOUBTFUL, "blocked")


def test_a_text_alone_in_an_unread_column_is_a_title(tmp_path: Path) -> None:
    rows = [("Region", *CLIENT_HEADER), ("", *CLIENT), ("EMEA", *[""] * 8), ("", *SECOND)]
    got = read(write_csv(tmp_path / "c.csv", rows))
    assert (codes(got.problems), got.rows["kind"][2]) == ([("1", "sheet-unmapped-columns")], "title")


def test_a_lonely_cell_says_that_it_may_be_a_heading(tmp_path: Path) -> None:
    row = ("", "", "EMEA", *[""] * 5)
    got = read(write_csv(tmp_path / "c.csv", [CLIENT_HEADER, CLIENT, row]))
    assert {problem.next_step for problem in got.problems if problem.code == "record-missing"} == {
        "Fill the cells in. If the row is a heading or a note, move it above the header."
    }


TOTALS = [
    ("Summe", "", "", "", "", "", "1.250"),
    ("Gesamt", "", "", "", "", "", "12"),
    ("Gesamtsumme:", "", "", "", "", "", "12"),
    ("Totaal", "", "", "", "", "", "12"),
    ("Total général", "", "", "", "", "", "12"),
    ("Somme", "", "", "", "", "", "12"),
    ("Grand Total (12)",),
    ("Count", "2"),
    ("Count: 2",),
    ("Average", "", "", "", "", "", "12.5"),
    ("Anzahl", "", "", "", "", "", "12"),
    ("Number of clients", "", "", "", "", "", "12"),
    ("Total clients: 2",),
    ("P-1 Total", "", "", "", "", "", "12"),
    ("P-1 Count", "", "", "", "", "", "12"),
    ("", "P-1 Ergebnis", "", "", "", "", "12"),
    ("", "Total P-1", "", "", "", "", "12"),
    ("", "", "Total", "", "", "", "12"),
]


def test_totals(tmp_path: Path) -> None:
    assert kinds_of(tmp_path, TOTALS) == dict.fromkeys(TOTALS, "total")


NAMES = [
    ("", "", "Sum Insurance"),
    ("", "", "Count of Monte Cristo"),
    ("", "", "Average Joe Gyms"),
    ("", "", "Total Fitness Ltd"),
    ("", "", "Summe AG"),
    ("", "", "Acme Total"),
    ("", "", "Count", "count.com"),
    ("C-3 Total", "P-1", "Acme"),
]


def test_clients_whose_names_sound_like_totals_are_records(tmp_path: Path) -> None:
    assert kinds_of(tmp_path, NAMES) == dict.fromkeys(NAMES, "blocked")
    whole = [tuple((*row, *[""] * 8)[at] or CLIENT[at] for at in range(8)) for row in NAMES]
    assert set(kinds_of(tmp_path, whole).values()) == {"record"}


def test_hidden_and_filtered_rows_are_told_once_for_a_sheet(tmp_path: Path) -> None:
    rows = [CLIENT_HEADER, *[CLIENT] * 30]
    path = write_xlsx(tmp_path / "c.xlsx", {"Clients": rows})
    book = openpyxl.load_workbook(path)
    for row in (*range(5, 10), 14, 16, 18, 20, 22, 24, 26, 28, 40):
        book["Clients"].row_dimensions[row].hidden = True
    book.save(path)
    got = read(path)
    spans = "rows 5–9, 14, 16, 18, 20, 22, 24, 26"
    assert [(str(problem.place), problem.code, problem.message) for problem in got.problems] == [
        (
            f"{path.as_posix()}:Clients!5",
            "rows-hidden",
            f"13 rows are hidden or filtered away and were read like the others: {spans} …",
        )
    ]
    assert got.clients.height == 30


def test_a_hidden_sheet_is_told_but_not_one_that_is_ignored_or_empty(tmp_path: Path) -> None:
    clients = [CLIENT_HEADER, CLIENT]
    path = write_xlsx(tmp_path / "c.xlsx", {"Clients": clients, "Lists": [("a",)], "Old": clients, "E": []})
    book = openpyxl.load_workbook(path)
    for name in ("Lists", "Old", "E"):
        book[name].sheet_state = "hidden"
    book.save(path)
    got = read(path)
    assert [(str(problem.place), problem.code) for problem in got.problems] == [
        (f"{path.as_posix()}:Old", "sheet-hidden")
    ]
    assert got.clients.height == 2
