"""What each code of each attribute means, to lay the cells of a stratum out for look-up.

Codes hold for the whole rulebook; a slice that does not look at an attribute ignores its code.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from connector.rulebook.axes import Axis
from connector.rulebook.cells import COMBOS, Slice
from connector.rulebook.decide import Cell
from connector.rulebook.spec import DAY, EMPLOYEES, TAG, TAGGED, Range
from connector.rulebook.table import FIRST_NAMED, MISSING, OTHER, Stratum


@dataclass(frozen=True)
class Codes:
    """The values of every attribute that rules tell apart; see `table.Table` for each."""

    partners: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]
    headcounts: tuple[int, ...]
    days: tuple[int, ...]
    tags: tuple[str, ...]
    counted: Mapping[str, tuple[int, ...]]

    def stratum(self, cells: Sequence[Cell], number: Callable[[Cell], int], combos: Sequence[int]) -> Stratum:
        """The stratum of these cells, each with the number of its decision."""
        by_slice = [(where, list(group)) for where, group in groupby(cells, key=lambda cell: cell.where)]
        parts = [where for where, _ in by_slice]
        slices = tuple(
            _slice(parts, combo, name) if combo in combos else 0
            for combo in range(len(COMBOS))
            for name in (None, *self.partners)
        )
        bases, total = [], 0
        for part in parts:
            bases.append(total)
            total += part.size
        decisions = tuple(number(cell) for cell in cells)
        used = {axis.attribute for part in parts for axis in part.axes}
        offsets = {name: tuple(step for part in parts for step in self._steps(part, name)) for name in sorted(used)}
        runs = _runs(by_slice) if EMPLOYEES in used else ()
        return Stratum(slices, tuple(bases), offsets, decisions, runs)

    def _steps(self, part: Slice, attribute: str) -> list[int]:
        """How far each code of an attribute moves the cell within a slice."""
        stride = 1
        for axis in reversed(part.axes):
            if axis.attribute == attribute:
                return [stride * position for position in self._positions(axis)]
            stride *= len(axis.values)
        return [0] * self._width(attribute)

    def _width(self, attribute: str) -> int:
        if attribute.startswith(TAG):
            return 2
        if attribute in self.counted:
            return 2 + len(self.counted[attribute])
        widths = {EMPLOYEES: 1 + len(self.headcounts), DAY: 1 + len(self.days)}
        return widths[attribute] if attribute in widths else FIRST_NAMED + len(self.words[attribute])

    def _positions(self, axis: Axis) -> list[int]:
        """For each code of the axis's attribute the position of its value on the axis."""
        spans = [value.span for value in axis.values]
        last = len(axis.values) - 1
        if axis.attribute == EMPLOYEES:
            return [last, *(_holding(spans, start) for start in self.headcounts)]
        if axis.attribute == DAY:
            return [0, *(_holding(spans, start) for start in self.days)]
        if axis.attribute in self.counted:
            return [last, 0, *(_holding(spans, start) for start in self.counted[axis.attribute])]
        named = {value.word: number for number, value in enumerate(axis.values)}
        if axis.attribute.startswith(TAG):
            return [1 - named[TAGGED], named[TAGGED]]
        # A closed list has neither "other" nor "missing": such rows are refused before they get here.
        other = next((number for number, value in enumerate(axis.values) if value.other), 0)
        missing = last if other else 0
        coded = {MISSING: missing, OTHER: other}
        return [*coded.values(), *(named.get(word, other) for word in self.words[axis.attribute])]


def _slice(parts: Sequence[Slice], combo: int, partner: str | None) -> int:
    own = {part.partner: number for number, part in enumerate(parts) if part.combo == combo}
    return own.get(partner, own[None])


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
