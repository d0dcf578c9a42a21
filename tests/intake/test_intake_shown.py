"""Traps in which what a cell shows, or hides, is not what it holds."""

from datetime import date
from pathlib import Path

import openpyxl
import pytest
from intake_kit import read
from test_intake_facts import found, number_cell, opened
from xlsx_kit import text_cell


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ('"C-"000', "C-123"),
        ('"C-"00000', "C-00123"),
        ("00-00", "01-23"),
        ("000-000", "000-123"),
        ("00000;-00000", "00123"),
    ],
)
def test_identifiers_are_read_as_shown(tmp_path: Path, form: str, shown: str) -> None:
    got = opened(tmp_path, {"A": number_cell("A", "123", 1)}, formats=[form])
    assert (found(got), got.clients["client_ref"].to_list()) == ([], [shown])


def test_a_number_that_no_calendar_holds_is_no_blank(tmp_path: Path) -> None:
    got = opened(tmp_path, {"F": number_cell("F", "1E+300", 1)}, {}, formats=["yyyy-mm-dd"])
    assert (found(got), got.clients["row"].to_list()) == (
        [("Clients!F2", "cell-digits-lost"), ("Clients!F2", "record-date")],
        [3],
    )


def test_outer_spaces_are_kept_in_the_excerpt(tmp_path: Path) -> None:
    got = opened(tmp_path, {"H": text_cell("H#", "\u00a0gone\u200b")})
    assert "| \u00a0gone\u200b" in got.problems[0].excerpt


def test_a_merged_title_and_a_merged_header(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = "Clients"
    page.append(["Clients of March"])
    page.merge_cells("A1:H1")
    page.append(["Client", None, "Partner", "Website", "Plan", "Created on", "Employees", "Status"])
    page.append(["ID", "Name", "ID", None, None, None, None, None])
    page.merge_cells("A2:B2")
    for column in "DEFGH":
        page.merge_cells(f"{column}2:{column}3")
    page.append(["C-1", "Acme", "P-1", "acme.com", "Full", date(2025, 3, 4), 50, "Active"])
    book.save(tmp_path / "clients.xlsx")
    got = read(tmp_path / "clients.xlsx")
    assert got.rows["kind"].to_list() == ["title", "header", "header", "record"]
    assert got.clients.select("client_ref", "name", "partner_id").rows() == [("C-1", "Acme", "P-1")]
    assert found(got) == []


def test_a_comment_within_a_cell_hides_nothing(tmp_path: Path) -> None:
    got = opened(tmp_path, {"G": '<c r="G#"><!-- <c t="e"><f/> --><v>50</v></c>'})
    assert (found(got), got.clients["count_low"].to_list()) == ([], [50])
