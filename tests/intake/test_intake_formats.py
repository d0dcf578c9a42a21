"""One table, written as .xlsx, .xls, .xlsb and .ods, is one frame; and what kind a file is, its content says."""

import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import escape

import openpyxl
import pytest
import xlwt
from books_kit import (
    at,
    cell,
    record,
    refusal,
    row,
    row_of,
    sheets_of,
    value_of,
    wide,
    write_archive,
    write_ods,
    write_xlsb,
)
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from intake_kit import CLIENT, CLIENT_HEADER, read, write_xlsx

Value = str | int | bool | date | None
EXCEL_ZERO = date(1899, 12, 30)


def as_xlsx(path: Path, rows: Sequence[Sequence[Value]]) -> Path:
    return write_xlsx(path, {"Clients": rows})


def as_xls(path: Path, rows: Sequence[Sequence[Value]]) -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Clients")
    for number, line in enumerate(rows):
        for column, value in enumerate(line):
            if value is not None:
                style = xlwt.easyxf(num_format_str="yyyy-mm-dd" if isinstance(value, date) else "General")
                sheet.write(number, column, value, style)
    book.save(str(path))
    return path


def as_xlsb(path: Path, rows: Sequence[Sequence[Value]]) -> Path:
    body = []
    for number, line in enumerate(rows, 1):
        body.append(row_of(number))
        for column, value in enumerate(line, 1):
            if isinstance(value, date):
                day = value_of((value - EXCEL_ZERO).days, column, [])
                body.append(day[:2] + at(column, 1) + day[10:])
            elif isinstance(value, str):
                body.append(record(6, at(column) + wide(value)))
            elif value is not None:
                body.append(value_of(value, column, []))
    return write_xlsb(path, {"Clients": body}, formats=[(14, "")])


def as_ods(path: Path, rows: Sequence[Sequence[Value]]) -> Path:
    return write_ods(path, "".join(row(*map(ods_cell, line)) for line in rows))


def ods_cell(value: Value) -> str:
    match value:
        case None:
            return "<table:table-cell/>"
        case bool():
            return cell("boolean", str(value).lower(), str(value).upper())
        case int():
            return cell("float", str(value), str(value))
        case date():
            return cell("date", value.isoformat(), value.strftime("%d/%m/%y"))
    return cell("string", None, escape(value).replace("  ", ' <text:s text:c="1"/>'))


WRITERS = {".xlsx": as_xlsx, ".xls": as_xls, ".xlsb": as_xlsb, ".ods": as_ods}
TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=12).filter(
    lambda shown: not shown.startswith("=") and "_x" not in shown
)
VALUES = st.one_of(
    st.none(), st.booleans(), TEXTS, st.integers(-(10**8), 10**8), st.dates(date(1900, 3, 1), date(9999, 12, 31))
)


@settings(max_examples=8, phases=(Phase.explicit, Phase.generate), deadline=None)
@given(
    st.lists(st.lists(VALUES, min_size=3, max_size=3), min_size=1, max_size=5).filter(lambda rows: any(map(any, rows)))
)
def test_a_table_is_one_frame_whatever_it_is_written_as(rows: list[list[Value]]) -> None:
    with TemporaryDirectory() as folder:
        frames = {
            suffix: sheets_of(write(Path(folder) / f"c{suffix}", rows))[0].frame for suffix, write in WRITERS.items()
        }
    assert {suffix: frame.to_dict(as_series=False) for suffix, frame in frames.items()} == dict.fromkeys(
        WRITERS, frames[".xlsx"].to_dict(as_series=False)
    )


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("named", [".xlsx", ".xls", ".ods", ".csv", ""])
def test_the_content_says_what_a_file_is_and_not_its_name(tmp_path: Path, suffix: str, named: str) -> None:
    created = CLIENT_HEADER.index("Created on")
    client = [*CLIENT[:created], date(2025, 3, 1), *CLIENT[created + 1 :]]
    got = read(WRITERS[suffix](tmp_path / f"clients{named}", [CLIENT_HEADER, client]))
    assert got.problems == ()
    assert got.clients.select("row", "client_ref", "created_on").rows() == [(2, "C-1", date(2025, 3, 1))]


def test_a_workbook_with_macros_is_read_and_they_are_not(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "plain.xlsx", {"Clients": [CLIENT_HEADER, CLIENT]})
    with zipfile.ZipFile(path) as whole:
        parts: dict[str, str | bytes] = {name: whole.read(name) for name in whole.namelist()}
    types = parts["[Content_Types].xml"]
    assert isinstance(types, bytes)
    parts["[Content_Types].xml"] = types.replace(
        b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    )
    parts["xl/vbaProject.bin"] = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
    got = read(write_archive(tmp_path / "clients.xlsm", parts))
    assert (got.problems, got.clients["client_ref"].to_list()) == ((), ["C-1"])


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("c.xls", b"<html><table></table></html>", "a web page (HTML) named .xls, not a workbook"),
        ("c.ods", b"a,b\n1,2\n", "the content is no workbook, although the name ends in .ods"),
        ("c.xlsb", b"a,b\n1,2\n", "the content is no workbook, although the name ends in .xlsb"),
        ("c.xlsx", b"a,b\n1,2\n", "the content is no workbook, although the name ends in .xlsx"),
        ("c.fods", b"<?xml version='1.0'?><office:document/>", "a kind of file that is not read (.fods)"),
    ],
)
def test_what_is_no_workbook_is_told(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert refusal(tmp_path / name).message.startswith(told)


def test_an_archive_that_is_no_workbook(tmp_path: Path) -> None:
    problem = refusal(write_archive(tmp_path / "c.xlsx", {"readme.txt": "hello"}))
    assert (problem.code, problem.message) == ("file-not-a-workbook", "an archive, but not a workbook")


def test_moments_are_spelled_as_from_xlsx(tmp_path: Path) -> None:
    serials = [61, 0.5, 1.5, 45_000.123456, 59, 2_958_466, 9_000_000, 45_000.999999999]
    book, other = openpyxl.Workbook(), xlwt.Workbook()
    sheet, twin = book.active, other.add_sheet("Sheet")
    assert sheet is not None
    for number, serial in enumerate(serials, 1):
        sheet.cell(number, 1, serial).number_format = "yyyy-mm-dd hh:mm"
        twin.write(number - 1, 0, serial, xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm"))
    sheet.append([datetime(2025, 3, 4, 9, 30)])  # noqa: DTZ001
    twin.write(len(serials), 0, datetime(2025, 3, 4, 9, 30), xlwt.easyxf(num_format_str="yyyy-mm-dd"))  # noqa: DTZ001
    book.save(tmp_path / "c.xlsx")
    other.save(str(tmp_path / "c.xls"))
    assert sheets_of(tmp_path / "c.xls")[0].frame.rows() == sheets_of(tmp_path / "c.xlsx")[0].frame.rows()
