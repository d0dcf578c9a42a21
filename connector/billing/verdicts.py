"""Verdicts on records: which fault or question, if any, a record has.

A frame that carries verdicts has the columns `code` (a problem code, null while nothing is wrong) and `detail` (what is
wrong with this very record). The first verdict stands; later checks do not overwrite it.
"""

from collections.abc import Sequence

import polars as pl

from connector.billing.kinds import HOLDS
from connector.domain.problems import Kind
from connector.domain.words import Bucket

_NAMED = 5


def unjudged(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with empty verdict columns."""
    return frame.with_columns(code=pl.lit(None, pl.String), detail=pl.lit(None, pl.String))


def judge(frame: pl.DataFrame, kind: Kind, where: pl.Expr, detail: pl.Expr) -> pl.DataFrame:
    """Give the rows `where` holds, and that have no verdict yet, the code of `kind` with this detail."""
    fresh = pl.col("code").is_null() & where.fill_null(value=False)
    return frame.with_columns(
        detail=pl.when(fresh).then(detail).otherwise("detail"),
        code=pl.when(fresh).then(pl.lit(kind.code)).otherwise("code"),
    )


def verdict_bucket() -> pl.Expr:
    """The bucket that follows from the verdict: held for a question, blocked for a fault, null for neither."""
    return (
        pl.when(pl.col("code").is_in(list(HOLDS)))
        .then(pl.lit(Bucket.HELD.value))
        .when(pl.col("code").is_not_null())
        .then(pl.lit(Bucket.BLOCKED.value))
        .otherwise(pl.lit(None, pl.String))
    )


def place() -> pl.Expr:
    """Where a row stands, for people: `clients.xlsx:Clients!7`."""
    sheet = pl.when(pl.col("sheet") != "").then(pl.col("sheet") + "!").otherwise(pl.lit(""))
    return pl.col("source") + ":" + sheet + pl.col("row").cast(pl.String)


def places(group: str | pl.Expr | Sequence[str], where: pl.Expr | None = None) -> pl.Expr:
    """Where the rows of a group stand, in their order: the first five, and how many more.

    Not all: where a thousand rows share one id, each of a thousand verdicts would list a thousand places.

    Args:
        group: what the rows have in common.
        where: which of them to name; all without it.
    """
    named = place() if where is None else pl.when(where).then(place())
    listed = named.sort_by("source", "sheet", "row").drop_nulls()
    first = listed.head(_NAMED).str.join(", ").over(group)
    more = listed.len().cast(pl.Int64).over(group) - _NAMED
    return pl.when(more > 0).then(pl.format("{} and {} more", first, more)).otherwise(first)
