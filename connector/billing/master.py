"""The partner master and the templates: dated versions, into which uploads only import.

A version is never edited. The same version again is nothing new; another content for the same first day is a conflict
that blocks the uploaded row, because whoever comes last must not win silently.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from connector.billing import kinds
from connector.billing.digests import digest_contents
from connector.billing.verdicts import judge, places, unjudged
from connector.domain.entities import SellingEntity
from connector.domain.problems import Kind
from connector.tables import kept_for_nothing

PARTNER_FACTS = (
    "kind",
    "selling_entity",
    "currency",
    "country",
    "tax_status",
    "terms_days",
    "payment_method",
    "contact_id",
    "po_reference",
    "included_places",
    "included_until",
    "opening_places",
    "grouping",
)
CONTACT_DETAILS = ("name", "email", "tax_number")  # erasable, so no part of a version
TEMPLATE_FACTS = ("plan",)


@kept_for_nothing(0)
def import_partners(
    uploaded: pl.DataFrame, known: pl.DataFrame, entities: Mapping[str, SellingEntity], key: bytes
) -> pl.DataFrame:
    """Judge uploaded partner rows against the master.

    Args:
        uploaded: `tables.PARTNERS`.
        known: partner versions of the ledger: `partner_id`, `valid_from`, `content_digest`.
        entities: the selling entities of the rulebook.
        key: the ledger's digest key.

    Returns:
        the uploaded rows with `content_digest`, verdict columns, and `is_new`: whether the row adds a version.
    """
    frame = unjudged(uploaded).with_columns(
        content_digest=digest_contents(uploaded, PARTNER_FACTS, key),
        stated=digest_contents(uploaded, (*PARTNER_FACTS, *CONTACT_DETAILS), key),
    )
    currencies = pl.DataFrame(
        {"selling_entity": list(entities), "entity_currency": [entity.currency for entity in entities.values()]},
        schema={"selling_entity": pl.String, "entity_currency": pl.String},
    )
    frame = frame.join(currencies, on="selling_entity", how="left", maintain_order="left")
    undeclared = pl.format("{} is no selling entity of the rulebook", pl.col("selling_entity"))
    frame = judge(frame, kinds.PARTNER_ENTITY, pl.col("entity_currency").is_null(), undeclared)
    other = pl.format("{} bills in {}, not in {}", "selling_entity", "entity_currency", "currency")
    frame = judge(frame, kinds.PARTNER_CURRENCY, pl.col("currency") != pl.col("entity_currency"), other)
    return _import_versions(frame.drop("entity_currency"), known, ["partner_id", "valid_from"], kinds.PARTNER_CONFLICT)


@kept_for_nothing(0)
def import_templates(uploaded: pl.DataFrame, known: pl.DataFrame, key: bytes) -> pl.DataFrame:
    """Judge uploaded template rows as `import_partners` judges partners."""
    owned = uploaded.with_columns(pl.col("partner_id").fill_null(""))
    digest = digest_contents(owned, TEMPLATE_FACTS, key)
    frame = unjudged(owned).with_columns(content_digest=digest, stated=digest)
    marked = known.with_columns(pl.col("partner_id").fill_null("")).with_columns(
        content_digest=digest_contents(known, TEMPLATE_FACTS, key)
    )
    return _import_versions(frame, marked, ["template", "partner_id", "valid_from"], kinds.TEMPLATE_CONFLICT)


def _import_versions(frame: pl.DataFrame, known: pl.DataFrame, identity: list[str], conflict: Kind) -> pl.DataFrame:
    before = known.select(*identity, known_digest="content_digest").unique(identity, keep="last")
    frame = frame.join(before, on=identity, how="left", maintain_order="left")
    detail = pl.lit("it is known with other contents for the same first day")
    frame = judge(frame, conflict, pl.col("known_digest") != pl.col("content_digest"), detail)
    contents = pl.col("stated").n_unique().over(identity)
    twice = pl.format("the upload states it differently in {}", places(identity))
    frame = judge(frame, conflict, contents > 1, twice)
    first = pl.struct(*identity, "stated").is_first_distinct()
    again = pl.lit("the same row stands in the upload before")
    frame = judge(frame, kinds.DUPLICATE_ROW, ~first, again)
    new = pl.col("code").is_null() & pl.col("known_digest").is_null()
    return frame.with_columns(is_new=new).drop("known_digest", "stated")


@kept_for_nothing(0)
def contact_details(judged: pl.DataFrame, known: pl.DataFrame, today: date) -> pl.DataFrame:
    """The names, addresses and tax numbers that an upload states, one row for each partner.

    They are no part of a version: the latest statement stands, a blank one leaves what is known. A row that is older
    than what is known, or valid only after today, changes nothing.

    Args:
        judged: what `import_partners` returned.
        known: the partner versions of the ledger: `partner_id`, `valid_from`, and these details.
        today: the run's day.

    Returns:
        partner_id, name, email, tax_number.
    """
    before = [pl.col(field).first().alias(f"known_{field}") for field in CONTACT_DETAILS]
    newest = (
        known.filter(pl.col("valid_from") <= today)
        .group_by("partner_id")
        .agg(pl.col("valid_from").max().alias("newest"), *before)
    )
    stated = judged.filter(pl.col("code").is_null()).join(newest, on="partner_id", how="left")
    begun = stated.filter(pl.col("valid_from") <= today)
    current = begun.filter(pl.col("newest").is_null() | (pl.col("valid_from") >= pl.col("newest")))
    latest = current.sort("valid_from").unique("partner_id", keep="last", maintain_order=True)
    return latest.select("partner_id", *(pl.coalesce(field, f"known_{field}") for field in CONTACT_DETAILS))


def valid_on(events: pl.DataFrame, versions: pl.DataFrame, by: str, on: str) -> pl.DataFrame:
    """Join to each event the version of its partner (or template) that was valid on its day; nulls where none was.

    Args:
        events: a frame with the columns `by` and `on` (a day).
        versions: dated versions with `by` and `valid_from`; their other columns come along.
        by: the column that identifies the versioned thing.
        on: the column of the day.
    """
    ordered = versions.sort("valid_from")
    numbered = events.with_row_index("_order").sort(on, nulls_last=True)
    joined = numbered.join_asof(
        ordered, left_on=on, right_on="valid_from", by=by, strategy="backward", check_sortedness=False
    )
    return joined.sort("_order").drop("_order")
