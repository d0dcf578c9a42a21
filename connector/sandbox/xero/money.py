"""What a document costs: line amounts, tax per line, totals.

Owns the sandbox's arithmetic, written apart from the product's so that the two can disagree. What a stranger would
get wrong: tax is rounded on every line and then summed (25.06 + 25.61 + 25.63 at 15 % is 11.44, not 11.45), and
the unit amount is rounded to two places before it is multiplied, unless ``unitdp=4`` was asked for.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from connector.sandbox.rounding import ZERO, rounded

QUANTITY_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Rules:
    """How one document is computed: its currency's digits, its unit digits, and what ``LineAmountTypes`` says."""

    currency_digits: int
    unit_digits: int
    line_amount_types: str
    half_even_lines: bool

    def line(self, value: Decimal) -> Decimal:
        """A line amount, rounded as the switch ``line_rounding`` says (the real mode is UNCONFIRMED)."""
        mode = ROUND_HALF_EVEN if self.half_even_lines else ROUND_HALF_UP
        return rounded(value, self.currency_digits, mode)

    def tax(self, amount: Decimal, percent: Decimal, override: Decimal | None) -> Decimal:
        """The tax of one line; an override replaces the computed tax unless the document has none."""
        if self.line_amount_types == "NoTax":
            return rounded(ZERO, self.currency_digits)
        if override is not None:
            return rounded(override, self.currency_digits)
        divisor = 100 + percent if self.line_amount_types == "Inclusive" else Decimal(100)
        return rounded(amount * percent / divisor, self.currency_digits)


@dataclass(frozen=True, slots=True)
class Priced:
    """One line after arithmetic."""

    quantity: Decimal
    unit_amount: Decimal
    line_amount: Decimal


@dataclass(frozen=True, slots=True)
class Asked:
    """What a line of the request said of its price; ``None`` is a number left out."""

    quantity: Decimal | None
    unit_amount: Decimal | None
    line_amount: Decimal | None
    discount_rate: Decimal | None = None
    discount_amount: Decimal | None = None


def price(asked: Asked, rules: Rules) -> Priced | str:
    """The line's quantity, unit amount and amount, or the message of its fault."""
    quantity = None if asked.quantity is None else rounded(asked.quantity, QUANTITY_DIGITS)
    unit = None if asked.unit_amount is None else rounded(asked.unit_amount, rules.unit_digits)
    line = None if asked.line_amount is None else rounded(asked.line_amount, rules.currency_digits)
    if line is not None and quantity and unit is None:
        return Priced(quantity, rounded(line / quantity, rules.unit_digits), line)
    if line is not None and unit and quantity is None:
        return Priced(rounded(line / unit, QUANTITY_DIGITS), unit, line)
    if line is not None and unit is None:
        return Priced(Decimal(1), rounded(line, rules.unit_digits), line)
    quantity = Decimal(1) if quantity is None else quantity
    unit = ZERO if unit is None else unit
    expected = rules.line(_discounted(quantity * unit, asked))
    if line is not None and line != expected:
        return f"The line total {line} does not match the expected line total {expected}"
    return Priced(quantity, unit, expected)


def _discounted(gross: Decimal, asked: Asked) -> Decimal:
    if asked.discount_amount is not None:
        return gross - asked.discount_amount
    if asked.discount_rate is not None:
        return gross * (100 - asked.discount_rate) / 100
    return gross


@dataclass(frozen=True, slots=True)
class Totals:
    """The three sums of a document."""

    sub_total: Decimal
    total_tax: Decimal
    total: Decimal


def totals(lines: Iterable[tuple[Decimal, Decimal]], rules: Rules) -> Totals:
    """Sum (line amount, tax) pairs; inclusive amounts already hold their tax."""
    amount = rounded(ZERO, rules.currency_digits)
    tax = amount
    for line_amount, line_tax in lines:
        amount += line_amount
        tax += line_tax
    if rules.line_amount_types == "Inclusive":
        return Totals(amount - tax, tax, amount)
    return Totals(amount, tax, amount + tax)
