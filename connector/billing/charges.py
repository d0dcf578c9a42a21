"""From rated events to buckets and charges. The charge key is what makes billing twice impossible (invariant 1).

A charge that exists under its key, as a charge or as an opening entry, is never made again, whatever partner, date or
event kind the record shows now.
"""

from collections.abc import Collection

import polars as pl

from connector.billing import kinds
from connector.billing.context import Context
from connector.billing.digests import keyed_digest
from connector.billing.verdicts import judge, verdict_bucket
from connector.domain.words import Bucket
from connector.tables import kept_for_nothing

WHY = ("list_minor", "basis", "adjustments", "lost")
LINE = ("subject_type", "subject_id", "metric", "ordinal")
KEY = (*LINE, "revision")
_FIRST = 1


def latest(charges: pl.DataFrame) -> pl.DataFrame:
    """Of each subject, metric and term the charge that stands: the one of the highest revision."""
    return charges.sort("revision").unique(list(LINE), keep="last", maintain_order=True).sort(list(LINE))


def rateable(events: pl.DataFrame) -> pl.DataFrame:
    """The events the rulebook is asked about: no verdict, and not settled before."""
    return events.filter(pl.col("code").is_null() & ~pl.col("unchanged"))


def settled(events: pl.DataFrame, rated: pl.DataFrame, known: pl.DataFrame, metrics: Collection[str]) -> pl.DataFrame:
    """Put every event into its one bucket, in the fixed precedence of invariant 5.

    Args:
        events: events of one subject type, with `event_id`, `subject_type`, `subject_id`, `opening`, `unchanged` and
            verdict columns.
        rated: `tables.RATED` for those `rateable` returned.
        known: the latest charge of each line of the ledger: its key, `kind`, `event`, `event_on`, `tier`.
        metrics: what the rulebook bills.

    Returns:
        the events with the rated columns, `ordinal`, `revision`, `bucket`, `reason`, and `flag_code` and `flag_detail`
        where a billed record is stated differently now. Charges without a document yet are in the bucket
        `awaiting_document`.
    """
    billed = rated.drop("currency").rename({"quantity": "billed_quantity"})
    frame = events.join(billed, on="event_id", how="left", maintain_order="left").with_columns(
        ordinal=pl.lit(_FIRST, pl.Int64), revision=pl.lit(_FIRST, pl.Int64)
    )
    taken = known.select(*LINE, taken="kind", taken_event="event", taken_on="event_on", taken_tier="tier")
    frame = frame.join(taken, on=list(LINE), how="left", maintain_order="left")
    frame = _doubted(frame, known, metrics)
    outcome = pl.col("outcome")
    keyed_opening = pl.col("opening") & (pl.col("metric").is_not_null() | (outcome == "inside_bundle"))
    bucket = (
        pl.when(verdict_bucket().is_not_null())
        .then(verdict_bucket())
        .when(pl.col("unchanged"))
        .then(pl.lit(Bucket.UNCHANGED.value))
        .when(outcome == "held")
        .then(pl.lit(Bucket.HELD.value))
        .when(outcome == "not_billable")
        .then(pl.lit(Bucket.NOT_BILLABLE.value))
        .when(keyed_opening & pl.col("taken").is_null())
        .then(pl.lit(Bucket.OPENING.value))
        .when((outcome == "blocked") & ~keyed_opening)
        .then(pl.lit(Bucket.BLOCKED.value))
        .when(pl.col("taken").is_not_null())
        .then(pl.lit(Bucket.ALREADY_BILLED.value))
        .when(outcome == "inside_bundle")
        .then(pl.lit(Bucket.INSIDE_BUNDLE.value))
        .otherwise(pl.lit(Bucket.AWAITING_DOCUMENT.value))
    )
    return frame.with_columns(
        bucket=bucket,
        code=pl.coalesce("code", pl.when(bucket == Bucket.BLOCKED.value).then("problem")),
        reason=pl.when(bucket == Bucket.OPENING.value)
        .then(pl.lit("before the go-live of its selling entity"))
        .when(bucket == Bucket.ALREADY_BILLED.value)
        .then(_billed_as())
        .otherwise(pl.coalesce("detail", "reason")),
        flag_code=pl.when((bucket == Bucket.ALREADY_BILLED.value) & _differs()).then(pl.lit(kinds.CHANGED.code)),
        flag_detail=pl.format("it was billed {}; now it says {}", _billed_as(), _stated()),
    ).drop("taken", "taken_event", "taken_on", "taken_tier", "detail", "problem")


