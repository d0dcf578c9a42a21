"""What other rules would do to the money, under each answer to the question "and those already billed?".

`new_only`: what is billed stays. `from_renewal`: it stays until its next term. `credit_and_rebill`: what is billed from
the day on is credited and billed anew. What is not billed yet is billed by the rules of its day, in all three.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from connector.billing.counts import Check
from connector.billing.sides import CHARGED, UNKNOWN, compared
from connector.billing.terms import KEPT, NO_PRICE_KEPT, TIER_MOVES

NEW_ONLY, FROM_RENEWAL, CREDIT_AND_REBILL = "new_only", "from_renewal", "credit_and_rebill"
POLICIES = (NEW_ONLY, FROM_RENEWAL, CREDIT_AND_REBILL)
SUMS = ("billed", "kept", "credited", "rebilled")
STAYS, BILLS, CREDITS, NOTHING, ASKS = "kept", "billed", "credited", "not billed", "needs a person"


def simulate(lines: pl.DataFrame, old_terms: pl.DataFrame, new_terms: pl.DataFrame, start: date) -> pl.DataFrame:
    """The lines with what each policy does to them.

    Args:
        lines: what `line_up` returned.
        old_terms: of the old rulebook: `metric`, `renewal_price` and `renewal_tier` where it renews.
        new_terms: of the new one.
        start: the day the change takes effect.

    Returns:
        the lines as `sides.compared` returns them, with `changed` (whether the new rules matter to it), the next
        term's `old_renewal` and `new_renewal` with `renewal_asks`, and per policy `…_state`, `…_billed`, `…_kept`,
        `…_credited`, `…_rebilled` and `…_why`. Money is whole minor units of `currency`.
    """
    frame = compared(lines)
    frame = _kept_renewals(frame, old_terms, "old")
    frame = _kept_renewals(frame, new_terms, "new")
    from_day = (pl.col("event_on") >= start).fill_null(value=True)
    frame = _unbilled(frame, from_day, start)
    frame = _renewing(frame)
    frame = _rebilled(frame, from_day, start)
    renewed = pl.col("old_renewal").ne_missing(pl.col("new_renewal")) | pl.col("renewal_asks").is_not_null()
    charged = pl.all_horizontal(pl.col(f"{side}_outcome") == CHARGED for side in ("was", "new"))
    item = charged & pl.col("was_item").ne_missing(pl.col("new_item"))
    differs = (pl.col("difference") != 0).fill_null(value=True) | item
    moved = pl.col("was_outcome") != pl.col("new_outcome")
    alike = (pl.col("was_outcome") == pl.col("new_outcome")) & pl.col("was_outcome").is_in(UNKNOWN)
    return frame.with_columns(changed=(moved | differs | renewed | pl.col("asks").is_not_null()) & ~alike)


def _unbilled(frame: pl.DataFrame, from_day: pl.Expr, start: date) -> pl.DataFrame:
    """`new_only` for all lines: what is billed is kept, the rest is billed by the rulebook of its day."""
    stands = pl.col("billed_kind").is_not_null()
    outcome = pl.when(from_day).then("new_outcome").otherwise("old_outcome")
    amount = pl.when(from_day).then("new_amount").otherwise("old_amount")
    settled = pl.col("seen") & (outcome == CHARGED)
    asks = outcome.is_in(UNKNOWN) | settled
    state = (
        pl.when(stands)
        .then(pl.lit(STAYS))
        .when(asks)
        .then(pl.lit(ASKS))
        .when(outcome == CHARGED)
        .then(pl.lit(BILLS))
        .otherwise(pl.lit(NOTHING))
    )
    reason = pl.when(from_day).then(pl.coalesce("asks", "new_reason")).otherwise("old_reason")
    rule = pl.when(from_day).then(pl.lit("new rules")).otherwise(pl.format("old rules: before {}", pl.lit(str(start))))
    opening = pl.col("billed_kind") == "opening"
    why = (
        pl.when(opening)
        .then(pl.lit("an opening entry, before go-live"))
        .when(stands)
        .then(pl.lit("billed already"))
        .otherwise(pl.concat_str(rule, reason, separator="; ", ignore_nulls=True))
    )
    none = pl.lit(None, pl.Int64)
    return frame.with_columns(
        new_only_state=state,
        new_only_billed=pl.when(state == BILLS).then(amount),
        new_only_kept=pl.when(stands).then("before"),
        new_only_credited=none,
        new_only_rebilled=none,
        new_only_why=why,
    )


def _kept_renewals(frame: pl.DataFrame, terms: pl.DataFrame, side: str) -> pl.DataFrame:
    """The next term's amount: the one billed where its price is kept, and a question where its tier then moves."""
    own = terms.select(line_metric="metric", price_rule="renewal_price")
    joined = frame.join(own, on="line_metric", how="left", maintain_order="left")
    kept = (pl.col("price_rule") == KEPT) & pl.col(f"{side}_renews_on").is_not_null()
    charged = pl.col(f"{side}_renewal_outcome") == CHARGED
    opened = pl.col("billed_kind").eq_missing("opening")
    same = pl.col(f"{side}_renewal_tier").eq_missing(pl.col("billed_tier")) & ~opened
    return joined.with_columns(
        pl.when(kept & same)
        .then("billed_amount")
        .when(kept & charged)
        .then(None)
        .otherwise(f"{side}_renewal_amount")
        .alias(f"{side}_renewal"),
        pl.when(kept & charged & opened)
        .then(pl.lit(NO_PRICE_KEPT))
        .when(kept & charged & ~same)
        .then(pl.lit(TIER_MOVES))
        .when(pl.col(f"{side}_renewal_outcome").is_in(UNKNOWN) & ~(kept & same))
        .then(pl.col(f"{side}_renewal_reason").fill_null(""))
        .alias(f"{side}_renewal_asks"),
    ).drop("price_rule")


