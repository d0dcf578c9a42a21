"""What the rule files say, read and typed but not yet proved.

Bounds are closed on both sides everywhere; days are kept as ordinals (`date.toordinal`) so that they are whole numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.domain.employees import band_label
from connector.domain.entities import Policies, SellingEntity
from connector.domain.places import Line

BY_TIER = "by_tier"
PER_BUNDLE = "per_bundle"
HOLD = "hold"
NOT_BILLABLE = "not_billable"
CHARGE = "charge"
INSIDE_BUNDLE = "inside_bundle"

EMPLOYEES = "employees"
DAY = "day"

Range = tuple[int | None, int | None]


@dataclass(frozen=True)
class Conditions:
    """Tests of attributes against constants, all of which must hold.

    Attributes:
        words: attribute → the values it may have.
        ranges: attribute → closed bounds; None is open. An attribute without a value never fits.
    """

    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)


@dataclass(frozen=True)
class Band:
    """One tier: closed headcounts, `high` None for "or more"."""

    low: int
    high: int | None
    place: Line

    @property
    def label(self) -> str:
        """The tier as people write it: `11-50`."""
        return band_label(self.low, self.high)


@dataclass(frozen=True)
class TierScheme:
    """A named list of tiers without gap or overlap."""

    name: str
    bands: tuple[Band, ...]
    place: Line


@dataclass(frozen=True)
class Price:
    """Whole minor units of the book's currency, and where they stand."""

    minor: int
    place: Line


@dataclass(frozen=True)
class PriceVersion:
    """One version of a price book in one currency.

    Attributes:
        book: its name; versions of one book share it.
        first: ordinal of the first day it is valid.
        last: ordinal of the last day, inclusive; None for no end.
        entities: the selling entities it is for; empty for all.
        tiers: the tier scheme of `by_tier`, if it has one.
        by_tier: tier label → price of a full feature Spoke.
        bundle_size: Assessment Only places in one bundle; 0 when it sells none.
        bundle: the price of one bundle.
        label: `standard@2025-03-01 USD`.
    """

    book: str
    first: int
    last: int | None
    currency: str
    entities: tuple[str, ...]
    tiers: str | None
    by_tier: Mapping[str, Price]
    bundle_size: int
    bundle: Price | None
    label: str
    place: Line


@dataclass(frozen=True)
class Charge:
    """What a charge rule bills.

    Attributes:
        manner: `by_tier` or `per_bundle`; empty while it is still to be taken from the rule it overrides.
        overrides: the metric whose plain rules lose against this one, or None.
    """

    metric: str
    item: str
    manner: str
    book: str
    term: str
    overrides: str | None
    metric_place: Line
    book_place: Line


@dataclass(frozen=True)
class Rule:
    """One rule with its outcome: `hold`, `not_billable`, `charge` or `inside_bundle`."""

    id: str
    conditions: Conditions
    outcome: str
    reason: str | None
    charge: Charge | None
    place: Line

    @property
    def is_gate(self) -> bool:
        """Whether it belongs to the stratum of gates."""
        return self.outcome in (HOLD, NOT_BILLABLE)


@dataclass(frozen=True)
class Declared:
    """A whole rulebook as read."""

    entities: Mapping[str, SellingEntity]
    policies: Policies
    tiers: Mapping[str, TierScheme]
    versions: tuple[PriceVersion, ...]
    rules: tuple[Rule, ...]
    rules_place: Line
