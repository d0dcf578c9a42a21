"""Workbooks of Excel 2 to 2003 (.xls). Only this file knows xlrd, whose own words and exceptions end here.

xlrd does not tell a formula from a value, so it shows one that was never calculated as a value: a second look at the
records finds those. What a broken file makes of it (assertions, index errors) is a damaged file, never a traceback.
"""

import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import xlrd

from connector.intake.cells import Cells, with_content
from connector.intake.kinds import FILE_DAMAGED, FILE_ENCRYPTED, FILE_NOT_A_WORKBOOK
from connector.intake.limits import Limits
from connector.intake.marks import DIGITS, ERROR, NEVER, NO_VALUE, RefusedError
from connector.intake.numberformats import is_telling, shown_as
from connector.intake.rawsheet import RawSheet
from connector.intake.spelling import ERRORS, TRUTH, UNKNOWN_ERROR, loses_digits, number_text, serial_text

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # the stream in which newer Excels keep an encrypted workbook
_BEGIN, _END, _FORMULA = {0x0009, 0x0209, 0x0409, 0x0809}, 0x000A, 0x0006
_BIFF8 = 80
_NO_NUMBER, _EMPTY_TEXT = b"\xff\xff", 3  # what may stand in place of a formula's number
_CALCULATE_ON_OPEN = 2
_SHOWN_REASON = 200


@dataclass(frozen=True)
class _Styles:
    """What number formats mean: style → digits shown at least; and the day that dates count from."""

    formats: Sequence[str]
    from_1904: bool


def read_xls(data: bytes, limits: Limits) -> tuple[RawSheet, ...]:
    """Every worksheet, in order.

    Raises:
        RefusedError: the file is encrypted, damaged, no workbook, or has no sheet with anything in it.
    """
    try:
        return with_content(_sheets(data, limits))
    except (RefusedError, MemoryError):
        raise
    except Exception as error:  # whatever a broken file makes of xlrd's arithmetic
        raise _refusal(data, error) from error


def _sheets(data: bytes, limits: Limits) -> Iterator[RawSheet]:
    with (
        Path(os.devnull).open("w", encoding="utf-8") as log,
        xlrd.open_workbook(
            file_contents=data,
            logfile=log,
            formatting_info=True,
            on_demand=True,
            ragged_rows=True,
            ignore_workbook_corruption=True,  # sectors used twice, as some exporters leave them; records stay checked
        ) as book,
    ):
        codes = {key: form.format_str or "" for key, form in book.format_map.items()}
        telling = {key: code for key, code in codes.items() if is_telling(code)}
        formats = [telling.get(style.format_key, "") for style in book.xf_list]
        styles = _Styles(formats if any(formats) else (), book.datemode == 1)
        for number in range(book.nsheets):
            yield _sheet(book, number, styles, limits)
            book.unload_sheet(number)


def _sheet(book: xlrd.Book, number: int, styles: _Styles, limits: Limits) -> RawSheet:
    sheet = book.sheet_by_index(number)
    cells = Cells(sheet.name, limits)
    for row in range(sheet.nrows):
        _row(sheet, row, styles, cells)
    for row, column, what in _uncalculated(book, number):
        text = "=…" if what == NO_VALUE else ""
        cells.put(row, column, text)
        cells.mark(row, column, what, text)
    for row, info in sheet.rowinfo_map.items():
        if info.hidden:
            cells.hide(range(row + 1, row + 2))
    return cells.sheet(hidden=sheet.visibility != 0)


def _row(sheet: xlrd.sheet.Sheet, row: int, styles: _Styles, cells: Cells) -> None:
    for index, (kind, value) in enumerate(zip(sheet.row_types(row), sheet.row_values(row), strict=True)):
        column = index + 1
        if kind == xlrd.XL_CELL_TEXT:
            cells.put(row + 1, column, value)
        elif kind == xlrd.XL_CELL_NUMBER:
            text = number_text(value)
            if styles.formats:
                text = shown_as(styles.formats[sheet.cell_xf_index(row, index)], text) or text
            cells.put(row + 1, column, text)
            if loses_digits(value):
                cells.mark(row + 1, column, DIGITS, text)
        elif kind == xlrd.XL_CELL_DATE:
            cells.put(row + 1, column, serial_text(value, from_1904=styles.from_1904))
        elif kind == xlrd.XL_CELL_BOOLEAN:
            cells.put(row + 1, column, TRUTH[bool(value)])
        elif kind == xlrd.XL_CELL_ERROR:
            text = ERRORS.get(value, UNKNOWN_ERROR)
            cells.put(row + 1, column, text)
            cells.mark(row + 1, column, ERROR, text)


def _uncalculated(book: xlrd.Book, number: int) -> Iterator[tuple[int, int, str]]:
    """Formulas of a sheet whose value is doubtful: row, column, and why. Excel 5 and later only.

    A 0 proves nothing in a formula that asks to be calculated when the file is opened. xlwt, which calculates nothing,
    leaves an empty text in every formula; it is known by the history in the first record, which all others fill in.
    """
    memory = book.mem
    if not memory:
        return
    is_xlwt = book.biff_version == _BIFF8 and not any(memory[book.base + 12 : book.base + 16])
    position, depth = book._sh_abs_posn[number], 0  # noqa: SLF001  (the one place where xlrd keeps it)
    while position + 4 <= len(memory):
        code, size = struct.unpack_from("<HH", memory, position)
        if code in _BEGIN:
            depth += 1
        elif code == _END:
            depth -= 1
            if not depth:
                return
        elif code == _FORMULA and depth == 1:  # deeper lie charts
            row, column, result, flags = struct.unpack_from("<HH2x8sH", memory, position + 4)
            if result[6:] == _NO_NUMBER and result[0] == _EMPTY_TEXT and is_xlwt:
                yield row + 1, column + 1, NO_VALUE
            elif not any(result) and flags & _CALCULATE_ON_OPEN:
                yield row + 1, column + 1, NEVER
        position += 4 + size


def _refusal(data: bytes, error: Exception) -> RefusedError:
    reason = str(error)
    if _ENCRYPTED in data or "encrypted" in reason:
        return RefusedError(FILE_ENCRYPTED.code, "the workbook is protected by a password", FILE_ENCRYPTED.remedy)
    if "Can't find workbook" in reason:
        message = "a document of another Office program, not a workbook"
        return RefusedError(FILE_NOT_A_WORKBOOK.code, message, FILE_NOT_A_WORKBOOK.remedy)
    more = f" ({reason[:_SHOWN_REASON]})" if isinstance(error, xlrd.XLRDError) else ""
    return RefusedError(FILE_DAMAGED.code, f"the workbook's records are broken{more}", FILE_DAMAGED.remedy)
