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
NOT_PRICED, NO_CURRENCY, NO_VERSION, NO_SIZE, SPANS_TIERS, BAD_QUANTITY, FIRST_PRICE = 0, 1, 2, 3, 4, 5, 6

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
    """What a row becomes when this decides it. `seller` is the book and manner that price it; 0 for none."""

    outcome: str
    reason: str | None = None
    problem: str | None = None
    rule_id: str | None = None
    rule_place: str | None = None
    metric: str | None = None
    item: str | None = None
    term: str | None = None
    seller: int = 0


@dataclass(frozen=True)
class PriceRow:
    """A price, or why there is none. `sized` tells whether the headcount had a say in it."""

    problem: str | None = None
    reason: str | None = None
    tier: str | None = None
    price_book: str | None = None
    price_place: str | None = None
    unit_minor: int | None = None
    sized: bool = False


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
    """

    currencies: tuple[str, ...]
    series: tuple[int, ...]
    versions: tuple[int, ...]
    schemes: tuple[int, ...]
    tiers: tuple[int, ...]
    columns: int
    cells: tuple[int, ...]
    rows: tuple[PriceRow, ...]


@dataclass(frozen=True)
class Table:
    """The whole table.

    Attributes:
        entities: the selling entities; their codes are their positions.
        partners: the partners that rules name; code 0 is any other.
        words: attribute → the values that rules name.
        headcounts: where each headcount interval starts; code 0 is an unknown headcount.
        days: ordinals where each day interval starts; code 0 lies before the first.
        band_first: whether a declared band goes before a count.
    """

    entities: tuple[str, ...]
    partners: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]
    headcounts: tuple[int, ...]
    days: tuple[int, ...]
    band_first: bool
    gates: Stratum
    charges: Stratum
    decisions: tuple[Decision, ...]
    prices: Prices
