"""The frozen decision table: every decision and price of a rulebook under small whole-number codes.

It is plain lists and words, so that it can be kept as JSON; what each code means is fixed here and nowhere else. Code 0
of an attribute is "missing", 1 is "any other", named values follow.
"""

from collections.abc import Mapping
from dataclasses import dataclass

MISSING, OTHER, FIRST_NAMED = 0, 1, 2

# Decisions that are no rule's.
NO_GATE, BAD_EVENT, BAD_ENTITY, SPANS_RULE, FIRST_RULE = 0, 1, 2, 3, 4

# Rows of the price list that are no price.
NOT_PRICED, NO_CURRENCY, NO_VERSION, NO_SIZE, SPANS_TIERS, BAD_QUANTITY = range(6)
NO_UNITS, NOTHING, SPANS_ADJUST, FIRST_PRICE = range(6, 10)

# What a charge counts: what the event says its quantity is, or people of the client.
QUANTITY, ADVISORS, USERS = 0, 1, 2

# Columns of a version's price list that are no tier.
UNKNOWN_SIZE, SPANNING_SIZE, FIRST_TIER = 0, 1, 2


@dataclass(frozen=True)
class Stratum:
    """The decisions of one stratum.

    Attributes:
        slices: slice of each event-and-plan code times each partner code.
        bases: first cell of each slice.
        offsets: attribute → how far its code moves the cell, for each slice times each code of the attribute.
        decisions: the decision of each cell.
        runs: cells next to one another in headcount have one run as long as their decision is one; empty when no rule
            of the stratum looks at the headcount.
    """

    slices: tuple[int, ...]
    bases: tuple[int, ...]
    offsets: Mapping[str, tuple[int, ...]]
    decisions: tuple[int, ...]
    runs: tuple[int, ...]


@dataclass(frozen=True)
class Decision:
    """What a row becomes when this decides it.

    Attributes:
        outcome, reason, problem: see `tables.RATED`, as the next five and `lost`.
        seller: the book, manner and metric that price it; 0 for none.
        counts: `QUANTITY`, `ADVISORS` or `USERS`.
        prorated: whether a term cut short costs its share of days.
    """

    outcome: str
    reason: str | None = None
    problem: str | None = None
    rule_id: str | None = None
    rule_place: str | None = None
    metric: str | None = None
    item: str | None = None
    term: str | None = None
    lost: str | None = None
    seller: int = 0
    counts: int = QUANTITY
    prorated: bool = False


@dataclass(frozen=True)
class PriceRow:
    """A price, or why there is none.

    Attributes:
        problem, reason, tier, price_book, price_place, unit_minor: see `tables.RATED`.
        sized: whether the headcount had a say in it.
        ladder: the ladder that the quantity is priced by, from 1; 0 where each unit costs `unit_minor`.
    """

    problem: str | None = None
    reason: str | None = None
    tier: str | None = None
    price_book: str | None = None
    price_place: str | None = None
    unit_minor: int | None = None
    sized: bool = False
    ladder: int = 0


@dataclass(frozen=True)
class Change:
    """One adjustment.

    Attributes:
        rule_id, rule_place, reason: of its rule.
        kind: `percent`, `amount`, `minimum` or `cap`.
        percent: as written; None for money.
        money: currency → minor units.
        partners: the codes of the partners it is for; empty for all.
        stratum: its cells; a decision other than `NO_GATE` applies it.
    """

    rule_id: str
    rule_place: str
    reason: str
    kind: str
    percent: str | None
    money: Mapping[str, int]
    partners: tuple[int, ...]
    stratum: "Stratum"


@dataclass(frozen=True)
class Ladder:
    """A price by quantity: its kind, and low, high (None: or more) and minor units of each step."""

    kind: str
    steps: tuple[tuple[int, int | None, int], ...]


@dataclass(frozen=True)
class Prices:
    """From a seller, an entity, a currency, a day and a headcount to a row of the price list.

    Attributes:
        currencies: the currencies that have a book; code 0 is any other.
        series: series of each seller × entity × currency.
        versions: version of each series × day interval.
        schemes: tier scheme of each version.
        tiers: tier column of each scheme × headcount code.
        columns: how many columns a version has.
        cells: price row of each version × column.
        rows: the price list.
        ladders: the prices by quantity that rows name.
    """

    currencies: tuple[str, ...]
    series: tuple[int, ...]
    versions: tuple[int, ...]
    schemes: tuple[int, ...]
    tiers: tuple[int, ...]
    columns: int
    cells: tuple[int, ...]
    rows: tuple[PriceRow, ...]
    ladders: tuple[Ladder, ...] = ()


@dataclass(frozen=True)
class Table:
    """The whole table.

    Attributes:
        entities: the selling entities; their codes are their positions.
        partners: the partners that rules name; code 0 is any other.
        words: attribute → the values that rules name.
        headcounts: where each headcount interval starts; code 0 is an unknown headcount.
        days: ordinals where each day interval starts; code 0 lies before the first.
        tags: the tags that rules name; code 1 is a record that has it.
        counted: attribute → where each interval of a count starts; code 0 is an unknown count, 1 lies before the first.
        combos: the combinations of event and plan that can occur, as positions in `cells.COMBOS`.
        monthly_plans: the plans whose months some rule charges.
        band_first: whether a declared band goes before a count.
    """

    entities: tuple[str, ...]
    partners: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]
    headcounts: tuple[int, ...]
    days: tuple[int, ...]
    tags: tuple[str, ...]
    counted: Mapping[str, tuple[int, ...]]
    combos: tuple[int, ...]
    monthly_plans: tuple[str, ...]
    band_first: bool
    gates: Stratum
    charges: Stratum
    changes: tuple[Change, ...]
    decisions: tuple[Decision, ...]
    prices: Prices
