"""Freezing the proved decisions into the table that rating looks records up in. Nothing is decided here."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from connector.domain.words import EventKind, PartnerKind
from connector.rulebook import kinds
from connector.rulebook.axes import COUNTED, WORD_ATTRIBUTES, starts_of
from connector.rulebook.cells import COMBOS
from connector.rulebook.codes import Codes
from connector.rulebook.decide import Cell, Decided
from connector.rulebook.freeze_prices import Seller, freeze_prices, seller
from connector.rulebook.spec import BY_DAY, DAY, EMPLOYEES, HOLD, NO_CHARGE, TAG, Declared, Range, Rule
from connector.rulebook.table import ADVISORS, FIRST_RULE, NO_GATE, QUANTITY, USERS, Change, Decision, Table

_OUTCOMES = {HOLD: "held", NO_CHARGE: "not_billable"}


def freeze(declared: Declared, decided: Decided) -> Table:
    """The table of a proved rulebook."""
    rules = declared.rules
    codes = _codes(declared)
    sellers = tuple(sorted({seller(rule.charge) for rule in rules if rule.charge is not None}))
    numbered = _Decisions(sellers)
    gates = codes.stratum(decided.gates, numbered.number, decided.combos)
    charges = codes.stratum(decided.charges, numbered.number, decided.combos)
    return Table(
        entities=tuple(declared.entities),
        partners=codes.partners,
        words=codes.words,
        headcounts=codes.headcounts,
        days=codes.days,
        tags=codes.tags,
        counted=codes.counted,
        combos=decided.combos,
        monthly_plans=_monthly(decided.charges),
        band_first=declared.policies.employee_size == "band_first",
        gates=gates,
        charges=charges,
        changes=tuple(_change(rule, cells, codes, decided.combos) for rule, cells in decided.adjusts),
        decisions=tuple(numbered.decisions),
        prices=freeze_prices(declared, sellers, codes.headcounts, codes.days),
    )


def _monthly(cells: Iterable[Cell]) -> tuple[str, ...]:
    charged = {COMBOS[cell.where.combo] for cell in cells if cell.rule is not None and cell.rule.charge is not None}
    return tuple(sorted(plan.value for event, plan in charged if event is EventKind.MONTH and plan is not None))


def _codes(declared: Declared) -> Codes:
    rules, entities = declared.rules, tuple(declared.entities)
    words = {name: _named(name, rules, entities) for name in WORD_ATTRIBUTES}
    counted = {name: starts_of(_ranges(rules, name)) for name in COUNTED}
    return Codes(
        partners=tuple(sorted({word for rule in rules for word in rule.conditions.words.get("partner", ())})),
        words={name: named for name, named in words.items() if named},
        headcounts=_headcounts(declared),
        days=_days(declared),
        tags=tuple(sorted({name for rule in rules for name in rule.conditions.words if name.startswith(TAG)})),
        counted={name: starts for name, starts in counted.items() if starts},
    )


class _Decisions:
    """Numbers decisions as they are met: a rule, and which rules it has won over."""

    def __init__(self, sellers: Sequence[Seller]) -> None:
        self.decisions: list[Decision] = list(_FIXED)
        self._sellers = sellers
        self._numbers: dict[tuple[str, tuple[str, ...]], int] = {}

    def number(self, cell: Cell) -> int:
        """The number of the decision of a cell."""
        if cell.rule is None:
            return NO_GATE
        key = (cell.rule.id, tuple(rule.id for rule in cell.lost))
        if key not in self._numbers:
            self._numbers[key] = len(self.decisions)
            self.decisions.append(_decision(cell.rule, cell.lost, self._sellers))
        return self._numbers[key]


def _change(rule: Rule, cells: Sequence[Cell], codes: Codes, combos: Sequence[int]) -> Change:
    adjustment = rule.adjustment
    if adjustment is None or rule.reason is None:
        raise AssertionError(rule)
    return Change(
        rule_id=rule.id,
        rule_place=f"{rule.place.file}:{rule.place.line}",
        reason=rule.reason,
        kind=adjustment.kind,
        percent=None if adjustment.percent is None else str(adjustment.percent),
        money=dict(adjustment.money),
        partners=tuple(1 + codes.partners.index(name) for name in rule.conditions.words.get("partner", ())),
        stratum=codes.stratum(cells, lambda cell: NO_GATE if cell.rule is None else FIRST_RULE, combos),
    )


_FIXED = (
    Decision("charge"),
    Decision("blocked", kinds.EVENT.title, kinds.EVENT.code),
    Decision("blocked", kinds.ENTITY_UNKNOWN.title, kinds.ENTITY_UNKNOWN.code),
    Decision("blocked", kinds.BAND_SPANS_RULE.title, kinds.BAND_SPANS_RULE.code),
)


def _decision(rule: Rule, lost: Sequence[Rule], sellers: Sequence[Seller]) -> Decision:
    charge = rule.charge
    outcome = _OUTCOMES.get(rule.outcome, rule.outcome)
    beaten = "; ".join(f"{one.id} ({one.place.file}:{one.place.line})" for one in lost) or None
    named = Decision(
        outcome, rule.reason, rule_id=rule.id, rule_place=f"{rule.place.file}:{rule.place.line}", lost=beaten
    )
    if charge is None:
        return named
    return replace(
        named,
        metric=charge.metric,
        item=charge.item,
        term=charge.term.length,
        seller=1 + sellers.index(seller(charge)),
        counts=_COUNTS[charge.units],
        prorated=charge.term.proration == BY_DAY,
    )


_COUNTS = {None: QUANTITY, "advisors": ADVISORS, "users": USERS}


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
