"""Tables as a workbook, one sheet each. Money is a number in the format of its currency, so that it can be added up.

Texts have the text type, the text format and the quote prefix: none is a formula, and none becomes one when edited. A
stranger's trap: rows are written to disk as they come, so none can be changed once the next one is begun.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter

from connector.domain.currency import digits
from connector.domain.money import Money
from connector.printed.tables import Difference, Percent, Table, text_of

Progress = Callable[[str, int, int], None]
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f]")
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LONGEST_NAME, _LONGEST_TEXT, _MOST_ROWS = 31, 32_767, 1_048_576
_CUT_SHORT = "…"
_WRITING, _TOLD_ROWS = "Writing", 2_000
_NARROWEST, _WIDEST = 8, 60
_HUNDRED = Decimal(100)
_TEXT: Mapping[str, Any] = {"num_format": "@", "quote_prefix": True}
_TITLE: Mapping[str, Any] = {**_TEXT, "bold": True, "font_size": 14}
_HEAD: Mapping[str, Any] = {**_TEXT, "bold": True, "bg_color": "#E3E8EF", "text_wrap": True, "valign": "top"}
_CELL: Mapping[str, Any] = {**_TEXT, "text_wrap": True, "valign": "top"}
_OPTIONS: Mapping[str, Any] = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def _unseen(_what: str, _done: int, _total: int) -> None:
    """Nobody watches."""


def workbook(title: str, about: Iterable[str], tables: Sequence[Table], progress: Progress = _unseen) -> bytes:
    """The workbook's bytes.

    Args:
        title: of the document, in its properties.
        about: sentences for its description.
        tables: each becomes a sheet: its title, then the head, which stays in sight, the rows, the notes.
        progress: told what is done, how many rows, and of how many.

    Raises:
        ValueError: a table has more rows than a sheet takes, a defect of the program.
    """
    whole = BytesIO()
    book = _Book(xlsxwriter.Workbook(whole, dict(_OPTIONS)))
    book.inner.set_properties({"title": title, "comments": " ".join(about)})
    names: list[str] = []
    done, total = 0, sum(len(table.rows) for table in tables)
    for table in tables:
        names.append(_name(table.name, names))
        for written in book.add(names[-1], table):
            progress(_WRITING, done + written, total)
        done += len(table.rows)
    book.inner.close()
    return whole.getvalue()


class _Book:
    """A workbook and the formats that its cells share."""

    def __init__(self, inner: Any) -> None:  # noqa: ANN401 - the library has no types
        self.inner = inner
        self._title, self._head, self._cell, self._note = (
            inner.add_format(dict(look)) for look in (_TITLE, _HEAD, _CELL, _TEXT)
        )
        self._numbers: dict[str, Any] = {}  # by the format of the number

    def add(self, name: str, table: Table) -> Iterator[int]:
        """Add a table as a sheet; now and then how many of its rows are written."""
        if len(table.rows) + len(table.notes) > _MOST_ROWS - 3:
            message = f"{name} has {len(table.rows)} rows: no sheet takes so many"
            raise ValueError(message)
        sheet = self.inner.add_worksheet(name)
        sheet.freeze_panes(2, 1)
        for column in range(len(table.columns)):
            longest = max(len(text_of(row[column])) for row in (table.columns, *table.rows))
            sheet.set_column(column, column, min(max(longest + 2, _NARROWEST), _WIDEST))
        _put(sheet, 0, 0, table.title, self._title)
        for column, heading in enumerate(table.columns):
            _put(sheet, 1, column, heading, self._head)
        for number, row in enumerate(table.rows, 2):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    _put(sheet, number, column, value, self._cell)
                else:
                    amount, form = _number(value)
                    sheet.write_number(number, column, amount, self._of_number(form))
            if number % _TOLD_ROWS == 0:
                yield number
        for number, note in enumerate(table.notes, len(table.rows) + 3):
            _put(sheet, number, 0, note, self._note)

    def _of_number(self, form: str) -> Any:  # noqa: ANN401 - as above
        if form not in self._numbers:
            self._numbers[form] = self.inner.add_format({"num_format": form, "valign": "top"})
        return self._numbers[form]


def _put(sheet: Any, row: int, column: int, text: str, look: Any) -> None:  # noqa: ANN401 - as above
    """Write a text; none where it is empty."""
    if text:
        sheet.write_string(row, column, _fitting(text), look)


def _number(value: int | Money | Difference | Percent) -> tuple[int | Decimal, str]:
    """A value as a number, and the format that shows it."""
    if isinstance(value, int):
        return value, "#,##0"
    if isinstance(value, Percent):
        return value.value / _HUNDRED, "+0.0%;-0.0%;0.0%"
    money = value.money if isinstance(value, Difference) else value
    places = digits(money.currency)
    form = f"[${money.currency}] #,##0" + (f".{'0' * places}" if places else "")
    return money.amount, f"+{form};-{form};{form}" if isinstance(value, Difference) else form


def _fitting(text: str) -> str:
    """The text as a cell takes it: without signs that XML has not, and not longer than it may be."""
    plain = _NOT_IN_XML.sub("\ufffd", text)
    units = len(plain.encode("utf-16-le")) // 2 if len(plain) > _LONGEST_TEXT // 2 else 0
    return plain if units <= _LONGEST_TEXT else plain[: (_LONGEST_TEXT - 1) // 2] + _CUT_SHORT


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