def _doubted(frame: pl.DataFrame, known: pl.DataFrame, metrics: Collection[str]) -> pl.DataFrame:
    """Hold what would be billed although the ledger knows it otherwise, or never billed although it should be."""
    asked = ~pl.col("unchanged") & pl.col("outcome").is_in(["charge", "blocked"])
    opened = asked & (pl.col("taken") == "opening") & ~pl.col("opening")
    detail = pl.format("an opening entry of {} stands for it", "taken_on")
    frame = judge(frame, kinds.OPENED, opened, detail)
    stray = known.filter(~pl.col("metric").is_in(list(metrics)))
    named = stray.group_by("subject_type", "subject_id").agg(stray=pl.col("metric").unique().sort().str.join(", "))
    frame = frame.join(named, on=["subject_type", "subject_id"], how="left", maintain_order="left")
    other = asked & pl.col("stray").is_not_null() & pl.col("taken").is_null()
    return judge(frame, kinds.OTHER_METRIC, other, pl.format("it was billed as {}", "stray")).drop("stray")


def _differs() -> pl.Expr:
    sized = pl.col("tier").is_not_null() & pl.col("taken_tier").ne_missing(pl.col("tier"))
    moved = (pl.col("taken_on") != pl.col("event_on")) | (pl.col("taken_event") != pl.col("event"))
    return (pl.col("taken") == "charge") & (sized | moved)


def _billed_as() -> pl.Expr:
    size = pl.when(pl.col("taken_tier").is_not_null()).then(pl.format(", {} employees", "taken_tier"))
    entry = pl.when(pl.col("taken") == "opening").then(pl.lit("as an opening entry")).otherwise(pl.lit("as"))
    return pl.format("{} {} on {}{}", entry, "taken_event", "taken_on", size.otherwise(pl.lit("")))


def _stated() -> pl.Expr:
    size = pl.when(pl.col("tier").is_not_null()).then(pl.format(", {} employees", "tier")).otherwise(pl.lit(""))
    return pl.format("{} on {}{}", "event", "event_on", size)


def _near_tiers(context: Context) -> pl.Expr:
    key = pl.concat_str("price_place", "tier", separator=" ")
    return key.replace_strict(dict(context.near_tiers), default=None, return_dtype=pl.String)


def charge_ids(charges: pl.DataFrame, key: bytes) -> pl.Series:
    """The id of each charge, which its charge key decides.

    Args:
        charges: the columns of `KEY`.
        key: the ledger's digest key.
    """
    texts = charges.select(pl.concat_str([pl.col(name).cast(pl.String) for name in KEY], separator="\x1f"))
    ids = ["CH-" + keyed_digest(text, key)[:16] for text in texts.to_series().to_list()]
    return pl.Series("charge_id", ids, dtype=pl.String)


@kept_for_nothing(0)
def new_charges(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The charges and opening entries that a settled frame adds, one row each under its charge key.

    Args:
        frame: what `settled` returned, with `quantity`, `count_low`, `band_low`, `band_high` and `size_as_of`.
        context: the givens of the run.

    Returns:
        the columns of the ledger's `charge` table but its run and time; `source_id` is null where the source is of this
        run, and known by its name.
    """
    opening = pl.col("bucket") == Bucket.OPENING.value
    billed = pl.col("bucket") == Bucket.AWAITING_DOCUMENT.value
    added = frame.filter((billed | opening) & pl.col("metric").is_not_null())
    return added.select(
        charge_ids(added, context.key),
        *KEY,
        kind=pl.when(opening).then(pl.lit("opening")).otherwise(pl.lit("charge")),
        event="event",
        event_on="event_on",
        partner_id="partner_id",
        selling_entity="selling_entity",
        currency="currency",
        unit_minor=pl.when(opening).then(0).otherwise("unit_minor").cast(pl.Int64),
        # A purchase keeps its number of bundles, which the balance counts, however its amount came about.
        quantity=pl.when(pl.col("subject_type") == "bundle")
        .then("quantity")
        .otherwise(pl.coalesce("billed_quantity", "quantity"))
        .cast(pl.Int64),
        amount_minor=pl.when(opening).then(0).otherwise("amount_minor").cast(pl.Int64),
        item="item",
        term="term",
        tier="tier",
        size_source="size_source",
        count_low="count_low",
        band_low="band_low",
        band_high="band_high",
        size_as_of="size_as_of",
        price_book="price_book",
        price_place="price_place",
        rule_id="rule_id",
        rule_place="rule_place",
        rulebook_digest=pl.lit(context.rulebook_digest),
        **{name: pl.when(~opening).then(name) for name in WHY},
        near_tiers=pl.when(~opening).then(_near_tiers(context)),
        source="source",
        source_id=pl.col("source_id") if "source_id" in frame.columns else pl.lit(None, pl.String),
        sheet="sheet",
        row="row",
    )
