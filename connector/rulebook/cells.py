"""Elementary cells: the finitely many cases that the rules can tell apart.

A slice is one event and plan with one partner (or any other); inside it only the attributes that its own rules name are
enumerated. Inside one cell no rule can change its mind, so asking about each cell is asking about every client.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from connector.domain.words import EventKind, Plan
from connector.rulebook.axes import Axis, Value, axes_of, unlike
from connector.rulebook.evaluator import Fact
from connector.rulebook.spec import Rule

# The events that can occur, each with the plan it leaves the client on; all else is refused when it is rated.
COMBOS: tuple[tuple[EventKind, Plan | None], ...] = (
    (EventKind.CREATED, Plan.ASSESSMENT_ONLY),
    (EventKind.CREATED, Plan.FULL_SPOKE),
    (EventKind.UPGRADED, Plan.FULL_SPOKE),
    (EventKind.BUNDLE, None),
    (EventKind.RENEWED, Plan.ASSESSMENT_ONLY),
    (EventKind.RENEWED, Plan.FULL_SPOKE),
    (EventKind.MONTH, Plan.ASSESSMENT_ONLY),
    (EventKind.MONTH, Plan.FULL_SPOKE),
)


@dataclass(frozen=True)
class Slice:
    """The cells of one event and plan with one partner; `partner` is None for every partner not named."""

    combo: int
    partner: str | None
    other_partner: str
    axes: tuple[Axis, ...]

    @property
    def size(self) -> int:
        """How many cells it has."""
        return math.prod(len(axis.values) for axis in self.axes)

    def cells(self) -> Iterator[tuple[Value, ...]]:
        """Its cells, the last axis running fastest."""
        return product(*(axis.values for axis in self.axes))

    def facts(self, cell: Sequence[Value]) -> tuple[Fact, ...]:
        """The facts that stand for a cell."""
        event, plan = COMBOS[self.combo]
        base: dict[str, str | int] = {"event": event.value, "partner": self.partner or self.other_partner}
        if plan is not None:
            base["plan"] = plan.value
        names = [axis.attribute for axis in self.axes]
        chosen = product(*(value.points for value in cell))
        return tuple(
            {**base, **{name: point for name, point in zip(names, points, strict=True) if point is not None}}
            for points in chosen
        )


def reachable(rules: Sequence[Rule]) -> tuple[int, ...]:
    """The combinations of event and plan that can occur under these rules, as positions in `COMBOS`.

    A term is renewed only where a charge says so, and a month is an event only where a rule of the charges names it.
    """
    renewing = [rule for rule in rules if rule.charge is not None and rule.charge.term.renewal is not None]
    monthly = any(
        EventKind.MONTH in rule.conditions.words.get("event", ())
        for rule in rules
        if not rule.is_gate and not rule.is_adjust
    )
    found = []
    for number, (event, plan) in enumerate(COMBOS):
        if event is EventKind.RENEWED:
            own = [rule for rule in renewing if _may(rule, "plan", plan)]
            first = [kind for kind, left in COMBOS if left == plan and kind in _FIRST]
            occurs = any(_may(rule, "event", kind) for rule in own for kind in first)
        else:
            occurs = monthly or event is not EventKind.MONTH
        if occurs:
            found.append(number)
    return tuple(found)


_FIRST = (EventKind.CREATED, EventKind.UPGRADED)


def slices(rules: Sequence[Rule], entities: Sequence[str], combos: Sequence[int]) -> tuple[Slice, ...]:
    """The slices of one stratum's rules, for the combinations of event and plan that can occur."""
    found = []
    for number in combos:
        event, plan = COMBOS[number]
        here = [rule for rule in rules if _may(rule, "event", event) and _may(rule, "plan", plan)]
        partners = sorted({name for rule in here for name in rule.conditions.words.get("partner", ())})
        for partner in (*partners, None):
            own = [rule for rule in here if _may(rule, "partner", partner)]
            found.append(Slice(number, partner, unlike(partners), axes_of(own, entities)))
    return tuple(found)


def _may(rule: Rule, attribute: str, value: str | None) -> bool:
    words = rule.conditions.words.get(attribute)
    return words is None or value in words
