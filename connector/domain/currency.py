"""Currencies and their decimal digits, from ISO 4217.

The digits are the currency's own (JPY has none, KWD three): code that assumes two is wrong somewhere in the world.
"""

from functools import cache


class UnknownCurrencyError(ValueError):
    """The code is not an active ISO 4217 currency."""


@cache
def digits(code: str) -> int:
    """Decimal digits of the currency's minor unit (ISO 4217 "exponent").

    Raises:
        UnknownCurrencyError: the code is unknown, or names something without a minor unit (gold, testing codes).
    """
    # iso4217 parses its whole table when it is imported, and most uploads of clients hold no currency.
    from iso4217 import Currency  # noqa: PLC0415

    try:
        exponent = Currency(code).exponent
    except ValueError as error:
        message = f"{code!r} is not an ISO 4217 currency code"
        raise UnknownCurrencyError(message) from error
    if exponent is None:
        message = f"{code!r} has no minor unit, so nothing can be billed in it"
        raise UnknownCurrencyError(message)
    return int(exponent)


def is_currency(code: str) -> bool:
    """Whether documents can be billed in the currency of this code."""
    try:
        digits(code)
    except UnknownCurrencyError:
        return False
    return True
