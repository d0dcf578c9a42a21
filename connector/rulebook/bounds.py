"""The events at bounds: for each rule one that fits it, moved to each bound of tiers, ranges, ladders and validities.

A stranger's trap: a bound matters to every rule near it, so an event is moved to the bounds of all rules that may have
a say in it, not only of the one that it was made for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product

from connector.domain.entities import SellingEntity
from connector.domain.words import PartnerKind
from connector.rulebook.cells import COMBOS
from connector.rulebook.evaluator import Fact, fits
from connector.rulebook.events import Event, event_of
from connector.rulebook.plain import LARGEST_QUANTITY, Plain
from connector.rulebook.spec import (
    BY_DAY,
    CLIENTS_THIS_YEAR,
    DAY,
    EMPLOYEES,
    PER_BUNDLE,
    PER_UNIT,
    PLACES_LEFT,
    Conditions,
    Declared,
    PriceVersion,
    Range,
    Rule,
)

OTHER_PARTNER = "~other"  # a partner that no rule names

_LOWEST = {"count": 1, "quantity": 0, "advisors": 0, "users": 0, CLIENTS_THIS_YEAR: 1, PLACES_LEFT: 0}
_COUNTED = {EMPLOYEES: "count", CLIENTS_THIS_YEAR: CLIENTS_THIS_YEAR, PLACES_LEFT: PLACES_LEFT}
_BILLABLE: Range = (1, LARGEST_QUANTITY)
_SHORT = ((1, 365), (364, 365), (365, 365), (1, 28), (27, 28), (15, 30))  # terms cut short, and one that is not
_LAST_DAY = date.max.toordinal()


def events_at_bounds(declared: Declared, plain: Plain, combos: Sequence[int]) -> Iterator[tuple[Event, str]]:
    """Each event at a bound, with the column that was moved there. An event may come more than once.

    Args:
        declared: what the files say.
        plain: the plain reading of it, which knows the rules near an event.
        combos: the combinations of event and plan that can occur, as positions in `COMBOS`.
    """
    for base, rule in _bases(declared, combos):
        yield from _around(base, _Bounds(rule, plain.near(base), declared, base))


def _bases(declared: Declared, combos: Sequence[int]) -> Iterator[tuple[Event, Rule]]:
    """For each rule, kind of event, plan and selling entity an event that its conditions fit."""
    for rule, combo in product(declared.rules, combos):
        event, plan = COMBOS[combo]
        # A bundle has neither plan nor headcount.
        said = {"event": event.value} | ({"plan": None, EMPLOYEES: None} if plan is None else {"plan": plan.value})
        for entity in declared.entities.values():
            fact = _fitting(rule.conditions, {**said, "selling_entity": entity.id})
            if fits(rule.conditions, fact):
                yield event_of(fact, _usual(entity, declared, rule, combo)), rule


def _fitting(conditions: Conditions, fixed: Mapping[str, str | None]) -> Fact:
    """A fact that fits the conditions, as far as what is fixed allows: their first words, an end of their ranges."""
    words = {name: named[0] for name, named in conditions.words.items()}
    ends = {name: high if low is None else low for name, (low, high) in conditions.ranges.items()}
    fact = {"partner": OTHER_PARTNER, **words, **ends, **fixed}
    return {name: value for name, value in fact.items() if value is not None}


def _usual(entity: SellingEntity, declared: Declared, rule: Rule, combo: int) -> Event:
    """What an event of an entity is when its rule leaves it open: the smallest, on the first day with a price."""
    book = rule.charge.book if rule.charge is not None else None
    firsts = [one.first for one in declared.versions if one.book == book and one.currency == entity.currency]
    day = max(min(firsts, default=1), entity.bill_from.toordinal())
    _, plan = COMBOS[combo]
    usual: dict[str, object] = {
        "event_on": date.fromordinal(day),
        "partner_kind": PartnerKind.ADVISOR.value,
        "selling_entity": entity.id,
        "currency": entity.currency,
        "quantity": 1,
    }
    counted = {"count": 1, "advisors": 1, "users": 1, CLIENTS_THIS_YEAR: 1}
    return {**usual, PLACES_LEFT: 1, **(counted if plan is not None else {})}


@dataclass(frozen=True)
class _Bounds:
    """The bounds near one event: those of its rule's prices, and those of every rule that may have a say in it."""

    rule: Rule
    near: tuple[Rule, ...]
    declared: Declared
    base: Event

    def columns(self) -> Mapping[str, list[Range]]:
        """Column → the ranges whose bounds are tried on it."""
        said = {column: self._conditions(name) for name, column in _COUNTED.items()}
        tiers = [(band.low, band.high) for name in self._schemes() for band in self.declared.tiers[name].bands]
        said["count"] = [*tiers, *said["count"]] if "count" in self.base else []
        charge = self.rule.charge
        for version in self._versions():
            if charge is not None and charge.manner == PER_BUNDLE and version.bundle is not None:
                said.setdefault("quantity", [_BILLABLE]).extend((step.low, step.high) for step in version.bundle.steps)
            elif charge is not None and charge.manner == PER_UNIT and charge.metric in version.units:
                steps = version.units[charge.metric].steps
                said.setdefault(charge.units or "quantity", [_BILLABLE]).extend((step.low, step.high) for step in steps)
        return {name: ranges for name, ranges in said.items() if name in self.base}

    def days(self) -> list[Range]:
        """The intervals of days: validities of prices, and dates that rules name."""
        return [*((version.first, version.last) for version in self._versions()), *self._conditions(DAY)]

    def _conditions(self, name: str) -> list[Range]:
        return [rule.conditions.ranges[name] for rule in self.near if name in rule.conditions.ranges]

    def _versions(self) -> list[PriceVersion]:
        """The versions that any charge near the event may read."""
        books = {rule.charge.book for rule in self.near if rule.charge is not None}
        return [one for one in self.declared.versions if one.book in books and one.currency == self.base["currency"]]

    def _schemes(self) -> list[str]:
        return list(dict.fromkeys(version.tiers for version in self._versions() if version.tiers is not None))