def _renewing(frame: pl.DataFrame) -> pl.DataFrame:
    """`from_renewal`: as `new_only`, and what is billed changes on the day its next term begins."""
    day = pl.col("renews_on")
    # A charge that the new rules no longer know as their own does not end silently.
    unknown = pl.when(pl.col("new_renews_on").is_null() & day.is_not_null()).then("asks")
    frame = frame.with_columns(renewal_asks=pl.coalesce("new_renewal_asks", unknown))
    ends = {
        side: pl.when(pl.col(f"{side}_renews_on").is_null()).then(
            pl.format("not renewed under the {} rules", pl.lit(side))
        )
        for side in ("old", "new")
    }
    told = pl.concat_str(pl.format("renews on {}", day), *ends.values(), separator="; ", ignore_nulls=True)
    asks = pl.format("renews on {}; a person must tell: {}", day, "renewal_asks")
    once = pl.when(pl.col("new_only_why") == "billed already").then(pl.lit("does not renew")).otherwise("new_only_why")
    wrong = pl.col("renewal_asks").is_not_null()
    return frame.with_columns(
        from_renewal_state=pl.when(wrong).then(pl.lit(ASKS)).otherwise("new_only_state"),
        from_renewal_why=pl.when(wrong).then(asks).when(day.is_not_null()).then(told).otherwise(once),
        **{f"{FROM_RENEWAL}_{name}": f"{NEW_ONLY}_{name}" for name in SUMS},
    )


