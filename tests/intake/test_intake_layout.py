"""Headers found by evidence: below titles, at B3, stacked, under merged cells; tables below one another."""

from pathlib import Path

import openpyxl
import polars as pl
import pytest
from intake_kit import CLIENT, CLIENT_HEADER, codes, read, shipped, write_csv, write_xlsx

from connector.intake.effort import free
from connector.intake.marks import MERGED, TOTALS, Mark
from connector.intake.rawsheet import RawSheet, marks_frame
from connector.intake.sheets import Sheet, read_sheet

BLANK = ("",) * 8


def raw_sheet(rows: list[tuple[str, ...]], *marks: tuple[int, int, str, str]) -> Sheet:
    """A workbook's sheet, read with the shipped mapping; marks are row, column, what and text."""
    width = max(map(len, rows))
    columns = [[row[at] or None if at < len(row) else None for row in rows] for at in range(width)]
    frame = pl.DataFrame({f"c{at + 1}": pl.Series(texts, dtype=pl.String) for at, texts in enumerate(columns)})
    told = marks_frame(Mark(*mark) for mark in marks)
    return read_sheet(RawSheet("Clients", hidden=False, frame=frame, marks=told), "x.xlsx", shipped(), free())


def refs(sheet: Sheet) -> list[tuple[object, ...]]:
    assert sheet.records is not None, sheet.problems
    return sheet.records.select("row", "client_ref", "partner_id", "name").rows()


def kinds(sheet: Sheet) -> list[str]:
    return sheet.rows["kind"].to_list()


def test_a_header_at_b3_below_titles(tmp_path: Path) -> None:
    rows = [("Clients of 2025",), (), ("", *CLIENT_HEADER), ("", *CLIENT)]
    got = read(write_xlsx(tmp_path / "c.xlsx", {"Clients": rows}))
    assert (got.problems, got.clients.select("row", "client_ref").rows()) == ((), [(4, "C-1")])
    assert got.rows["kind"].to_list() == ["title", "blank", "header", "record"]


def test_a_header_of_three_rows_without_merges(tmp_path: Path) -> None:
    header = [
        ("Client", "", "Service", "Website", "Plan", "Date", "Status"),
        ("team", "", "provider", "", "", "created", ""),
        ("ID", "name", "ID", "", "", "", ""),
    ]
    row = ("C-1", "Acme", "P-1", "acme.com", "Full", "2025-03-01", "Active")
    got = read(write_csv(tmp_path / "c.csv", [("March", *[""] * 6), *header, row]))
    assert got.problems == ()
    assert got.clients.select("row", "client_ref", "name", "partner_id").rows() == [(5, "C-1", "Acme", "P-1")]
    assert got.rows["kind"].to_list() == ["title", "header", "header", "header", "record"]


def test_a_record_below_the_header_is_never_taken_for_a_part_of_it(tmp_path: Path) -> None:
    rows = [(*CLIENT_HEADER, "Made from"), (*CLIENT, "Template"), (*CLIENT, "Standard")]
    got = read(write_csv(tmp_path / "c.csv", rows))
    assert got.rows["kind"].to_list() == ["header", "record", "record"]


MERGED_HEADER = [
    ("Client", "", "", "Partner", "", "Plan", "Created on", "Status"),
    ("ID", "Name", "Website", "ID", "Colour", "", "", ""),
]
DOWN = [(1, column, MERGED, f"2:{column}") for column in (6, 7, 8)]
ROW = ("C-1", "Acme", "acme.com", "P-1", "red", "Full", "2025-03-01", "Active")


def test_a_merged_header_reaches_over_exactly_its_columns() -> None:
    got = raw_sheet([*MERGED_HEADER, ROW], (1, 1, MERGED, "1:3"), (1, 4, MERGED, "1:5"), *DOWN)
    assert refs(got) == [(3, "C-1", "P-1", "Acme")]
    assert [problem.message for problem in got.problems] == ["1 column is not read: E Partner Colour"]
    assert kinds(got) == ["header", "header", "record"]


