"""Months that begin by time alone: each calendar month of a client since its start, up to the run's day, once.

A stranger's trap: the ordinal of a month is its calendar number, 202505 for May 2025, and not counted from the client's
first one. Whatever becomes of the day on which the client began, no month can be billed twice.
"""

import polars as pl

from connector.billing.states import SPANS
from connector.domain.words import EventKind

_YEAR = 12
_HUNDRED = 100
_PLACE = ("source_id", "source", "sheet", "row")


def months_begun(clients: pl.DataFrame, charged: pl.DataFrame, stretches: pl.DataFrame | None = None) -> pl.DataFrame:
    """One row for each month of each client that has begun and is not billed, in the order of client and month.

    Args:
        clients: `client_id`, `partner_id`, their place, `start` (the first day on which they can be billed by the
            month), `bill_from` and `as_of` of their selling entity; a null among the days means none.
        charged: the months billed: `client_id`, `ordinal`.
        stretches: of clients of whose months the first and the latest alone are given, all between being billed:
            `client_id`, `first` and `latest`, their ordinals.

    Returns:
        `client_id`, `partner_id`, the place, `ordinal`, `event`, `event_on` (the first day of the month, or of the
        client in it) and `month_end`.
    """
    first_day = pl.max_horizontal("start", "bill_from")
    between = _between(stretches)
    known = charged.group_by("client_id").agg(latest=_index("ordinal").max(), given=pl.len().cast(pl.Int64))
    passed = between.group_by("client_id").agg(passed=(pl.col("until") - pl.col("since")).sum())
    known = known.join(passed, on="client_id", how="left").with_columns(
        count=pl.col("given") + pl.col("passed").fill_null(0)
    )
    lines = clients.filter(pl.all_horizontal(pl.col("start", "bill_from", "as_of").is_not_null()))
    lines = lines.join(known, on="client_id", how="left", maintain_order="left").with_columns(
        first_day=first_day, first=_month_of(first_day), last=_month_of(pl.col("as_of"))
    )
    # Where every month since the first is billed, only those after the latest are looked at: years cost nothing.
    whole = (pl.col("count") == pl.col("latest") - pl.col("first") + 1).fill_null(value=False)
    lines = lines.with_columns(first=pl.when(whole).then(pl.col("latest") + 1).otherwise("first"))
    due = lines.filter((pl.col("first") <= pl.col("last")) & (pl.col("first_day") <= pl.col("as_of")))
    each = due.with_columns(month=pl.int_ranges("first", pl.col("last") + 1)).explode("month")
    billed = between.join(due, on="client_id", how="semi")
    billed = billed.select("client_id", month=pl.int_ranges("since", "until")).explode("month")
    each = each.join(billed, on=["client_id", "month"], how="anti", maintain_order="left")
    begins = pl.date(pl.col("month") // _YEAR, pl.col("month") % _YEAR + 1, 1)
    found = each.select(
        "client_id",
        "partner_id",
        *_PLACE,
        ordinal=pl.col("month") // _YEAR * _HUNDRED + pl.col("month") % _YEAR + 1,
        event=pl.lit(EventKind.MONTH.value),
        event_on=pl.max_horizontal(begins, "first_day"),
        month_end=begins.dt.month_end(),
    )
    return found.join(charged, on=["client_id", "ordinal"], how="anti", maintain_order="left").sort(
        "client_id", "ordinal"
    )


def _between(stretches: pl.DataFrame | None) -> pl.DataFrame:
    """The months between the first and the latest of each stretch: from `since` to before `until`, as month numbers."""
    if stretches is None:
        return pl.DataFrame(schema={"client_id": pl.String, "since": pl.Int64, "until": pl.Int64})
    return stretches.select("client_id", since=_index("first") + 1, until=_index("latest"))


def within(months: pl.DataFrame, states: pl.DataFrame) -> pl.DataFrame:
    """The months from the first to the last day on which the client is not archived, with the days they have then.

    A month in which it is archived from its first to its last day stays as it is: what becomes of it is declared.

    Args:
        months: what `months_begun` returned.
        states: `states.spans`.

    Returns:
        the months with `event_on`, `term_days` and `term_of`; null days for a whole month.
    """
    turns = states.select(*(name for name in SPANS if name != "plan"))
    gone, back = (turns.filter(pl.col("archived") == state).drop("archived") for state in (True, False))
    now = _latest(months, turns).with_columns(pl.col("archived").fill_null(value=False))
    again = _next(now, back, "again")
    returned = (pl.col("archived") & (pl.col("again") <= pl.col("month_end"))).fill_null(value=False)
    begun = again.with_columns(event_on=pl.when(returned).then("again").otherwise("event_on"))
    left = _next(begun, gone, "left")
    leaves = ((~pl.col("archived") | returned) & (pl.col("left") <= pl.col("month_end"))).fill_null(value=False)
    end = pl.when(leaves).then(pl.col("left").dt.offset_by("-1d")).otherwise("month_end")
    days = (end - pl.col("event_on")).dt.total_days() + 1
    whole = pl.col("month_end").dt.day().cast(pl.Int64)
    cut = days < whole
    return left.with_columns(
        term_days=pl.when(cut).then(days), term_of=pl.when(cut).then(whole)
    ).drop("archived", "again", "left")  # fmt: skip


def _latest(months: pl.DataFrame, turns: pl.DataFrame) -> pl.DataFrame:
    ordered = months.with_row_index("_at").sort("event_on")
    joined = ordered.join_asof(
        turns.sort("since"), left_on="event_on", right_on="since", by="client_id", check_sortedness=False
    )
    return joined.sort("_at").drop("_at", "since")


def _next(months: pl.DataFrame, turns: pl.DataFrame, name: str) -> pl.DataFrame:
    """The months with the day of the first of these turns after the day they begin."""
    ordered = months.with_row_index("_at").with_columns(_after=pl.col("event_on").dt.offset_by("1d")).sort("_after")
    joined = ordered.join_asof(
        turns.sort("since").rename({"since": name}),
        left_on="_after",
        right_on=name,
        by="client_id",
        strategy="forward",
        check_sortedness=False,
        coalesce=False,
    )
    return joined.sort("_at").drop("_at", "_after")


def _month_of(day: pl.Expr) -> pl.Expr:
    """Months since the year 0, so that the next one is one more."""
    return day.dt.year().cast(pl.Int64) * _YEAR + day.dt.month().cast(pl.Int64) - 1


def _index(ordinal: str) -> pl.Expr:
    return pl.col(ordinal) // _HUNDRED * _YEAR + pl.col(ordinal) % _HUNDRED - 1
