"""What somebody sees first: what was billed month by month, whose bundle places run out, and how the last night ended.

Which places run out is kept until the next approval, for only an approval adds to them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import polars as pl

from connector import ledger
from connector.billing.balance import Balance
from connector.domain.documents import CREDIT_NOTE
from connector.rulebook import Rulebook
from connector.runs import nights, store
from connector.runs.looked import which_ledger
from connector.runs.nights import Night, Outcome
from connector.runs.views import bundle_balances

MONTHS = 12
BUNDLES, NO_TIER = "bundles", "without a tier"
# Places are low where no more are left than this share of all that a partner ever had, and in any case this many.
LOW_PERCENT, LOW_PLACES = 10, 2
_YEAR = 12
_FIRST_NUMBER = re.compile("[0-9]+")
_ENDED = {
    Outcome.DONE: "everything is done, and nothing needs a person",
    Outcome.WAITS: "something waits for a person, or for the next night",
    Outcome.FAILED: "something could not be done",
}


@dataclass(frozen=True)
class Billed:
    """What the documents of one currency bill before tax, month by month.

    Attributes:
        currency: ISO 4217 code.
        months: `2025-06` …, the months up to today, the earliest first.
        tiers: what is billed by: the tiers from the smallest, then bundles and what has no tier.
        minor: for each month and tier, minor units; credit notes count against it. What is not there is nothing.
    """

    currency: str
    months: tuple[str, ...]
    tiers: tuple[str, ...]
    minor: Mapping[tuple[str, str], int]

    def total(self, month: str) -> int:
        """What a month comes to, in minor units."""
        return sum(self.minor.get((month, tier), 0) for tier in self.tiers)


def billed_by_month(today: date) -> tuple[Billed, ...]:
    """What approved documents bill in each of the last months; each currency by itself.

    Args:
        today: the day. The months end with its own; where nothing was billed in them, with the last that was.
    """
    found = _within(_months(today))
    last = ledger.last_billed_on(today) if not found else None
    return found if last is None else _within(_months(last))


def _within(months: tuple[str, ...]) -> tuple[Billed, ...]:
    found = ledger.billed_since(date.fromisoformat(f"{months[0]}-01"))
    named = found.with_columns(
        month=pl.col("dated").dt.strftime("%Y-%m"),
        tier=pl.coalesce(
            "tier", pl.when(pl.col("subject_type") == "bundle").then(pl.lit(BUNDLES)).otherwise(pl.lit(NO_TIER))
        ),
    ).filter(pl.col("month").is_in(list(months)))
    return tuple(
        _of_currency(str(code), own, months)
        for (code,), own in named.sort("currency").group_by("currency", maintain_order=True)
    )


def _of_currency(currency: str, found: pl.DataFrame, months: tuple[str, ...]) -> Billed:
    sums = found.group_by("month", "tier").agg(pl.col("net_minor").sum())
    tiers = tuple(sorted(sums["tier"].unique(), key=_size))
    return Billed(currency, months, tiers, {(month, tier): minor for month, tier, minor in sums.iter_rows()})


def _months(today: date) -> tuple[str, ...]:
    last = today.year * _YEAR + today.month - 1
    return tuple(f"{at // _YEAR:04}-{at % _YEAR + 1:02}" for at in range(last - MONTHS + 1, last + 1))


def _size(tier: str) -> tuple[int, int, str]:
    """Tiers by the employees that they begin with; what is none comes last."""
    number = _FIRST_NUMBER.match(tier)
    return (0, int(number[0]), tier) if number else (1 + (tier == NO_TIER), 0, tier)


@dataclass(frozen=True)
class Low:
    """A partner whose bundle places run out: how many are left of how many it ever had."""

    partner_id: str
    left: int
    places: int


def low_balances(rulebook: Rulebook, today: date) -> tuple[Low, ...]:
    """The partners whose Assessment Only places run out or are used up, the fewest left first.

    Args:
        rulebook: for the size of a bundle, go-live and what an upgrade does to a place.
        today: the day.
    """
    return _low(_Rules(rulebook.digest, rulebook), today, store.approval_mark(), which_ledger())


@dataclass(frozen=True)
class _Rules:
    """A rulebook, which is the same where its digest is."""

    digest: str
    rulebook: Rulebook = field(compare=False)


@lru_cache(maxsize=2)
def _low(rules: _Rules, today: date, _approval: str, _of: bytes) -> tuple[Low, ...]:
    found = (_places(one) for one in bundle_balances(rules.rulebook, today))
    return tuple(sorted((one for one in found if _is_low(one)), key=lambda one: (one.left, one.partner_id)))


def _places(one: Balance) -> Low:
    return Low(one.partner_id, one.left, one.opening + one.included + one.bought)


def _is_low(one: Low) -> bool:
    """Whether a partner that has places, or uses some, has few of them left."""
    return (one.places > 0 or one.left < 0) and one.left <= max(LOW_PLACES, one.places * LOW_PERCENT // 100)


@dataclass(frozen=True)
class LastNight:
    """The last nightly run.

    Attributes:
        night: it.
        ended: how it ended, in words; how far it is where it has not.
        documents: how many documents were approved in it.
        totals: per currency, what they come to with tax, in minor units; credit notes count against it.
    """

    night: Night
    ended: str
    documents: int
    totals: Mapping[str, int]


def last_night() -> LastNight | None:
    """The last nightly run, and what it billed; None before the first."""
    night = nights.last()
    if night is None:
        return None
    ended = _ENDED[Outcome(night.outcome)] if night.outcome else f"it has not ended; it is {night.stage.value}"
    made = ledger.read("document", "run_id = ?", [night.run_id], columns=["currency", "kind", "total_minor"])
    sign = pl.when(pl.col("kind") == CREDIT_NOTE).then(-1).otherwise(1)
    sums = made.group_by("currency").agg((pl.col("total_minor") * sign).sum()).sort("currency")
    return LastNight(night, ended, made.height, dict(sums.iter_rows()))
