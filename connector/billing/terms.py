"""Terms that begin by time alone: each anniversary of what is billed, up to the run's day, that has no charge yet.

All of them, not only the next: a run that comes three months late finds three. A term's ordinal is counted from the
first day of all, so that the same term has the same key whenever it is found, and one that was held stays to be found.
"""

import polars as pl

from connector.billing.anniversaries import anniversary, months_of, reached
from connector.domain.words import EventKind

SUBJECT = ["subject_id", "metric"]
# What of the term before is kept beside the new one, as `was_…`.
WAS = (
    *("kind", "term", "tier", "size_source", "count_low", "band_low", "band_high", "size_as_of"),
    *("unit_minor", "quantity", "amount_minor", "list_minor", "basis", "adjustments", "price_book", "price_place"),
)
KEPT = "kept"
TIER_MOVES = "its tier moves, and its price is kept"
NO_PRICE_KEPT = "its price is kept, and an opening entry has none"
_KINDS = ("charge", "opening")


def begun(
    charges: pl.DataFrame, terms: pl.DataFrame, days: pl.DataFrame, stretches: pl.DataFrame | None = None
) -> pl.DataFrame:
    """One row for each term that has begun and is not billed, in the order of subject, metric and ordinal.

    An opening entry is the first term like any other; terms that began before go-live are none.

    Args:
        charges: charges and opening entries: their key, `kind`, `event_on`, `partner_id`, `selling_entity`,
            `currency`, their source place, and what `WAS` names.
        terms: of the rulebook, for each metric that renews: `metric`, `length`, `renewal_price`, `renewal_tier`.
        days: `Context.days`. A selling entity that is not among them has the latest day of those that are.
        stretches: of lines of which the first and the latest charge alone are given, all between being billed:
            `subject_id`, `metric` and `latest`, the ordinal of the latest.

    Returns:
        `subject_id`, `metric`, `ordinal`, `event`, `event_on`, `partner_id`, the place, `own_entity` and
        `own_currency`, the columns of `terms`, and `was_…` of the term before.
    """
    own = charges.filter((pl.col("subject_type") == "client") & pl.col("kind").is_in(_KINDS))
    own = own.join(terms, on="metric").with_columns(months=months_of("term")).filter(pl.col("months").is_not_null())
    own = own.sort(*SUBJECT, "ordinal", "revision").unique([*SUBJECT, "ordinal"], keep="last", maintain_order=True)
    passed = own.select(*SUBJECT, latest="ordinal").clear() if stretches is None else stretches
    found = _days(_due(own, days, passed)).join(own.select(*SUBJECT, "ordinal"), on=[*SUBJECT, "ordinal"], how="anti")
    return _with_term_before(found, own)


def _due(own: pl.DataFrame, days: pl.DataFrame, stretches: pl.DataFrame) -> pl.DataFrame:
    """Of each line the first and the last ordinal to look at; those that cannot miss a term are left out."""
    lines = own.group_by(SUBJECT, maintain_order=True).agg(
        anchor=pl.col("event_on").filter(pl.col("ordinal") == 1).first(),
        months=pl.col("months").last(),
        selling_entity=pl.col("selling_entity").last(),
        latest=pl.col("ordinal").max(),
        count=pl.len().cast(pl.Int64),
    )
    lines = lines.filter(pl.col("anchor").is_not_null())  # its first term waits for its client to be remembered
    lines = lines.join(days, on="selling_entity", how="left", maintain_order="left").with_columns(
        pl.col("bill_from").fill_null(pl.col("anchor")), pl.col("as_of").fill_null(days["as_of"].max())
    )
    anchor, months = pl.col("anchor"), pl.col("months")
    before = pl.col("bill_from").dt.offset_by("-1d")
    lines = lines.with_columns(
        first=reached(anchor, months, before).cast(pl.Int64) + 2,
        last=reached(anchor, months, pl.col("as_of")).cast(pl.Int64) + 1,
    )
    # Where every term since the first is billed, only those after the latest are looked at: years cost nothing.
    whole = pl.col("count") - 1 == pl.col("latest") - pl.col("first") + 1
    lines = lines.with_columns(first=pl.when(whole).then(pl.col("latest") + 1).otherwise("first"))
    passed = stretches.select(*SUBJECT, passed=pl.col("latest") + 1)
    lines = lines.join(passed, on=SUBJECT, how="left", maintain_order="left")
    lines = lines.with_columns(first=pl.max_horizontal("first", "passed"))
    return lines.filter(pl.col("first") <= pl.col("last"))


def _days(lines: pl.DataFrame) -> pl.DataFrame:
    numbered = lines.with_columns(ordinal=pl.int_ranges("first", pl.col("last") + 1)).explode("ordinal")
    return numbered.select(
        *SUBJECT,
        "ordinal",
        event=pl.lit(EventKind.RENEWED.value),
        event_on=anniversary(pl.col("anchor"), pl.col("months"), pl.col("ordinal") - 1),
    )


def _with_term_before(found: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """The terms with what stands in the last one billed before each."""
    place = ("source_id", "source", "sheet", "row")
    rules = ("length", "renewal_price", "renewal_tier")
    before = own.select(
        *SUBJECT,
        "partner_id",
        *place,
        *rules,
        own_entity="selling_entity",
        own_currency="currency",
        before="ordinal",
        **{f"was_{name}": name for name in WAS},
    )
    joined = found.sort("ordinal").join_asof(
        before.sort("before"), left_on="ordinal", right_on="before", by=SUBJECT, check_sortedness=False
    )
    return joined.sort(*SUBJECT, "ordinal").drop("before")


def sized(frame: pl.DataFrame, tier: str) -> pl.DataFrame:
    """The terms with the size that their rules rate: that of the tier billed before, or the one known now.

    Args:
        frame: terms with `renewal_tier`, and `now_count_low`, `now_band_low` and `now_band_high`.
        tier: the column of the tier billed before.
    """
    kept = (pl.col("renewal_tier") == KEPT) & pl.col(tier).is_not_null()
    bounds = pl.col(tier).str.strip_suffix("+").str.split("-")
    low, high = (bounds.list.get(at, null_on_oob=True).cast(pl.Int64) for at in (0, 1))
    more = pl.col(tier).str.ends_with("+")
    return frame.with_columns(
        count_low=pl.when(~kept).then("now_count_low"),
        band_low=pl.when(kept).then(low).otherwise("now_band_low"),
        band_high=pl.when(kept).then(pl.when(~more).then(pl.coalesce(high, low))).otherwise("now_band_high"),
    )
