"""Files that other programs have made (.xls, .ods): each ends as it must, and reads as another reader reads it.

The files stand beside the clone and are no part of it.
"""

from datetime import date, datetime
from typing import Any

import pytest
from books_kit import refusal, sheets_of
from intake_kit import ROOT
from python_calamine import CalamineWorkbook

CORPUS = ROOT.parent / "shared" / "corpus"
needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="no corpus beside the clone: .xls and .ods files of other programs are not tried"
)
REFUSED = {
    "roo-rb__encrypted-letmein.ods": "file-encrypted",
    "tafia__pass_protected.ods": "file-encrypted",
    "sheetjs__password_2002_40_xor.xls": "file-encrypted",
    "apache__protected_passtika.xlsx": "file-encrypted",
    "qax-os__encryptSHA512.xlsx": "file-encrypted",
    "tafia__too_small.xls": "file-not-a-workbook",
}
READ = (
    "phpoffice__Ods__RepeatedCells.ods",
    "phpoffice__Ods__leading0.N2.ods",
    "tafia__number_rows_repeated.ods",
    "python-excel__corrupted_error.xls",
)


def spelled(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float | int):
        return f"{value:.9f}".rstrip("0").rstrip(".")
    if isinstance(value, datetime | date):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return value or None


@needs_corpus
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused(name: str) -> None:
    assert refusal(CORPUS / name).code == REFUSED[name]


@needs_corpus
@pytest.mark.parametrize("name", READ)
def test_another_reader_reads_the_same(name: str) -> None:
    book = CalamineWorkbook.from_path(str(CORPUS / name))
    theirs = {
        sheet: [
            {column: shown for column, value in enumerate(line, 1) if (shown := spelled(value))}
            for line in book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
        ]
        for sheet in book.sheet_names
    }
    ours = {
        sheet.name: [
            {int(column[1:]): value for column, value in line.items() if value}
            for line in sheet.frame.iter_rows(named=True)
        ]
        for sheet in sheets_of(CORPUS / name)
    }
    assert ours == theirs


@needs_corpus
def test_a_workbook_of_excel_4_without_formats() -> None:
    (sheet,) = sheets_of(CORPUS / "python-excel__biff4_no_format_no_window2.xls")
    assert sheet.frame.height == 27  # no other reader here knows these


@needs_corpus
def test_a_workbook_that_asks_other_readers_for_all_memory() -> None:
    (sheet,) = sheets_of(CORPUS / "tafia__OOM_alloc2.xls")
    assert (sheet.frame.shape, sheet.frame["c1"][:2].to_list()) == ((192, 74), ["Sales_Statement_Id", "25885"])
