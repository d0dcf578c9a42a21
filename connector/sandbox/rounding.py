"""Rounding, and how many decimal places a currency has.

Owns the sandbox's one rounding, written apart from the product's so that the two can disagree. What a stranger would
get wrong: halves go away from zero, which is not what ``round`` does.
"""

from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "JOD": 3, "TND": 3}
LARGEST = Decimal(10) ** 15
SMALLEST_EXPONENT = -20


def digits_of(currency: str) -> int:
    """How many decimal places the currency has; two unless it is known to differ."""
    return _DIGITS.get(currency, 2)


def rounded(value: Decimal, digits: int, mode: str = ROUND_HALF_UP) -> Decimal:
    """The value at that many places, halves away from zero; never ``-0``."""
    result = value.quantize(Decimal(1).scaleb(-digits), rounding=mode)
    return abs(result) if result == 0 else result


def is_sane(value: Decimal) -> bool:
    """Whether the number can be written out in full: 1e999999 cannot."""
    if value == 0:
        return True
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and abs(value) < LARGEST and exponent >= SMALLEST_EXPONENT