def test_a_merged_cell_never_reaches_farther_than_it_is() -> None:
    header = [("Client", "", "Partner ID", "Plan", "Created on", "Status"), ("ID", "Name", "", "", "", "")]
    rows = [*header, ("C-1", "Acme", "P-1", "Full", "2025-03-01", "Active")]
    assert refs(raw_sheet(rows, (1, 1, MERGED, "1:2"))) == [(3, "C-1", "P-1", "Acme")]


def test_cells_merged_down_into_the_header_row() -> None:
    header = [
        ("Client ID", "", "", "Plan", "", "", "Status"),
        ("", "Partner ID", "Client name", "", "Created on", "Employees", ""),
    ]
    down = [(1, column, MERGED, f"2:{column}") for column in (1, 4, 7)]
    got = raw_sheet([*header, ("C-1", "P-1", "Acme", "Full", "2025-03-01", "7", "Active")], *down)
    assert (refs(got), kinds(got)) == ([(3, "C-1", "P-1", "Acme")], ["header", "header", "record"])


def test_a_filled_column_under_the_merged_header_of_another_is_named() -> None:
    header = (*CLIENT_HEADER[:4], "Plan", "", *CLIENT_HEADER[5:])
    row = (*CLIENT[:5], "yearly", *CLIENT[5:])
    got = raw_sheet([header, row], (1, 5, MERGED, "1:6"))
    assert [problem.message for problem in got.problems] == ["1 column is not read: F (under the merged header Plan)"]
    assert refs(got) == [(2, "C-1", "P-1", "Acme")]


def test_a_filled_column_without_a_header_is_named(tmp_path: Path) -> None:
    rows = [(*CLIENT_HEADER, ""), (*CLIENT, "x"), (*CLIENT[:1], *CLIENT[1:], "")]
    got = read(write_xlsx(tmp_path / "c.xlsx", {"Clients": [row[:9] for row in rows]}))
    assert [problem.message for problem in got.problems] == ["1 column is not read: I (without a header)"]


def test_two_headers_alike_name_both_columns(tmp_path: Path) -> None:
    got = read(write_csv(tmp_path / "c.csv", [(*CLIENT_HEADER, "Plan"), (*CLIENT, "Full")]))
    assert [(problem.code, problem.message) for problem in got.problems] == [
        ("sheet-header-twice", "the columns E and I both mean plan")
    ]


def test_one_cell_merged_over_record_rows_is_read_for_each_with_one_warning() -> None:
    rows = [
        CLIENT_HEADER,
        CLIENT,
        ("C-2", "", *CLIENT[2:]),
        BLANK,
        ("C-4", "", *CLIENT[2:]),
        ("C-5", "P-2", *CLIENT[2:]),
    ]
    got = raw_sheet(rows, (2, 2, MERGED, "5:2"), (6, 2, MERGED, "6:2"), (6, 3, MERGED, "99:3"))
    assert refs(got) == [
        *((2, "C-1", "P-1", "Acme"), (3, "C-2", "P-1", "Acme"), (5, "C-4", "P-1", "Acme"), (6, "C-5", "P-2", "Acme")),
    ]
    assert [(str(problem.place), problem.code, problem.message) for problem in got.problems] == [
        (
            "x.xlsx:Clients!B2",
            "cell-merged",
            "the cell is merged over the rows 2 to 5; its value is read for each of them",
        )
    ]
    assert kinds(got) == ["header", "record", "record", "blank", "record", "record"]


@pytest.mark.parametrize("mark", ["x", "1:1", "9999999:9", "3:", ""])
def test_marks_of_merges_that_say_nothing_sensible_do_no_harm(mark: str) -> None:
    got = raw_sheet([CLIENT_HEADER, CLIENT, CLIENT], (2, 2, MERGED, mark))
    assert [row[0] for row in refs(got)] == [2, 3]


