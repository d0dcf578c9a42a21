"""What the rule files say, read and typed but not yet proved.

Bounds are closed on both sides everywhere; days are kept as ordinals (`date.toordinal`) so that they are whole numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from connector.domain.employees import band_label
from connector.domain.entities import Policies, SellingEntity
from connector.domain.places import Line

BY_TIER = "by_tier"
PER_BUNDLE = "per_bundle"
FLAT = "flat"
PER_UNIT = "per_unit"
MANNERS = (BY_TIER, PER_BUNDLE, FLAT, PER_UNIT)

HOLD = "hold"
NOT_BILLABLE = "not_billable"
CHARGE = "charge"
INSIDE_BUNDLE = "inside_bundle"
NO_CHARGE = "no_charge"
ADJUST = "adjust"

EMPLOYEES = "employees"
DAY = "day"
CLIENTS_THIS_YEAR = "clients_this_year"
PLACES_LEFT = "places_left"
TAG = "tag:"  # a tag is an attribute of its own, with the values below
TAGGED, UNTAGGED = "yes", "no"

EACH = "each"
GRADUATED = "graduated"
VOLUME = "volume"

ONCE, MONTHLY, ANNUAL = "once", "monthly", "annual"
KEPT, CURRENT = "kept", "current"
BY_DAY = "by_day"

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
class Step:
    """One step of a ladder: from `low` to `high` units (None: or more) at this price a unit."""

    low: int
    high: int | None
    price: Price


@dataclass(frozen=True)
class UnitPrice:
    """The price of a quantity.

    Attributes:
        kind: `each`: one price for every unit; `graduated`: each unit at the price of its own step; `volume`: all units
            at the price of the step that the whole quantity falls into.
        steps: from 1 unit to an open end; exactly one for `each`.
    """

    kind: str
    steps: tuple[Step, ...]
    place: Line

    @property
    def ladder(self) -> bool:
        """Whether the price of a unit depends on the quantity."""
        return self.kind != EACH


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
        bundle: the price of bundles, or None.
        flat: metric → its one price.
        units: metric → the price of its units.
        label: `standard@2025-03-01 USD`.
        first_place, last_place: where its first and its last day stand; the latter is `place` where it has none.
    """

    book: str
    first: int
    last: int | None
    currency: str
    entities: tuple[str, ...]
    tiers: str | None
    by_tier: Mapping[str, Price]
    bundle_size: int
    bundle: UnitPrice | None
    label: str
    place: Line
    first_place: Line
    last_place: Line
    flat: Mapping[str, Price] = field(default_factory=dict)
    units: Mapping[str, UnitPrice] = field(default_factory=dict)


@dataclass(frozen=True)
class Renewal:
    """What a new term of the same charge costs.

    Attributes:
        price: `current`: by the price book of the renewal's day; `kept`: what was billed before.
        tier: `current`: the tier of the headcount then known; `kept`: the tier billed before.
    """

    price: str
    tier: str


@dataclass(frozen=True)
class Term:
    """How long a charge lasts, and what follows.

    Attributes:
        length: `once`, `monthly` or `annual`.
        renewal: None when nothing follows.
        proration: `none`, or `by_day` where a term that is cut short costs its share of days.
    """

    length: str = ONCE
    renewal: Renewal | None = None
    proration: str = "none"


@dataclass(frozen=True)
class Charge:
    """What a charge rule bills.

    Attributes:
        manner: one of `MANNERS`; empty while it is still to be taken from the rule it overrides.
        overrides: the metric whose plain rules lose against this one, or None.
        units: what `per_unit` counts, `advisors` or `users`; else None.
        metric_place, book_place: where they are named.
        from_place, to_place: where its own first and last day stand; None where it has none.
    """

    metric: str
    item: str
    manner: str
    book: str
    term: Term
    overrides: str | None
    units: str | None
    metric_place: Line
    book_place: Line
    from_place: Line | None = None
    to_place: Line | None = None


@dataclass(frozen=True)
class Adjustment:
    """What an `adjust` rule does to the amount of a charge.

    Attributes:
        kind: `percent` (of the list amount), `amount` (added), `minimum` or `cap`.
        percent: for `percent`.
        money: currency → whole minor units, for the others.
    """

    kind: str
    percent: Decimal | None
    money: Mapping[str, int]
    place: Line


@dataclass(frozen=True)
class Rule:
    """One rule with its outcome: `hold`, `not_billable`, `charge`, `inside_bundle`, `no_charge` or `adjust`."""

    id: str
    conditions: Conditions
    outcome: str
    reason: str | None
    charge: Charge | None
    place: Line
    adjustment: Adjustment | None = None

    @property
    def is_gate(self) -> bool:
        """Whether it belongs to the stratum of gates."""
        return self.outcome in (HOLD, NOT_BILLABLE)

    @property
    def is_adjust(self) -> bool:
        """Whether it is a stratum of its own, which changes the amount of what is charged."""
        return self.outcome == ADJUST


@dataclass(frozen=True)
class Declared:
    """A whole rulebook as read."""

    entities: Mapping[str, SellingEntity]
    policies: Policies
    tiers: Mapping[str, TierScheme]
    versions: tuple[PriceVersion, ...]
    rules: tuple[Rule, ...]
    rules_place: Line
