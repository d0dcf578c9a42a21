"""Texts without the invisible characters around them; a cell of nothing else is blank."""

import polars as pl

from connector.intake.words import INVISIBLE


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
