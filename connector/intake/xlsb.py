"""Binary workbooks (.xlsb): the parts of an .xlsx, each a run of records instead of XML.

A record is a number, a length and its bytes. The numbers are those of [MS-XLSB], where the layouts are written down;
records that are not named here say nothing of values.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from connector.intake.archive import Archive
from connector.intake.cells import Cells, with_content
from connector.intake.kinds import FILE_DAMAGED
from connector.intake.limits import Limits
from connector.intake.marks import DIGITS, ERROR, NEVER, RefusedError
from connector.intake.numberformats import is_telling, shown_as
from connector.intake.parts import relations_of, workbook_part
from connector.intake.rawsheet import RawSheet
from connector.intake.spelling import (
    ERRORS,
    TRUTH,
    UNKNOWN_ERROR,
    is_date_format,
    loses_digits,
    number_text,
    serial_text,
)

_ROW, _RK, _ERROR, _BOOL, _REAL, _TEXT, _SHARED = 0, 2, 3, 4, 5, 6, 7
_FORMULA_TEXT, _FORMULA_NUMBER, _FORMULA_BOOL, _FORMULA_ERROR = 8, 9, 10, 11
_SHORT_FIRST, _SHORT_LAST, _SHORT_IS = 12, 18, 11  # cells right of their neighbour say no column
_RICH_TEXT = 62
_SHARED_ITEM, _FORMAT, _STYLE, _STYLES_BEGIN, _STYLES_END = 19, 44, 47, 617, 618
_BOOK, _SHEET, _CALCULATION, _ROWS_END = 153, 156, 157, 146
_NO_TEXT = 0xFFFFFFFF
_HIDDEN_ROW = 0x10
_RK_HUNDREDTH, _RK_WHOLE = 1, 2
_MORE, _BITS, _BITS_EACH = 0x80, 0x7F, 7  # a number is written seven bits a byte, the eighth says that more follow


@dataclass(frozen=True)
class _Book:
    """What the workbook says of itself.

    Attributes:
        sheets: name, whether hidden, and part of each worksheet.
        texts: the shared texts.
        dates: style → whether it shows dates.
        shown: style → number format, for those that show a whole number otherwise than plainly; "" for others.
        from_1904: the day that dates count from.
        recalculate: a cached 0 of a formula proves nothing.
    """

    sheets: tuple[tuple[str, bool, str], ...]
    texts: tuple[str, ...]
    dates: tuple[bool, ...]
    shown: tuple[str, ...]
    from_1904: bool
    recalculate: bool


def read_xlsb(archive: Archive, limits: Limits) -> tuple[RawSheet, ...]:
    """Every worksheet, in order.

    Raises:
        RefusedError: the workbook is damaged, or has no sheet with anything in it.
    """
    try:
        book = _book(archive)
        return with_content(
            _sheet(archive, part, book, Cells(name, limits), hidden=hidden) for name, hidden, part in book.sheets
        )
    except (struct.error, IndexError) as error:
        message = "the workbook's records are broken"
        raise RefusedError(FILE_DAMAGED.code, message, FILE_DAMAGED.remedy) from error


def _book(archive: Archive) -> _Book:
    part = workbook_part(archive)
    relations = relations_of(archive, part)
    sheets, from_1904, recalculate = [], False, False
    for record, data in _records(archive, part):
        if record == _SHEET:
            relation, at = _text(data, 8)
            kind, target = relations.get(relation, ("", ""))
            if kind == "worksheet" and target in archive.parts:
                sheets.append((_text(data, at)[0], bool(data[0]), target))
        elif record == _BOOK:
            from_1904 = bool(data[0] & 1)
        elif record == _CALCULATION:
            recalculate = bool(data[24] & 1)
    by_kind = dict(relations.values())
    shared = _records(archive, by_kind.get("sharedStrings", ""))
    texts = tuple(_text(data, 1)[0] for record, data in shared if record == _SHARED_ITEM)
    formats = _formats(archive, by_kind.get("styles", ""))
    dates = tuple(is_date_format(number, code) for number, code in formats)
    shown = tuple(code if is_telling(code) else "" for _, code in formats)
    return _Book(tuple(sheets), texts, dates, shown, from_1904, recalculate)


def _formats(archive: Archive, part: str) -> list[tuple[int, str]]:
    """Number and code of the number format of each cell style."""
    codes: dict[int, str] = {}
    numbers, inside = [], False
    for record, data in _records(archive, part):
        if record == _FORMAT:
            codes[struct.unpack_from("<H", data)[0]] = _text(data, 2)[0]
        elif record in {_STYLES_BEGIN, _STYLES_END}:
            inside = record == _STYLES_BEGIN
        elif record == _STYLE and inside:
            numbers.append(struct.unpack_from("<H", data, 2)[0])
    return [(number, codes.get(number, "")) for number in numbers]


def _sheet(archive: Archive, part: str, book: _Book, cells: Cells, *, hidden: bool) -> RawSheet:
    row = column = 0
    for record, data in _records(archive, part):
        if record == _ROW:
            row, column = struct.unpack_from("<I", data)[0] + 1, 0
            if data[11] & _HIDDEN_ROW:
                cells.hide(range(row, row + 1))
        elif _SHORT_FIRST <= record <= _SHORT_LAST:
            column += 1
            _cell(record - _SHORT_IS, data, 4, (row, column), book, cells)
        elif record <= _FORMULA_ERROR or record == _RICH_TEXT:
            column = struct.unpack_from("<I", data)[0] + 1
            _cell(record, data, 8, (row, column), book, cells)
        elif record == _ROWS_END:
            break
    return cells.sheet(hidden=hidden)


def _cell(record: int, data: bytes, at: int, place: tuple[int, int], book: _Book, cells: Cells) -> None:
    """One cell, whose value stands at this position of the record."""
    row, column = place
    if record == _SHARED:
        cells.put(row, column, book.texts[struct.unpack_from("<I", data, at)[0]])
    elif record == _RK:
        _number(_rk(struct.unpack_from("<i", data, at)[0]), data, at, place, book, cells)
    elif record in {_REAL, _FORMULA_NUMBER}:
        value = struct.unpack_from("<d", data, at)[0]
        _number(value, data, at, place, book, cells)
        if record == _FORMULA_NUMBER and not value and book.recalculate:
            cells.mark(row, column, NEVER)
    elif record in {_TEXT, _FORMULA_TEXT}:
        cells.put(row, column, _text(data, at)[0])
    elif record == _RICH_TEXT:
        cells.put(row, column, _text(data, at + 1)[0])
    elif record in {_BOOL, _FORMULA_BOOL}:
        cells.put(row, column, TRUTH[bool(data[at])])
    elif record in {_ERROR, _FORMULA_ERROR}:
        error = ERRORS.get(data[at], UNKNOWN_ERROR)
        cells.put(row, column, error)
        cells.mark(row, column, ERROR, error)


def _number(value: float, data: bytes, at: int, place: tuple[int, int], book: _Book, cells: Cells) -> None:
    style = struct.unpack_from("<I", data, at - 4)[0] & 0xFFFFFF
    if style < len(book.dates) and book.dates[style]:
        cells.put(*place, serial_text(value, from_1904=book.from_1904))
        return
    text = number_text(value)
    if style < len(book.shown):
        text = shown_as(book.shown[style], text) or text
    cells.put(*place, text)
    if loses_digits(value):
        cells.mark(*place, DIGITS, text)


def _rk(packed: int) -> float:
    """A number packed into 30 bits: a whole one, or the upper half of a float; perhaps in hundredths."""
    value: float = packed >> 2 if packed & _RK_WHOLE else struct.unpack("<d", struct.pack("<xxxxi", packed & ~3))[0]
    return value / 100 if packed & _RK_HUNDREDTH else value


def _text(data: bytes, at: int) -> tuple[str, int]:
    """A text that begins with its number of characters, and the position behind it."""
    length = struct.unpack_from("<I", data, at)[0]
    if length == _NO_TEXT:
        return "", at + 4
    end = at + 4 + 2 * length
    if end > len(data):
        raise struct.error
    return data[at + 4 : end].decode("utf-16-le", "replace"), end


def _records(archive: Archive, part: str) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of every record of a part; nothing for a part that is not there."""
    data = b"".join(archive.unpack(part)) if part in archive.parts else b""
    position, end = 0, len(data)
    while position < end:
        record = data[position]
        position += 1
        if record & _MORE:
            record = record & _BITS | data[position] << _BITS_EACH
            position += 1
        size = data[position] & _BITS
        shift = _BITS_EACH
        while data[position] & _MORE:
            position += 1
            size |= (data[position] & _BITS) << shift
            shift += _BITS_EACH
        position += 1
        if position + size > end:
            raise IndexError
        yield record, data[position : position + size]
        position += size
