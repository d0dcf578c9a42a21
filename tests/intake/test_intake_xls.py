"""Workbooks of Excel 97–2003: spelled as from .xlsx, with what xlrd does not tell, and never a traceback."""

import struct
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlwt
from books_kit import cells_of, marks_of, refusal, sheets_of
from intake_kit import CLIENT, CLIENT_HEADER, codes, read

from connector.intake import Limits
from connector.intake.marks import RefusedError
from connector.intake.xls import read_xls

OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def styled(code: str) -> xlwt.XFStyle:
    style = xlwt.XFStyle()
    style.num_format_str = code
    return style


def write_xls(path: Path, *cells: tuple[int, int, Any, str], from_1904: bool = False) -> Path:
    """One sheet with cells at row and column, each with its number format."""
    book = xlwt.Workbook()
    book.dates_1904 = from_1904
    sheet = book.add_sheet("Clients")
    for row, column, value, code in cells:
        sheet.write(row - 1, column - 1, value, styled(code))
    book.save(str(path))
    return path


def recorded(number: int, data: bytes) -> bytes:
    return struct.pack("<HH", number, len(data)) + data


@pytest.mark.parametrize(
    ("value", "code", "got"),
    [
        ("text", "General", "text"),
        ("  two\nlines ", "General", "  two\nlines "),
        (12, "General", "12"),
        (12.5, "0", "12.5"),
        (-3, "#,##0.00", "-3"),
        (1 / 3, "General", "0.333333333"),
        (1.5e-7, "General", "0.00000015"),
        (123, "00000", "00123"),
        (123.5, "00000", "123.5"),
        (0.25, "0%", "0.25"),
        (True, "General", "true"),
        (False, "General", "false"),
        (date(2025, 3, 4), "yyyy-mm-dd", "2025-03-04 00:00:00"),
        (datetime(2025, 3, 4, 9, 30, 15), "d/m/yy h:mm", "2025-03-04 09:30:15"),  # noqa: DTZ001
        (45_720.396012731, "d/m/yy h:mm", "2025-03-04 09:30:15.500"),
        (0.5, "hh:mm", "1899-12-31 12:00:00"),
        (1.5, "[h]:mm", "1900-01-01 12:00:00"),
        (59, "yyyy-mm-dd", "1900-02-28 00:00:00"),
        (60, "yyyy-mm-dd", "1900-02-29 00:00:00"),
        (61, "yyyy-mm-dd", "1900-03-01 00:00:00"),
        (0, "yyyy-mm-dd", "1899-12-31 00:00:00"),
        (-3, "yyyy-mm-dd", "1899-12-28 00:00:00"),
        (2_958_465, "yyyy-mm-dd", "9999-12-31 00:00:00"),
        (9_000_000, "yyyy-mm-dd", "+26541-02-27 00:00:00"),
        (1e12, "yyyy-mm-dd", "1000000000000"),
    ],
)
def test_a_cell_reads_as_its_value(tmp_path: Path, value: object, code: str, got: str) -> None:
    (sheet,) = sheets_of(write_xls(tmp_path / "c.xls", (2, 3, value, code)))
    assert cells_of(sheet) == {"c3": [None, got]}
    assert marks_of(sheet) == []


def test_dates_from_1904(tmp_path: Path) -> None:
    cells = [(row, 1, serial, "yyyy-mm-dd") for row, serial in enumerate((0, 60, 40_000, -1), 1)]
    (sheet,) = sheets_of(write_xls(tmp_path / "c.xls", *cells, from_1904=True))
    days = ["1904-01-01", "1904-03-01", "2013-07-07", "1903-12-31"]
    assert cells_of(sheet) == {"c1": [f"{day} 00:00:00" for day in days]}


@pytest.mark.parametrize("serial", [0, 60, -3, 9_000_000])
def test_numbers_shown_as_dates_that_are_none(tmp_path: Path, serial: int) -> None:
    rows = [(1, column, title, "General") for column, title in enumerate(CLIENT_HEADER, 1)]
    values = [(2, column, value, "General") for column, value in enumerate(CLIENT, 1) if column != 6]
    got = read(write_xls(tmp_path / "c.xls", *rows, *values, (2, 6, serial, "yyyy-mm-dd")))
    assert codes(got.problems) == [("Clients!F2", "record-date")]


