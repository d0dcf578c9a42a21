from decimal import ROUND_HALF_UP, Context, Decimal, getcontext, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.currency import UnknownCurrencyError, digits, is_currency
from connector.domain.money import (
    InexactAmountError,
    MixedCurrencyError,
    Money,
    round_half_away,
    round_half_even,
)

CURRENCIES = {"USD": 2, "EUR": 2, "JPY": 0, "KRW": 0, "ISK": 0, "CLP": 0, "KWD": 3, "BHD": 3, "TND": 3, "CLF": 4}
_minors = st.integers(min_value=-(10**40), max_value=10**40)
_currencies = st.sampled_from(sorted(CURRENCIES))
_amounts = st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False, places=6)


def _money(currency: str = "USD") -> st.SearchStrategy[Money]:
    return _minors.map(lambda minor: Money(minor, currency))


@pytest.mark.parametrize(("code", "expected"), CURRENCIES.items())
def test_digits_are_the_currencys_own(code: str, expected: int) -> None:
    assert (digits(code), is_currency(code)) == (expected, True)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("usd", "'usd' is not an ISO 4217 currency code"),
        ("US", "'US' is not an ISO 4217 currency code"),
        ("", "'' is not an ISO 4217 currency code"),
        ("ZZZ", "'ZZZ' is not an ISO 4217 currency code"),
        ("XAU", "'XAU' has no minor unit, so nothing can be billed in it"),
        ("XTS", "'XTS' has no minor unit, so nothing can be billed in it"),
    ],
)
def test_what_cannot_be_billed_in_is_no_currency(code: str, message: str) -> None:
    with pytest.raises(UnknownCurrencyError) as caught:
        digits(code)
    assert (str(caught.value), is_currency(code)) == (message, False)


@given(_minors, _currencies)
def test_minor_units_and_amount_go_round_exactly(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.exact(money.amount, currency) == money
    assert Money.rounded(money.amount, currency) == money
    assert -money.amount.as_tuple().exponent == digits(currency)


def test_money_does_not_depend_on_the_precision_somebody_set() -> None:
    before = getcontext().prec
    with localcontext(Context(prec=3)):
        assert (Money(1234567, "USD").amount, Money.exact(Decimal("12345.67"), "USD").minor) == (
            Decimal("12345.67"),
            1234567,
        )
    assert getcontext().prec == before


@given(_amounts, st.integers(min_value=0, max_value=6))
def test_rounding_is_half_away_from_zero(amount: Decimal, places: int) -> None:
    assert round_half_away(amount, places) == amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


@given(_amounts, _currencies)
def test_rounded_money_is_the_nearest_and_symmetrical(amount: Decimal, currency: str) -> None:
    money = Money.rounded(amount, currency)
    assert abs(money.amount - amount) * 2 <= Decimal(1).scaleb(-digits(currency))
    assert Money.rounded(-amount, currency) == Money(-money.minor, currency)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("2.345", "USD", 235),
        ("-2.345", "USD", -235),
        ("2.344999", "USD", 234),
        ("0.005", "USD", 1),
        ("-0.004", "USD", 0),
        ("0.5", "JPY", 1),
        ("1.5", "JPY", 2),
        ("1.0005", "KWD", 1001),
        ("5.50", "USD", 550),
    ],
)
def test_rounding_by_example(amount: str, currency: str, minor: int) -> None:
    assert Money.rounded(Decimal(amount), currency) == Money(minor, currency)


def test_a_price_of_5_50_stays_5_50() -> None:
    """What goes wrong, 5: 75 × 5.50 at 7 % is 28.88 of tax; a price cut to whole dollars would make it 26.25."""
    net = Money.exact(Decimal("5.50") * 75, "USD")
    assert (net, Money.rounded(net.amount * 7 / 100, "USD")) == (Money(41250, "USD"), Money(2888, "USD"))


@pytest.mark.parametrize(
    ("amount", "currency", "message"),
    [
        ("0.001", "USD", "0.001 has more than the 2 decimal digits of USD"),
        ("1.5", "JPY", "1.5 has more than the 0 decimal digits of JPY"),
        ("1.0001", "KWD", "1.0001 has more than the 3 decimal digits of KWD"),
    ],
)
def test_exact_refuses_what_would_need_rounding(amount: str, currency: str, message: str) -> None:
    with pytest.raises(InexactAmountError) as caught:
        Money.exact(Decimal(amount), currency)
    assert str(caught.value) == message


def test_trailing_zeros_are_not_more_digits() -> None:
    assert Money.exact(Decimal("12.5000"), "USD") == Money(1250, "USD")


@given(_money(), _money(), _money())
def test_sums_are_whole_and_independent_of_order(one: Money, two: Money, three: Money) -> None:
    total = Money(one.minor + two.minor + three.minor, "USD")
    assert (one + two) + three == one + (two + three) == three + two + one == total


def test_currencies_are_never_mixed() -> None:
    with pytest.raises(MixedCurrencyError) as caught:
        Money(1, "USD") + Money(1, "GBP")
    assert str(caught.value) == "USD and GBP cannot be added"


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (180000, "USD", "USD 1,800.00"),
        (-5, "USD", "USD -0.05"),
        (0, "USD", "USD 0.00"),
        (1800, "JPY", "JPY 1,800"),
        (1800, "KWD", "KWD 1.800"),
        (10**30 + 1, "USD", "USD 10,000,000,000,000,000,000,000,000,000.01"),
    ],
)
def test_money_is_shown_with_its_currencys_digits(minor: int, currency: str, shown: str) -> None:
    assert str(Money(minor, currency)) == shown


@pytest.mark.parametrize(
    ("amount", "told"),
    [("2.345", "2.34"), ("2.355", "2.36"), ("-2.345", "-2.34"), ("2.3451", "2.35"), ("0.165", "0.16")],
)
def test_what_some_books_round_goes_to_the_even_digit(amount: str, told: str) -> None:
    assert round_half_even(Decimal(amount), 2) == Decimal(told)
    assert Money.half_even(Decimal(amount), "USD") == Money.exact(Decimal(told), "USD")