def test_the_totals_row_of_a_table_is_a_total_unless_it_is_a_whole_record() -> None:
    total = ("All", "", "", "", "", "", "150", "")
    got = raw_sheet([CLIENT_HEADER, CLIENT, total, CLIENT], (3, 0, TOTALS, ""), (4, 0, TOTALS, ""))
    assert kinds(got) == ["header", "record", "total", "record"]


def test_the_header_again_with_other_spelling_is_a_header(tmp_path: Path) -> None:
    again = tuple(title.upper().replace(" ", "_") for title in CLIENT_HEADER)
    got = read(write_csv(tmp_path / "c.csv", [CLIENT_HEADER, CLIENT, again, CLIENT]))
    assert (got.problems, got.rows["kind"].to_list()) == ((), ["header", "record", "header", "record"])


def test_a_stacked_header_again_is_a_header(tmp_path: Path) -> None:
    top = ("Client", "", "Partner", "", "Plan", "Created", "Employees", "Status")
    under = ("ID", "Name", "ID", "Colour", "", "on", "", "")
    row = ("C-1", "Acme", "P-1", "red", "Full", "2025-03-01", "50", "Active")
    got = read(write_csv(tmp_path / "c.csv", [top, under, row, top, under, row]))
    assert got.rows["kind"].to_list() == ["header", "header", "record"] * 2


def test_a_second_table_is_blocked_and_never_read_by_the_first_ones_columns(tmp_path: Path) -> None:
    swapped = ("Partner ID", "Client ID", *CLIENT_HEADER[2:])
    rows = [CLIENT_HEADER, CLIENT, BLANK, swapped, ("P-1", "C-2", *CLIENT[2:]), BLANK, ("P-1", "C-3", *CLIENT[2:])]
    got = read(write_csv(tmp_path / "c.csv", rows))
    assert codes(got.problems) == [("4", "sheet-second-table")]
    assert got.clients["client_ref"].to_list() == ["C-1"]
    assert got.rows["kind"].to_list() == ["header", "record", "blank", "blocked", "blocked", "blank", "blocked"]


def test_a_second_table_of_another_kind(tmp_path: Path) -> None:
    rows = [
        ("Partner ID", "Reference", "Purchased on", "Quantity"),
        ("P-1", "B-1", "2025-03-01", "1"),
        ("",) * 4,
        ("Template", "Plan", "Valid from", ""),
        ("Standard", "Full", "2025-01-01", ""),
    ]
    got = read(write_csv(tmp_path / "c.csv", rows))
    assert codes(got.problems) == [("4", "sheet-second-table")]
    assert (got.bundles.height, got.templates.height) == (1, 0)


def test_merges_and_totals_rows_as_a_workbook_holds_them(tmp_path: Path) -> None:
    path = write_xlsx(
        tmp_path / "c.xlsx",
        {
            "Clients": [
                ("Clients of 2025",),
                *MERGED_HEADER,
                ROW,
                ("C-2", "Birch", "birch.com", "", "blue", "Full", "2025-03-01", "Active"),
                ("All", "", "", "", "", "", "", ""),
            ]
        },
    )
    book = openpyxl.load_workbook(path)
    sheet = book["Clients"]
    for block in ("A1:H1", "A2:C2", "D2:E2", "F2:F3", "G2:G3", "H2:H3", "D4:D5", "A6:H6"):
        sheet.merge_cells(block)
    book.save(path)
    got = read(path)
    assert got.clients.select("row", "client_ref", "name", "partner_id").rows() == [
        (4, "C-1", "Acme", "P-1"),
        (5, "C-2", "Birch", "P-1"),
    ]
    assert codes(got.problems) == [("Clients!3", "sheet-unmapped-columns"), ("Clients!D4", "cell-merged")]
    assert got.rows["kind"].to_list() == ["title", "header", "header", "record", "record", "title"]
