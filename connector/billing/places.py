"""Assessment Only places: which licence included them until when, who holds one, and who holds one too many.

Included places are used first, for they end with their licence. So of a licence that has ended those count that were
taken in its time, and the rest is gone: what was used then does not weigh on the bundles bought later.
"""

import polars as pl

from connector.billing.context import Context
from connector.billing.master import valid_on
from connector.domain.words import Plan

# What is looked at of a client to know whether it holds a place.
HOLDER = ("client_id", "partner_id", "plan", "created_on", "upgraded_on")


def grants(partners: pl.DataFrame) -> pl.DataFrame:
    """The places that each licence included: `grant`, `partner_id`, `first`, `last` (null: no end), `places`.

    Versions of a partner that follow one another with the same last day are one licence, with the places that the last
    of them says. A licence ends at its last day, or where the next one begins.

    Args:
        partners: the versions of the partner master.
    """
    ordered = partners.sort("partner_id", "valid_from")
    until = pl.col("included_until")
    other = until.ne_missing(until.shift(1)) | (pl.col("partner_id") != pl.col("partner_id").shift(1))
    licences = ordered.with_columns(grant=other.fill_null(value=True).cum_sum()).group_by(
        "grant", "partner_id", maintain_order=True
    )
    found = licences.agg(
        first=pl.col("valid_from").first(), until=until.first(), places=pl.col("included_places").last().fill_null(0)
    )
    following = pl.col("first").shift(-1).over("partner_id").dt.offset_by("-1d")
    return found.with_columns(last=pl.min_horizontal("until", following)).drop("until")


def grant_of(frame: pl.DataFrame, licences: pl.DataFrame) -> pl.DataFrame:
    """The frame with the `grant` in whose time its `created_on` lies; null for none."""
    dated = licences.select("partner_id", "grant", "last", valid_from="first")
    joined = valid_on(frame, dated, "partner_id", "created_on").drop("valid_from", strict=False)
    ended = pl.col("last") < pl.col("created_on")
    return joined.with_columns(grant=pl.when(~ended.fill_null(value=False)).then("grant")).drop("last")


def holders(clients: pl.DataFrame, owners: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The clients that hold a place since go-live. Whether an upgrade gives it back is declared (policies: upgrade).

    Args:
        clients: the latest record of each: `HOLDER`, and whatever else is wanted of them.
        owners: the partners whose clients count: `partner_id`, `selling_entity`.
        context: the givens of the run.
    """
    own = owners.select("partner_id", _entity="selling_entity")
    since = context.days.select("bill_from", _entity="selling_entity")
    owned = clients.join(own, on="partner_id").join(since, on="_entity").drop("_entity")
    holds = pl.col("plan") == Plan.ASSESSMENT_ONLY.value
    if context.policies.upgrade == "keeps_bundle_place":
        holds = holds | pl.col("upgraded_on").is_not_null()
    return owned.filter(holds & (pl.col("created_on") >= pl.col("bill_from"))).drop("bill_from")


def included(taken: pl.DataFrame, owners: pl.DataFrame, context: Context) -> dict[str, int]:
    """The included places that count for each partner on the run's day.

    Args:
        taken: who holds a place, see `holders`.
        owners: the partners: `partner_id`, `selling_entity`.
        context: the givens of the run.
    """
    licences = _today(context)
    used = grant_of(taken, licences).group_by("grant").agg(used=pl.len())
    days = owners.join(context.days, on="selling_entity").select("partner_id", "as_of")
    every = licences.join(days, on="partner_id").join(used, on="grant", how="left")
    ended = (pl.col("last") < pl.col("as_of")).fill_null(value=False)
    counting = pl.when(ended).then(pl.min_horizontal("places", pl.col("used").fill_null(0))).otherwise("places")
    return dict(every.group_by("partner_id").agg(counting.sum()).iter_rows())


def _today(context: Context) -> pl.DataFrame:
    """The licences as they are on the run's day."""
    return grants(context.partners.filter(pl.col("valid_from") <= max(context.as_of.values())))


def in_order(new: pl.DataFrame, taken: pl.DataFrame, left: pl.DataFrame, context: Context) -> pl.DataFrame:
    """New clients with `left_after`, the places of their partner that are left on the run's day once they have theirs.

    They take their places in the order of their days and ids. One created in the time of a licence that has ended takes
    a place of that licence, where one is left.

    Args:
        new: those that ask for a place: `HOLDER` and `selling_entity`.
        taken: who holds one already, see `holders`.
        left: what is left without them: `partner_id`, `left`.
        context: the givens of the run.
    """
    licences = _today(context)
    used = grant_of(taken, licences).group_by("grant").agg(used=pl.len())
    sized = licences.select("grant", "places", "last").join(used, on="grant", how="left")
    asked = grant_of(new, licences).join(sized, on="grant", how="left", maintain_order="left")
    asked = asked.join(context.days.select("selling_entity", "as_of"), on="selling_entity", maintain_order="left")
    asked = asked.join(left, on="partner_id", how="left", maintain_order="left").sort("created_on", "client_id")
    one = pl.int_range(1, pl.len() + 1)
    free = pl.col("used").fill_null(0) + one.over("grant") <= pl.col("places")
    of_ended = (free & (pl.col("last") < pl.col("as_of"))).fill_null(value=False)
    counted = asked.with_columns(rank=one.over("partner_id"), free=of_ended.cast(pl.Int64).cum_sum().over("partner_id"))
    after = pl.col("left").fill_null(0) - pl.col("rank") + pl.col("free")
    return counted.select("client_id", "partner_id", left_after=after)
