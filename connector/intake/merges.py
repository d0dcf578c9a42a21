"""The merged blocks of a sheet. A block holds its text in its first cell alone; its other cells read as blanks."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from connector.intake.marks import MERGED
from connector.intake.rawsheet import RawSheet

_END = re.compile(r"([0-9]{1,7}):([0-9]{1,5})")


@dataclass(frozen=True)
class Merge:
    """One merged block, its rows and columns from 1."""

    row: int
    column: int
    last_row: int
    last_column: int

    def covers(self, row: int, column: int) -> bool:
        """Whether the cell is part of it."""
        return self.row <= row <= self.last_row and self.column <= column <= self.last_column


def merges_of(raw: RawSheet) -> tuple[Merge, ...]:
    """The merged blocks of a sheet, in order; those that say nothing sensible are left out."""
    if raw.marks.is_empty():
        return ()
    marks = raw.marks.filter(pl.col("what") == MERGED).sort("row", "column").select("row", "column", "text")
    found = []
    for row, column, text in marks.iter_rows():
        end = _END.fullmatch(text)
        if end and row <= int(end[1]) and column <= int(end[2]):
            found.append(Merge(row, column, int(end[1]), int(end[2])))
    return tuple(found)


def among(merges: Iterable[Merge], first: int, last: int) -> tuple[Merge, ...]:
    """Those that touch the rows from `first` to `last`."""
    return tuple(merge for merge in merges if merge.row <= last and merge.last_row >= first)


def wide_rows(merges: Iterable[Merge]) -> Mapping[int, int]:
    """The rows of blocks over several columns of one row → their first column: what headings look like."""
    return {
        merge.row: merge.column for merge in merges if merge.row == merge.last_row and merge.column < merge.last_column
    }
