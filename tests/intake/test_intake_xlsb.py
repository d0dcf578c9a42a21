"""Binary workbooks: every kind of cell record, styles, hidden things, broken records; and a second reader's opinion."""

import struct
import zipfile
from pathlib import Path

import pytest
from books_kit import at, cells_of, marks_of, record, refusal, row_of, sheets_of, wide, write_archive, write_xlsb
from intake_kit import CLIENT, CLIENT_HEADER, codes, read
from python_calamine import CalamineWorkbook

from connector.intake import Limits

FORMULA = b"\0\0" + struct.pack("<I", 1) + b"\x1e" + bytes(4)
FORMATS = ((14, ""), (0, "00000"), (0, "yyyy\\-mm\\-dd hh:mm"), (0, '"day "0'), (0, "[h]:mm"), (0, "[Red]0.00"))


def float_of(value: float) -> bytes:
    return struct.pack("<d", value)


@pytest.mark.parametrize(
    ("written", "got"),
    [
        (record(2, at(2) + struct.pack("<i", 12 << 2 | 2)), "12"),
        (record(2, at(2) + struct.pack("<i", -1250 << 2 | 3)), "-12.5"),
        (record(2, at(2) + b"\x00\x00\xf8\x3f"), "1.5"),
        (record(2, at(2) + b"\x01\x00\xf8\x3f"), "0.015"),
        (record(5, at(2) + float_of(1 / 3)), "0.333333333"),
        (record(9, at(2) + float_of(7.25) + FORMULA), "7.25"),
        (record(4, at(2) + b"\1"), "true"),
        (record(10, at(2) + b"\0" + FORMULA), "false"),
        (record(6, at(2) + wide("inline é")), "inline é"),
        (record(8, at(2) + wide("formula") + FORMULA), "formula"),
        (record(8, at(2) + wide("") + FORMULA), None),
        (record(62, at(2) + b"\0" + wide("rich")), "rich"),
        (record(1, at(2)), None),
        (record(5, at(2, 1) + float_of(45_720)), "2025-03-04 00:00:00"),
        (record(5, at(2, 3) + float_of(45_720.5)), "2025-03-04 12:00:00"),
        (record(5, at(2, 1) + float_of(60)), "1900-02-29 00:00:00"),
        (record(5, at(2, 5) + float_of(1.5)), "1900-01-01 12:00:00"),
        (record(5, at(2, 2) + float_of(123)), "00123"),
        (record(5, at(2, 4) + float_of(3)), "3"),
        (record(5, at(2, 6) + float_of(3)), "3"),
        (record(5, at(2, 99) + float_of(3)), "3"),
    ],
)
def test_a_cell_reads_as_its_value(tmp_path: Path, written: bytes, got: str | None) -> None:
    body = [row_of(2), record(6, at(1) + wide("left")), written]
    (sheet,) = sheets_of(write_xlsb(tmp_path / "c.xlsb", {"Clients": body}, formats=FORMATS))
    assert cells_of(sheet) == {"c1": [None, "left"], **({"c2": [None, got]} if got else {})}
    assert marks_of(sheet) == []


def test_short_cells_stand_right_of_their_neighbour(tmp_path: Path) -> None:
    short = struct.pack("<I", 0)
    body = [
        row_of(1),
        record(6, at(3) + wide("c")),
        record(17, short + wide("d")),
        record(12, short),
        record(13, short + struct.pack("<i", 5 << 2 | 2)),
        record(16, short + float_of(2.5)),
        record(15, short + b"\1"),
        record(14, short + b"\x2a"),
        row_of(2),
        record(17, short + wide("a")),
    ]
    (sheet,) = sheets_of(write_xlsb(tmp_path / "c.xlsb", {"Clients": body}))
    assert sheet.frame.rows() == [
        (None, None, "c", "d", None, "5", "2.5", "true", "#N/A"),
        ("a", None, None, None, None, None, None, None, None),
    ]
    assert marks_of(sheet) == [(1, 9, "error", "#N/A")]


