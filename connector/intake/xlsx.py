"""Workbooks: the values by fastexcel, and from the raw XML what it hides. Only this file knows fastexcel.

fastexcel shows error cells and valueless formulas as blanks, and gives a sheet up for an error value it does not know:
both are mended here, so that a blank in the result is a blank in the file.
"""

import io
import re
import zipfile
from collections.abc import Iterable

import fastexcel
import polars as pl

from connector.intake.archive import Archive, open_archive
from connector.intake.kinds import FILE_DAMAGED, FILE_NO_ROWS, FILE_TOO_COSTLY
from connector.intake.limits import Limits
from connector.intake.parts import Book, SheetPart, read_book
from connector.intake.rawsheet import ERROR, NO_VALUE, SHOWN, TOTALS, Mark, RawSheet, RefusedError, marks_frame
from connector.intake.scan import Task, scan

_READ_BY_NAME = {"xl/sharedstrings.xml", "xl/styles.xml", "xl/workbook.xml"}  # whether or not a relation leads there
_ERROR_CELL = re.compile(rb"""(<(?:\w+:)?c\b[^>]*\bt=["']e["'][^>]*>.*?<(?:\w+:)?v>)[^<]*(<)""", re.DOTALL)


def read_workbook(data: bytes, limits: Limits) -> tuple[RawSheet, ...]:
    """Every worksheet of the workbook, in order.

    Raises:
        RefusedError: the file is unsafe, damaged, no workbook, or has no sheet with anything in it.
    """
    archive = open_archive(data, limits)
    book = read_book(archive)
    for part in archive.parts:
        if part == book.texts or part.lower() in _READ_BY_NAME:
            for _ in archive.unpack(part):
                pass  # only to prove its size, and that it declares no document type
    marks = {sheet.part: _marks(archive, book, sheet, limits) for sheet in book.sheets}
    try:
        frames = _values(data, book)
    except fastexcel.FastExcelError:
        frames = _values_without_errors(archive, book)
    sheets = []
    for sheet, frame in zip(book.sheets, frames, strict=True):
        _check_size(frame, sheet.name, limits)
        found = marks[sheet.part]
        sheets.append(RawSheet(sheet.name, sheet.hidden, _laid(frame, found), marks_frame(_telling(found))))
    if not any(sheet.frame.width for sheet in sheets):
        message = "no sheet of the workbook holds anything" if sheets else "the workbook has no worksheet"
        raise RefusedError(FILE_NO_ROWS.code, message, FILE_NO_ROWS.remedy)
    return tuple(sheets)


def find_far_cells(data: bytes, limits: Limits) -> None:
    """Look for content outside the limits in a workbook whose values could not be read for want of memory.

    Raises:
        RefusedError: there is some, or the file is refused for another reason.
    """
    archive = open_archive(data, limits)
    book = read_book(archive)
    for sheet in book.sheets:
        _marks(archive, book, sheet, limits)


def _marks(archive: Archive, book: Book, sheet: SheetPart, limits: Limits) -> list[Mark]:
    found = scan(archive, sheet.part, Task(sheet.name, book.shown, book.recalculate, limits))
    return [*found, *(Mark(row, 0, TOTALS) for row in sheet.totals if row <= limits.rows)]


def _check_size(frame: pl.DataFrame, sheet: str, limits: Limits) -> None:
    if frame.height * frame.width > limits.cells or frame.width > limits.columns or frame.height > limits.rows:
        message = f"the sheet has {frame.height:,} rows and {frame.width:,} columns"
        raise RefusedError(FILE_TOO_COSTLY.code, message, FILE_TOO_COSTLY.remedy, sheet=sheet)


def _values(data: bytes, book: Book) -> list[pl.DataFrame]:
    reader = fastexcel.read_excel(data)
    return [_frame(reader, sheet.name) for sheet in book.sheets]


def _values_without_errors(archive: Archive, book: Book) -> list[pl.DataFrame]:
    """The values again, from a copy in which every error cell holds an error the reader knows."""
    copy = io.BytesIO()
    parts = {sheet.part for sheet in book.sheets}
    with zipfile.ZipFile(copy, "w") as patched:
        for name in archive.parts:
            content = b"".join(archive.unpack(name))
            patched.writestr(name, _ERROR_CELL.sub(rb"\1#N/A\2", content) if name in parts else content)
    try:
        return _values(copy.getvalue(), book)
    except fastexcel.FastExcelError as error:
        reason = str(error).splitlines()[0]
        raise RefusedError(FILE_DAMAGED.code, f"the workbook is damaged ({reason})", FILE_DAMAGED.remedy) from error


def _frame(reader: fastexcel.ExcelReader, sheet: str) -> pl.DataFrame:
    values = reader.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string")
    columns = values.selected_columns
    if not columns:
        return pl.DataFrame()
    frame = pl.DataFrame(values)
    frame.columns = [f"c{column.absolute_index + 1}" for column in columns]
    return frame


def _laid(frame: pl.DataFrame, marks: Iterable[Mark]) -> pl.DataFrame:
    """The frame with the texts laid in that the reader left out or showed otherwise."""
    by_column: dict[int, list[Mark]] = {}
    for mark in marks:
        if mark.what in {ERROR, NO_VALUE, SHOWN}:
            by_column.setdefault(mark.column, []).append(mark)
    if not by_column:
        return frame
    height = max(frame.height, *(mark.row for laid in by_column.values() for mark in laid))
    columns = {name: frame[name].extend_constant(None, height - frame.height) for name in frame.columns}
    for column, laid in by_column.items():
        base = columns.get(f"c{column}", pl.Series([None] * height, dtype=pl.String))
        columns[f"c{column}"] = base.scatter([mark.row - 1 for mark in laid], [mark.text for mark in laid])
    return pl.DataFrame({name: columns[name] for name in sorted(columns, key=lambda name: int(name[1:]))})


def _telling(marks: Iterable[Mark]) -> list[Mark]:
    return [mark for mark in marks if mark.what != SHOWN]
