"""From records to rated events: the steps that a run plan and a simulation share, so that both ask the same code.

Nothing is decided here: identity and questions are `billing`, prices are `rulebook`. This is the order of their steps.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from connector.billing.bundles import bundle_events
from connector.billing.charges import rateable, settled
from connector.billing.context import Context
from connector.billing.counted import CLIENT, Counting, with_counts
from connector.billing.identity import ask_namesakes, identify, with_digests
from connector.billing.lifecycle import client_events, tag_list
from connector.billing.master import contact_details, import_partners, import_templates
from connector.domain.entities import SellingEntity
from connector.domain.words import RecordKind
from connector.rulebook import Rulebook
from connector.runs.known import Known
from connector.tables import EVENTS, conform, kept_for_nothing

Records = Mapping[RecordKind, pl.DataFrame]


@dataclass(frozen=True)
class Basis:
    """What events follow from.

    Attributes:
        run_id: the run; ids of documents are derived from it.
        now: the moment, UTC.
        as_of: the day it is for, or None for today in each selling entity's time zone.
        rulebook: what rates the events.
        known: the ledger.
    """

    run_id: str
    now: datetime
    as_of: date | None
    rulebook: Rulebook
    known: Known


@dataclass(frozen=True)
class Given:
    """The givens of a run, and what its partner and template rows were judged to be.

    Attributes:
        context: the givens.
        partners, templates: the judged rows.
        details: the partners' names and addresses that the rows state.
    """

    context: Context
    partners: pl.DataFrame
    templates: pl.DataFrame
    details: pl.DataFrame


def run_days(entities: Mapping[str, SellingEntity], now: datetime, as_of: date | None) -> dict[str, date]:
    """The day of a run in each selling entity: as it was given, else today there."""
    return {name: as_of or now.astimezone(ZoneInfo(entity.time_zone)).date() for name, entity in entities.items()}


def given(basis: Basis, records: Records) -> Given:
    """The givens of a run over these records."""
    entities, known = basis.rulebook.entities, basis.known
    partners = import_partners(records[RecordKind.PARTNERS], known.partners, entities, known.key)
    templates = import_templates(records[RecordKind.TEMPLATES], known.templates, known.key)
    days = run_days(entities, basis.now, basis.as_of)
    details = contact_details(partners, known.partners, max(days.values()))
    columns = [name for name in known.partners.columns if name in partners.columns and name != "content_digest"]
    versions = pl.concat([known.partners.select(columns), partners.filter("is_new").select(columns)])
    context = Context(
        run_id=basis.run_id,
        key=known.key,
        entities=entities,
        policies=basis.rulebook.policies,
        as_of=days,
        partners=versions.update(details, on="partner_id"),
        templates=pl.concat(
            [
                known.templates.select("template", pl.col("partner_id").fill_null(""), "valid_from", "plan"),
                templates.filter("is_new").select("template", "partner_id", "valid_from", "plan"),
            ]
        ),
        rulebook_digest=basis.rulebook.digest,
        near_tiers=basis.rulebook.near_tiers,
    )
    return Given(context, partners, templates, details)


@kept_for_nothing(1)
def identified(basis: Basis, clients: pl.DataFrame) -> pl.DataFrame:
    """Client records with their client ids, and a verdict where that is in doubt."""
    known = basis.known
    digested = with_digests(clients, known.key)
    found = identify(digested, known.aliases, known.key)
    return ask_namesakes(found, known.aliases, known.labels)


@kept_for_nothing(1)
def events_of_clients(basis: Basis, clients: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The deciding event of every client record.

    Args:
        basis: the ledger.
        clients: what `identified` returned.
        context: the givens of the run.
    """
    return client_events(clients, basis.known.versions, context).with_columns(
        subject_type=pl.lit("client"),
        subject_id="client_id",
        quantity=pl.lit(1, pl.Int64),
        size_as_of=pl.coalesce("employees_as_of", pl.lit(max(context.as_of.values()))),
        tags=tag_list(),
    )


@kept_for_nothing(1)
def events_of_bundles(basis: Basis, bundles: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The event of every bundle purchase."""
    charged = basis.known.charges.filter(pl.col("subject_type") == "bundle")
    return bundle_events(bundles, charged, context).with_columns(
        subject_type=pl.lit("bundle"),
        plan=pl.lit(None, pl.String),
        domain=pl.lit(None, pl.String),
        template=pl.lit(None, pl.String),
        country="partner_country",
        count_low=pl.lit(None, pl.Int64),
        band_low=pl.lit(None, pl.Int64),
        band_high=pl.lit(None, pl.Int64),
        size_as_of=pl.lit(None, pl.Date),
        advisors=pl.lit(None, pl.Int64),
        users=pl.lit(None, pl.Int64),
        tags=pl.lit(None, pl.List(pl.String)),
    )


def counted(
    basis: Basis, clients: pl.DataFrame, bundles: pl.DataFrame, context: Context
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The events with the counts that some rule looks at."""
    known, rulebook = basis.known, basis.rulebook
    counting = Counting(rulebook.counted, rulebook.bundle_size)
    return with_counts(clients, bundles, known.versions, known.standing, counting, context)


def counted_bundles(basis: Basis, bundles: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The events of purchases alone with the counts that some rule looks at, over what the ledger knows."""
    nobody = (
        basis.known.versions.select(CLIENT)
        .clear()
        .with_columns(event_on=pl.lit(None, pl.Date), code=pl.lit(None, pl.String))
    )
    return counted(basis, nobody, bundles, context)[1]


@kept_for_nothing(1)
def settle(rulebook: Rulebook, events: pl.DataFrame, charges: pl.DataFrame) -> pl.DataFrame:
    """Every event rated, and in its bucket.

    Args:
        rulebook: what rates them.
        events: of clients or of bundles, counted.
        charges: what is billed, which no event bills again.
    """
    numbered = events.with_row_index("event_id").with_columns(pl.col("event_id").cast(pl.UInt32))
    rated = rulebook.rate(asked(rateable(numbered)))
    return settled(numbered, rated, charges, list(rulebook.metrics))


def asked(events: pl.DataFrame) -> pl.DataFrame:
    """The events as the rulebook is asked about them: `tables.EVENTS`."""
    frame = events.select(
        "event_id",
        "event",
        "event_on",
        "plan",
        "partner_kind",
        "selling_entity",
        "currency",
        "country",
        "domain",
        "template",
        "band_low",
        "band_high",
        "quantity",
        "advisors",
        "users",
        "tags",
        "clients_this_year",
        "places_left",
        partner="partner_id",
        count="count_low",
        **{
            name: pl.col(name) if name in events.columns else pl.lit(None, pl.Int64)
            for name in ("term_days", "term_of")
        },
    )
    return conform(frame, EVENTS)
