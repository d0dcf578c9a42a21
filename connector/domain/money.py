"""Exact money: whole minor units with their currency beside them.

This is the one place that rounds: half away from zero, but to follow what some books compute. Rounding
anywhere else (polars rounds half to even) is a defect.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

from connector.domain.currency import digits

_EXACT = Context(prec=60)  # our own: the default one drops digits beyond the 28th, and anybody can narrow it


class InexactAmountError(ValueError):
    """The amount has more decimal digits than its currency."""


class MixedCurrencyError(ValueError):
    """Two amounts of different currencies were added or compared."""


def round_half_away(amount: Decimal, places: int) -> Decimal:
    """Round to `places` decimals; a half goes away from zero (2.345 → 2.35, -2.345 → -2.35).

    Raises:
        decimal.InvalidOperation: the result has more than 60 digits, or the amount is not finite.
    """
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=_EXACT)


def round_half_even(amount: Decimal, places: int) -> Decimal:
    """Round to `places` decimals; a half goes to the even digit (2.345 → 2.34, 2.355 → 2.36), to follow books that do.

    Raises:
        decimal.InvalidOperation: as above.
    """
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN, context=_EXACT)


def rounded_quotient(numerator: int, denominator: int) -> int:
    """The whole number nearest to a fraction; a half goes away from zero (5/2 → 3, -5/2 → -3).

    Args:
        numerator: any whole number.
        denominator: a positive one.
    """
    whole = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -whole if numerator < 0 else whole


@dataclass(frozen=True)
class Money:
    """An exact amount.

    Attributes:
        minor: whole minor units (cents for USD, yen for JPY); may be negative.
        currency: ISO 4217 code.
    """

    minor: int
    currency: str

    @classmethod
    def exact(cls, amount: Decimal, currency: str) -> "Money":
        """The money of a decimal amount.

        Raises:
            InexactAmountError: the amount has more digits than the currency, so it would need rounding.
        """
        rounded = round_half_away(amount, digits(currency))
        if rounded != amount:
            message = f"{amount} has more than the {digits(currency)} decimal digits of {currency}"
            raise InexactAmountError(message)
        return cls._of(rounded, currency)

    @classmethod
    def rounded(cls, amount: Decimal, currency: str) -> "Money":
        """The money nearest to a decimal amount, halves away from zero."""
        return cls._of(round_half_away(amount, digits(currency)), currency)

    @classmethod
    def half_even(cls, amount: Decimal, currency: str) -> "Money":
        """The money nearest to a decimal amount, halves to the even digit: as some books compute, and we never do."""
        return cls._of(round_half_even(amount, digits(currency)), currency)

    @classmethod
    def _of(cls, amount: Decimal, currency: str) -> "Money":
        return cls(int(amount.scaleb(digits(currency), context=_EXACT)), currency)

    @property
    def amount(self) -> Decimal:
        """The amount in the currency's own unit, with exactly the currency's digits."""
        return Decimal(self.minor).scaleb(-digits(self.currency), context=_EXACT)

    def __add__(self, other: "Money") -> "Money":
        """The sum of two amounts of one currency."""
        if other.currency != self.currency:
            message = f"{self.currency} and {other.currency} cannot be added"
            raise MixedCurrencyError(message)
        return Money(self.minor + other.minor, self.currency)

    def __str__(self) -> str:
        """The amount for people, its currency first: `USD 1,800.00`."""
        return f"{self.currency} {self.amount:,.{digits(self.currency)}f}"
