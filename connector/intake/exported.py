"""What only an export can have wrong: records that are none, keys that stand twice, lists where one value belongs."""

from collections.abc import Iterator, Mapping

import polars as pl

from connector.domain.places import Cell
from connector.domain.problems import Kind, Problem
from connector.intake import kinds
from connector.intake.fields import FIELDS, Sort
from connector.intake.layout import Header
from connector.intake.marks import BESIDE, BROKEN, LIST, MORE_PAGES, NOT_A_NUMBER, TWICE
from connector.intake.rawsheet import RawSheet

_COUNTED = {Sort.SIZE, Sort.COUNT, Sort.WHOLE}  # what the number of items of a list can stand for
_BESIDE: Mapping[str, Kind] = {BESIDE: kinds.SHEET_BESIDE, MORE_PAGES: kinds.SHEET_MORE_PAGES}

Told = tuple[int, int, Kind, str]
"""Row, column (0: the whole row), kind, message."""


def problems_beside(raw: RawSheet, place: Cell) -> tuple[Problem, ...]:
    """What the export says of itself, on the sheet as a whole."""
    marks = raw.marks.filter(pl.col("row") == 0).select("what", "text")
    return tuple(
        Problem(kind.code, kind.severity, place, text, kind.remedy)
        for what, text in marks.iter_rows()
        if (kind := _BESIDE.get(what)) is not None
    )


def faults_exported(raw: RawSheet, rows: pl.Series, header: Header) -> Iterator[Told]:
    """The faults of the record rows that their marks tell.

    Args:
        raw: the sheet.
        rows: the numbers of its record rows.
        header: which column is which field.
    """
    if raw.marks.is_empty():
        return
    field_of = {column: FIELDS[header.rules.kind][name] for name, column in header.columns.items()}
    listed = pl.Series(
        [column for column, field in field_of.items() if field.sort not in _COUNTED], dtype=pl.UInt32
    ).implode()
    is_listed = (pl.col("what") == LIST) & pl.col("column").is_in(listed)
    mapped = pl.Series(list(field_of), dtype=pl.UInt32).implode()
    is_odd = (pl.col("what") == NOT_A_NUMBER) & pl.col("column").is_in(mapped)
    telling = pl.col("what").is_in([BROKEN, TWICE]) | is_listed | is_odd
    marks = raw.marks.filter(telling & pl.col("row").is_in(rows.implode()))
    for row, column, what, text in marks.iter_rows():
        if what == BROKEN:
            yield row, 0, kinds.ROW_BROKEN, text
        elif what == TWICE:
            yield row, column, kinds.CELL_TWICE, f"the key {text!r} stands twice in this record"
        elif what == NOT_A_NUMBER:
            yield row, column, kinds.CELL_NOT_A_NUMBER, f"{text} is no value"
        else:
            message = f"a list stands here; the {field_of[column].title} is one value"
            yield row, column, kinds.CELL_LIST, message
