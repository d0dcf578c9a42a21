"""From faults of rows to problems with an excerpt of the row and a mark under the cell."""

import re
from collections.abc import Sequence

import polars as pl

from connector.domain.places import Cell
from connector.domain.problems import Problem
from connector.intake.records import Fault

_SEPARATOR = " | "
_LONGEST_CELL = 60


def problems_of(faults: Sequence[Fault], frame: pl.DataFrame, source: str, sheet: str) -> list[Problem]:
    """The problems of one sheet's rows; costs nothing when there are none."""
    if not faults:
        return []
    rows = sorted({fault.row for fault in faults})
    cells = frame[[row - 1 for row in rows]].rows()
    numbers = [int(name[1:]) for name in frame.columns]
    shown = dict(zip(rows, cells, strict=True))
    return [
        _problem(fault, shown[fault.row], numbers, Cell(source, sheet, fault.row, fault.column)) for fault in faults
    ]


def _problem(fault: Fault, cells: Sequence[str | None], numbers: Sequence[int], place: Cell) -> Problem:
    excerpt, mark = excerpt_of(cells, numbers, fault.column)
    return Problem(fault.kind.code, fault.kind.severity, place, fault.message, fault.next_step, excerpt, mark)


def excerpt_of(cells: Sequence[str | None], numbers: Sequence[int], column: int) -> tuple[str, tuple[int, int]]:
    """A row as a person sees it, and where in it the column stands: start and length in characters.

    Args:
        cells: the texts of the row.
        numbers: the column of each of them.
        column: the column to mark; 0 for none.
    """
    texts = _shown(cells)
    excerpt = _SEPARATOR.join(texts)
    mark = (0, 0)
    if column in numbers:
        position = numbers.index(column)
        start = sum(len(text) + len(_SEPARATOR) for text in texts[:position])
        width = len(texts[position]) if position < len(texts) else 0
        excerpt += " " * max(0, start - len(excerpt)) if not width else ""
        mark = (start, max(1, width))
    return excerpt, mark


def _shown(texts: Sequence[str | None]) -> list[str]:
    """The cells as a person sees them, in one line; blank cells at the end are left out."""
    shown = [_cell(text or "") for text in texts]
    while shown and not shown[-1]:
        shown.pop()
    return shown


def _cell(text: str) -> str:
    plain = re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text.removesuffix(" 00:00:00")).strip(" ")
    return f"{plain[:_LONGEST_CELL]}…" if len(plain) > _LONGEST_CELL else plain
