"""Elementary cells: the finitely many cases that the rules can tell apart.

A slice is one event and plan with one partner (or any other); inside it only the attributes that its own rules name are
enumerated. Inside one cell no rule can change its mind, so asking about each cell is asking about every client.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from connector.domain.words import EventKind, PartnerKind, Plan
from connector.rulebook.evaluator import Fact
from connector.rulebook.spec import DAY, EMPLOYEES, Range, Rule

# The events that can occur, each with the plan it leaves the client on; all else is refused when it is rated.
COMBOS: tuple[tuple[EventKind, Plan | None], ...] = (
    (EventKind.CREATED, Plan.ASSESSMENT_ONLY),
    (EventKind.CREATED, Plan.FULL_SPOKE),
    (EventKind.UPGRADED, Plan.FULL_SPOKE),
    (EventKind.BUNDLE, None),
)
WORD_ATTRIBUTES = ("partner_kind", "selling_entity", "country", "domain", "template")
# Headcount stands last, so that the cells of neighbouring headcounts are neighbours.
_AXES = (*WORD_ATTRIBUTES, DAY, EMPLOYEES)
OTHER = "~other"


@dataclass(frozen=True)
class Value:
    """One elementary value of an attribute.

    Attributes:
        word: the text, for a named value.
        other: whether it stands for every text that no rule of the slice names.
        span: the closed interval, for a number; None when it is no number.
        points: what to ask about: a representative, for an interval both of its ends; None is a missing attribute.
    """

    word: str | None = None
    other: bool = False
    span: Range | None = None
    points: tuple[str | int | None, ...] = (None,)


@dataclass(frozen=True)
class Axis:
    """The elementary values of one attribute in one slice."""

    attribute: str
    values: tuple[Value, ...]


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


def slices(rules: Sequence[Rule], entities: Sequence[str]) -> tuple[Slice, ...]:
    """The slices of one stratum's rules."""
    found = []
    for number, (event, plan) in enumerate(COMBOS):
        here = [rule for rule in rules if _may(rule, "event", event) and _may(rule, "plan", plan)]
        partners = sorted({name for rule in here for name in rule.conditions.words.get("partner", ())})
        for partner in (*partners, None):
            own = [rule for rule in here if _may(rule, "partner", partner)]
            axes = tuple(axis for name in _AXES if (axis := _axis(name, own, entities)) is not None)
            found.append(Slice(number, partner, _unlike(partners), axes))
    return tuple(found)


def starts_of(ranges: Iterable[Range]) -> tuple[int, ...]:
    """Where a new interval starts: at each lower bound, and after each upper bound."""
    starts: set[int] = set()
    for low, high in ranges:
        starts |= {bound for bound in (low, None if high is None else high + 1) if bound is not None}
    return tuple(sorted(starts))


def _may(rule: Rule, attribute: str, value: str | None) -> bool:
    words = rule.conditions.words.get(attribute)
    return words is None or value in words


def _axis(attribute: str, rules: Sequence[Rule], entities: Sequence[str]) -> Axis | None:
    if attribute in (EMPLOYEES, DAY):
        ranges = [bounds for rule in rules if (bounds := rule.conditions.ranges.get(attribute)) is not None]
        return Axis(attribute, _intervals(ranges, attribute)) if ranges else None
    named = {word for rule in rules for word in rule.conditions.words.get(attribute, ())}
    if not named:
        return None
    if attribute == "partner_kind":
        return Axis(attribute, tuple(Value(word=kind.value, points=(kind.value,)) for kind in PartnerKind))
    if attribute == "selling_entity":
        return Axis(attribute, tuple(Value(word=name, points=(name,)) for name in entities))
    values = [Value(word=word, points=(word,)) for word in sorted(named)]
    return Axis(attribute, (*values, Value(other=True, points=(_unlike(named),)), Value()))


def _intervals(ranges: Sequence[Range], attribute: str) -> tuple[Value, ...]:
    starts = starts_of(ranges)
    if attribute == EMPLOYEES:
        starts = tuple(sorted({1, *starts}))
        spans: list[Range] = []
    else:
        spans = [(None, starts[0] - 1)]
    spans += [(low, high - 1) for low, high in pairwise(starts)]
    spans.append((starts[-1], None))
    values = [Value(span=span, points=tuple(sorted({end for end in span if end is not None}))) for span in spans]
    return (*values, Value()) if attribute == EMPLOYEES else tuple(values)


def _unlike(named: Iterable[str]) -> str:
    """A text that is none of those named."""
    other = OTHER
    taken = set(named)
    while other in taken:
        other += "~"
    return other
