"""A workbook sheet by sheet and row by row, however many rows there are. Money is a number in its currency's format.

Texts have the text type, the text format and the quote prefix: none is a formula, and none becomes one when edited. A
stranger's trap: rows are written to a folder of their own on disk as they come, so none can be changed once the next
one is begun; and the library takes a text that begins with <r> and ends with </r> for marks, which no text of ours is.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from connector.domain.currency import digits
from connector.domain.money import Money
from connector.printed.tables import Difference, Percent, Value

Progress = Callable[[str, int, int], None]
MOST_ROWS = 1_048_576
_LONGEST_NAME, _LONGEST_TEXT = 31, 32_767
_CUT_SHORT = "…"
_WRITING, _TOLD_ROWS = "Writing", 2_000
_HUNDRED = Decimal(100)
_DAY = "yyyy-mm-dd"
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f]")
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
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


@dataclass(frozen=True)
class Sheet:
    """One sheet.

    Attributes:
        name: its name, which is made one that a workbook takes.
        columns: the headings; they stay in sight, and so do the first `still` columns.
        widths: of the columns, in signs.
        rows: the values of each row, as many as there are columns; a None leaves its cell empty.
        count: how many rows there are.
        title: what stands above the headings; empty for nothing.
        notes: sentences below the rows, with an empty row between.
        still: how many columns stay in sight.
    """

    name: str
    columns: Sequence[str]
    widths: Sequence[int]
    rows: Iterable[Sequence[Value | date | None]]
    count: int
    title: str = ""
    notes: Sequence[str] = ()
    still: int = 0

    @property
    def first(self) -> int:
        """The number of its first row of values, from 0."""
        return 2 if self.title else 1


def unseen(_what: str, _done: int, _total: int) -> None:
    """Nobody watches."""


def write(
    title: str, about: str, sheets: Sequence[Sheet], progress: Progress = unseen, scratch: Path | None = None
) -> bytes:
    """The bytes of a workbook.

    Args:
        title: of the document, in its properties.
        about: its description, there too.
        sheets: its sheets, in their order.
        progress: told what is done, how many rows, and of how many.
        scratch: where its rows lie meanwhile, in a folder that goes with them; None: where the system keeps such.

    Raises:
        ValueError: a sheet has more rows than any takes, a defect of the program.
    """
    for one in sheets:
        if one.first + one.count + 1 + len(one.notes) > MOST_ROWS:
            message = f"{one.name} has {one.count} rows: no sheet takes so many"
            raise ValueError(message)
    whole = BytesIO()
    with TemporaryDirectory(prefix=".workbook-", dir=scratch) as place:
        book = _Book(xlsxwriter.Workbook(whole, {**_OPTIONS, "tmpdir": place}))
        try:
            book.inner.set_properties({"title": _plain(title), "comments": _plain(about)})
            done, total = 0, sum(one.count for one in sheets)
            names: list[str] = []
            for one in sheets:
                names.append(_name(one.name, names))
                for written in book.add(names[-1], one):
                    progress(_WRITING, done + written, total)
                done += one.count
            book.inner.close()
        finally:
            book.release()
    return whole.getvalue()


class _Sheet(Worksheet):  # type: ignore[misc]  # the library has no types
    """A sheet on which every text is a text."""

    def _xml_rich_inline_string(self, string: str, attributes: Sequence[tuple[str, Any]] = ()) -> None:
        self._xml_inline_string(string, True, attributes)  # noqa: FBT003 - the library's: its spaces are kept


class _Book:
    """A workbook and the formats that its cells share."""

    def __init__(self, inner: Any) -> None:  # noqa: ANN401 - the library has no types
        self.inner = inner
        self._title, self._head, self._cell, self._note = (
            inner.add_format(dict(look)) for look in (_TITLE, _HEAD, _CELL, _TEXT)
        )
        self._numbers: dict[str, Any] = {}  # by the format of the number

    def add(self, name: str, one: Sheet) -> Iterator[int]:
        """Add a sheet; now and then how many of its rows are written."""
        sheet = self.inner.add_worksheet(name, _Sheet)
        sheet.freeze_panes(one.first, one.still)
        for column, width in enumerate(one.widths):
            sheet.set_column(column, column, width)
        if one.title:
            _put(sheet, 0, 0, one.title, self._title)
        for column, heading in enumerate(one.columns):
            _put(sheet, one.first - 1, column, heading, self._head)
        for number, row in enumerate(one.rows, 1):
            at = one.first + number - 1
            for column, value in enumerate(row):
                if value is not None:
                    self._put_value(sheet, at, column, value)
            if number % _TOLD_ROWS == 0:
                yield number
        for at, note in enumerate(one.notes, one.first + one.count + 1):
            _put(sheet, at, 0, note, self._note)

    def release(self) -> None:
        """Let go of what lies on disk; nothing happens where the workbook was finished."""
        for sheet in self.inner.worksheets():
            sheet.row_data_fh.close()

    def _put_value(self, sheet: Any, row: int, column: int, value: Value | date) -> None:  # noqa: ANN401 - as above
        if isinstance(value, str):
            _put(sheet, row, column, value, self._cell)
        elif isinstance(value, date):
            sheet.write_datetime(row, column, value, self._of_number(_DAY))
        else:
            amount, form = _number(value)
            sheet.write_number(row, column, amount, self._of_number(form))

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
    plain = _plain(text)
    short = _cut(plain, _LONGEST_TEXT)
    return plain if short == plain else _cut(plain, _LONGEST_TEXT - 1) + _CUT_SHORT


def _plain(text: str) -> str:
    """The text without signs that XML has not."""
    return _NOT_IN_XML.sub("\ufffd", text)


def _cut(text: str, most: int) -> str:
    """Its beginning of so many units of UTF-16, as workbooks count; no sign is cut in two."""
    if len(text) * 2 <= most:
        return text
    return text.encode("utf-16-le")[: most * 2].decode("utf-16-le", "ignore")


def _name(name: str, taken: Iterable[str]) -> str:
    """A name that a workbook takes: short, without the signs it refuses, once."""
    plain = _FORBIDDEN.sub(" ", _plain(name)).strip(" '") or "Table"
    plain = plain[0].upper() + plain[1:]
    others = {other.lower() for other in taken}
    number = 1
    chosen = _cut(plain, _LONGEST_NAME).strip(" '")
    while chosen.lower() in others:
        number += 1
        chosen = f"{_cut(plain, _LONGEST_NAME - len(str(number)) - 1)} {number}"
    return chosen
