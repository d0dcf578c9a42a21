"""Whether conditions can hold together in a cell, which tells the adjustments that can meet on one line.

Conditions are boxes: each attribute is one of some words, or a number between bounds. So are cells.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.rulebook.axes import Value
from connector.rulebook.cells import COMBOS
from connector.rulebook.decide import Cell
from connector.rulebook.spec import Conditions, Range


@dataclass(frozen=True)
class Case:
    """One cell, and the partners that the slices of its event and plan set apart."""

    cell: Cell
    apart: frozenset[str]
    said: Mapping[str, Value] = field(init=False)

    def __post_init__(self) -> None:
        """Lay the values of the cell out by attribute."""
        axes = (axis.attribute for axis in self.cell.where.axes)
        object.__setattr__(self, "said", dict(zip(axes, self.cell.values, strict=True)))

    def allows(self, conditions: Conditions) -> bool:
        """Whether some client or bundle of the cell fits the conditions."""
        words = all(self._some_word(name, words) for name, words in conditions.words.items())
        return words and all(self._some_number(name, bounds) for name, bounds in conditions.ranges.items())

    def implies(self, given: Conditions, conditions: Conditions) -> bool:
        """Whether every client of the cell that fits `given` fits the conditions too."""
        words = all(self._every_word(name, words, given) for name, words in conditions.words.items())
        return words and all(self._every_number(name, bounds, given) for name, bounds in conditions.ranges.items())

    def _some_word(self, name: str, words: tuple[str, ...]) -> bool:
        fixed = self._fixed(name)
        if fixed is not None:
            return fixed in words
        if name == "partner":
            return not self.apart.issuperset(words)
        if name == "plan" or name not in self.said:  # a bundle has no plan; of all else any word can occur
            return name != "plan"
        value = self.said[name]
        if value.other:
            named = {one.word for axis in self.cell.where.axes if axis.attribute == name for one in axis.values}
            return not named.issuperset(words)
        return False  # a missing attribute fits nothing

    def _every_word(self, name: str, words: tuple[str, ...], given: Conditions) -> bool:
        fixed = self._fixed(name)
        return fixed in words if fixed is not None else set(given.words.get(name, ("",))).issubset(words)

    def _fixed(self, name: str) -> str | None:
        """The one word that every client of the cell has, or None."""
        event, plan = COMBOS[self.cell.where.combo]
        known = {"event": event.value, "plan": plan and plan.value, "partner": self.cell.where.partner}
        return known[name] if name in known else self.said[name].word if name in self.said else None

    def _some_number(self, name: str, bounds: Range) -> bool:
        if name not in self.said:
            return True
        span = self.said[name].span
        return span is not None and overlap(span, bounds) is not None

    def _every_number(self, name: str, bounds: Range, given: Conditions) -> bool:
        known = [given.ranges.get(name), self.said[name].span if name in self.said else None]
        return any(span is not None and overlap(span, bounds) == span for span in known)


def overlap(one: Range, other: Range) -> Range | None:
    """The numbers that lie in both intervals, or None."""
    lows = [bound for bound in (one[0], other[0]) if bound is not None]
    highs = [bound for bound in (one[1], other[1]) if bound is not None]
    if lows and highs and max(lows) > min(highs):
        return None
    return max(lows, default=None), min(highs, default=None)


def both(one: Conditions, other: Conditions) -> Conditions | None:
    """The conditions that hold where both do, or None where they cannot."""
    words = dict(one.words)
    for name, more in other.words.items():
        words[name] = tuple(word for word in words.get(name, more) if word in more)
        if not words[name]:
            return None
    ranges = dict(one.ranges)
    for name, bounds in other.ranges.items():
        shared = overlap(ranges.get(name, (None, None)), bounds)
        if shared is None:
            return None
        ranges[name] = shared
    return Conditions(words, ranges)
