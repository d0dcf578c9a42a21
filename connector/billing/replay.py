"""What is billed, as events again, so that another rulebook can be asked about it: event, day and size of the charge.

A stranger's trap: the ledger keeps of a charge what it was billed by. What it does not keep (website, country, tags,
advisors, users) comes from the record as it is now, and is null where no record says it.
"""

from datetime import date

import polars as pl

from connector.billing.anniversaries import months_of, next_anniversary
from connector.billing.context import Context
from connector.billing.lifecycle import with_partner
from connector.billing.terms import sized
from connector.billing.verdicts import unjudged
from connector.domain.words import EventKind
from connector.tables.schemas import Schema

CURRENT, BILLED, RENEWAL = "current", "billed", "renewal"
_SIZE = ("count_low", "band_low", "band_high")
_CUT_SHORT = r"; ([0-9]+) of ([0-9]+) days$"  # the end of a charge's `basis`
_RECORD = (
    "plan",
    "country",
    "domain",
    "template",
    "advisors",
    "users",
    "tags",
    "created_on",
    "upgraded_on",
)

# An event to be rated, of a client or a purchase. `part`: whether it is its record's own event, that of a charge, or
# the next term of a charge, which `line_metric` and `line_ordinal` name. `seen`: its record is settled, and nobody asks
# about it again until it changes.
REPLAYED: Schema = {
    "part": pl.String,
    "subject_type": pl.String,
    "subject_id": pl.String,
    "client_id": pl.String,
    "line_metric": pl.String,
    "line_ordinal": pl.Int64,
    "partner_id": pl.String,
    "event": pl.String,
    "event_on": pl.Date,
    "plan": pl.String,
    "partner_kind": pl.String,
    "selling_entity": pl.String,
    "currency": pl.String,
    "country": pl.String,
    "domain": pl.String,
    "template": pl.String,
    "count_low": pl.Int64,
    "band_low": pl.Int64,
    "band_high": pl.Int64,
    "quantity": pl.Int64,
    "term_days": pl.Int64,
    "term_of": pl.Int64,
    "advisors": pl.Int64,
    "users": pl.Int64,
    "tags": pl.List(pl.String),
    "created_on": pl.Date,
    "upgraded_on": pl.Date,
    "opening": pl.Boolean,
    "unchanged": pl.Boolean,
    "seen": pl.Boolean,
    "code": pl.String,
    "detail": pl.String,
}


def current_events(events: pl.DataFrame) -> pl.DataFrame:
    """The events of records, one for each client or purchase, under `REPLAYED`.

    Of records that lead to one subject the one that is used stays, and without one the first.

    Args:
        events: what `lifecycle.client_events` or `bundles.bundle_events` returned, with the columns of `REPLAYED` that
            a rating needs.
    """
    own = events.with_columns(
        part=pl.lit(CURRENT),
        seen="unchanged",
        unchanged=pl.lit(value=False),
        term_days=pl.lit(None, pl.Int64),
        term_of=pl.lit(None, pl.Int64),
        line_metric=pl.lit(None, pl.String),
        line_ordinal=pl.lit(1, pl.Int64),
        client_id=pl.when(pl.col("subject_type") == "client").then("subject_id"),
    )
    first = own.sort(pl.col("code").is_not_null(), maintain_order=True)
    return _replayed(first.unique("subject_id", keep="first", maintain_order=True))


def facts_of(events: pl.DataFrame) -> pl.DataFrame:
    """What the records say of each subject now, beside what a charge keeps: one row for each."""
    now = {f"now_{name}": name for name in _SIZE}
    return events.select("subject_id", *_RECORD, **now)


def charged_events(charges: pl.DataFrame, facts: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The event of each charge and opening entry, in their order, under `REPLAYED`.

    Args:
        charges: of the ledger, one for each subject, metric and term.
        facts: what `facts_of` returned; a subject it does not know has none.
        context: the givens of the run.
    """
    return _replayed(_with_record(charges, facts, context).with_columns(part=pl.lit(BILLED)))


def renewal_events(
    charges: pl.DataFrame, facts: pl.DataFrame, terms: pl.DataFrame, start: date, context: Context
) -> pl.DataFrame:
    """The next term of each charge that renews, under `REPLAYED`; a tier that is kept is the size of the event.

    Args:
        charges: of the ledger, one for each subject, metric and term.
        facts: what `facts_of` returned.
        terms: of the rulebook: `metric`, `renewal_price` and `renewal_tier` (`kept` or `current`) where it renews.
        start: the earliest day.
        context: the givens of the run.
    """
    renewing = next_terms(charges, start).join(terms, on="metric").filter(pl.col("renews_on").is_not_null())
    timed = _with_record(renewing, facts, context).with_columns(
        part=pl.lit(RENEWAL),
        event=pl.lit(EventKind.RENEWED.value),
        event_on="renews_on",
        term_days=pl.lit(None, pl.Int64),
        term_of=pl.lit(None, pl.Int64),
    )
    return _replayed(sized(timed, "tier"))


def next_terms(charges: pl.DataFrame, start: date) -> pl.DataFrame:
    """The last term of each subject and metric, with the day on which the next one begins; null where none does."""
    subject = ["subject_id", "metric"]
    anchored = charges.with_columns(anchor=pl.col("event_on").min().over(subject))
    last = anchored.filter(pl.col("ordinal") == pl.col("ordinal").max().over(subject))
    day = next_anniversary(pl.col("anchor"), months_of("term"), start, pl.col("event_on"))
    return last.with_columns(renews_on=day).drop("anchor")


def _with_record(charges: pl.DataFrame, facts: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The charges with what is known of their subjects and partners; the money of a charge is its own."""
    joined = charges.join(facts, on="subject_id", how="left", maintain_order="left")
    billed = joined.rename({"selling_entity": "own_entity", "currency": "own_currency"})
    frame = with_partner(unjudged(billed), context)
    bundle = pl.col("subject_type") == "bundle"
    return unjudged(frame).with_columns(
        line_metric="metric",
        line_ordinal="ordinal",
        client_id=pl.when(~bundle).then("subject_id"),
        selling_entity="own_entity",
        currency="own_currency",
        country=pl.when(bundle).then("partner_country").otherwise("country"),
        quantity=pl.when(bundle).then("quantity").otherwise(1),
        term_days=pl.col("basis").str.extract(_CUT_SHORT, 1).cast(pl.Int64),
        term_of=pl.col("basis").str.extract(_CUT_SHORT, 2).cast(pl.Int64),
        unchanged=pl.lit(value=False),
        seen=pl.lit(value=False),
    )


def _replayed(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(pl.col(name).cast(dtype) for name, dtype in REPLAYED.items())
