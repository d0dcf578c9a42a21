"""The shipped rules as a person would write them in polars, for these very prices: the peer of the rulebook.

They are written once, for a frame or a lazy frame: polars runs a frame's steps one by one, and plans a lazy one's.
"""

from collections.abc import Mapping
from typing import TypeVar

import polars as pl
from rating_rows import END, LABELS, NEW_PRICES, QUOTED, STARTS, TEXTS, lost

_CHARGED = pl.col("rule_id").is_in(["full-spoke", "quote-1042", "assessment-bundle"])
_PER_TIER = pl.col("rule_id").is_in(["full-spoke", "quote-1042"])
Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)


def rated(events: Frame, prices: Frame, places: Mapping[str, str]) -> Frame:
    """`tables.RATED` of these events.

    Args:
        events: `tables.EVENTS`.
        prices: the columns of `rating_rows.Price`.
        places: rule → file:line.
    """
    counted = pl.col("count").is_not_null()
    low = pl.coalesce("count", "band_low")
    high = (
        pl.when(counted).then("count").when(pl.col("band_low").is_not_null()).then(pl.col("band_high").fill_null(END))
    )
    frame = events.with_columns(rule_id=_rule(), low_tier=_tier(low), high_tier=_tier(high))
    same = pl.col("low_tier") == pl.col("high_tier")
    frame = frame.with_columns(
        book=pl.when(_CHARGED).then(_book()),
        tier_key=pl.when(_PER_TIER).then(pl.when(same).then("low_tier")).otherwise(pl.lit("bundle")),
    ).join(prices, on=["book", "tier_key"], how="left", maintain_order="left")
    problem = (
        pl.when(~_CHARGED)
        .then(None)
        .when(pl.col("book").is_null())
        .then(pl.lit("rate-no-currency"))
        .when(_PER_TIER & pl.col("low_tier").is_null())
        .then(pl.lit("rate-size-unknown"))
        .when(_PER_TIER & ~same)
        .then(pl.lit("rate-band-spans-tiers"))
    )
    return frame.with_columns(problem=problem).select(*_what(places), *_amounts(places))


def _rule() -> pl.Expr:
    """Which rule decides: gates first, then charges."""
    client = pl.col("plan") == "full_spoke"
    quoted = (
        (pl.col("partner") == "P-1004")
        & (pl.col("selling_entity") == "us")
        & client
        & pl.col("event_on").is_between(*QUOTED)
    )
    return (
        pl.when(pl.col("domain") == "hold.example")
        .then(pl.lit("ask-before-billing"))
        .when(pl.col("domain") == "example.com")
        .then(pl.lit("own-test-client"))
        .when(pl.col("event") == "bundle")
        .then(pl.lit("assessment-bundle"))
        .when(quoted)
        .then(pl.lit("quote-1042"))
        .when(client)
        .then(pl.lit("full-spoke"))
        .otherwise(pl.lit("assessment-only"))
    )


def _tier(size: pl.Expr) -> pl.Expr:
    """The tier of a headcount."""
    chain = pl.when(size >= STARTS[-1]).then(pl.lit(LABELS[-1]))
    for start, label in reversed(list(zip(STARTS[:-1], LABELS[:-1], strict=True))):
        chain = chain.when(size >= start).then(pl.lit(label))
    return chain


def _book() -> pl.Expr:
    """The price book and version of a charge."""
    later = pl.col("event_on") >= NEW_PRICES
    return (
        pl.when(pl.col("rule_id") == "quote-1042")
        .then(pl.when(pl.col("currency") == "USD").then(pl.lit("quote")))
        .when(pl.col("currency") == "GBP")
        .then(pl.lit("gbp"))
        .when(pl.col("currency") == "USD")
        .then(pl.when(later).then(pl.lit("usd-2026")).otherwise(pl.lit("usd-2025")))
    )


def _what(places: Mapping[str, str]) -> list[pl.Expr]:
    """What becomes of an event, and why."""
    rule = pl.col("rule_id")
    bundled = rule == "assessment-bundle"
    return [
        pl.col("event_id"),
        pl.when(pl.col("problem").is_not_null())
        .then(pl.lit("blocked"))
        .when(_CHARGED)
        .then(pl.lit("charge"))
        .when(rule == "assessment-only")
        .then(pl.lit("inside_bundle"))
        .when(rule == "ask-before-billing")
        .then(pl.lit("held"))
        .otherwise(pl.lit("not_billable"))
        .alias("outcome"),
        pl.coalesce("problem", "rule_id").replace_strict(TEXTS, default=None, return_dtype=pl.String).alias("reason"),
        pl.col("problem"),
        rule,
        rule.replace_strict(places, return_dtype=pl.String).alias("rule_place"),
        pl.when(bundled).then(rule).when(_CHARGED).then(pl.lit("full-spoke")).alias("metric"),
        pl.when(bundled).then(pl.lit("SPOKE-AO-BUNDLE")).when(_CHARGED).then(pl.lit("SPOKE-FULL")).alias("item"),
        pl.when(_CHARGED).then(pl.lit("once")).alias("term"),
    ]


def _amounts(places: Mapping[str, str]) -> list[pl.Expr]:
    """What a charge costs, and by which price."""
    priced = pl.col("unit_minor").is_not_null()
    sized = _PER_TIER & pl.col("book").is_not_null() & pl.col("low_tier").is_not_null()
    amount = pl.col("unit_minor") * pl.col("quantity")
    none = pl.lit(None, pl.String)
    return [
        pl.when(priced & (pl.col("rule_id") != "assessment-bundle")).then("tier_key").alias("tier"),
        pl.when(sized)
        .then(pl.when(pl.col("count").is_not_null()).then(pl.lit("count")).otherwise(pl.lit("band")))
        .alias("size_source"),
        pl.col("price_book"),
        pl.col("price_place"),
        pl.col("currency"),
        pl.when(priced).then("quantity").alias("quantity"),
        pl.col("unit_minor"),
        amount.alias("amount_minor"),
        amount.alias("list_minor"),
        none.alias("basis"),
        none.alias("adjustments"),
        pl.when(pl.col("rule_id") == "quote-1042").then(pl.lit(lost(places))).alias("lost"),
    ]
