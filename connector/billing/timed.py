"""From terms that have begun to rated events in their buckets: what may be billed, what is asked first.

A stranger's trap: what decides is the client as it was on the day the term began, as far as its facts have days; what
has none (headcounts, people) is what was last said by then.
"""

import polars as pl

from connector.billing import kinds
from connector.billing.context import Context
from connector.billing.lifecycle import with_partner
from connector.billing.terms import KEPT, NO_PRICE_KEPT, TIER_MOVES
from connector.billing.verdicts import judge, unjudged, verdict_bucket
from connector.domain.words import Bucket

_FIRST = 1
# What a kept price takes over from the term before: column of a charge → column of a rated event.
_PRICE = {
    **{name: name for name in ("unit_minor", "amount_minor", "list_minor", "basis", "adjustments")},
    **{name: name for name in ("price_book", "price_place")},
    "quantity": "billed_quantity",
}
_EVIDENCE = ("size_source", "count_low", "band_low", "band_high", "size_as_of")


def judged_terms(terms: pl.DataFrame, doubts: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The terms with their partner's facts, and a verdict where a person must decide first.

    Args:
        terms: what has begun, with `client_id`, `own_entity`, `own_currency`, `archived` (whether it is on that day),
            and for renewals `length` and `was_term`.
        doubts: clients about whom a question is open: `client_id`, `doubt` (what is asked).
        context: the givens of the run.
    """
    frame = unjudged(terms).join(doubts, on="client_id", how="left", maintain_order="left")
    frame = judge(frame, kinds.TERM_IN_DOUBT, pl.col("doubt").is_not_null(), pl.col("doubt"))
    archived = pl.format("it is archived, and its term begins on {}", "event_on")
    frame = judge(frame, kinds.TERM_ARCHIVED, pl.col("archived"), archived)
    frame = with_partner(frame, context)
    moved = (pl.col("selling_entity") != pl.col("own_entity")) | (pl.col("currency") != pl.col("own_currency"))
    other = pl.format(
        "its partner is billed by {} in {} now, and not by {}", "selling_entity", "currency", "own_entity"
    )
    frame = judge(frame, kinds.TERM_CHANGED, moved, other)
    length = pl.format("the term before was {}, and the rules bill {} terms now", "was_term", "length")
    frame = judge(frame, kinds.TERM_CHANGED, pl.col("was_term") != pl.col("length"), length)
    return frame.with_columns(
        selling_entity=pl.coalesce("selling_entity", "own_entity"),
        currency=pl.coalesce("currency", "own_currency"),
        subject_type=pl.lit("client"),
        revision=pl.lit(_FIRST, pl.Int64),
        unchanged=pl.lit(value=False),
        opening=pl.lit(value=False),
        quantity=pl.lit(1, pl.Int64),
    ).drop("doubt")


def settled_terms(events: pl.DataFrame, rated: pl.DataFrame) -> pl.DataFrame:
    """Every term in its one bucket, in the precedence of invariant 5.

    Args:
        events: what `judged_terms` returned, with `event_id` and `line_metric`, the metric that the key must have;
            null where any will do.
        rated: `tables.RATED` for those without a verdict.

    Returns:
        the columns of `charges.settled`; charges without a document yet are in the bucket `awaiting_document`.
    """
    billed = rated.drop("currency").rename({"quantity": "billed_quantity"})
    frame = events.join(billed, on="event_id", how="left", maintain_order="left")
    charged = pl.col("outcome") == "charge"
    other = charged & (pl.col("metric") != pl.col("line_metric"))
    frame = judge(frame, kinds.TERM_CHANGED, other, pl.format("it was billed as {}, and the rules bill {} now",
                                                              "line_metric", "metric"))  # fmt: skip
    frame = _kept_prices(frame, charged & (pl.col("renewal_price") == KEPT).fill_null(value=False))
    outcome = pl.col("outcome")
    bucket = (
        pl.when(verdict_bucket().is_not_null())
        .then(verdict_bucket())
        .when(outcome.is_in(["held", "blocked"]))
        .then(outcome)
        .when(outcome == "charge")
        .then(pl.lit(Bucket.AWAITING_DOCUMENT.value))
        .otherwise(pl.lit(Bucket.NOT_BILLABLE.value))
    )
    return frame.with_columns(
        bucket=bucket,
        code=pl.coalesce("code", pl.when(bucket == Bucket.BLOCKED.value).then("problem")),
        reason=pl.coalesce("detail", "reason"),
    ).drop("detail", "problem")


def _kept_prices(frame: pl.DataFrame, kept: pl.Expr) -> pl.DataFrame:
    """What was billed before is billed again where the rules keep the price; the evidence of a kept tier stays too."""
    frame = judge(frame, kinds.TERM_CHANGED, kept & (pl.col("was_kind") == "opening"), pl.lit(NO_PRICE_KEPT))
    moves = kept & pl.col("tier").ne_missing(pl.col("was_tier"))
    frame = judge(frame, kinds.TERM_CHANGED, moves, pl.lit(TIER_MOVES))
    same = pl.col("tier").is_not_null() & (pl.col("renewal_tier") == KEPT) & pl.col("was_tier").is_not_null()
    prices = {to: pl.when(kept).then(f"was_{name}").otherwise(to) for name, to in _PRICE.items()}
    return frame.with_columns(**prices, **{
        name: pl.when(same).then(f"was_{name}").otherwise(name) for name in _EVIDENCE
    })  # fmt: skip
