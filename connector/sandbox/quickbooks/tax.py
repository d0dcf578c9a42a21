"""What tax a document has.

Owns the arithmetic. What a stranger would get wrong: whether tax is rounded once for each rate of the document or on
every line is UNCONFIRMED, so a switch decides (25.06 + 25.61 + 25.63 at 15 % is 11.45 or 11.44); with automated sales
tax nothing the client sends decides the rate, the customer's address does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from connector.sandbox import jsontext, rounding
from connector.sandbox.jsontext import Record, text
from connector.sandbox.quickbooks.companies import Company, Rate


@dataclass(frozen=True, slots=True)
class Taxed:
    """One rate of a document: the sum it is taken of, and the tax."""

    rate: Rate
    net: Decimal
    tax: Decimal


def taxes(lines: Iterable[tuple[Decimal, tuple[Rate, ...]]], digits: int, *, per_line: bool) -> tuple[Taxed, ...]:
    """The tax of each rate, from (amount, rates) pairs; rates in the order they first appear."""
    nets: dict[Rate, list[Decimal]] = {}
    for amount, rates in lines:
        for rate in rates:
            nets.setdefault(rate, []).append(amount)
    found = []
    for rate, amounts in nets.items():
        bases = amounts if per_line else [sum(amounts, rounding.ZERO)]
        tax = sum((rounding.rounded(base * rate.percent / 100, digits) for base in bases), rounding.ZERO)
        found.append(Taxed(rate, sum(amounts, rounding.ZERO), tax))
    return tuple(found)


def area_rates(company: Company, *addresses: object) -> tuple[Rate, ...]:
    """The automated rate of the first address that names a state; none where the company collects no tax."""
    states = (text(jsontext.as_record(address) or {}, "CountrySubDivisionCode").upper() for address in addresses)
    state = next((found for found in states if found), "")
    percent = dict(company.area_rates).get(state)
    return () if percent is None else (Rate(company.rates[0].id, f"{state} sales tax", percent),)


def rates_of(company: Company, code_id: str) -> tuple[Rate, ...] | None:
    """The rates a tax code stands for, ``None`` when the company has no such code in use."""
    code = next((one for one in company.codes if one.id == code_id and one.active), None)
    return None if code is None else tuple(rate for rate in company.rates if rate.id in code.rates)


def detail(taxed: tuple[Taxed, ...], code_id: str) -> Record:
    """The ``TxnTaxDetail`` of a reply."""
    lines = [
        {
            "Amount": one.tax,
            "DetailType": "TaxLineDetail",
            "TaxLineDetail": {
                "TaxRateRef": {"value": one.rate.id, "name": one.rate.name},
                "PercentBased": True,
                "TaxPercent": one.rate.percent,
                "NetAmountTaxable": one.net,
            },
        }
        for one in taxed
    ]
    chosen: Record = {"TxnTaxCodeRef": {"value": code_id}} if code_id else {}
    return {**chosen, "TotalTax": sum((one.tax for one in taxed), rounding.ZERO), "TaxLine": lines}
