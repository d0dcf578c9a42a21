"""The bundle balance of a partner (R6): how many Assessment Only places are left.

left = opening + included + bought - used. `opening` are places left at go-live from bundles bought before it, so
purchases and clients before go-live are not counted again. Of an ended licence those included places
count that were used in its time; see `places`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import polars as pl

from connector.billing.context import Context
from connector.billing.master import valid_on
from connector.billing.places import holders, included

BundleSize = Callable[[str, str, date], int | None]


@dataclass(frozen=True)
class Balance:
    """Assessment Only places of one partner on one day."""

    partner_id: str
    opening: int
    included: int
    bought: int
    used: int

    @property
    def left(self) -> int:
        """Places left; negative when more were used than the partner has."""
        return self.opening + self.included + self.bought - self.used


def balances(
    purchases: pl.DataFrame, clients: pl.DataFrame, bundle_size: BundleSize, context: Context
) -> tuple[Balance, ...]:
    """The balance of every partner of the master, in the order of their ids.

    A partner whose first version begins later, or whose selling entity the rulebook no longer declares, is left out:
    nothing says from which day its places count.

    Args:
        purchases: charges of bundles: `partner_id`, `selling_entity`, `currency`, `event_on`, `quantity`, `kind`.
        clients: the latest version of every client: `partner_id`, `plan`, `created_on`, `upgraded_on`.
        bundle_size: places in one bundle of a selling entity and currency on a day.
        context: the givens of the run.
    """
    partners = context.partners.select("partner_id").unique().sort("partner_id")
    today = max(context.as_of.values())
    current = valid_on(partners.with_columns(today=pl.lit(today)), context.partners, "partner_id", "today")
    current = current.filter(pl.col("selling_entity").is_in(list(context.entities)))
    bought = _bought(purchases, bundle_size)
    taken = holders(clients, current, context)
    used = dict(taken.group_by("partner_id").len().iter_rows())
    included_places = included(taken, current, context)
    return tuple(
        Balance(
            partner_id=row["partner_id"],
            opening=row["opening_places"] or 0,
            included=included_places.get(row["partner_id"], 0),
            bought=bought.get(row["partner_id"], 0),
            used=used.get(row["partner_id"], 0),
        )
        for row in current.iter_rows(named=True)
    )


def _bought(purchases: pl.DataFrame, bundle_size: BundleSize) -> dict[str, int]:
    totals: dict[str, int] = {}
    for row in purchases.filter(pl.col("kind") == "charge").iter_rows(named=True):
        size = bundle_size(row["selling_entity"], row["currency"], row["event_on"]) or 0
        totals[row["partner_id"]] = totals.get(row["partner_id"], 0) + size * row["quantity"]
    return totals
