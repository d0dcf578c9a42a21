"""What the accounting system will compute. Tax is rounded for each line and then summed, never on the sum.

The published example: 25.06, 25.61 and 25.63 at 15 % carry 3.76 + 3.84 + 3.84 = 11.44, where the sum would give 11.45.
"""

from collections.abc import Sequence
from decimal import Decimal

from connector.domain.currency import digits
from connector.domain.documents import Line
from connector.domain.money import Money, round_half_away

REMOTE_DECIMALS = 2


def predict_tax_minor(net_minor: int, percent: Decimal, currency: str) -> int:
    """Tax of one line in whole minor units of `currency`, a half rounded away from zero.

    Args:
        net_minor: the line before tax, in minor units.
        percent: the tax code's effective rate, such as `Decimal("8.25")`.
        currency: ISO 4217 code of the document.

    Raises:
        UnknownCurrencyError: the code names no currency that can be billed in.
    """
    return Money.rounded(_tax(net_minor, percent, currency), currency).minor


def tax_per_rate_minor(lines: Sequence[Line], currency: str) -> int:
    """The tax of a document in minor units when it is rounded once for each tax code and rate."""
    nets: dict[tuple[str, Decimal], int] = {}
    for line in lines:
        key = (line.tax_code, line.tax_percent)
        nets[key] = nets.get(key, 0) + line.net_minor
    return sum(predict_tax_minor(net, percent, currency) for (_, percent), net in nets.items())


def taxes_half_even_minor(lines: Sequence[Line], currency: str) -> tuple[int, int]:
    """The tax of a document in minor units, a half rounded to the even digit: on each line; once for each rate.

    Lines below zero are a rate of their own: what is given back is summed apart from what is owed.
    """
    taxes = [(line, _tax(line.net_minor, line.tax_percent, currency)) for line in lines]
    groups: dict[tuple[str, Decimal, bool], Decimal] = {}
    for line, tax in taxes:
        key = (line.tax_code, line.tax_percent, line.net_minor >= 0)
        groups[key] = groups.get(key, Decimal(0)) + tax
    by_line, by_rate = (
        [Money.half_even(one, currency).minor for one in all_] for all_ in ([tax for _, tax in taxes], groups.values())
    )
    return sum(by_line), sum(by_rate)


def is_predictable(net_minor: int, percent: Decimal, currency: str) -> bool:
    """Whether a system that computes with two decimals, in every currency, gets the same tax on this line as we do."""
    exact = _tax(net_minor, percent, currency)
    if digits(currency) > REMOTE_DECIMALS:
        return False
    return round_half_away(exact, REMOTE_DECIMALS) == round_half_away(exact, digits(currency))


def _tax(net_minor: int, percent: Decimal, currency: str) -> Decimal:
    return Money(net_minor, currency).amount * percent / 100
