"""What a charge comes to: list amount, adjustments, a term cut short; exact fractions, rounded once, at the end.

A percentage is of the list amount, so that the order in which adjustments stand never matters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from connector.domain.money import rounded_quotient
from connector.rulebook.spec import GRADUATED, Adjustment, UnitPrice

LARGEST_QUANTITY = 1_000_000
_WHOLE = 100


@dataclass(frozen=True)
class Listed:
    """The price of a quantity: in minor units altogether and, where all units cost the same, each."""

    minor: int
    unit_minor: int | None
    steps: tuple[tuple[int, int], ...]


def listed(price: UnitPrice, quantity: int) -> Listed:
    """The price of this many units by the list, and how many were counted at which price.

    Args:
        price: of a unit, or a ladder.
        quantity: at least 1.
    """
    if price.kind != GRADUATED:
        unit = next(s.price.minor for s in price.steps if s.low <= quantity and (s.high is None or quantity <= s.high))
        return Listed(unit * quantity, unit, ((quantity, unit),))
    steps = tuple(
        (min(quantity, quantity if step.high is None else step.high) - step.low + 1, step.price.minor)
        for step in price.steps
        if step.low <= quantity
    )
    return Listed(sum(count * minor for count, minor in steps), None, steps)


def adjusted(list_minor: int, currency: str, adjustments: Sequence[Adjustment], part: tuple[int, int] = (1, 1)) -> int:
    """The amount to bill, in minor units, rounded once with halves away from zero.

    list × (100 + sum of percentages) / 100 + sum of amounts, then no less than the largest minimum, then no more than
    the smallest cap, then the part of the term that is billed.

    Args:
        list_minor: by the price list.
        currency: of the charge; every adjustment of money names it.
        adjustments: those that apply.
        part: billed days and days of the whole term.
    """
    percents = sum((each.percent for each in adjustments if each.percent is not None), Decimal(0))
    exact = Fraction(list_minor) * (_WHOLE + Fraction(percents)) / _WHOLE
    exact += sum(each.money[currency] for each in adjustments if each.kind == "amount")
    exact = max([exact, *(Fraction(each.money[currency]) for each in adjustments if each.kind == "minimum")])
    exact = min([exact, *(Fraction(each.money[currency]) for each in adjustments if each.kind == "cap")])
    exact = exact * part[0] / part[1]
    return rounded_quotient(exact.numerator, exact.denominator)
