"""Cells as a reader meets them, gathered into a raw sheet: memory goes by what is there, never by where it stands.

A cell far outside is refused when it is met, and a rectangle too large before it is made: nothing else stands between a
small hostile file and all memory.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable

import polars as pl

from connector.intake.kinds import FILE_NO_ROWS, FILE_TOO_COSTLY
from connector.intake.limits import Limits
from connector.intake.marks import HIDDEN, Mark, RefusedError
from connector.intake.rawsheet import RawSheet, marks_frame

_MOST_COPIES = 1_000_000  # cells that rows said once and repeated may become: a short file must not grow without end


class Cells:
    """What one sheet holds so far. Rows and columns count from 1.

    Args:
        sheet: its name, for places.
        limits: ceilings; the farthest cell with content must lie inside.
    """

    def __init__(self, sheet: str, limits: Limits) -> None:
        self._sheet, self._limits = sheet, limits
        self._rows: defaultdict[int, array[int]] = defaultdict(lambda: array("L"))
        self._texts: defaultdict[int, list[str]] = defaultdict(list)
        self._marks: list[Mark] = []
        self._hidden: list[range] = []
        self._copies = 0

    def put(self, row: int, column: int, text: str) -> None:
        """A cell's text; "" is a blank.

        Raises:
            RefusedError: the cell lies outside the limits.
        """
        self.put_rows(range(row, row + 1), ((column, text),))

    def put_rows(self, rows: range, texts: Iterable[tuple[int, str]]) -> None:
        """Texts by their column, the same in each of the rows.

        Raises:
            RefusedError: one of the cells lies outside the limits, or too much is repeated.
        """
        times, first = len(rows), rows.start - 1
        rows_of, texts_of = self._rows, self._texts
        last_column = self._limits.columns if rows.stop - 1 <= self._limits.rows else 0
        for column, text in texts:
            if not text:
                continue
            if column > last_column:
                raise self._beyond(rows.stop - 1, column)
            if times == 1:
                rows_of[column].append(first)
                texts_of[column].append(text)
            else:
                self._copy(times, rows, column)
                rows_of[column].extend(range(first, first + times))
                texts_of[column].extend([text] * times)

    def _copy(self, times: int, rows: range, column: int) -> None:
        self._copies += times
        if self._copies > _MOST_COPIES:
            message = f"the sheet repeats rows with content into more than {_MOST_COPIES:,} cells"
            raise self._refused(message, rows.start, column)

    def check(self, row: int, column: int) -> None:
        """Refuse content that lies outside the limits.

        Raises:
            RefusedError: this would.
        """
        if column > self._limits.columns or row > self._limits.rows:
            raise self._beyond(row, column)

    def mark(self, row: int, column: int, what: str, text: str = "") -> None:
        """There is more to know of a cell than its text."""
        self._marks.append(Mark(row, column, what, text))

    def hide(self, rows: range) -> None:
        """The rows are hidden or filtered away. Those below the last row with content are forgotten."""
        self._hidden.append(rows)

    def sheet(self, *, hidden: bool) -> RawSheet:
        """The sheet as gathered.

        Raises:
            RefusedError: the rectangle around its cells is larger than the limits.
        """
        height = max((max(rows) for rows in self._rows.values()), default=-1) + 1
        first, last = min(self._rows, default=1), max(self._rows, default=0)
        if height * (last - first + 1) > self._limits.cells:
            message = f"the sheet has {height:,} rows and {last - first + 1:,} columns"
            raise RefusedError(FILE_TOO_COSTLY.code, message, FILE_TOO_COSTLY.remedy, sheet=self._sheet)
        frame = pl.DataFrame({f"c{column}": self._column(column, height) for column in range(first, last + 1)})
        rows = sorted({row for rows in self._hidden for row in rows[: max(0, height + 1 - rows.start)]})
        return RawSheet(
            self._sheet, hidden, frame, marks_frame([*self._marks, *(Mark(row, 0, HIDDEN) for row in rows)])
        )

    def _column(self, column: int, height: int) -> pl.Series:
        rows, texts = self._rows.get(column, array("L")), self._texts.get(column, [])
        if len(rows) == height and rows == array("L", range(height)):
            return pl.Series(texts, dtype=pl.String)
        blank = pl.Series([None], dtype=pl.String).new_from_index(0, height)
        return blank.scatter(pl.Series(rows, dtype=pl.UInt64), texts) if texts else blank

    def _beyond(self, row: int, column: int) -> RefusedError:
        message = f"the sheet has content beyond column {self._limits.columns} or row {self._limits.rows:,}"
        return self._refused(message, row, column)

    def _refused(self, message: str, row: int, column: int) -> RefusedError:
        next_step = "Delete the rows and columns outside the table, and save it again."
        return RefusedError(FILE_TOO_COSTLY.code, message, next_step, sheet=self._sheet, row=row, column=column)


def with_content(sheets: Iterable[RawSheet]) -> tuple[RawSheet, ...]:
    """The sheets, if anything stands in one of them.

    Raises:
        RefusedError: nothing does.
    """
    held = tuple(sheets)
    if not any(sheet.frame.width for sheet in held):
        message = "no sheet of the workbook holds anything" if held else "the workbook has no worksheet"
        raise RefusedError(FILE_NO_ROWS.code, message, FILE_NO_ROWS.remedy)
    return held
