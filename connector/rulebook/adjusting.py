"""What is wrong with adjustments together: one that meets no charge, money in a missing currency, a negative line.

A line is negative only where adjustments can really meet: on one client of one cell, at a price its book has.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connector.domain.entities import SellingEntity
from connector.domain.money import Money
from connector.rulebook import kinds
from connector.rulebook.amounts import LARGEST_QUANTITY, adjusted
from connector.rulebook.coverage import series
from connector.rulebook.decide import Cell, Decided
from connector.rulebook.describe import client
from connector.rulebook.meeting import Case, both, overlap
from connector.rulebook.sources import Sources
from connector.rulebook.spec import (
    BY_TIER,
    DAY,
    EMPLOYEES,
    FLAT,
    PER_BUNDLE,
    Adjustment,
    Charge,
    Conditions,
    Declared,
    PriceVersion,
    Range,
    Rule,
)

_MOST_MEETINGS = 1024  # sets of adjustments looked at in one cell; beyond, they are taken as all meeting


def check_adjustments(decided: Decided, declared: Declared, sources: Sources) -> None:
    """Note every adjustment that meets no charge or lacks a currency, and every line that could become negative."""
    rules = [rule for rule, _ in decided.adjusts]
    if not rules:
        return
    before = len(sources.problems())
    charged = [case for case in _cases(decided) if case.cell.rule is not None and case.cell.rule.charge is not None]
    for rule in rules:
        if not any(case.allows(rule.conditions) for case in charged):
            message = f"{rule.id} never changes anything: it meets no charge"
            sources.fault(rule.place, kinds.UNREACHABLE, message)
        _currencies(rule, declared.entities, sources)
    if len(sources.problems()) == before:
        _negatives(charged, rules, declared, sources)


def _cases(decided: Decided) -> Iterator[Case]:
    apart: dict[int, set[str]] = defaultdict(set)
    for cell in decided.charges:
        if cell.where.partner is not None:
            apart[cell.where.combo].add(cell.where.partner)
    for cell in decided.charges:
        yield Case(cell, frozenset(apart[cell.where.combo]))


def _currencies(rule: Rule, entities: Mapping[str, SellingEntity], sources: Sources) -> None:
    adjustment = _adjustment(rule)
    if not adjustment.money:
        return
    named = rule.conditions.words.get("selling_entity", tuple(entities))
    for name in named:
        currency = entities[name].currency
        if currency not in adjustment.money:
            message = f"{rule.id} says no {adjustment.kind} in {currency}, in which entity {name} bills"
            step = f"Add {currency}, or narrow the rule by selling_entity."
            sources.fault(adjustment.place, kinds.ADJUSTMENT, message, step)
            return


def _negatives(charged: Sequence[Case], rules: Sequence[Rule], declared: Declared, sources: Sources) -> None:
    told: set[str] = set()
    seen: set[object] = set()
    for case in charged:
        for entity in _entities(case, declared):
            given = Conditions({"selling_entity": (entity.id,)})
            near = [rule for rule in rules if case.allows(rule.conditions) and both(given, rule.conditions) is not None]
            lowering = [rule for rule in near if _lowers(_adjustment(rule))]
            charge = _charge(case.cell)
            alike = (entity.id, charge, tuple(rule.id for rule in near), case.said.get(EMPLOYEES), case.said.get(DAY))
            if alike in seen:  # the same price and the same adjustments: the same answer
                continue
            seen.add(alike)
            if _harmless(lowering, entity, _prices(case, given, entity, declared)):
                continue
            for found in _negative(case, near, lowering, entity, declared):
                if found.last.id not in told:
                    told.add(found.last.id)
                    who = client(case.cell.where, case.cell.values, entity=entity.id)
                    message = f"{found.names} would bring {who} to {found.amount}, from a list price of {found.price}"
                    sources.fault(_adjustment(found.last).place, kinds.NEGATIVE, message)


def _harmless(lowering: Sequence[Rule], entity: SellingEntity, prices: Iterable[int]) -> bool:
    """Whether no price becomes negative even if everything that lowers it met; most rulebooks need no closer look."""
    every = [_adjustment(rule) for rule in lowering]
    known = sorted(set(prices))
    return all(adjusted(price, entity.currency, every) >= 0 for price in (*known[:1], *known[1:][-1:]))


@dataclass(frozen=True)
class _Found:
    """Adjustments that bring a list price below zero, and the last of those that lower it."""

    names: str
    last: Rule
    price: Money
    amount: Money


def _negative(
    case: Case, near: Sequence[Rule], lowering: Sequence[Rule], entity: SellingEntity, declared: Declared
) -> Iterator[_Found]:
    """The sets of adjustments that can meet and bring a price below zero, small sets first."""
    for given, applied in _meetings(case, near, lowering, Conditions({"selling_entity": (entity.id,)})):
        prices = sorted(set(_prices(case, given, entity, declared)))
        for price in (*prices[:1], *prices[1:][-1:]):
            amount = adjusted(price, entity.currency, [_adjustment(rule) for rule in applied])
            if amount < 0:
                names = " and ".join(rule.id for rule in applied)
                last = [rule for rule in applied if _lowers(_adjustment(rule))][-1]
                yield _Found(names, last, Money(price, entity.currency), Money(amount, entity.currency))
                break


def _meetings(
    case: Case, near: Sequence[Rule], lowering: Sequence[Rule], given: Conditions
) -> Iterator[tuple[Conditions, Sequence[Rule]]]:
    """The sets of adjustments that can meet in the cell, with where they do; all of `near` where they are too many."""
    met: list[Conditions] = [given]
    for rule in lowering:
        met += [shared for one in met if (shared := both(one, rule.conditions)) is not None and case.allows(shared)]
        if len(met) > _MOST_MEETINGS:
            yield given, near
            return
    for one in met[1:]:
        yield one, [rule for rule in near if case.implies(one, rule.conditions)]


def _prices(case: Case, given: Conditions, entity: SellingEntity, declared: Declared) -> Iterator[int]:
    """The list amounts that such a client of the cell can have; of a quantity those of one unit and of the largest."""
    charge = _charge(case.cell)
    days, heads = (_span(case, given, name) for name in (DAY, EMPLOYEES))
    for version in series(declared.versions, charge.book, entity.currency, entity.id):
        if days is not None and overlap(days, (version.first, version.last)) is not None:
            yield from _of_version(version, charge, heads, declared)


def _span(case: Case, given: Conditions, attribute: str) -> Range | None:
    """The numbers that an attribute can have in the cell and under the conditions; None for a missing one."""
    own: Range | None = case.said[attribute].span if attribute in case.said else (None, None)
    return None if own is None else overlap(own, given.ranges.get(attribute, (None, None)))


def _of_version(version: PriceVersion, charge: Charge, heads: Range | None, declared: Declared) -> Iterator[int]:
    if charge.manner == BY_TIER:
        bands = declared.tiers[version.tiers].bands if version.tiers is not None else ()
        for band in bands:
            if heads is not None and overlap(heads, (band.low, band.high)) is not None:
                yield version.by_tier[band.label].minor
    elif charge.manner == FLAT:
        yield version.flat[charge.metric].minor
    else:
        price = version.bundle if charge.manner == PER_BUNDLE else version.units[charge.metric]
        if price is None:
            raise AssertionError(version)
        yield from (step.price.minor for step in price.steps)
        yield price.steps[-1].price.minor * LARGEST_QUANTITY


def _entities(case: Case, declared: Declared) -> list[SellingEntity]:
    said = case.said.get("selling_entity")
    return [entity for entity in declared.entities.values() if said is None or said.word == entity.id]


def _lowers(adjustment: Adjustment) -> bool:
    if adjustment.percent is not None:
        return adjustment.percent < 0
    return adjustment.kind == "amount" and any(minor < 0 for minor in adjustment.money.values())


def _adjustment(rule: Rule) -> Adjustment:
    if rule.adjustment is None:
        raise AssertionError(rule)
    return rule.adjustment


def _charge(cell: Cell) -> Charge:
    if cell.rule is None or cell.rule.charge is None:
        raise AssertionError(cell)
    return cell.rule.charge
