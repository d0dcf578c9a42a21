"""A sheet as the reading process hands it over: text columns, and marks on the cells whose text tells too little.

Columns are named `c1`, `c2` … by their true number in the sheet; the row of index 0 is row 1 of the sheet.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

# What a mark can say of a cell (or, with column 0, of a row).
NO_VALUE = "no-value"  # a formula saved without its value
NEVER = "never-calculated"  # a formula written by a program with a cached 0
DIGITS = "digits"  # a number of more than 15 digits
SHOWN = "shown"  # the cell shows another text than its value (applied by the reader itself)
ERROR = "error"  # an error cell (its text is laid into the column by the reader itself)
HIDDEN = "hidden"  # the row is hidden or filtered away
MERGED = "merge"  # the first cell of a merged range; text is `last row:last column`
TOTALS = "totals-row"  # the totals row of an Excel table
FIELDS = "fields"  # a CSV record with another number of fields than most; text is the number
BROKEN = "broken"  # the row is no record of the export; text is the reason
TWICE = "twice"  # the cell's key stands twice in the record
LIST = "list"  # the cell is a list, and its text the number of its items
NOT_A_NUMBER = "not-a-number"  # the cell is NaN or Infinity
BESIDE = "beside"  # (row 0) values that stand beside the records of the export; text tells of them
MORE_PAGES = "more-pages"  # (row 0) the export says that it is not whole; text tells why

OUT_OF_MEMORY = 12  # the exit code by which the reading process says so

FAR_CELLS = "far-cells"  # what it is asked to look for in a workbook that has taken all memory
REPAIR = "repair"  # what it is asked to do with a workbook that has faults

MARKS = {"row": pl.UInt32, "column": pl.UInt32, "what": pl.String, "text": pl.String}


@dataclass(frozen=True)
class Mark:
    """One cell, or row, of which there is more to know than its text."""

    row: int
    column: int
    what: str
    text: str = ""


@dataclass(frozen=True)
class RawSheet:
    """One sheet.

    Attributes:
        name: the sheet's name, "" for a file without sheets.
        hidden: whether the whole sheet is hidden.
        frame: text columns `c<number>`, in the order of their numbers; every row from row 1.
        marks: see `MARKS`.
        width: the usual number of fields of a CSV record; 0 for a workbook.
        plain: it is proved that the sheet holds nothing but printable ASCII, and no outer spaces.
        own: whether a repair has written it: its Fix list, or the words of its drop-downs.
    """

    name: str
    hidden: bool
    frame: pl.DataFrame
    marks: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=MARKS))
    width: int = 0
    plain: bool = False
    own: bool = False

    def fields_of(self, row: int) -> int:
        """How many fields the CSV record of this row has; 0 for a workbook."""
        odd = self.marks.filter((pl.col("what") == FIELDS) & (pl.col("row") == row))["text"]
        return int(odd[0]) if len(odd) else self.width


def marks_frame(marks: Iterable[Mark]) -> pl.DataFrame:
    """The marks as a table."""
    rows = [(mark.row, mark.column, mark.what, mark.text) for mark in marks]
    return pl.DataFrame(rows, schema=MARKS, orient="row")


class RefusedError(Exception):
    """The file, or a sheet of it, is not read. It never leaves this package: `guard` makes a problem of it.

    Args:
        code: the code of a `Kind`.
        message, next_step: as in a `Problem`.
        sheet, row, column: where, as far as known.
    """

    def __init__(
        self, code: str, message: str, next_step: str, *, sheet: str = "", row: int = 0, column: int = 0
    ) -> None:
        super().__init__(message)
        self.code, self.next_step = code, next_step
        self.sheet, self.row, self.column = sheet, row, column