def test_errors_long_numbers_hidden_rows_and_sheets_are_marked(tmp_path: Path) -> None:
    body = [
        row_of(1),
        record(3, at(1) + b"\x07"),
        record(11, at(2) + b"\x99" + FORMULA),
        record(5, at(3) + float_of(1_234_567_890_123_456)),
        record(9, at(4) + float_of(0) + FORMULA),
        row_of(2, hidden=True),
        record(6, at(1) + wide("x")),
    ]
    path = write_xlsb(tmp_path / "c.xlsb", {"Clients": body, "Old": [["x"]]}, states={"Old": 2}, recalculate=True)
    clients, old = sheets_of(path)
    assert marks_of(clients) == [
        (1, 1, "error", "#DIV/0!"),
        (1, 2, "error", "#ERROR"),
        (1, 3, "digits", "1234567890123456"),
        (1, 4, "never-calculated", ""),
        (2, 0, "hidden", ""),
    ]
    assert [(sheet.name, sheet.hidden) for sheet in (clients, old)] == [("Clients", False), ("Old", True)]


def test_dates_from_1904(tmp_path: Path) -> None:
    body = [row_of(1), record(5, at(1, 1) + float_of(40_000))]
    (sheet,) = sheets_of(write_xlsb(tmp_path / "c.xlsb", {"Clients": body}, formats=FORMATS, from_1904=True))
    assert cells_of(sheet) == {"c1": ["2013-07-07 00:00:00"]}


def test_clients_are_read_and_faults_placed(tmp_path: Path) -> None:
    bad = ("C-2", *CLIENT[1:6], "c. 50", CLIENT[7])
    got = read(write_xlsb(tmp_path / "wrongly named.xls", {"Clients": [CLIENT_HEADER, CLIENT, bad]}))
    assert codes(got.problems) == [("Clients!G3", "record-employees")]
    assert got.clients.select("client_ref", "count_low").rows() == [("C-1", 50)]


def test_another_reader_reads_the_same(tmp_path: Path) -> None:
    rows = [["a", 1, 2.5, True, None, "é"], [None, -7, 10**12, False, "x" * 300, ""]]
    path = write_xlsb(tmp_path / "c.xlsb", {"Clients": rows, "Hidden": [["y"]]}, states={"Hidden": 1})
    book = CalamineWorkbook.from_path(str(path))
    assert [(sheet.name, str(sheet.visible)) for sheet in book.sheets_metadata] == [
        ("Clients", "SheetVisibleEnum.Visible"),
        ("Hidden", "SheetVisibleEnum.Hidden"),
    ]
    theirs = book.get_sheet_by_name("Clients").to_python(skip_empty_area=False)
    assert theirs == [[value if value is not None else "" for value in row] for row in rows]
    clients, hidden = sheets_of(path)
    assert clients.frame.rows() == [
        ("a", "1", "2.5", "true", None, "é"),
        (None, "-7", "1000000000000", "false", "x" * 300, None),
    ]
    assert (hidden.hidden, hidden.frame.rows()) == (True, [("y",)])


@pytest.mark.parametrize(
    "body",
    [
        [b"\x05\x7f\0"],
        [b"\x05\xff"],
        [row_of(1), record(7, at(1) + struct.pack("<I", 9))],
        [row_of(1), record(6, at(1) + struct.pack("<I", 2**30))],
        [row_of(1), record(5, at(1))],
        [record(0, b"\0")],
    ],
)
def test_broken_records_are_damage(tmp_path: Path, body: list[bytes]) -> None:
    problem = refusal(write_xlsb(tmp_path / "c.xlsb", {"Clients": body}))
    assert (problem.code, problem.message) == ("file-damaged", "the workbook's records are broken")


@pytest.mark.parametrize(("number", "column"), [(4_000_000_000, 1), (1, 16_384)])
def test_content_beyond_the_limits_is_refused(tmp_path: Path, number: int, column: int) -> None:
    body = [row_of(number), record(6, at(column) + wide("far"))]
    problem = refusal(write_xlsb(tmp_path / "c.xlsb", {"Clients": body}))
    assert problem.code == "file-too-costly"
    assert problem.message == "the sheet has content beyond column 512 or row 1,048,576"


def test_the_archive_is_guarded_and_an_empty_book_has_no_rows(tmp_path: Path) -> None:
    assert refusal(write_xlsb(tmp_path / "c.xlsb", {"Clients": []})).code == "file-no-rows"
    assert refusal(write_xlsb(tmp_path / "c.xlsb", {"Clients": [["x"]]}), Limits(members=3)).code == "file-unsafe"
    path = write_xlsb(tmp_path / "c.xlsb", {"Clients": [["x"]]})
    with zipfile.ZipFile(path) as whole:
        parts: dict[str, str | bytes] = {name: whole.read(name) for name in whole.namelist()}
    problem = refusal(write_archive(tmp_path / "c.xlsb", {**parts, "xl/../../x": "x"}))
    assert problem.code == "file-unsafe"