def test_long_numbers_lose_digits_and_hidden_things_are_flagged(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Clients")
    for row, value in enumerate((1_234_567_890_123_456, "b", "c")):
        sheet.write(row, 0, value)
    sheet.row(1).hidden = True
    sheet.row(9).hidden = True
    for name, visibility in (("Hidden", 1), ("Very hidden", 2)):
        more = book.add_sheet(name)
        more.visibility = visibility
        more.write(0, 0, name)
    book.save(str(tmp_path / "c.xls"))
    clients, hidden, very = sheets_of(tmp_path / "c.xls")
    assert marks_of(clients) == [(1, 1, "digits", "1234567890123456"), (2, 0, "hidden", "")]
    assert [(found.name, found.hidden) for found in (clients, hidden, very)] == [
        ("Clients", False),
        ("Hidden", True),
        ("Very hidden", True),
    ]


@pytest.mark.parametrize(
    ("code", "error"), [(0x2A, "#N/A"), (0x17, "#REF!"), (0x07, "#DIV/0!"), (0x2B, "#GETTING_DATA"), (0x99, "#ERROR")]
)
def test_an_error_cell_is_a_problem_at_its_place(tmp_path: Path, code: int, error: str) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Clients")
    for column, (title, value) in enumerate(zip(CLIENT_HEADER, CLIENT, strict=True)):
        sheet.write(0, column, title)
        sheet.write(1, column, value)
        if title != "Employees":
            sheet.write(2, column, value)
    sheet.row(2).set_cell_error(6, 0x2A)
    book.save(str(tmp_path / "c.xls"))
    whole = (tmp_path / "c.xls").read_bytes()
    assert whole.count(b"\x2a\x01") == 1
    (tmp_path / "c.xls").write_bytes(whole.replace(b"\x2a\x01", bytes([code, 1])))
    got = read(tmp_path / "c.xls")
    assert codes(got.problems) == [("Clients!G3", "cell-error")]
    assert f"the error {error}" in got.problems[0].message
    assert got.clients["row"].to_list() == [2]


def test_a_formula_that_was_never_calculated_is_doubted(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Clients")
    sheet.write(0, 0, "a")
    sheet.write(0, 1, xlwt.Formula("1+1"))
    book.save(str(tmp_path / "c.xls"))
    (never,) = sheets_of(tmp_path / "c.xls")
    assert (cells_of(never), marks_of(never)) == ({"c1": ["a"], "c2": ["=…"]}, [(1, 2, "no-value", "=…")])
    empty, history = b"\x03\x00\x00\x00\x00\x00\xff\xff\x00\x00", b"\x05\x00\xbb\x0d\xcc\x07\x00\x00\x00\x00"
    whole = (tmp_path / "c.xls").read_bytes()
    assert (whole.count(empty), whole.count(history)) == (1, 1)
    by_excel = whole.replace(history, history[:6] + b"\xc1\x00\x01\x00")
    (tmp_path / "c.xls").write_bytes(by_excel)
    (calculated,) = sheets_of(tmp_path / "c.xls")
    assert (cells_of(calculated), marks_of(calculated)) == ({"c1": ["a"]}, [])
    (tmp_path / "c.xls").write_bytes(by_excel.replace(empty, bytes(8) + b"\x02\x00"))
    (zero,) = sheets_of(tmp_path / "c.xls")
    assert (cells_of(zero), marks_of(zero)) == ({"c1": ["a"], "c2": ["0"]}, [(1, 2, "never-calculated", "")])


def test_a_workbook_of_excel_2_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    cell = struct.pack("<HH3x", 1, 0)
    path = tmp_path / "clients.xlsx"
    path.write_bytes(
        recorded(0x0009, b"\x02\x00\x10\x00")
        + recorded(0x0004, cell + b"\x04Acme")
        + recorded(0x0002, struct.pack("<HH3xH", 1, 1, 50))
        + recorded(0x000A, b"")
    )
    (sheet,) = sheets_of(path)
    assert cells_of(sheet) == {"c1": [None, "Acme"], "c2": [None, "50"]}


def encrypted(path: Path) -> Path:
    whole = write_xls(path, (1, 1, "secret", "General")).read_bytes()
    begin = whole.index(b"\x09\x08\x10\x00\x00\x06\x05\x00")
    after = begin + 20
    password = recorded(0x002F, b"\x01\x00\x01\x00\x01\x00" + bytes(48))
    path.write_bytes(whole[:after] + password + whole[after + len(password) :])
    return path


def of_word(path: Path) -> Path:
    whole = write_xls(path, (1, 1, "text", "General")).read_bytes()
    path.write_bytes(whole.replace("Workbook".encode("utf-16-le"), "WordText".encode("utf-16-le")))
    return path


def cut(path: Path) -> Path:
    whole = write_xls(path, *((row, 1, f"text {row}", "General") for row in range(1, 2_000))).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def hollow(path: Path) -> Path:
    path.write_bytes(OLE + bytes(504))
    return path


def nonsense(path: Path) -> Path:
    path.write_bytes(b"\x09\x08\x10\x00\x00\x06\x05\x00" + b"\xff" * 400)
    return path


@pytest.mark.parametrize(
    ("make", "code", "told"),
    [
        (encrypted, "file-encrypted", "the workbook is protected by a password"),
        (of_word, "file-not-a-workbook", "a document of another Office program, not a workbook"),
        (cut, "file-damaged", "the workbook's records are broken"),
        (hollow, "file-damaged", "the workbook's records are broken"),
        (nonsense, "file-damaged", "the workbook's records are broken"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, make: Any, code: str, told: str) -> None:
    problem = refusal(make(tmp_path / "c.xls"))
    assert problem.code == code
    assert problem.message.startswith(told)


def outcome(data: bytes) -> str:
    try:
        return "read" if read_xls(data, Limits()) else "nothing"
    except RefusedError as refused:
        return refused.code


def test_any_bytes_changed_end_in_sheets_or_in_a_problem(tmp_path: Path) -> None:
    whole = write_xls(tmp_path / "c.xls", (1, 1, "a", "General"), (2, 2, 5, "00000")).read_bytes()
    changed = (whole[:at] + b"\xff\xff" + whole[at + 2 :] for at in range(0, len(whole), 61))
    known = {"read", "file-damaged", "file-not-a-workbook", "file-no-rows", "file-encrypted", "file-too-costly"}
    assert {outcome(data) for data in changed} <= known


def test_an_empty_sheet_and_the_limits(tmp_path: Path) -> None:
    assert refusal(write_xls(tmp_path / "c.xls", (1, 1, "", "General"))).code == "file-no-rows"
    path = write_xls(tmp_path / "c.xls", (1, 9, "x", "General"))
    problem = refusal(path, Limits(columns=3))
    assert (problem.code, str(problem.place)) == ("file-too-costly", "c.xls:Clients!I1")
