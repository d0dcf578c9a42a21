"""Tax as the books will compute it: on each line, halves away from zero, then summed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.accounting.totals import is_predictable, predict_tax_minor


def test_the_published_example_gives_11_44_and_not_11_45() -> None:
    lines = (2506, 2561, 2563)
    taxes = [predict_tax_minor(net, Decimal(15), "USD") for net in lines]
    assert (taxes, sum(taxes)) == ([376, 384, 384], 1144)
    assert predict_tax_minor(sum(lines), Decimal(15), "USD") == 1145


@pytest.mark.parametrize(
    ("net_minor", "percent", "currency", "expected"),
    [
        (10_000, "8.25", "USD", 825),
        (550, "7", "USD", 39),  # 0.385 → 0.39
        (1000, "0.25", "USD", 3),  # 0.025 → 0.03
        (-1000, "0.25", "USD", -3),
        (10_000, "0", "USD", 0),
        (1005, "10", "JPY", 101),  # 100.5 yen
        (1005, "10", "KWD", 101),  # 0.1005 dinar
    ],
)
def test_halves_go_away_from_zero(net_minor: int, percent: str, currency: str, expected: int) -> None:
    assert predict_tax_minor(net_minor, Decimal(percent), currency) == expected


@given(st.integers(-(10**12), 10**12), st.decimals(0, 100, places=4))
def test_the_tax_is_within_half_a_minor_unit_and_odd_in_its_net(net_minor: int, percent: Decimal) -> None:
    tax = predict_tax_minor(net_minor, percent, "USD")
    assert abs(Decimal(tax) - net_minor * percent / 100) <= Decimal("0.5")
    assert predict_tax_minor(-net_minor, percent, "USD") == -tax


@pytest.mark.parametrize(
    ("net_minor", "currency", "expected"),
    [(1001, "USD", True), (1000, "JPY", True), (1005, "JPY", False), (1000, "KWD", False)],
)
def test_a_tax_is_predictable_where_two_decimals_are_enough(net_minor: int, currency: str, *, expected: bool) -> None:
    assert is_predictable(net_minor, Decimal(10), currency) == expected
