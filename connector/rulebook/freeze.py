"""Freezing the proved decisions into the table that rating looks records up in. Nothing is decided here."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from connector.domain.words import PartnerKind
from connector.rulebook import kinds
from connector.rulebook.cells import COMBOS, WORD_ATTRIBUTES, Axis, Slice, starts_of
from connector.rulebook.decide import Cell, Decided
from connector.rulebook.freeze_prices import Seller, freeze_prices
from connector.rulebook.spec import CHARGE, DAY, EMPLOYEES, HOLD, Declared, Range, Rule
from connector.rulebook.table import FIRST_NAMED, FIRST_RULE, MISSING, NO_GATE, OTHER, Decision, Stratum, Table

_OUTCOMES = {HOLD: "held"}


def freeze(declared: Declared, decided: Decided) -> Table:
    """The table of a proved rulebook."""
    rules = declared.rules
    entities = tuple(declared.entities)
    partners = tuple(sorted({word for rule in rules for word in rule.conditions.words.get("partner", ())}))
    words = {name: _named(name, rules, entities) for name in WORD_ATTRIBUTES}
    headcounts = _headcounts(declared)
    days = _days(declared)
    sellers = tuple(sorted({(rule.charge.book, rule.charge.manner) for rule in rules if rule.charge is not None}))
    numbers = {rule.id: number for number, rule in enumerate(rules, start=FIRST_RULE)}
    codes = _Codes(partners, {name: named for name, named in words.items() if named}, headcounts, days)
    return Table(
        entities=entities,
        partners=partners,
        words=codes.words,
        headcounts=headcounts,
        days=days,
        band_first=declared.policies.employee_size == "band_first",
        gates=codes.stratum(decided.gates, numbers),
        charges=codes.stratum(decided.charges, numbers),
        decisions=(*_FIXED, *(_decision(rule, sellers) for rule in rules)),
        prices=freeze_prices(declared, sellers, headcounts, days),
    )


_FIXED = (
    Decision("charge"),
    Decision("blocked", kinds.EVENT.title, kinds.EVENT.code),
    Decision("blocked", kinds.ENTITY_UNKNOWN.title, kinds.ENTITY_UNKNOWN.code),
    Decision("blocked", kinds.BAND_SPANS_RULE.title, kinds.BAND_SPANS_RULE.code),
)


def _decision(rule: Rule, sellers: Sequence[Seller]) -> Decision:
    charge = rule.charge
    place = f"{rule.place.file}:{rule.place.line}"
    outcome = _OUTCOMES.get(rule.outcome, rule.outcome)
    if charge is None:
        return Decision(outcome, rule.reason, rule_id=rule.id, rule_place=place)
    return Decision(
        CHARGE,
        rule_id=rule.id,
        rule_place=place,
        metric=charge.metric,
        item=charge.item,
        term=charge.term.length,
        seller=1 + sellers.index((charge.book, charge.manner)),
    )


def _named(attribute: str, rules: Iterable[Rule], entities: tuple[str, ...]) -> tuple[str, ...]:
    named = {word for rule in rules for word in rule.conditions.words.get(attribute, ())}
    if not named:
        return ()
    closed = {"partner_kind": tuple(kind.value for kind in PartnerKind), "selling_entity": entities}
    return closed.get(attribute, tuple(sorted(named)))


def _ranges(rules: Iterable[Rule], attribute: str) -> list[Range]:
    return [rule.conditions.ranges[attribute] for rule in rules if attribute in rule.conditions.ranges]


def _headcounts(declared: Declared) -> tuple[int, ...]:
    tiers: list[Range] = [(band.low, band.high) for scheme in declared.tiers.values() for band in scheme.bands]
    return starts_of([(1, None), *tiers, *_ranges(declared.rules, EMPLOYEES)])


def _days(declared: Declared) -> tuple[int, ...]:
    valid: list[Range] = [(version.first, version.last) for version in declared.versions]
    return starts_of([*valid, *_ranges(declared.rules, DAY)])


class _Codes:
    """What each code of each attribute means, to lay the cells of a stratum out for look-up."""

    def __init__(
        self,
        partners: tuple[str, ...],
        words: Mapping[str, tuple[str, ...]],
        headcounts: tuple[int, ...],
        days: tuple[int, ...],
    ) -> None:
        self.partners, self.words = partners, words
        self._headcounts, self._days = headcounts, days

    def stratum(self, cells: Sequence[Cell], numbers: Mapping[str, int]) -> Stratum:
        """The stratum of these cells."""
        by_slice = [(where, list(group)) for where, group in groupby(cells, key=lambda cell: cell.where)]
        parts = [where for where, _ in by_slice]
        slices = tuple(
            self._slice(parts, combo, name) for combo in range(len(COMBOS)) for name in (None, *self.partners)
        )
        bases, total = [], 0
        for part in parts:
            bases.append(total)
            total += part.size
        decisions = tuple(numbers[cell.rule.id] if cell.rule is not None else NO_GATE for cell in cells)
        used = {axis.attribute for part in parts for axis in part.axes}
        offsets = {name: tuple(step for part in parts for step in self._steps(part, name)) for name in sorted(used)}
        runs = _runs(by_slice) if EMPLOYEES in used else ()
        return Stratum(slices, tuple(bases), offsets, decisions, runs)

    def _slice(self, parts: Sequence[Slice], combo: int, partner: str | None) -> int:
        own = {part.partner: number for number, part in enumerate(parts) if part.combo == combo}
        return own.get(partner, own[None])

    def _steps(self, part: Slice, attribute: str) -> list[int]:
        """How far each code of an attribute moves the cell within a slice."""
        stride = 1
        for axis in reversed(part.axes):
            if axis.attribute == attribute:
                return [stride * position for position in self._positions(axis)]
            stride *= len(axis.values)
        return [0] * self._width(attribute)

    def _width(self, attribute: str) -> int:
        widths = {EMPLOYEES: 1 + len(self._headcounts), DAY: 1 + len(self._days)}
        return widths[attribute] if attribute in widths else FIRST_NAMED + len(self.words[attribute])

    def _positions(self, axis: Axis) -> list[int]:
        """For each code of the axis's attribute the position of its value on the axis."""
        spans = [value.span for value in axis.values]
        last = len(axis.values) - 1
        if axis.attribute == EMPLOYEES:
            return [last, *(_holding(spans, start) for start in self._headcounts)]
        if axis.attribute == DAY:
            return [0, *(_holding(spans, start) for start in self._days)]
        named = {value.word: number for number, value in enumerate(axis.values)}
        # A closed list has neither "other" nor "missing": such rows are refused before they get here.
        other = next((number for number, value in enumerate(axis.values) if value.other), 0)
        missing = last if other else 0
        coded = {MISSING: missing, OTHER: other}
        return [*coded.values(), *(named.get(word, other) for word in self.words[axis.attribute])]


def _holding(spans: Sequence[Range | None], start: int) -> int:
    """The interval that holds a number."""
    return next(
        number
        for number, span in enumerate(spans)
        if span is not None and (span[0] is None or span[0] <= start) and (span[1] is None or start <= span[1])
    )


def _runs(by_slice: Sequence[tuple[Slice, Sequence[Cell]]]) -> tuple[int, ...]:
    runs: list[int] = []
    number = 0
    for where, cells in by_slice:
        inner = len(where.axes[-1].values) if where.axes and where.axes[-1].attribute == EMPLOYEES else 1
        for position, cell in enumerate(cells):
            fresh = position % inner == 0
            changed = not fresh and cell.rule is not cells[position - 1].rule
            number += fresh or changed
            runs.append(number)
    return tuple(runs)