def _around(base: Event, bounds: _Bounds) -> Iterator[tuple[Event, str]]:
    """The event moved to each bound; its counts on its own day, and on each from which other prices or rules hold."""
    days, columns = bounds.days(), bounds.columns()
    for point in _points(days, 1, _LAST_DAY):
        yield {**base, "event_on": date.fromordinal(point)}, "event_on"
    starts = {low for low, _ in days if low is not None}
    for day in (base["event_on"], *map(date.fromordinal, sorted(starts))):
        here = {**base, "event_on": day}
        for column, ranges in columns.items():
            for point in _points(ranges, _LOWEST[column], None):
                yield {**here, column: point}, column
    charge = bounds.rule.charge
    if charge is not None and charge.term.proration == BY_DAY:
        for billed, whole in _SHORT:
            yield {**base, "term_days": billed, "term_of": whole}, "term_days"
    if "count" in base:
        yield {**base, "count": None}, "count"
        for low, high in _bands(columns["count"]):
            yield {**base, "count": None, "band_low": low, "band_high": high}, "band_low"


def _points(ranges: Iterable[Range], lowest: int, highest: int | None) -> list[int]:
    """One below, at, and one above each bound, within what can be."""
    bounds = {bound for pair in ranges for bound in pair if bound is not None}
    points = {bound + step for bound in bounds for step in (-1, 0, 1)}
    return sorted(point for point in points if point >= lowest and (highest is None or point <= highest))


def _bands(ranges: Iterable[Range]) -> list[tuple[int, int | None]]:
    """Each range as a declared band, and the narrowest band across each place where one starts."""
    whole = {(low or 1, high) for low, high in ranges}
    across = {(low - 1, low) for low, _ in whole if low > 1} | {(high, high + 1) for _, high in whole if high}
    return sorted({*whole, *across}, key=lambda pair: (pair[0], pair[1] or pair[0] * 2))
