"""What the reading process writes into its folder, and how it is taken up again.

Columns travel as Arrow files. The process that reads .xlsx does without polars: its marks travel as JSON, and what they
say is laid into the columns on this side.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from connector.intake.marks import DIGITS, ERROR, NO_VALUE, OWN_TITLES, SHOWN
from connector.intake.rawsheet import MARKS, RawSheet

_LAID = (ERROR, NO_VALUE, SHOWN)
_LAID_IN_BLANKS = DIGITS  # a number too large for the value reader, which shows nothing then


def take_up(folder: Path, number: int, told: Mapping[str, Any], lineage: str) -> RawSheet:
    """The sheet of this number.

    Args:
        folder: where the reading process has written it.
        number: its position in the file.
        told: what the result says of it.
        lineage: see `SourceInfo.lineage`; only a file that names one can hold sheets that a repair has written.
    """
    columns = told.get("columns")
    if columns is None:
        frame, marks = pl.read_ipc(folder / f"{number}.values"), pl.read_ipc(folder / f"{number}.marks")
    else:
        marks = pl.DataFrame(json.loads((folder / f"{number}.marks").read_text("utf-8")), schema=MARKS)
        frame = pl.read_ipc_stream(folder / f"{number}.values") if columns else pl.DataFrame()
        frame.columns = [f"c{column}" for column in columns]
        frame = _laid(frame, marks)
        marks = marks.filter(pl.col("what") != SHOWN)
    own = bool(lineage) and frame.height > 0 and frame.columns[:1] == ["c1"] and frame["c1"][0] in OWN_TITLES
    exported = told.get("exported", False)
    return RawSheet(
        told["name"], told["hidden"], frame, marks, told["width"], plain=told["plain"], own=own, exported=exported
    )


def _laid(frame: pl.DataFrame, marks: pl.DataFrame) -> pl.DataFrame:
    """The frame with the texts laid in that the reader left out or showed otherwise."""
    marks = marks.filter(pl.col("what").is_in([*_LAID, _LAID_IN_BLANKS]))
    if marks.is_empty():
        return frame
    height = max(frame.height, int(marks["row"].max() or 0))  # type: ignore[arg-type]
    columns = {name: frame[name].extend_constant(None, height - frame.height) for name in frame.columns}
    for (column,), laid in marks.group_by("column"):
        base = columns.get(f"c{column}", pl.Series([None] * height, dtype=pl.String))
        telling = laid.filter((pl.col("what") != _LAID_IN_BLANKS) | base.gather(laid["row"] - 1).is_null())
        columns[f"c{column}"] = base.scatter(telling["row"] - 1, telling["text"])
    return pl.DataFrame({name: columns[name] for name in sorted(columns, key=lambda name: int(name[1:]))})
