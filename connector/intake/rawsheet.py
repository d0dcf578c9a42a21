"""A sheet as the reading process hands it over: text columns, and marks on the cells whose text tells too little.

Columns are named `c1`, `c2` … by their true number in the sheet; the row of index 0 is row 1 of the sheet.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from connector.intake.marks import FIELDS, Mark

MARKS = {"row": pl.UInt32, "column": pl.UInt32, "what": pl.String, "text": pl.String}


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
        exported: row 1 is the header and every other row a record: none is a title, a total or another header.
    """

    name: str
    hidden: bool
    frame: pl.DataFrame
    marks: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=MARKS))
    width: int = 0
    plain: bool = False
    own: bool = False
    exported: bool = False

    def write(self, folder: Path, number: int) -> dict[str, object]:
        """Write the sheet for `handover`, and tell of it."""
        self.frame.write_ipc(folder / f"{number}.values")
        self.marks.write_ipc(folder / f"{number}.marks")
        told = {"width": self.width, "plain": self.plain, "exported": self.exported}
        return {"name": self.name, "hidden": self.hidden, **told}

    def fields_of(self, row: int) -> int:
        """How many fields the CSV record of this row has; 0 for a workbook."""
        odd = self.marks.filter((pl.col("what") == FIELDS) & (pl.col("row") == row))["text"]
        return int(odd[0]) if len(odd) else self.width


def marks_frame(marks: Iterable[Mark]) -> pl.DataFrame:
    """The marks as a table."""
    rows = [(mark.row, mark.column, mark.what, mark.text) for mark in marks]
    return pl.DataFrame(rows, schema=MARKS, orient="row")
