"""What there is to know of a cell besides its text, and how a reader refuses a file. Nothing heavy is imported here.

The reading process of a workbook lives on this module: what it loads is paid for by every upload.
"""

from collections.abc import Iterable
from dataclasses import dataclass

# What a mark can say of a cell (or, with column 0, of a row).
NO_VALUE = "no-value"  # a formula saved without its value
NEVER = "never-calculated"  # a formula written by a program with a cached 0
DIGITS = "digits"  # a number of more than 15 digits
SHOWN = "shown"  # the cell shows another text than its value, and is read as shown
ERROR = "error"  # an error cell; text is the error
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

FIX_LIST_TITLE = "Fix list, written by connector check"
LISTS_TITLE = "Allowed values, written by connector check"
OWN_TITLES = (FIX_LIST_TITLE, LISTS_TITLE)  # the first cell of a sheet that a repair has written

OUT_OF_MEMORY = 12  # the exit code by which the reading process says so

REPAIR = "repair"  # what it is asked to do with a workbook that has faults


@dataclass(frozen=True)
class Mark:
    """One cell, or row, of which there is more to know than its text."""

    row: int
    column: int
    what: str
    text: str = ""


def as_columns(marks: Iterable[Mark]) -> dict[str, list[int] | list[str]]:
    """The marks column by column, as they travel."""
    found = list(marks)
    return {
        "row": [mark.row for mark in found],
        "column": [mark.column for mark in found],
        "what": [mark.what for mark in found],
        "text": [mark.text for mark in found],
    }


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
