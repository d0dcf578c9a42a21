from decimal import Decimal

import pytest
from sandbox_client import Client, exact, invoice, line

from connector.sandbox import Tenant, rounding
from connector.sandbox.xero import money
from connector.sandbox.xero.money import Asked, Rules

FIFTEEN = Decimal(15)


def rules(types: str = "Exclusive", *, digits: int = 2, half_even: bool = False) -> Rules:
    return Rules(digits, 2, types, half_even)


def test_tax_is_rounded_per_line_and_then_summed() -> None:
    amounts = [Decimal(text) for text in ("25.06", "25.61", "25.63")]
    pairs = [(amount, rules().tax(amount, FIFTEEN, None)) for amount in amounts]
    assert money.totals(pairs, rules()) == money.Totals(Decimal("76.30"), Decimal("11.44"), Decimal("87.74"))


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ("Exclusive", ("100.00", "20.00", "120.00")),
        ("Inclusive", ("83.33", "16.67", "100.00")),
        ("NoTax", ("100.00", "0.00", "100.00")),
    ],
)
def test_line_amount_types(uk: Client, types: str, expected: tuple[str, str, str]) -> None:
    body = invoice(uk.contact(), LineAmountTypes=types, LineItems=[line(TaxType="OUTPUT2")])
    made = exact(uk.put("Invoices", {"Invoices": [body]}))["Invoices"][0]
    assert tuple(str(made[name]) for name in ("SubTotal", "TotalTax", "Total")) == expected


def test_unit_amounts_keep_two_places_unless_four_are_asked_for(us: Client) -> None:
    body = {"Invoices": [invoice(us.contact(), LineItems=[line(1.2345, Quantity=100, TaxType="NONE")])]}
    totals = [exact(us.put(path, body))["Invoices"][0]["Total"] for path in ("Invoices", "Invoices?unitdp=4")]
    assert totals == [Decimal("123.00"), Decimal("123.45")]


def test_a_given_tax_amount_wins(us: Client) -> None:
    made = exact(us.put("Invoices", {"Invoices": [invoice(us.contact(), LineItems=[line(TaxAmount=7.77)])]}))[
        "Invoices"
    ][0]
    assert (made["TotalTax"], made["Total"]) == (Decimal("7.77"), Decimal("107.77"))


def test_halves_go_away_from_zero() -> None:
    assert [rounding.rounded(Decimal(text), 2) for text in ("0.005", "-0.005", "-0.004")] == [
        Decimal("0.01"),
        Decimal("-0.01"),
        Decimal("0.00"),
    ]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Asked(Decimal(3), None, Decimal(10)), ("3.0000", "3.33", "10.00")),
        (Asked(None, Decimal(4), Decimal(10)), ("2.5000", "4.00", "10.00")),
        (Asked(None, None, Decimal(10)), ("1", "10.00", "10.00")),
        (Asked(None, None, None), ("1", "0", "0.00")),
        (Asked(Decimal(2), Decimal(10), None, discount_rate=Decimal(10)), ("2.0000", "10.00", "18.00")),
        (Asked(Decimal(2), Decimal(10), None, discount_amount=Decimal(5)), ("2.0000", "10.00", "15.00")),
    ],
)
def test_what_a_line_leaves_out_is_worked_out(asked: Asked, expected: tuple[str, str, str]) -> None:
    priced = money.price(asked, rules())
    assert isinstance(priced, money.Priced)
    assert (str(priced.quantity), str(priced.unit_amount), str(priced.line_amount)) == expected


def test_the_rounding_of_line_amounts_is_a_switch() -> None:
    asked = Asked(Decimal("0.5"), Decimal("0.05"), None)
    lines = [money.price(asked, rules(half_even=half_even)) for half_even in (False, True)]
    assert [one.line_amount for one in lines if isinstance(one, money.Priced)] == [Decimal("0.03"), Decimal("0.02")]


@pytest.mark.parametrize(("currency", "digits"), [("USD", 2), ("JPY", 0), ("KWD", 3)])
def test_currencies_have_their_own_digits(currency: str, digits: int) -> None:
    assert rounding.digits_of(currency) == digits
    assert rules(digits=digits).tax(Decimal(1), FIFTEEN, None) == round(Decimal("0.15"), digits)


def test_tenants_are_values() -> None:
    assert Tenant.__dataclass_params__.frozen  # type: ignore[attr-defined]
