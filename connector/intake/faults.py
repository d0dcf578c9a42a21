"""What is wrong with the cells of a sheet, before it is told. Of one kind in one column only so many are told singly.

The others are gathered in one fault, which names their number and the last of them: a column of a hundred thousand
formulas without a value is one thing to mend. Every row of them is blocked all the same.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from connector.domain.problems import Kind, Severity

MOST_ALIKE = 2_000

Finding = tuple[int, int, Kind, str, str]  # row and column from 1 (column 0: the whole row), kind, message, next step


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a row, before it becomes a `Problem`: the row and column from 1 (column 0: the whole row).

    `also` are further rows that it speaks of.
    """

    row: int
    column: int
    kind: Kind
    message: str
    next_step: str
    also: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Further:
    """Rows with a fault of one kind in one column, beyond those that are told singly."""

    column: int
    kind: Kind
    rows: list[int]


def gathered(findings: Iterable[Finding], further: Iterable[Further] = ()) -> tuple[Fault, ...]:
    """The findings as faults, those beyond the first of one kind in one column gathered in one.

    Args:
        findings: one by one.
        further: those that lie beyond for certain.
    """
    told: list[Fault] = []
    times: Counter[tuple[str, int]] = Counter()
    beyond: dict[tuple[str, int], tuple[Kind, list[int]]] = {}
    for row, column, kind, message, next_step in findings:
        alike = (kind.code, column)
        times[alike] += 1
        if times[alike] <= MOST_ALIKE:
            told.append(Fault(row, column, kind, message, next_step))
        else:
            beyond.setdefault(alike, (kind, []))[1].append(row)
    for more in further:
        beyond.setdefault((more.kind.code, more.column), (more.kind, []))[1].extend(more.rows)
    told.extend(_gathered(column, kind, sorted(rows)) for (_, column), (kind, rows) in beyond.items())
    return tuple(told)


def blocked_rows(faults: Iterable[Fault]) -> set[int]:
    """The rows that these faults block."""
    blocked: set[int] = set()
    for fault in faults:
        if fault.kind.severity is Severity.ERROR:
            blocked.add(fault.row)
            blocked.update(fault.also)
    return blocked


def _gathered(column: int, kind: Kind, rows: list[int]) -> Fault:
    where = "of this column" if column else "of the sheet"
    what = "row" if column == 0 else "cell"
    plural = f"{len(rows):,} further {what}s" if len(rows) > 1 else f"1 further {what}"
    message = f"{plural} {where}, down to row {rows[-1]:,}: {kind.title[0].lower()}{kind.title[1:]}"
    return Fault(rows[0], column, kind, message, kind.remedy, tuple(rows[1:]))
