"""Old and new rules side by side: one line for what is billed or would be, with what each rulebook says of it.

A stranger's trap: an amount that a rulebook cannot tell (held, blocked) is null. It is never 0: 0 is what a rule that
does not bill comes to.
"""

import polars as pl

from connector.billing.replay import BILLED, CURRENT, RENEWAL
from connector.domain.words import Bucket

CHARGED = "charge"
UNKNOWN = ("held", "blocked")
LINE_KEY = ["subject_type", "subject_id", "line_metric", "line_ordinal"]
_SIDE = {
    "outcome": "outcome",
    "metric": "metric",
    "item": "item",
    "tier": "tier",
    "unit_minor": "unit",
    "amount_minor": "amount",
    "list_minor": "list",
    "rule_id": "rule",
    "rule_place": "place",
    "price_place": "priced",
    "adjustments": "adjustments",
    "reason": "reason",
}
_METRICS = ("old_metric", "new_metric")
_PLACES = r'"place": "(?:[^"\\]|\\.)*", '  # of a rule: it moves when a line is added above


def outcomes(settled: pl.DataFrame) -> pl.DataFrame:
    """What `charges.settled` returned, with its bucket as `outcome`: a charge, or why there is none."""
    words = pl.col("bucket").replace({Bucket.AWAITING_DOCUMENT.value: CHARGED})
    return settled.with_columns(outcome=words, amount_minor=pl.when(words == CHARGED).then("amount_minor"))


