from typing import Any

import pytest
from quickbooks_client import QuickBooksClient, invoice


def test_a_customer_is_made_changed_and_found(books: QuickBooksClient) -> None:
    made = books.made("customer", {"DisplayName": "North", "PrimaryEmailAddr": {"Address": "a@example.com"}})
    more = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Notes": "asked for paper"}
    changed = books.made("customer", more)
    assert (changed["Notes"], changed["PrimaryEmailAddr"], changed["SyncToken"]) == (
        "asked for paper",
        {"Address": "a@example.com"},
        "1",
    )
    assert books.found("select * from Customer where DisplayName = 'north'") == [changed]
    assert books.made("customer", {"CompanyName": "South Limited"})["DisplayName"] == "South Limited"


@pytest.mark.parametrize("name", ["North", " NORTH", "Sample Vendor"])
def test_a_name_is_taken_by_customers_and_vendors_alike(books: QuickBooksClient, name: str) -> None:
    books.customer("North")
    reply = books.post("customer", {"DisplayName": name})
    error = reply.json()["Fault"]["Error"][0]
    assert (reply.status_code, error["code"], error["Message"]) == (400, "6240", "Duplicate Name Exists Error")


def test_an_inactive_customer_frees_its_name_and_takes_no_invoice(books: QuickBooksClient) -> None:
    key = books.customer("North")
    gone = books.made("customer", {"Id": key, "SyncToken": "0", "sparse": True, "Active": False})
    assert gone["DisplayName"] == "North (deleted)"
    assert books.customer("North") != key
    assert books.refused("invoice", invoice(key, "A-1")) == ["610"]
    assert len(books.found("select * from Customer where Active in (true, false)")) == 2


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"DisplayName": None}, ["2020"]),
        ({"DisplayName": "x" * 501}, ["2050"]),
        ({"DisplayName": "North: South"}, ["6000"]),
        ({"CurrencyRef": {"value": "EUR"}}, ["2500"]),
        ({"SalesTermRef": {"value": "99"}}, ["2500"]),
        ({"DefaultTaxCodeRef": {"value": "99"}}, ["2500"]),
        ({"Surprise": 1}, ["2010"]),
        ({"PrimaryEmailAddr": {"Adress": "x"}}, ["2010"]),
    ],
)
def test_what_is_wrong_has_its_code(books: QuickBooksClient, change: dict[str, Any], expected: list[str]) -> None:
    assert books.refused("customer", {"DisplayName": "North", **change}) == expected


def test_a_customer_gives_its_documents_terms_and_currency(british: QuickBooksClient) -> None:
    key = british.customer("North", SalesTermRef={"value": "2"}, CurrencyRef={"value": "EUR"})
    body = invoice(key, "A-1", CurrencyRef={"value": "EUR"})
    body["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"]["value"] = "8"
    made = british.made("invoice", body)
    assert (made["DueDate"], made["SalesTermRef"]) == ("2026-11-17", {"value": "2", "name": "Net 15"})
    change = {"Id": key, "SyncToken": "0", "sparse": True, "CurrencyRef": {"value": "USD"}}
    assert british.refused("customer", change) == ["6000"]
