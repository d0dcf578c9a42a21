"""A second opinion on what an event costs: the files read one event at a time, in plain Python and exact fractions.

It shares no code with freezing and rating, on purpose: where the two differ, one of them is wrong.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from connector.domain.money import rounded_quotient
from connector.rulebook import kinds
from connector.rulebook.evaluator import fits
from connector.rulebook.events import Event, fact_of, headcounts
from connector.rulebook.spec import (
    BY_DAY,
    BY_TIER,
    EMPLOYEES,
    FLAT,
    GRADUATED,
    HOLD,
    NO_CHARGE,
    PER_BUNDLE,
    PER_UNIT,
    Charge,
    Declared,
    PriceVersion,
    Rule,
    UnitPrice,
)

_WORDS = ("event", "plan", "partner", "selling_entity")
LARGEST_QUANTITY = 1_000_000


@dataclass(frozen=True)
class Verdict:
    """What an event becomes.

    Attributes:
        outcome: as `tables.RATED` has it.
        problem: the code of what blocks it.
        rule: the id of the rule that decides.
        tier: the tier's label.
        price_book: book and version.
        amount_minor: whole minor units.
    """

    outcome: str
    problem: str | None = None
    rule: str | None = None
    tier: str | None = None
    price_book: str | None = None
    amount_minor: int | None = None


class Plain:
    """The plain reading of a rulebook whose rules are proved: exactly one charges each client and bundle."""

    def __init__(self, declared: Declared) -> None:
        self._declared = declared
        self._band_first = declared.policies.employee_size == "band_first"
        self._near: dict[tuple[str | None, ...], tuple[Rule, ...]] = {}

    def near(self, event: Event) -> tuple[Rule, ...]:
        """The rules that event, plan, partner and selling entity do not rule out."""
        key = tuple(event.get(name) for name in _WORDS)
        if key not in self._near:
            self._near[key] = tuple(
                rule
                for rule in self._declared.rules
                if all(word in rule.conditions.words.get(name, (word,)) for name, word in zip(_WORDS, key, strict=True))
            )
        return self._near[key]

    def verdict(self, event: Event) -> Verdict:
        """What an event that can occur becomes."""
        rules = self.near(event)
        low, high, _ = headcounts(event, band_first=self._band_first)
        fitting = [
            [rule for rule in rules if fits(rule.conditions, fact_of(event, size))] for size in _sizes(rules, low, high)
        ]
        gates = [_gate(found) for found in fitting]
        if _differ(gates):
            return Verdict("blocked", kinds.BAND_SPANS_RULE.code)
        gate = gates[0]
        if gate is not None:
            return Verdict("held" if gate.outcome == HOLD else gate.outcome, rule=gate.id)
        charging = [_charging(found) for found in fitting]
        if _differ(charging):
            return Verdict("blocked", kinds.BAND_SPANS_RULE.code)
        rule = charging[0]
        if rule.charge is None:
            return Verdict("not_billable" if rule.outcome == NO_CHARGE else rule.outcome, rule=rule.id)
        adjusting = [[one for one in found if one.is_adjust] for found in fitting]
        return replace(self._priced(event, rule.charge, adjusting), rule=rule.id)

    def _priced(self, event: Event, charge: Charge, adjusting: Sequence[Sequence[Rule]]) -> Verdict:
        """The price of a charge; `adjusting` are the adjustments at each headcount that the event can mean."""
        sold = [version for version in self._declared.versions if _offers(version, charge, event)]
        day = event["event_on"].toordinal()
        valid = [version for version in sold if version.first <= day and (version.last is None or day <= version.last)]
        if not valid:
            return Verdict("blocked", (kinds.NO_PRICE if sold else kinds.NO_CURRENCY).code)
        version, tier = valid[0], None
        if charge.manner == BY_TIER:
            tiers = self._tiers(version, event)
            if len(tiers) != 1:
                return Verdict("blocked", (kinds.BAND_SPANS_TIERS if tiers else kinds.SIZE_UNKNOWN).code)
            tier = tiers[0]
        quantity: int = event.get(charge.units or "quantity")  # type: ignore[assignment]  # None is uncountable
        uncountable = _uncountable(charge, quantity)
        if uncountable is not None:
            return uncountable
        if any(found != adjusting[0] for found in adjusting):
            return Verdict("blocked", kinds.BAND_SPANS_RULE.code)
        part = _part(event) if charge.term.proration == BY_DAY else Fraction(1)
        amount = _adjusted(_listed(version, charge, quantity, tier), adjusting[0], version.currency, part)
        return Verdict("charge", tier=tier, price_book=version.label, amount_minor=amount)

    def _tiers(self, version: PriceVersion, event: Event) -> list[str]:
        """Every tier that the event's size can lie in; none for an unknown size."""
        low, high, source = headcounts(event, band_first=self._band_first)
        bands = self._declared.tiers[version.tiers or ""].bands
        return [
            band.label
            for band in bands
            if low is not None
            and (band.high is None or low <= band.high)
            and ((high is None and source == "band") or (high or low) >= band.low)
        ]