def line_up(old: pl.DataFrame, new: pl.DataFrame, charges: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """One line for each charge, and for each record whose event no charge stands for.

    Args:
        old: the events of `replay.REPLAYED` under the old rulebook, as `outcomes` returned them.
        new: the same under the new one.
        charges: the charges that were replayed, one of each subject, metric and term.
        labels: `subject_id` and `label`: what people call a subject.

    Returns:
        the lines with `billed_…`, `old_…`, `new_…` and the next term's `renews_on`, `old_renewal_…`, `new_renewal_…`,
        ordered by partner and subject.
    """
    billed = charges.select(
        *("subject_type", "subject_id"),
        line_metric="metric",
        line_ordinal="ordinal",
        billed_kind="kind",
        **{f"billed_{short}": name for name, short in _SIDE.items() if name in charges.columns},
    )
    own = _facing(old, new, BILLED).join(billed, on=LINE_KEY, how="left", maintain_order="left")
    fresh = _uncovered(_facing(old, new, CURRENT), charges)
    lines = pl.concat([own, fresh], how="diagonal")
    for side, frame in (("old", old), ("new", new)):
        lines = lines.join(_renewals(frame, side), on=LINE_KEY, how="left", maintain_order="left")
    lines = lines.join(labels, on="subject_id", how="left", maintain_order="left")
    return lines.with_columns(
        label=pl.coalesce("label", "subject_id"),
        renews_on=pl.coalesce("old_renews_on", "new_renews_on"),
        metric=pl.coalesce("billed_metric", "old_metric", "new_metric"),
    ).sort("partner_id", "label", "subject_id", "metric", "line_ordinal", nulls_last=True)


def _facing(old: pl.DataFrame, new: pl.DataFrame, part: str) -> pl.DataFrame:
    """The events of one part with both outcomes side by side; who and when are the old one's."""
    who = ["partner_id", "selling_entity", "currency", "event", "event_on", "seen"]
    left = old.filter(pl.col("part") == part).select(*LINE_KEY, *who, **_named("old"))
    right = new.filter(pl.col("part") == part).select(*LINE_KEY, **_named("new"))
    return left.join(right, on=LINE_KEY, how="left", nulls_equal=True, maintain_order="left")


def _named(side: str) -> dict[str, str]:
    return {f"{side}_{short}": name for name, short in _SIDE.items()}


def _uncovered(current: pl.DataFrame, charges: pl.DataFrame) -> pl.DataFrame:
    """The events of records that no charge of theirs stands for."""
    own = charges.group_by("subject_id").agg(
        taken="metric", taken_events=pl.concat_str("event", pl.col("event_on").cast(pl.String))
    )
    frame = current.join(own, on="subject_id", how="left", maintain_order="left")
    event = pl.concat_str("event", pl.col("event_on").cast(pl.String))
    metrics = [pl.col("taken").list.contains(pl.col(name)).fill_null(value=False) for name in _METRICS]
    unasked = pl.all_horizontal(pl.col(name).is_null() for name in _METRICS)
    covered = pl.col("taken_events").list.contains(event).fill_null(value=False) | pl.any_horizontal(metrics) | unasked
    return frame.filter(pl.col("taken").is_null() | ~covered).drop("taken", "taken_events")


def _renewals(frame: pl.DataFrame, side: str) -> pl.DataFrame:
    found = frame.filter(pl.col("part") == RENEWAL)
    names = {f"{side}_renewal_{name}": name for name in ("outcome", "tier", "reason")}
    return found.select(
        *LINE_KEY,
        **names,
        **{f"{side}_renews_on": "event_on", f"{side}_renewal_amount": _amount("outcome", "amount_minor")},
    )


def _amount(outcome: str, amount: str) -> pl.Expr:
    """What an outcome comes to: null where nobody can tell."""
    return (
        pl.when(pl.col(outcome) == CHARGED).then(amount).when(~pl.col(outcome).is_in(UNKNOWN)).then(pl.lit(0, pl.Int64))
    )


def compared(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines of `line_up` with what stands before and after the change, and in words what differs.

    Adds `was_…` (as billed, or else as the old rulebook says), `before`, `after` and `difference` in minor units (null
    where a person must tell), `why`, and `asks`: the question to that person.
    """
    stands = pl.col("billed_kind").is_not_null()
    was = {
        f"was_{short}": pl.when(stands).then(f"billed_{short}").otherwise(f"old_{short}")
        for short in ("metric", "item", "tier", "unit", "amount", "list", "rule", "adjustments")
    }
    frame = lines.with_columns(was_outcome=pl.when(stands).then("billed_kind").otherwise("old_outcome"), **was)
    frame = frame.with_columns(asks=_question(), before=_amount("was_outcome", "was_amount"))
    after = (
        pl.when(pl.col("asks").is_null() & pl.col("billed_kind").eq_missing("opening"))
        .then(pl.lit(0, pl.Int64))
        .when(pl.col("asks").is_null())
        .then(_amount("new_outcome", "new_amount"))
    )
    frame = frame.with_columns(after=after)
    return frame.with_columns(difference=pl.col("after") - pl.col("before"), why=_what_differs())


def _question() -> pl.Expr:
    """What a person must decide before the new rulebook can be followed; null for nothing."""
    new, billed = pl.col("new_outcome"), pl.col("billed_kind")
    reason = pl.col("new_reason").fill_null("")
    renamed = pl.col("new_metric").is_not_null() & (pl.col("new_metric") != pl.col("billed_metric"))
    return (
        pl.when((billed == "opening") & new.is_in([CHARGED, "blocked"]))
        .then(pl.lit("it is an opening entry, and under the new rules its day lies after go-live"))
        .when(billed == "opening")
        .then(pl.lit(None, pl.String))
        .when(new == "held")
        .then(pl.format("held: {}", reason))
        .when(new == "blocked")
        .then(pl.format("cannot be billed: {}", reason))
        .when(billed.is_not_null() & renamed)
        .then(
            pl.format("it was billed as {}; the new rules bill {}: not the same charge", "billed_metric", "new_metric")
        )
        .when(billed.is_not_null() & (new == "opening"))
        .then(pl.lit("it is billed, and under the new rules its day lies before go-live"))
        .when(pl.col("seen") & (new == CHARGED))
        .then(pl.lit("its record is settled as not charged: it is asked about again only when its row changes"))
    )


def _what_differs() -> pl.Expr:
    """The differences between before and after, in words, `; `-separated; null for none."""
    charged = (pl.col("was_outcome") == CHARGED) & (pl.col("new_outcome") == CHARGED)

    def moved(name: str, word: str, where: pl.Expr = charged) -> pl.Expr:
        old, new = pl.col(f"was_{name}"), pl.col(f"new_{name}")
        text = pl.format("{} {} → {}", pl.lit(word), old.fill_null("none"), new.fill_null("none"))
        return pl.when(where & old.ne_missing(new)).then(text)

    same_tier = pl.col("was_tier").eq_missing(pl.col("new_tier"))
    listed = pl.all_horizontal(pl.col(name).is_not_null() for name in ("was_list", "new_list"))
    repriced = (
        pl.when(listed)
        .then(pl.col("was_list") != pl.col("new_list"))
        .otherwise(pl.col("was_unit") != pl.col("new_unit"))
    )
    adjusted = [pl.col(f"{side}_adjustments").str.replace_all(_PLACES, "") for side in ("was", "new")]
    outcome = pl.when(pl.col("was_outcome") != pl.col("new_outcome")).then(_new_outcome())
    return pl.concat_str(
        outcome,
        moved("metric", "metric"),
        moved("item", "item"),
        moved("tier", "tier"),
        pl.when(charged & same_tier & repriced).then(pl.lit("price changed")),
        pl.when(charged & adjusted[0].ne_missing(adjusted[1])).then(pl.lit("adjustments changed")),
        moved("rule", "rule"),
        separator="; ",
        ignore_nulls=True,
    ).replace({"": None})


def _new_outcome() -> pl.Expr:
    reason = pl.col("new_reason").fill_null("")
    by_rule = pl.format("{} by rule {}: {}", pl.col("new_outcome").str.replace("_", " "), "new_rule", reason)
    plain = pl.format("{}: {}", pl.col("new_outcome").str.replace("_", " "), reason)
    charged = pl.format("charged by rule {}", "new_rule")
    return pl.when(pl.col("new_outcome") == CHARGED).then(charged).otherwise(pl.coalesce(by_rule, plain))
