"""The elementary values of each attribute that rules may name: what stands for what in a cell.

A closed list has neither "any other" nor "missing"; a number is cut into the intervals between the bounds that rules
name, and may be missing; a tag is either there or not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from connector.domain.words import PartnerKind
from connector.rulebook.spec import (
    CLIENTS_THIS_YEAR,
    DAY,
    EMPLOYEES,
    PLACES_LEFT,
    TAG,
    TAGGED,
    UNTAGGED,
    Range,
    Rule,
)

WORD_ATTRIBUTES = ("partner_kind", "selling_entity", "country", "domain", "template")
COUNTED = (CLIENTS_THIS_YEAR, PLACES_LEFT)
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


def axes_of(rules: Sequence[Rule], entities: Sequence[str]) -> tuple[Axis, ...]:
    """The axes of the attributes that these rules name, always in the same order.

    Headcount stands last, so that the cells of neighbouring headcounts are neighbours.
    """
    tags = sorted({name for rule in rules for name in rule.conditions.words if name.startswith(TAG)})
    words = (_words(name, rules, entities) for name in WORD_ATTRIBUTES)
    numbers = (_numbers(name, rules) for name in (*COUNTED, DAY, EMPLOYEES))
    tagged = (Axis(name, tuple(Value(word=word, points=(word,)) for word in (UNTAGGED, TAGGED))) for name in tags)
    return tuple(axis for axis in (*words, *tagged, *numbers) if axis is not None)


def starts_of(ranges: Iterable[Range]) -> tuple[int, ...]:
    """Where a new interval starts: at each lower bound, and after each upper bound."""
    starts: set[int] = set()
    for low, high in ranges:
        starts |= {bound for bound in (low, None if high is None else high + 1) if bound is not None}
    return tuple(sorted(starts))


def unlike(named: Iterable[str]) -> str:
    """A text that is none of those named."""
    other = OTHER
    taken = set(named)
    while other in taken:
        other += "~"
    return other


def _words(attribute: str, rules: Sequence[Rule], entities: Sequence[str]) -> Axis | None:
    named = {word for rule in rules for word in rule.conditions.words.get(attribute, ())}
    if not named:
        return None
    if attribute == "partner_kind":
        return Axis(attribute, tuple(Value(word=kind.value, points=(kind.value,)) for kind in PartnerKind))
    if attribute == "selling_entity":
        return Axis(attribute, tuple(Value(word=name, points=(name,)) for name in entities))
    values = [Value(word=word, points=(word,)) for word in sorted(named)]
    return Axis(attribute, (*values, Value(other=True, points=(unlike(named),)), Value()))


def _numbers(attribute: str, rules: Sequence[Rule]) -> Axis | None:
    ranges = [bounds for rule in rules if (bounds := rule.conditions.ranges.get(attribute)) is not None]
    if not ranges:
        return None
    starts = starts_of(ranges)
    if attribute == EMPLOYEES:
        starts = tuple(sorted({1, *starts}))
        spans: list[Range] = []
    else:
        spans = [(None, starts[0] - 1)]
    spans += [(low, high - 1) for low, high in pairwise(starts)]
    spans.append((starts[-1], None))
    values = [Value(span=span, points=tuple(sorted({end for end in span if end is not None}))) for span in spans]
    return Axis(attribute, tuple(values) if attribute == DAY else (*values, Value()))
