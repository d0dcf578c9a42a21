"""What each row of a sheet is. Each is of exactly one kind; what does not plainly show that it is none is a record."""

from collections.abc import Mapping, Sequence

import polars as pl

from connector.domain.words import RowKind
from connector.intake.fields import RECORD_TYPE, TEMPLATE_ROW
from connector.intake.headings import Shape, heading_rows
from connector.intake.layout import Header
from connector.intake.merges import Merge, wide_rows
from connector.intake.rawsheet import RawSheet
from connector.intake.tidy import cleaned
from connector.intake.totals import total_rows
from connector.intake.words import same


def classify(raw: RawSheet, texts: pl.DataFrame, header: Header, merges: Sequence[Merge] = ()) -> pl.Series:
    """The kind of every row, `record` for all that are to be read.

    Args:
        raw: the sheet.
        texts: the mapped fields, cleaned, by field name.
        header: what was found.
        merges: the merged blocks of the sheet.
    """
    number = pl.int_range(1, raw.frame.height + 1, dtype=pl.UInt32)
    kind = (
        pl.when((number >= header.first) & (number <= header.last))
        .then(pl.lit(RowKind.HEADER.value))
        .when(_blank(raw.frame, texts))
        .then(pl.lit(RowKind.BLANK.value))
        .when(number < header.first)
        .then(pl.lit(RowKind.TITLE.value))
        .when(pl.lit(value=False) if raw.exported else _repeats(texts, header))
        .then(pl.lit(RowKind.HEADER.value))
        .when(_template(texts, header.rules.values.get(RECORD_TYPE, {})))
        .then(pl.lit(RowKind.TEMPLATE.value))
        .otherwise(pl.lit(RowKind.RECORD.value))
    )
    found = raw.frame.select(kind.alias("kind")).to_series()
    if raw.exported:
        return found
    lacking = (found == RowKind.RECORD.value) & texts.select(_lacking(texts, header)).to_series()
    if not lacking.any():
        return found
    bare = raw.frame.select(cleaned(name).alias(name) for name in raw.frame.columns)
    bare = bare.with_row_index("row", offset=1).filter(lacking)
    totals = total_rows(bare, texts, header, raw)
    complete = texts.with_row_index("row", offset=1).filter((found == RowKind.RECORD.value) & ~lacking)
    rest = bare.filter(~pl.col("row").is_in(totals))
    headings = heading_rows(rest, complete, header, Shape(raw.fields_of(header.last), wide_rows(merges)))
    for rows, value in ((totals, RowKind.TOTAL), (headings, RowKind.TITLE)):
        found = found.scatter([row - 1 for row in rows], value.value) if rows else found
    return found


def _lacking(texts: pl.DataFrame, header: Header) -> pl.Expr:
    """Rows that lack something a record needs; only they can be anything but a record."""
    groups = [
        [field for field in group if field in texts.columns]
        for group in header.rules.needed
        if not any(field in header.rules.constants for field in group)
    ]
    return pl.any_horizontal(
        pl.lit(value=False), *(pl.all_horizontal(pl.col(field).is_null() for field in group) for group in groups)
    )


def _blank(frame: pl.DataFrame, texts: pl.DataFrame) -> pl.Series:
    """Rows that show nothing in any column; only rows without a mapped value are looked at in full."""
    bare = texts.select(pl.all_horizontal(pl.all().is_null()).alias("bare")).to_series()
    if not bare.any():
        return bare
    shown = frame.filter(bare).select(pl.any_horizontal(cleaned(name).is_not_null() for name in frame.columns))
    return bare.scatter(bare.arg_true(), ~shown.to_series())


def _repeats(texts: pl.DataFrame, header: Header) -> pl.Series:
    """Rows that say a line of the header again, as exports with page breaks do."""
    lines = [texts.row(row - 1) for row in range(header.first, header.last + 1)]
    telling = [line for line in lines if len(set(line) - {None}) > 1 or len(line) == 1]
    again = (
        pl.all_horizontal(_is(name, text) for name, text in zip(texts.columns, line, strict=True)) for line in telling
    )
    return texts.select(pl.any_horizontal(pl.lit(value=False), *again).alias("again")).to_series()


def _is(name: str, text: str | None) -> pl.Expr:
    return pl.col(name).is_null() if text is None else (pl.col(name) == text).fill_null(value=False)


def _template(texts: pl.DataFrame, words: Mapping[str, str]) -> pl.Series:
    """Rows of a client list that define a template."""
    if RECORD_TYPE not in texts.columns:
        return pl.repeat(value=False, n=texts.height, eager=True, dtype=pl.Boolean)
    column = texts[RECORD_TYPE]
    found = [text for text in column.drop_nulls().unique() if words.get(same(text)) == TEMPLATE_ROW]
    return column.is_in(found).fill_null(value=False)
