"""Tables as a workbook, one sheet each. Money is a number in the format of its currency, so that it can be added up.

Texts have the text type, the text format and the quote prefix: none is a formula, and none becomes one when edited.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, MergedCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from connector.domain.currency import digits
from connector.printed.tables import Difference, Percent, Table, Value, text_of

_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f]")
_LONGEST_NAME = 31
_NARROWEST, _WIDEST = 8, 60
_HUNDRED = Decimal(100)
_Cell = Cell | MergedCell  # what openpyxl says it returns; nothing is merged here


def workbook(title: str, about: Iterable[str], tables: Iterable[Table]) -> bytes:
    """The workbook's bytes.

    Args:
        title: of the document, in its properties.
        about: sentences for its description.
        tables: each becomes a sheet: its title, then the head, which stays in sight, the rows, the notes.
    """
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.title, book.properties.description = title, " ".join(about)
    names: list[str] = []
    for table in tables:
        names.append(_name(table.name, names))
        _fill(book.create_sheet(names[-1]), table)
    whole = BytesIO()
    book.save(whole)
    return whole.getvalue()


def _fill(sheet: Worksheet, table: Table) -> None:
    _text(sheet.cell(1, 1), table.title).font = Font(bold=True, size=14)
    for column, name in enumerate(table.columns, 1):
        cell = _text(sheet.cell(2, column), name)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="FFE3E8EF")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        longest = max(len(text_of(row[column - 1])) for row in (table.columns, *table.rows))
        width = min(max(longest + 2, _NARROWEST), _WIDEST)
        sheet.column_dimensions[get_column_letter(column)].width = width
    for number, row in enumerate(table.rows, 3):
        for column, value in enumerate(row, 1):
            cell = _value(sheet.cell(number, column), value)
            cell.alignment = Alignment(wrap_text=isinstance(value, str), vertical="top")
    for number, note in enumerate(table.notes, len(table.rows) + 4):
        _text(sheet.cell(number, 1), note)
    sheet.freeze_panes = "B3"


def _value(cell: _Cell, value: Value) -> _Cell:
    if isinstance(value, str):
        return _text(cell, value)
    if isinstance(value, int):
        cell.value, cell.number_format = value, "#,##0"
        return cell
    if isinstance(value, Percent):
        cell.value, cell.number_format = value.value / _HUNDRED, "+0.0%;-0.0%;0.0%"
        return cell
    money = value.money if isinstance(value, Difference) else value
    places = digits(money.currency)
    form = f"[${money.currency}] #,##0" + (f".{'0' * places}" if places else "")
    cell.value = money.amount
    cell.number_format = f"+{form};-{form};{form}" if isinstance(value, Difference) else form
    return cell


def _text(cell: _Cell, text: str) -> _Cell:
    if text:
        cell.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)
        cell.data_type, cell.number_format, cell.quotePrefix = "s", "@", True
    return cell


def _name(name: str, taken: Iterable[str]) -> str:
    """A name that a workbook takes: short, without the signs it refuses, once."""
    plain = _FORBIDDEN.sub(" ", name).strip().strip("'") or "Table"
    plain = plain[0].upper() + plain[1:_LONGEST_NAME]
    others = {other.lower() for other in taken}
    number = 1
    chosen = plain
    while chosen.lower() in others:
        number += 1
        chosen = f"{plain[: _LONGEST_NAME - len(str(number)) - 1]} {number}"
    return chosen
