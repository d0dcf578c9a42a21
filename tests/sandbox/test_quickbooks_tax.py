"""Who computes the tax, and how it is rounded."""

from decimal import Decimal
from typing import Any

import pytest
from quickbooks_client import QuickBooksClient, invoice, line

from connector.sandbox.quickbooks import tax
from connector.sandbox.quickbooks.companies import Rate

NEW_YORK = {"Line1": "1 Sample Street", "CountrySubDivisionCode": "NY"}
THREE = (25.06, 25.61, 25.63)


def sums(body: dict[str, Any]) -> tuple[float, float]:
    return body["TxnTaxDetail"]["TotalTax"], body["TotalAmt"]


@pytest.mark.parametrize(("per_line", "expected"), [(False, "11.45"), (True, "11.44")])
def test_tax_is_rounded_once_a_rate_or_on_every_line(*, per_line: bool, expected: str) -> None:
    rate = Rate("1", "sample", Decimal(15))
    lines = [(Decimal(str(amount)), (rate,)) for amount in THREE]
    assert [str(one.tax) for one in tax.taxes(lines, 2, per_line=per_line)] == [expected]


@pytest.mark.parametrize(("rounding", "expected"), [("per_rate", (11.45, 87.75)), ("per_line", (11.44, 87.74))])
def test_the_rounding_is_a_switch(british: QuickBooksClient, rounding: str, expected: tuple[float, float]) -> None:
    british.switch(tax_rounding=rounding)
    body = invoice(british.customer(), "A-1", *(line(amount, "9") for amount in THREE))
    assert sums(british.made("invoice", body)) == expected


def test_automated_tax_comes_from_the_address(books: QuickBooksClient) -> None:
    known, unknown = books.customer("North", BillAddr=NEW_YORK), books.customer("South")
    exempt = books.customer("Exempt", BillAddr=NEW_YORK, Taxable=False)
    made = [books.made("invoice", invoice(customer, "A-1")) for customer in (known, unknown, exempt)]
    assert [sums(one) for one in made] == [(8.88, 108.88), (0.0, 100.0), (0.0, 100.0)]
    told = made[0]["TxnTaxDetail"]["TaxLine"][0]["TaxLineDetail"]
    assert (told["TaxPercent"], told["NetAmountTaxable"]) == (8.875, 100.0)
    elsewhere = invoice(known, "A-2", ShipAddr={"CountrySubDivisionCode": "ca"})
    assert sums(books.made("invoice", elsewhere)) == (7.25, 107.25)


def test_automated_tax_does_not_take_the_clients_word(books: QuickBooksClient) -> None:
    body = invoice(books.customer(BillAddr=NEW_YORK), "A-1", line(), line(50, "NON"))
    asked = {**body, "TxnTaxDetail": {"TotalTax": 1, "TxnTaxCodeRef": {"value": "2"}}}
    assert sums(books.made("invoice", asked)) == (8.88, 158.88)


def test_manual_tax_comes_from_the_documents_code(older: QuickBooksClient) -> None:
    customer = older.customer(BillAddr=NEW_YORK)
    asked = [
        {},
        {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}}},
        {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": "3"}}},
    ]
    made = [older.made("invoice", invoice(customer, "A-1", **one)) for one in asked]
    assert [sums(one) for one in made] == [(0.0, 100.0), (7.25, 107.25), (9.25, 109.25)]
    assert [len(one["TxnTaxDetail"]["TaxLine"]) for one in made] == [0, 1, 2]
    wrong = {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": "77"}}}
    assert older.refused("invoice", invoice(customer, "A-1", **wrong)) == ["2500"]


def test_a_line_without_a_code_in_the_united_states(books: QuickBooksClient) -> None:
    body = invoice(books.customer(BillAddr=NEW_YORK), "A-1")
    del body["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"]
    assert sums(books.made("invoice", body)) == (0.0, 100.0)
    books.switch(missing_tax_code="TAX")
    assert sums(books.made("invoice", body)) == (8.88, 108.88)


def test_elsewhere_every_line_has_a_code(british: QuickBooksClient) -> None:
    customer = british.customer()
    made = british.made("invoice", invoice(customer, "A-1", line(100, "6"), line(10, "7"), line(5, "8")))
    assert sums(made) == (20.5, 135.5)
    named = [one["TaxLineDetail"]["TaxRateRef"]["value"] for one in made["TxnTaxDetail"]["TaxLine"]]
    assert named == ["11", "12", "13"]
    missing = invoice(customer, "A-2")
    del missing["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"]
    refused = british.post("invoice", missing).json()["Fault"]["Error"][0]
    assert (refused["code"], "VAT rate" in refused["Detail"]) == ("6000", True)
    for code in ("TAX", "10", "77"):
        assert british.refused("invoice", invoice(customer, "A-2", line(100, code))) == ["2500"]


def test_tax_that_is_not_applicable(british: QuickBooksClient) -> None:
    customer = british.customer()
    bare = line()
    del bare["SalesItemLineDetail"]["TaxCodeRef"]
    none = {"GlobalTaxCalculation": "NotApplicable"}
    assert sums(british.made("invoice", invoice(customer, "A-1", bare, **none))) == (0.0, 100.0)
    assert british.refused("invoice", invoice(customer, "A-2", line(100, "6"), **none)) == ["6000"]
    inclusive = {"GlobalTaxCalculation": "TaxInclusive"}
    assert british.refused("invoice", invoice(customer, "A-2", line(100, "6"), **inclusive)) == ["6000"]
    assert british.refused("invoice", invoice(customer, "A-2", line(100, "6"), GlobalTaxCalculation="x")) == ["2170"]


def test_quantity_times_price_as_the_sheet_has_it(british: QuickBooksClient) -> None:
    part = {"Qty": 75, "UnitPrice": 0.07}
    made = british.made("invoice", invoice(british.customer(), "A-1", {**line(0, "8", **part), "Amount": 5.25}))
    assert made["TotalAmt"] == 5.25
