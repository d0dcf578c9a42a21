"""When a term begins again: whole months or years after its first day.

Days are counted from the first day of all, so that what began on the 31st comes back to the 31st after a short month,
and what began on 29 February to that day in leap years.
"""

from datetime import date

import polars as pl

MONTHS = {"monthly": 1, "annual": 12}


def next_anniversary(anchor: pl.Expr, months: pl.Expr, start: date, last: pl.Expr) -> pl.Expr:
    """The first anniversary on or after `start`, and after the day of the last term.

    Args:
        anchor: the first day of the first term.
        months: how long a term is; null gives null.
        start: the earliest day.
        last: the first day of the latest term billed, on or after `anchor`.
    """
    earliest = pl.max_horizontal(pl.lit(start), last.dt.offset_by("1d"))
    apart = (earliest.dt.year() - anchor.dt.year()) * 12 + earliest.dt.month().cast(pl.Int32) - anchor.dt.month()
    # The month of the earliest day may hold an anniversary that lies before it: then it is the next term's.
    terms = pl.max_horizontal((apart + months - 1) // months, pl.lit(1))
    found = [anchor.dt.offset_by(pl.format("{}mo", (terms + more) * months)) for more in (0, 1)]
    return pl.when(found[0] >= earliest).then(found[0]).otherwise(found[1])
