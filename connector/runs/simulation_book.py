"""A simulation as a workbook: its lines and totals. Money is a number in the format of its currency.

A stranger's trap: names and reasons come from people's files. Every text is written as text, whatever it begins with.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from connector.billing.simulating import POLICIES, SUMS
from connector.domain.money import Money
from connector.printed import Value
from connector.printed.sheets import Progress, Sheet, unseen, write
from connector.runs.errors import StopError
from connector.runs.simulate import Simulation
from connector.runs.wholefile import refuse_taken, write_whole

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


def write_book(out: Path, found: Simulation, *, every: bool, progress: Progress = unseen) -> None:
    """Write the changed lines, or every line, and the totals.

    Args:
        out: the file, which is not there yet.
        found: the simulation.
        every: whether lines that do not change are written too.
        progress: told what is done, how many rows, and of how many.

    Raises:
        StopError: the file exists, or cannot be written, or the lines are more than a sheet has rows.
    """
    refuse_taken(out)
    lines = found.lines if every else found.changed
    if lines.height >= LAST_ROW:
        raise StopError(f"{lines.height} lines are more than a sheet has rows", "Take --json, or fewer files.")
    partners = {"partner_id": "partner", **_TOTALS}
    told = list(_told(found))
    sheets = [
        _sheet("Lines", lines, _LINES),
        _sheet("Totals", found.totals, _TOTALS),
        _sheet("Partners", found.partners, partners),
        Sheet("Read me", ["What it is"], [_WIDTH], ([text] for text in told), len(told)),
    ]
    write_whole(out, write("What other rules would do", told[0], sheets, progress))


def _sheet(name: str, frame: pl.DataFrame, columns: Mapping[str, str]) -> Sheet:
    return Sheet(name, list(columns.values()), [_WIDTH] * len(columns), _rows(frame, columns), frame.height)


def _told(found: Simulation) -> Iterator[str]:
    yield f"What other rules would do from {found.start} on. Nothing was written to the ledger."
    yield from (f"{one.name}: {one.left} against {one.right}" for one in found.checks if not one.currency)
    yield from (str(one) for one in found.checks if one.currency)
    yield from found.notes


def _rows(frame: pl.DataFrame, columns: Mapping[str, str]) -> Iterator[list[Value | date | None]]:
    for row in frame.iter_rows(named=True):
        yield [_value(row, name) for name in columns]


def _value(row: Mapping[str, Any], name: str) -> Value | date | None:
    value: str | int | date | None = row[name]
    if name in _MONEY and isinstance(value, int) and row["currency"] is not None:
        return Money(value, row["currency"])
    return value
