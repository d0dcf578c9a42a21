"""What each row of a sheet is. Every row is exactly one kind, and only rows that show it plainly are called totals.

A total row is one whose only text is a label such as "Total" beside numbers; a client named "Total Fitness" is a record
because its other cells are filled.
"""

from collections.abc import Mapping

import polars as pl

from connector.domain.words import RecordKind, RowKind
from connector.intake.fields import RECORD_TYPE, TEMPLATE_ROW
from connector.intake.layout import Header
from connector.intake.words import INVISIBLE, same

_LABEL = r"(?i)^(grand\s+totals?|sub-?\s?totals?|totals?|sum)\s*(:|=|\(.*\)|for\b.*|of\b.*|\d.*)?$"
_BARE_LABEL = r"(?i)^(grand\s+totals?|sub-?\s?totals?|totals?|sum)\s*:?$"
_GROUP_LABEL = r"(?i)\s+(sub-?)?total$"
_NUMBER = r"^([=#].*|[-+(]?\s*[$€£]?\s*[0-9][0-9.,\s'\u00a0\u202f]*\s*%?\)?)$"


def cleaned(column: str) -> pl.Expr:
    """The texts of a column without invisible outer characters; nothing left is null."""
    text = pl.col(column).str.strip_chars(INVISIBLE)
    return pl.when(text != "").then(text)


def clean(frame: pl.DataFrame) -> pl.DataFrame:
    """The same for all columns at once; columns in which there is nothing to clean are handed through."""
    if not frame.width or not frame.height:
        return frame
    size, text = pl.all().str.len_bytes(), pl.all().str
    shown, letters, stripped, shortest = (
        frame.select(measure).row(0)
        for measure in (size.sum(), text.len_chars().sum(), text.strip_chars().str.len_bytes().sum(), size.min())
    )
    untidy = [
        cleaned(name).alias(name)
        for position, name in enumerate(frame.columns)
        if not shown[position] == letters[position] == stripped[position] or shortest[position] == 0
    ]
    return frame.with_columns(untidy)


def classify(frame: pl.DataFrame, texts: pl.DataFrame, header: Header) -> pl.Series:
    """The kind of every row, `record` for all that are to be read.

    Args:
        frame: the sheet's text columns.
        texts: the mapped fields, cleaned, by field name.
        header: what was found.
    """
    number = pl.int_range(1, frame.height + 1, dtype=pl.UInt32)
    blank = _blank(frame, texts)
    kind = (
        pl.when((number >= header.first) & (number <= header.last))
        .then(pl.lit(RowKind.HEADER.value))
        .when(blank)
        .then(pl.lit(RowKind.BLANK.value))
        .when(number < header.first)
        .then(pl.lit(RowKind.TITLE.value))
        .when(_repeats(texts, header))
        .then(pl.lit(RowKind.HEADER.value))
        .when(_template(texts, header.rules.values.get(RECORD_TYPE, {})))
        .then(pl.lit(RowKind.TEMPLATE.value))
        .otherwise(pl.lit(RowKind.RECORD.value))
    )
    kinds = frame.select(kind.alias("kind")).to_series()
    totals = _totals(frame, texts, kinds, header)
    return kinds.scatter(totals, RowKind.TOTAL.value) if totals else kinds


def _blank(frame: pl.DataFrame, texts: pl.DataFrame) -> pl.Series:
    """Rows that show nothing in any column; only rows without a mapped value are looked at in full."""
    bare = texts.select(pl.all_horizontal(pl.all().is_null()).alias("bare")).to_series()
    if not bare.any():
        return bare
    shown = frame.filter(bare).select(pl.any_horizontal(cleaned(name).is_not_null() for name in frame.columns))
    return bare.scatter(bare.arg_true(), ~shown.to_series())


def _repeats(texts: pl.DataFrame, header: Header) -> pl.Series:
    """Rows that say the header again, as exports with page breaks do."""
    said = texts.row(header.last - 1)
    names = [name for name, text in zip(texts.columns, said, strict=True) if text is not None]
    same_text = (pl.col(name) == text for name, text in zip(texts.columns, said, strict=True) if name in names)
    if not names:
        return pl.repeat(value=False, n=texts.height, eager=True, dtype=pl.Boolean)
    return texts.select(pl.all_horizontal(*same_text).fill_null(value=False).alias("again")).to_series()


def _template(texts: pl.DataFrame, words: Mapping[str, str]) -> pl.Series:
    """Rows of a client list that define a template."""
    if RECORD_TYPE not in texts.columns:
        return pl.repeat(value=False, n=texts.height, eager=True, dtype=pl.Boolean)
    column = texts[RECORD_TYPE]
    found = [text for text in column.drop_nulls().unique() if words.get(same(text)) == TEMPLATE_ROW]
    return column.is_in(found).fill_null(value=False)


def _totals(frame: pl.DataFrame, texts: pl.DataFrame, kinds: pl.Series, header: Header) -> list[int]:
    """Indexes of the total rows, looked for among the rows that lack something a record needs."""
    groups = [
        [field for field in group if field in texts.columns]
        for group in header.rules.needed
        if not any(field in header.rules.constants for field in group)
    ]
    lacking = pl.any_horizontal(pl.all_horizontal(pl.col(field).is_null() for field in group) for group in groups)
    candidates = (
        frame.select(cleaned(name).alias(name) for name in frame.columns)
        .with_row_index("index")
        .filter((kinds == RowKind.RECORD.value) & texts.select(lacking).to_series())
        if texts.filter(lacking).height
        else None
    )
    if candidates is None or candidates.is_empty():
        return []
    partner = f"c{header.columns['partner_id']}" if "partner_id" in header.columns else frame.columns[0]
    identity = f"c{header.columns.get('client_ref', 0)}"
    labels = {name: pl.col(name).str.contains(_LABEL).fill_null(value=False) for name in frame.columns}
    known = (
        texts["partner_id"].drop_nulls().unique() if "partner_id" in texts.columns else pl.Series([], dtype=pl.String)
    )
    group = pl.col(partner).str.replace(_GROUP_LABEL, "")
    labels[partner] = labels[partner] | (
        pl.col(partner).str.contains(_GROUP_LABEL).fill_null(value=False) & group.is_in(known.implode())
    )
    number = {name: pl.col(name).is_null() | pl.col(name).str.contains(_NUMBER) for name in frame.columns}
    only_numbers = pl.all_horizontal(
        number[name] | labels[name] | pl.lit(name == partner and header.rules.kind is not RecordKind.PARTNERS)
        for name in frame.columns
    )
    nobody = pl.lit(value=True)
    if identity in frame.columns:
        counted = number[identity] & _names_nobody(header, labels)
        nobody = pl.col(identity).is_null() | labels[identity] | counted
    total = candidates.filter(pl.any_horizontal(*labels.values()) & only_numbers & nobody)
    return total["index"].to_list()


def _names_nobody(header: Header, labels: Mapping[str, pl.Expr]) -> pl.Expr:
    """Rows that give no partner, name or plan, so that a number under the client id is a count and nobody's id."""
    given = []
    for field in ("partner_id", "name", "plan", "template"):
        if field in header.columns:
            column = f"c{header.columns[field]}"
            label = pl.col(column).str.contains(_BARE_LABEL) if field == "name" else labels[column]
            given.append(pl.col(column).is_not_null() & ~label.fill_null(value=False))
    return ~pl.any_horizontal(given)