def _rebilled(frame: pl.DataFrame, from_day: pl.Expr, start: date) -> pl.DataFrame:
    """`credit_and_rebill`: what is billed on or after the day and comes to something else is billed anew."""
    charge = (pl.col("billed_kind") == CHARGED).fill_null(value=False)
    concerned = charge & from_day
    asks = concerned & pl.col("asks").is_not_null()
    other = (
        (pl.col("new_outcome") != CHARGED)
        | (pl.col("new_amount") != pl.col("billed_amount"))
        | pl.col("new_item").ne_missing(pl.col("billed_item"))
    )
    credited = concerned & ~asks & other
    opened = (pl.col("billed_kind") == "opening").fill_null(value=False) & from_day & pl.col("asks").is_not_null()
    state = pl.when(asks | opened).then(pl.lit(ASKS)).when(credited).then(pl.lit(CREDITS)).otherwise("new_only_state")
    why = (
        pl.when(asks | opened)
        .then("asks")
        .when(credited)
        .then("why")
        .when(charge & ~from_day)
        .then(pl.lit(f"before {start}"))
        .when(charge)
        .then(pl.lit("the same under the new rules"))
        .otherwise("new_only_why")
    )
    return frame.with_columns(
        credit_and_rebill_state=state,
        credit_and_rebill_billed="new_only_billed",
        credit_and_rebill_kept=pl.when(~credited).then("new_only_kept"),
        credit_and_rebill_credited=pl.when(credited).then("billed_amount"),
        credit_and_rebill_rebilled=pl.when(credited & (pl.col("new_outcome") == CHARGED)).then("new_amount"),
        credit_and_rebill_why=why,
    )


def totals(simulated: pl.DataFrame, by: Sequence[str] = ()) -> pl.DataFrame:
    """Per policy and currency, and whatever else is named, what is billed, kept, credited, re-billed; and the renewals.

    Args:
        simulated: what `simulate` returned.
        by: further columns to add up by; the rows are in their order.

    Returns:
        the columns of `by`, `policy`, `currency` (null where lines have none, which are not billed), the sums in minor
        units, `stands` (what is billed in the end), `renews_old` and `renews_new` (of the next terms, under
        `from_renewal` only), and `asks`: lines without an amount, because a person must tell.
    """
    found = []
    for policy in POLICIES:
        renews = policy == FROM_RENEWAL
        nothing = pl.lit(None, pl.Int64)
        sums = simulated.group_by([*by, "currency"]).agg(
            **{name: pl.col(f"{policy}_{name}").sum() for name in SUMS},
            renews_old=pl.col("old_renewal").sum() if renews else nothing,
            renews_new=pl.col("new_renewal").sum() if renews else nothing,
            asks=(pl.col(f"{policy}_state") == ASKS).sum().cast(pl.Int64),
        )
        found.append(sums.with_columns(policy=pl.lit(policy)).sort("currency", nulls_last=True))
    stands = pl.col("billed") + pl.col("kept") + pl.col("rebilled")
    columns = [*by, "policy", "currency", *SUMS, "stands", "renews_old", "renews_new", "asks"]
    every = pl.concat(found).with_columns(stands=stands).select(columns)
    return every.sort(by, nulls_last=True, maintain_order=True) if by else every


def checks(simulated: pl.DataFrame, subjects: Mapping[str, int], charges: pl.DataFrame) -> tuple[Check, ...]:
    """That every subject and all money is there, once, under each policy.

    Args:
        simulated: what `simulate` returned.
        subjects: how many clients and purchases were asked about, by subject type.
        charges: the charges that were replayed.
    """
    counted = dict(simulated.group_by("subject_type").agg(pl.col("subject_id").n_unique()).iter_rows())
    found = [Check(f"{name}s with a line", counted.get(name, 0), number) for name, number in subjects.items()]
    keys = simulated.select("subject_type", "subject_id", "metric", "line_ordinal")
    found.append(Check("lines, each once", keys.n_unique(), simulated.height))
    booked = dict(charges.group_by("currency").agg(pl.col("amount_minor").sum()).iter_rows())
    for policy in POLICIES:
        kept = pl.col(f"{policy}_kept").fill_null(0) + pl.col(f"{policy}_credited").fill_null(0)
        standing = dict(simulated.group_by("currency").agg(kept.sum()).iter_rows())
        found += [
            Check(f"{policy}: kept and credited against billed", standing.get(code, 0), minor, code)
            for code, minor in sorted(booked.items())
        ]
    return tuple(found)
