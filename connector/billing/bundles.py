"""Bundle purchases (R7): one event each, identified by partner and purchase reference.

The quantity is an attribute, not part of the identity: a changed quantity is a correction, so it is asked about.
"""

import polars as pl

from connector.billing import kinds
from connector.billing.context import Context
from connector.billing.digests import alike
from connector.billing.lifecycle import with_partner
from connector.billing.verdicts import judge, places, unjudged
from connector.domain.words import EventKind


def bundle_events(purchases: pl.DataFrame, charged: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The event of every bundle purchase.

    Args:
        purchases: `tables.BUNDLES`.
        charged: the ledger's charges of bundles: `subject_id`, `quantity`, `event_on`.
        context: the givens of the run.

    Returns:
        the purchases with `subject_id`, `event`, `event_on`, the partner's columns, `unchanged`, `opening` and
        verdict columns.
    """
    frame = unjudged(purchases).with_columns(
        subject_id=pl.concat_str(_partner_part(), pl.lit("/"), alike("reference")),
        event=pl.lit(EventKind.BUNDLE.value),
        event_on=pl.col("purchased_on"),
    )
    contents = pl.struct("purchased_on", "quantity").n_unique().over("subject_id")
    detail = pl.format("one purchase reference, different contents: {}", places("subject_id"))
    frame = judge(frame, kinds.DUPLICATE_ID, contents > 1, detail)
    again = pl.format("the same purchase stands in {}", places("subject_id"))
    frame = judge(frame, kinds.DUPLICATE_ROW, ~pl.col("subject_id").is_first_distinct(), again)
    frame = with_partner(frame, context)
    before = charged.select("subject_id", known_quantity="quantity", known_on="event_on").unique("subject_id")
    frame = frame.join(before, on="subject_id", how="left", maintain_order="left")
    same = (pl.col("known_quantity") == pl.col("quantity")) & (pl.col("known_on") == pl.col("event_on"))
    frame = frame.with_columns(unchanged=(pl.col("code").is_null() & same).fill_null(value=False))
    other = pl.format("{} bundles were billed, now it says {}", "known_quantity", "quantity")
    frame = judge(frame, kinds.QUANTITY_CHANGED, pl.col("known_quantity") != pl.col("quantity"), other)
    return frame.drop("known_quantity", "known_on")


def _partner_part() -> pl.Expr:
    """The partner id without a slash, so that no two pairs of partner and reference make one subject id."""
    return alike("partner_id").str.replace_all("%", "%25", literal=True).str.replace_all("/", "%2F", literal=True)
