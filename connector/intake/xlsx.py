"""Workbooks (.xlsx, .xlsm): the values by fastexcel, what it hides from the raw XML. Only this file knows fastexcel.

fastexcel shows error cells and valueless formulas as blanks, and gives a sheet up for an error value it does not know:
both are mended, so that a blank in the result is a blank in the file. The columns are handed over as fastexcel holds
them: a process that only reads a workbook never pays for polars.
"""

import io
import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import fastexcel
from nanoarrow.ipc import StreamWriter

from connector.intake.archive import Archive
from connector.intake.kinds import FILE_DAMAGED, FILE_NO_ROWS, FILE_TOO_COSTLY
from connector.intake.limits import Limits
from connector.intake.marks import TOTALS, Mark, RefusedError, as_columns
from connector.intake.parts import Book, SheetPart, read_book
from connector.intake.scan import scan
from connector.intake.scanlook import Task
from connector.intake.steps import STEPS

_READ_BY_NAME = {"xl/sharedstrings.xml", "xl/styles.xml", "xl/workbook.xml"}  # whether or not a relation leads there
_SCAN_PERCENT = 20  # of all the work
_ERROR_CELL = re.compile(rb"""(<(?:\w+:)?c\b[^>]*\bt=["']e["'][^>]*>.*?<(?:\w+:)?v>)[^<]*(<)""", re.DOTALL)


@dataclass(frozen=True)
class ReadSheet:
    """One worksheet as it was read.

    Attributes:
        name, hidden: as in the workbook.
        values: its text columns; None for a sheet without any.
        marks: what else there is to know; they are laid into the columns when the sheet is taken up.
    """

    name: str
    hidden: bool
    values: fastexcel.ExcelSheet | None
    marks: tuple[Mark, ...]

    def write(self, folder: Path, number: int) -> dict[str, object]:
        """Write the sheet for `handover`, and tell of it."""
        columns = [column.absolute_index + 1 for column in self.values.selected_columns] if self.values else []
        if self.values is not None:
            with StreamWriter.from_path(folder / f"{number}.values") as stream:
                stream.write_stream(self.values)
        (folder / f"{number}.marks").write_text(json.dumps(as_columns(self.marks)), encoding="utf-8")
        return {"name": self.name, "hidden": self.hidden, "width": 0, "plain": False, "columns": columns}


def read_workbook(archive: Archive, limits: Limits) -> tuple[ReadSheet, ...]:
    """Every worksheet of the workbook, in order.

    Raises:
        RefusedError: the file is unsafe, damaged, no workbook, or has no sheet with anything in it.
    """
    book = read_book(archive)
    for part in archive.parts:
        if part == book.texts or part.lower() in _READ_BY_NAME:
            texts = 0
            for chunk in archive.unpack(part):  # it proves the size, and that no document type is declared
                texts += chunk.count(b"<si") + chunk.count(b":si")
            if texts > limits.texts:
                message = f"the workbook holds more than {limits.texts:,} texts"
                raise RefusedError(FILE_TOO_COSTLY.code, message, FILE_TOO_COSTLY.remedy)
    STEPS.expect(sum(archive.parts[sheet.part].file_size for sheet in book.sheets), _SCAN_PERCENT)
    marks = {sheet.part: _marks(archive, book, sheet, limits) for sheet in book.sheets}
    try:
        found = _values(archive.data, book)
    except fastexcel.FastExcelError:
        found = _values_without_errors(archive, book)
    sheets = []
    for sheet, values in zip(book.sheets, found, strict=True):
        if values is not None:
            _check_size(values, sheet.name, limits)
        sheets.append(ReadSheet(sheet.name, sheet.hidden, values, tuple(marks[sheet.part])))
    if not any(sheet.values or sheet.marks for sheet in sheets):
        message = "no sheet of the workbook holds anything" if sheets else "the workbook has no worksheet"
        raise RefusedError(FILE_NO_ROWS.code, message, FILE_NO_ROWS.remedy)
    return tuple(sheets)


def _marks(archive: Archive, book: Book, sheet: SheetPart, limits: Limits) -> list[Mark]:
    found = scan(archive, sheet.part, Task(sheet.name, book.shown, book.recalculate, limits))
    return [*found, *(Mark(row, 0, TOTALS) for row in sheet.totals if row <= limits.rows)]


def _check_size(values: fastexcel.ExcelSheet, sheet: str, limits: Limits) -> None:
    height, width = values.height, max(column.absolute_index for column in values.selected_columns) + 1
    if height * width > limits.cells or width > limits.columns or height > limits.rows:
        message = f"the sheet has {height:,} rows and {width:,} columns"
        raise RefusedError(FILE_TOO_COSTLY.code, message, FILE_TOO_COSTLY.remedy, sheet=sheet)


def _values(data: bytes, book: Book) -> list[fastexcel.ExcelSheet | None]:
    reader = fastexcel.read_excel(data)
    sheets = (reader.load_sheet(sheet.name, header_row=None, skip_rows=0, dtypes="string") for sheet in book.sheets)
    return [sheet if sheet.selected_columns else None for sheet in sheets]


def _values_without_errors(archive: Archive, book: Book) -> list[fastexcel.ExcelSheet | None]:
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