def _sizes(rules: Iterable[Rule], low: int | None, high: int | None) -> list[int | None]:
    """The headcounts to ask about: the smallest, and wherever a rule may change its mind up to the largest."""
    if low is None:
        return [None]
    bounds = [rule.conditions.ranges[EMPLOYEES] for rule in rules if EMPLOYEES in rule.conditions.ranges]
    turns = {bound for first, last in bounds for bound in (first, None if last is None else last + 1) if bound}
    return [low, *sorted(turn for turn in turns if low < turn and (high is None or turn <= high))]


def _differ(found: Sequence[Rule | None]) -> bool:
    return any(rule is not found[0] for rule in found)


def _gate(fitting: Iterable[Rule]) -> Rule | None:
    gates = [rule for rule in fitting if rule.is_gate]
    return min(gates, key=lambda rule: (rule.outcome != HOLD, rule.place), default=None)


def _charging(fitting: Iterable[Rule]) -> Rule:
    rules = [rule for rule in fitting if not rule.is_gate and not rule.is_adjust]
    taken = {rule.charge.overrides for rule in rules if rule.charge is not None and rule.charge.overrides is not None}
    left = [rule for rule in rules if rule.charge is None or rule.charge.overrides or rule.charge.metric not in taken]
    (rule,) = left  # more or fewer: the rules were not proved
    return rule


def _offers(version: PriceVersion, charge: Charge, event: Event) -> bool:
    if (version.book, version.currency) != (charge.book, event["currency"]):
        return False
    offered = {
        BY_TIER: bool(version.by_tier),
        PER_BUNDLE: version.bundle is not None,
        FLAT: charge.metric in version.flat,
        PER_UNIT: charge.metric in version.units,
    }
    return offered[charge.manner] and (not version.entities or event["selling_entity"] in version.entities)


def _uncountable(charge: Charge, quantity: int | None) -> Verdict | None:
    """What becomes of a quantity that cannot be billed: of people none is nothing to bill."""
    if charge.units is not None and not quantity:
        return Verdict("not_billable") if quantity == 0 else Verdict("blocked", kinds.UNITS_UNKNOWN.code)
    countable = quantity is not None and 1 <= quantity <= LARGEST_QUANTITY
    return None if countable else Verdict("blocked", kinds.QUANTITY.code)


def _listed(version: PriceVersion, charge: Charge, quantity: int, tier: str | None) -> int:
    """The amount by the price book alone."""
    if charge.manner == PER_UNIT:
        return _cost(version.units[charge.metric], quantity)
    if version.bundle is not None and charge.manner == PER_BUNDLE:
        return _cost(version.bundle, quantity)
    return (version.flat[charge.metric] if tier is None else version.by_tier[tier]).minor * quantity


def _cost(price: UnitPrice, quantity: int) -> int:
    """What a quantity costs, in minor units."""
    total = 0
    for step in price.steps:
        if price.kind == GRADUATED:
            last = quantity if step.high is None else min(quantity, step.high)
            total += max(0, last - step.low + 1) * step.price.minor
        elif step.low <= quantity and (step.high is None or quantity <= step.high):
            total += quantity * step.price.minor
    return total


def _part(event: Event) -> Fraction:
    """The part of a term that is billed; a term is cut short or whole, never longer."""
    days, of_days = event.get("term_days"), event.get("term_of")
    return Fraction(1) if days is None or of_days is None else min(Fraction(1), Fraction(days, of_days))


def _adjusted(listed: int, adjusting: Iterable[Rule], currency: str, part: Fraction) -> int:
    """Percentages of the list amount are summed, amounts added, then the largest minimum and the smallest cap hold."""
    said = [rule.adjustment for rule in adjusting if rule.adjustment is not None]
    money = {
        kind: [one.money[currency] for one in said if one.kind == kind and currency in one.money]
        for kind in ("amount", "minimum", "cap")
    }
    percents = [Fraction(one.percent) for one in said if one.percent is not None]
    amount = listed * (100 + sum(percents)) / Fraction(100) + sum(money["amount"])
    amount = max([amount, *map(Fraction, money["minimum"])])
    amount = min([amount, *map(Fraction, money["cap"])]) * part
    return rounded_quotient(amount.numerator, amount.denominator)
