"""From faults of rows to problems with an excerpt of the row and a mark under the cell."""

import re
from collections.abc import Sequence
from itertools import accumulate

import polars as pl

from connector.domain.places import Cell
from connector.domain.problems import Problem
from connector.intake.faults import Fault

_SEPARATOR = " | "
_LONGEST_CELL = 60
_MIDNIGHT = " 00:00:00"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def problems_of(faults: Sequence[Fault], frame: pl.DataFrame, source: str, sheet: str) -> list[Problem]:
    """The problems of one sheet's rows; costs nothing when there are none."""
    if not faults:
        return []
    rows = sorted({fault.row for fault in faults})
    numbers = [int(name[1:]) for name in frame.columns]
    cells = frame[[row - 1 for row in rows]].iter_rows()
    lines = {row: Excerpt(texts, numbers) for row, texts in zip(rows, cells, strict=True)}
    return [_problem(fault, lines[fault.row], source, sheet) for fault in faults]


def _problem(fault: Fault, line: "Excerpt", source: str, sheet: str) -> Problem:
    place = Cell(source, sheet, fault.row, fault.column)
    kind = fault.kind
    return Problem(kind.code, kind.severity, place, fault.message, fault.next_step, *line.marked(fault.column))


class Excerpt:
    """A row as a person sees it: its cells in one line, blank cells at the end left out.

    Args:
        cells: the texts of the row.
        numbers: the column of each of them.
    """

    __slots__ = ("_numbers", "_starts", "_text", "_texts")

    def __init__(self, cells: Sequence[str | None], numbers: Sequence[int]) -> None:
        self._numbers, self._texts = numbers, [_cell(text) if text else "" for text in cells]
        while self._texts and not self._texts[-1]:
            self._texts.pop()
        self._text = _SEPARATOR.join(self._texts)
        self._starts = [0, *accumulate(len(text) + len(_SEPARATOR) for text in self._texts)]

    def marked(self, column: int) -> tuple[str, tuple[int, int]]:
        """The line, and where in it the column stands: start and length in characters; (0, 0) for column 0."""
        if column not in self._numbers:
            return self._text, (0, 0)
        position = min(self._numbers.index(column), len(self._texts))
        start = self._starts[position]
        width = len(self._texts[position]) if position < len(self._texts) else 0
        return self._text if width else self._text.ljust(start), (start, max(1, width))


def _cell(text: str) -> str:
    if (
        len(text) <= _LONGEST_CELL
        and text.isprintable()
        and not text.endswith(_MIDNIGHT)
        and text[0] != " " != text[-1]
    ):
        return text
    plain = _CONTROL.sub(" ", text.removesuffix(_MIDNIGHT)).strip(" ")
    return f"{plain[:_LONGEST_CELL]}…" if len(plain) > _LONGEST_CELL else plain
