"""The rows that could be a sheet's header, with what each column may be called there: one row, or two or three stacked.

A merged cell reaches over exactly its columns. Where nothing is merged (CSV has no merges) a text in the upper rows
reaches over the columns to its right, up to the next text.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from connector.intake.merges import Merge, among
from connector.intake.words import INVISIBLE

ROWS_LOOKED_AT = 20
_HIGHEST = 3
_MOST_MERGED_CELLS = 20_000  # no header needs more; a hostile file can claim any number
_MOST_COLUMNS = 512
Row = Mapping[int, str]
Starts = Mapping[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Candidate:
    """One or more rows that could be the header.

    Attributes:
        labels: column number → what it may be called, the fullest first.
        first, last: its rows, counted from 0.
    """

    labels: Mapping[int, tuple[str, ...]]
    first: int
    last: int

    @property
    def titles(self) -> Mapping[int, str]:
        """Column number → all that the header says of it."""
        return {number: texts[0] for number, texts in self.labels.items()}


def candidates(frame: pl.DataFrame, merges: Sequence[Merge], *, single: bool = False) -> list[Candidate]:
    """The candidates among the first rows of a sheet's text columns: single rows first, then the stacked ones.

    Args:
        frame: the sheet.
        merges: its merged blocks.
        single: look at single rows only.
    """
    numbers = [int(name[1:]) for name in frame.columns]
    top = [_texts(row, numbers) for row in frame.head(ROWS_LOOKED_AT + _HIGHEST - 1).iter_rows()]
    starts = _starts(among(merges, 1, len(top)), len(top))
    found = [_single(top, index, starts) for index in range(min(ROWS_LOOKED_AT, len(top)))]
    for height in range(2, 2 if single else _HIGHEST + 1):
        for first in range(min(ROWS_LOOKED_AT, len(top) - height + 1)):
            rows = top[first : first + height]
            if all(rows):
                found.append(_stacked(rows, first, numbers, starts))
    return found


def _starts(merges: Iterable[Merge], height: int) -> dict[tuple[int, int], tuple[int, int]]:
    """Row and column of the cells that are merged (from 1) → those of the cell that holds their text."""
    starts: dict[tuple[int, int], tuple[int, int]] = {}
    left = _MOST_MERGED_CELLS
    for merge in merges:
        columns = range(merge.column, min(merge.last_column, merge.column + _MOST_COLUMNS) + 1)
        rows = range(merge.row, min(merge.last_row, height) + 1)
        left -= len(rows) * len(columns)
        if left < 0:
            break
        starts.update(dict.fromkeys(((row, column) for row in rows for column in columns), (merge.row, merge.column)))
    return starts


def _single(top: Sequence[Row], index: int, starts: Starts) -> Candidate:
    """One row, with the texts of cells that are merged down into it."""
    texts, first = dict(top[index]), index
    for (row, column), (above, own) in starts.items() if texts else ():
        text = top[above - 1].get(own) if row == index + 1 > above and column == own else None
        if text:
            texts[column], first = text, min(first, above - 1)
    return Candidate({number: (texts[number],) for number in sorted(texts)}, first, index)


def _stacked(rows: Sequence[Row], first: int, numbers: Sequence[int], starts: Starts) -> Candidate:
    """Several rows as one header."""
    last = first + len(rows) - 1
    if any(first < row <= last + 1 for row, _ in starts):
        return Candidate(_under_merges(rows, first, numbers, starts), first, last)
    labels: dict[int, tuple[str, ...]] = {}
    above = [""] * (len(rows) - 1)
    for number in numbers:
        for level, row in enumerate(rows[:-1]):
            if number in row:
                above[level:] = [row[number], *[""] * (len(above) - level - 1)]
        under = rows[-1].get(number, "")
        own = [row.get(number, "") for row in rows]
        if any(own):
            options = [[*above, under], own, [*above[1:], under], [under]]
            labels[number] = tuple(dict.fromkeys(filter(None, (" ".join(filter(None, part)) for part in options))))
    return Candidate(labels, first, last)


def _under_merges(
    rows: Sequence[Row], first: int, numbers: Sequence[int], starts: Starts
) -> dict[int, tuple[str, ...]]:
    """The same where cells are merged. One header over two columns without texts of their own names the first alone."""
    labels: dict[int, tuple[str, ...]] = {}
    for number in numbers:
        parts: dict[tuple[int, int], str] = {}
        own = False
        for level in range(len(rows)):
            at = first + level + 1
            start = starts.get((at, number), (at, number))
            text = rows[start[0] - first - 1].get(start[1], "") if start[0] > first else ""
            if text:
                parts[start] = text
                own = own or start[1] == number
        if own:
            said = list(parts.values())
            options = (" ".join(said[level:]) for level in range(len(said)))
            labels[number] = tuple(dict.fromkeys(options))
    return labels


def _texts(row: Iterable[str | None], numbers: Sequence[int]) -> dict[int, str]:
    """Column number → text, of the cells that show something."""
    shown = ((number, (text or "").strip(INVISIBLE)) for number, text in zip(numbers, row, strict=True))
    return {number: text for number, text in shown if text}
