"""Which proved cell an event falls into, found by reading the cells themselves.

It is for the few events of tests. Rating finds cells by numbers of its own, so this is no part of it.
"""

from collections.abc import Sequence

from connector.rulebook.axes import Axis
from connector.rulebook.cells import COMBOS, Slice
from connector.rulebook.decide import Cell
from connector.rulebook.evaluator import Fact
from connector.rulebook.spec import TAG, UNTAGGED


class Locator:
    """The cells of one stratum, slice by slice, as `Decided` lists them."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._slices: dict[tuple[str, str | None, str | None], tuple[int, Slice]] = {}
        for number, cell in enumerate(cells):
            event, plan = COMBOS[cell.where.combo]
            key = (event.value, None if plan is None else plan.value, cell.where.partner)
            self._slices.setdefault(key, (number, cell.where))

    def find(self, fact: Fact) -> int | None:
        """The position of the cell that a fact falls into; None for one that cannot occur."""
        event, plan, partner = (None if name not in fact else str(fact[name]) for name in ("event", "plan", "partner"))
        others = self._slices.get((str(event), plan, None))
        first, where = self._slices.get((str(event), plan, partner), others) or (0, None)
        if where is None:
            return None
        cell = 0
        for axis in where.axes:
            position = _position(axis, fact)
            if position is None:
                return None
            cell = cell * len(axis.values) + position
        return first + cell


def _position(axis: Axis, fact: Fact) -> int | None:
    """The elementary value of an axis that holds what the fact says."""
    got = fact.get(axis.attribute, UNTAGGED if axis.attribute.startswith(TAG) else None)
    other = None
    for number, value in enumerate(axis.values):
        if value.other:
            other = number
        elif isinstance(got, int):
            low, high = value.span or (got + 1, None)
            if (low is None or low <= got) and (high is None or got <= high):
                return number
        elif value.word == got and value.span is None:
            return number
    return other if isinstance(got, str) else None
