"""When a term begins again: whole months or years after its first day.

Days are counted from the first day of all, so that what began on the 31st comes back to the 31st after a short month,
and what began on 29 February to that day in leap years.
"""

from datetime import date

import polars as pl

MONTHS = {"monthly": 1, "annual": 12}


def months_of(term: str) -> pl.Expr:
    """How many months the terms of this column last; null for those that never begin again."""
    return pl.col(term).replace_strict(MONTHS, default=None, return_dtype=pl.Int32)


def anniversary(anchor: pl.Expr, months: pl.Expr, number: pl.Expr) -> pl.Expr:
    """The day of the anniversary of this number; 0 is the first day itself.

    Args:
        anchor: the first day of the first term.
        months: how long a term is; null gives null.
        number: how many terms later.
    """
    return anchor.dt.offset_by(pl.format("{}mo", number * months))


def reached(anchor: pl.Expr, months: pl.Expr, day: pl.Expr) -> pl.Expr:
    """How many anniversaries lie on or before a day; 0 where it lies before the first one."""
    apart = (day.dt.year() - anchor.dt.year()) * 12 + day.dt.month().cast(pl.Int32) - anchor.dt.month()
    whole = pl.max_horizontal(apart // months, pl.lit(0))
    # The month of the day may hold an anniversary that comes only after it.
    early = (whole > 0) & (anniversary(anchor, months, whole) > day)
    return whole - early.cast(pl.Int32)


def next_anniversary(anchor: pl.Expr, months: pl.Expr, start: date, last: pl.Expr) -> pl.Expr:
    """The first anniversary on or after `start`, and after the day of the last term.

    Args:
        anchor: the first day of the first term.
        months: how long a term is; null gives null.
        start: the earliest day.
        last: the first day of the latest term billed, on or after `anchor`.
    """
    before = pl.max_horizontal(pl.lit(start).dt.offset_by("-1d"), last)
    return anniversary(anchor, months, reached(anchor, months, before) + 1)
