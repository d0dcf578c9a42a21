"""A simulation as a workbook: its lines and totals. Money is a number in the format of its currency.

A stranger's trap: names and reasons come from people's files. Every text is written as text, whatever it begins with.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from connector.billing.simulating import POLICIES, SUMS
from connector.domain.currency import digits
from connector.domain.money import Money
from connector.runs.errors import StopError
from connector.runs.simulate import Simulation
from connector.runs.wholefile import refuse_taken, write_whole

Value = str | int | date | Money | None
LAST_ROW = 1_048_576
_WIDTH = 20
# Column of the simulation → its title; those in `_MONEY` are minor units of the line's currency.
_LINES = {
    "partner_id": "Partner",
    "label": "Client or purchase",
    "metric": "Metric",
    "event": "Event",
    "event_on": "Day",
    "currency": "Currency",
    "billed_kind": "In the ledger as",
    "billed_amount": "Billed now",
    "old_outcome": "Old outcome",
    "old_amount": "Old amount",
    "old_place": "Old rule",
    "new_outcome": "New outcome",
    "new_amount": "New amount",
    "new_place": "New rule",
    "difference": "Difference",
    "why": "Why",
    "asks": "For a person to decide",
    "renews_on": "Renews on",
    "old_renewal": "Next term, old",
    "new_renewal": "Next term, new",
} | {f"{policy}_{name}": f"{policy}: {name}" for policy in POLICIES for name in ("state", *SUMS, "why")}
_TOTALS = {name: name for name in ("policy", "currency", *SUMS, "stands", "renews_old", "renews_new", "asks")}
_MONEY = {
    *("billed_amount", "old_amount", "new_amount", "difference", "old_renewal", "new_renewal"),
    *SUMS,
    *("stands", "renews_old", "renews_new"),
    *(f"{policy}_{name}" for policy in POLICIES for name in SUMS),
}


def write_book(out: Path, found: Simulation, *, every: bool) -> None:
    """Write the changed lines, or every line, and the totals.

    Raises:
        StopError: the file exists, or cannot be written, or the lines are more than a sheet has rows.
    """
    refuse_taken(out)
    lines = found.lines if every else found.changed
    if lines.height >= LAST_ROW:
        raise StopError(f"{lines.height} lines are more than a sheet has rows", "Take --json, or fewer files.")
    book = Workbook()
    first = book.worksheets[0]
    first.title = "Lines"
    _fill(first, list(_LINES.values()), _rows(lines, _LINES))
    _fill(book.create_sheet("Totals"), list(_TOTALS.values()), _rows(found.totals, _TOTALS))
    partners = {"partner_id": "partner", **_TOTALS}
    _fill(book.create_sheet("Partners"), list(partners.values()), _rows(found.partners, partners))
    _fill(book.create_sheet("Read me"), ["What it is"], ([text] for text in _told(found)))
    whole = BytesIO()
    book.save(whole)
    write_whole(out, whole.getvalue())


def _told(found: Simulation) -> Iterator[str]:
    yield f"What other rules would do from {found.start} on. Nothing was written to the ledger."
    yield from (f"{one.name}: {one.left} against {one.right}" for one in found.checks if not one.currency)
    yield from (str(one) for one in found.checks if one.currency)
    yield from found.notes


def _rows(frame: pl.DataFrame, columns: Mapping[str, str]) -> Iterator[list[Value]]:
    for row in frame.iter_rows(named=True):
        yield [_value(row, name) for name in columns]


def _value(row: Mapping[str, Any], name: str) -> Value:
    value: str | int | date | None = row[name]
    if name in _MONEY and isinstance(value, int) and row["currency"] is not None:
        return Money(value, row["currency"])
    return value


def _fill(sheet: Worksheet, titles: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    for number, title in enumerate(titles, 1):
        _put(sheet, 1, number, title)
        sheet.cell(1, number).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(number)].width = _WIDTH
    for at, row in enumerate(rows, 2):
        for number, value in enumerate(row, 1):
            _put(sheet, at, number, value)
    sheet.freeze_panes = "A2"


def _put(sheet: Worksheet, row: int, column: int, value: Value) -> None:
    if value is None:
        return
    cell = sheet.cell(row, column)
    if isinstance(value, Money):
        places = digits(value.currency)
        cell.value = value.amount
        cell.number_format = f"[${value.currency}] #,##0" + ("." + "0" * places if places else "")
    elif isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.data_type = "s"  # never a formula, whatever it begins with
        cell.quotePrefix = True
    else:
        cell.value = value
