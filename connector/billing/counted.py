"""Counts that rules may look at, taken before they are asked: clients of the year, places left in bundles.

A count depends on the other records, so it is taken in a fixed order, by day and then by client id, and stands as it
was when the charge was billed.
"""

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from connector.billing.balance import BundleSize
from connector.billing.context import Context
from connector.billing.master import valid_on
from connector.billing.places import grant_of, grants
from connector.domain.words import Plan

CLIENTS_THIS_YEAR = "clients_this_year"
PLACES_LEFT = "places_left"
# What is looked at of a client to count it.
CLIENT = ("client_id", "partner_id", "plan", "created_on", "upgraded_on")
_SIDES = ("client", "bundle")


@dataclass(frozen=True)
class Counting:
    """What to count: which of the two counts some rule looks at, and how many places a bundle has."""

    wanted: Collection[str]
    bundle_size: BundleSize


def with_counts(
    clients: pl.DataFrame,
    bundles: pl.DataFrame,
    versions: pl.DataFrame,
    charges: pl.DataFrame,
    counting: Counting,
    context: Context,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The events of clients and bundles with the counts that rules look at; null where none does.

    Args:
        clients: events of clients: `client_id`, `partner_id`, `plan`, `event_on`, `created_on`, `upgraded_on`, and
            verdict columns; what has a verdict counts as it was known before.
        bundles: events of bundles: `subject_id`, `partner_id`, `selling_entity`, `currency`, `event_on`, `quantity`.
        versions: the latest known version of each client.
        charges: the ledger's charges of clients and bundles.
        counting: what to count.
        context: the givens of the run.
    """
    if not counting.wanted:
        none = {name: pl.lit(None, pl.Int64) for name in (CLIENTS_THIS_YEAR, PLACES_LEFT)}
        return clients.with_columns(**none), bundles.with_columns(**none)
    sound = clients.filter(pl.col("code").is_null())
    known = versions.join(sound, on="client_id", how="anti")
    every = pl.concat([known.select(CLIENT), sound.select(CLIENT)])
    # A client counts once, also where two events of it are asked about.
    every = every.unique("client_id", keep="first", maintain_order=True)
    asked = pl.concat(
        [
            _asked(clients, "client", "client_id"),
            _asked(bundles, "bundle", "subject_id"),
        ]
    )
    nothing = pl.lit(None, pl.Int64)
    counted = asked.select("side", "at").with_columns(clients_this_year=nothing, places_left=nothing)
    if CLIENTS_THIS_YEAR in counting.wanted:
        counted = counted.update(_clients_this_year(asked, every, charges), on=["side", "at"])
    if PLACES_LEFT in counting.wanted:
        places = _places_left(asked, every, bundles, charges, counting.bundle_size, context)
        counted = counted.update(places, on=["side", "at"])
    ordered = counted.sort("at")
    found = [ordered.filter(pl.col("side") == side).select(CLIENTS_THIS_YEAR, PLACES_LEFT) for side in _SIDES]
    return clients.hstack(found[0]), bundles.hstack(found[1])


def _asked(events: pl.DataFrame, side: str, subject: str) -> pl.DataFrame:
    return events.select(
        side=pl.lit(side),
        at=pl.int_range(pl.len(), dtype=pl.UInt32),
        partner_id="partner_id",
        subject=pl.col(subject),
        on="event_on",
    )


def _clients_this_year(asked: pl.DataFrame, clients: pl.DataFrame, charges: pl.DataFrame) -> pl.DataFrame:
    """Which of its partner's clients on a full feature Spoke of the year each is; the next one, for what is none.

    A client that is billed counts on the day it was billed for, whatever its record says now.
    """
    billed = (
        charges.filter(pl.col("subject_type") == "client")
        .sort("event_on")
        .select(subject="subject_id", partner_id="partner_id", on="event_on")
    )
    stated = clients.filter(pl.col("plan") == Plan.FULL_SPOKE.value).select(
        subject="client_id", partner_id="partner_id", on=pl.coalesce("upgraded_on", "created_on")
    )
    pool = pl.concat([billed, stated]).unique("subject", keep="first", maintain_order=True)
    own = pool.select("subject", counted_on="on", counted_for="partner_id")
    joined = asked.join(own, on="subject", how="left", maintain_order="left")
    same = (pl.col("counted_for") == pl.col("partner_id")) & (pl.col("counted_on").dt.year() == pl.col("on").dt.year())
    counts = pl.col("side") == "client"
    in_pool = (counts & same).fill_null(value=False)
    queries = joined.select(
        "side", "at", "partner_id", "subject", on=pl.when(in_pool).then("counted_on").otherwise("on"), in_pool=in_pool
    )
    steps = pl.concat(
        [
            pool.with_columns(side=pl.lit(None, pl.String), at=pl.lit(None, pl.UInt32), in_pool=pl.lit(value=False)),
            queries,
        ],
        how="diagonal",
    ).sort("partner_id", "on", pl.col("side").is_not_null() & ~pl.col("in_pool"), "subject", "at", nulls_last=False)
    entry = pl.col("side").is_null().cast(pl.Int64)
    rank = entry.cum_sum().over("partner_id", pl.col("on").dt.year())
    ranked = steps.with_columns(clients_this_year=rank + (~pl.col("in_pool")).cast(pl.Int64))
    return ranked.filter(pl.col("side").is_not_null()).select("side", "at", CLIENTS_THIS_YEAR)


def _places_left(
    asked: pl.DataFrame,
    clients: pl.DataFrame,
    bundles: pl.DataFrame,
    charges: pl.DataFrame,
    bundle_size: BundleSize,
    context: Context,
) -> pl.DataFrame:
    """The places a partner has left just before each event (R6)."""
    moves = pl.concat([_bought(bundles, charges, bundle_size), *_taken(clients, context)])
    rank = (pl.col("side") == "client").cast(pl.Int64)
    queries = asked.select("side", "at", "partner_id", "subject", "on", places=pl.lit(0, pl.Int64), rank=rank)
    # A purchase of the day comes before the clients of the day; a client's own place is taken after it is asked about.
    steps = pl.concat(
        [
            moves.with_columns(side=pl.lit(None, pl.String), at=pl.lit(None, pl.UInt32)),
            queries,
        ],
        how="diagonal",
    ).sort("partner_id", "on", "rank", "subject", pl.col("side").is_null())
    moved = steps.with_columns(moved=pl.col("places").cum_sum().over("partner_id"))
    found = moved.filter(pl.col("side").is_not_null()).select("side", "at", "partner_id", "on", "moved")
    facts = context.partners.select("partner_id", "valid_from", "opening_places", "included_places", "included_until")
    stated = valid_on(found, facts, "partner_id", "on")
    counted = stated.join(_used_up(asked, moves, context), on=["side", "at"], how="left", maintain_order="left")
    lasting = pl.col("included_until").is_null() | (pl.col("included_until") >= pl.col("on"))
    included = pl.when(lasting).then(pl.col("included_places").fill_null(0)).otherwise(0)
    parts = (pl.col("moved"), pl.col("opening_places").fill_null(0), included, pl.col("used_up").fill_null(0))
    return counted.select("side", "at", places_left=pl.sum_horizontal(parts))


def _used_up(asked: pl.DataFrame, moves: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Of the licences that have ended by the day of each event, the included places that were used in their time."""
    licences = grants(context.partners)
    of_clients = grant_of(moves.filter(pl.col("created_on").is_not_null()), licences).sort("on")
    used = of_clients.select("grant", "on", used=(-pl.col("places")).cum_sum().over("grant"))
    ended = asked.join(licences, on="partner_id").filter(pl.col("last") < pl.col("on")).sort("on")
    counted = ended.join_asof(used, on="on", by="grant", check_sortedness=False)
    return counted.group_by("side", "at").agg(used_up=pl.min_horizontal("places", pl.col("used").fill_null(0)).sum())


def _bought(bundles: pl.DataFrame, charges: pl.DataFrame, bundle_size: BundleSize) -> pl.DataFrame:
    known = charges.filter((pl.col("subject_type") == "bundle") & (pl.col("kind") == "charge"))
    columns = ("subject_id", "partner_id", "selling_entity", "currency", "event_on", "quantity")
    usable = bundles.filter(pl.col("code").is_null() & ~pl.col("opening"))
    every = pl.concat([known.select(columns), usable.select(columns)]).unique(
        "subject_id", keep="first", maintain_order=True
    )
    sizes = {
        case: bundle_size(*case) or 0
        for case in every.select("selling_entity", "currency", "event_on").unique().iter_rows()
    }
    cases = every.select("selling_entity", "currency", "event_on").iter_rows()
    size = pl.Series([sizes[case] for case in cases], dtype=pl.Int64)
    return every.select(
        "partner_id",
        subject="subject_id",
        on="event_on",
        places=pl.col("quantity").cast(pl.Int64) * size,
        rank=pl.lit(0, pl.Int64),
        created_on=pl.lit(None, pl.Date),
    )


def _taken(clients: pl.DataFrame, context: Context) -> list[pl.DataFrame]:
    """The places that clients take when they are created and, where the rules say so, give back when upgraded."""
    go_live = pl.DataFrame(
        {
            "partner_id": context.partners["partner_id"],
            "bill_from": [context.entities[name].bill_from if name in context.entities else None
                          for name in context.partners["selling_entity"]],
        },
        schema={"partner_id": pl.String, "bill_from": pl.Date},
    ).unique("partner_id", keep="last", maintain_order=True)  # fmt: skip
    upgraded = pl.col("upgraded_on").is_not_null()
    holds = (pl.col("plan") == Plan.ASSESSMENT_ONLY.value) | (upgraded & (pl.col("upgraded_on") > pl.col("created_on")))
    owned = clients.join(go_live, on="partner_id").filter(holds & (pl.col("created_on") >= pl.col("bill_from")))
    moves = {
        "partner_id": pl.col("partner_id"),
        "subject": pl.col("client_id"),
        "rank": pl.lit(1, pl.Int64),
        "created_on": pl.col("created_on"),
    }
    taken = [owned.select(**moves, on="created_on", places=pl.lit(-1, pl.Int64))]
    if context.policies.upgrade == "frees_bundle_place":
        freed = owned.filter(upgraded)
        taken.append(freed.select(**moves, on="upgraded_on", places=pl.lit(1, pl.Int64)))
    return [frame.select("partner_id", "subject", "on", "places", "rank", "created_on") for frame in taken]
