"""How credit is applied to invoices."""

from typing import Any

import pytest
from quickbooks_client import QuickBooksClient, invoice, line

Body = dict[str, Any]


def memo(customer: str, amount: float = 30, **more: Any) -> Body:
    return {"CustomerRef": {"value": customer}, "DocNumber": "C-1", "Line": [line(amount)], **more}


def part(document: Body, amount: float, kind: str) -> Body:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": document["Id"], "TxnType": kind}]}


def payment(customer: str, *parts: Body, total: float = 0) -> Body:
    return {"CustomerRef": {"value": customer}, "TotalAmt": total, "Line": list(parts)}


@pytest.fixture
def owed(books: QuickBooksClient) -> tuple[str, Body, Body]:
    customer = books.customer()
    return customer, books.made("invoice", invoice(customer, "A-1")), books.made("creditmemo", memo(customer))


def left(books: QuickBooksClient, owed: tuple[str, Body, Body]) -> tuple[float, float]:
    due = books.get(f"invoice/{owed[1]['Id']}").json()["Invoice"]["Balance"]
    return due, books.get(f"creditmemo/{owed[2]['Id']}").json()["CreditMemo"]["RemainingCredit"]


def test_a_payment_of_nothing_applies_a_credit(books: QuickBooksClient, owed: tuple[str, Body, Body]) -> None:
    customer, due, credit = owed
    body = payment(customer, part(due, 20, "Invoice"), part(credit, 20, "CreditMemo"))
    made = books.made("payment", body)
    assert (made["TotalAmt"], made["UnappliedAmt"], left(books, owed)) == (0.0, 0.0, (80.0, 10.0))
    linked = books.get(f"invoice/{due['Id']}").json()["Invoice"]
    assert (linked["LinkedTxn"], linked["SyncToken"]) == ([{"TxnId": made["Id"], "TxnType": "Payment"}], "1")
    assert books.refused("payment", body) == ["6000"]
    assert books.refused("invoice", {"Id": due["Id"], "SyncToken": "1"}, params={"operation": "void"}) == ["6000"]
    assert books.refused("invoice", {"Id": due["Id"], "SyncToken": "1"}, params={"operation": "delete"}) == ["6000"]


def test_nothing_keeps_an_application_from_being_sent_twice(
    books: QuickBooksClient, owed: tuple[str, Body, Body]
) -> None:
    customer, due, credit = owed
    body = payment(customer, part(due, 10, "Invoice"), part(credit, 10, "CreditMemo"))
    for _ in range(2):
        books.made("payment", body)
    assert left(books, owed) == (80.0, 10.0)


def test_a_deleted_payment_gives_back_what_it_took(books: QuickBooksClient, owed: tuple[str, Body, Body]) -> None:
    customer, due, credit = owed
    made = books.made("payment", payment(customer, part(due, 30, "Invoice"), part(credit, 30, "CreditMemo")))
    version = {"Id": made["Id"], "SyncToken": "0"}
    books.control("POST", "organisation", {"tenant": "US-COMPANY", "BookCloseDate": "2099-01-01"})
    assert books.refused("payment", version, params={"operation": "delete"}) == ["6210"]
    books.control("POST", "organisation", {"tenant": "US-COMPANY", "BookCloseDate": None})
    books.made("payment", version, params={"operation": "delete"})
    assert left(books, owed) == (100.0, 30.0)
    assert books.get(f"invoice/{due['Id']}").json()["Invoice"]["LinkedTxn"] == []


def test_money_that_comes_in(books: QuickBooksClient, owed: tuple[str, Body, Body]) -> None:
    customer, due, _ = owed
    made = books.made("payment", payment(customer, part(due, 100, "Invoice"), total=120))
    assert (made["UnappliedAmt"], left(books, owed)) == (20.0, (0.0, 30.0))
    smaller = {"Id": due["Id"], "SyncToken": "1", "sparse": True, "Line": [line(50)]}
    assert books.refused("invoice", smaller) == ["6000"]


def test_what_cannot_be_applied(books: QuickBooksClient, owed: tuple[str, Body, Body]) -> None:
    customer, due, credit = owed
    other = books.customer("Other")
    wrong = {
        "6000": payment(customer, part(due, 20, "Invoice"), part(credit, 10, "CreditMemo")),
        "2500": payment(customer, part(due, 20, "Bill"), total=20),
        "2020": payment(customer, part(due, 0, "Invoice")),
    }
    assert {code: books.refused("payment", body) for code, body in wrong.items()} == {code: [code] for code in wrong}
    assert books.refused("payment", payment(other, part(due, 20, "Invoice"), total=20)) == ["6000"]
    assert books.refused("payment", payment(customer, part(due, 101, "Invoice"), total=101)) == ["6000"]
    assert books.refused("payment", {"Line": []}) == ["2020", "2020"]
    assert books.refused("payment", {**payment(customer), "Line": "none"}) == ["2010"]
    made = books.made("payment", payment(customer, total=5))
    assert books.refused("payment", {**made, "sparse": True}) == ["500"]


def test_a_company_may_apply_credit_at_once(books: QuickBooksClient, owed: tuple[str, Body, Body]) -> None:
    books.switch(auto_apply_credit=True)
    customer, _, _ = owed
    made = books.made("creditmemo", memo(customer, 40))
    assert (made["RemainingCredit"], left(books, owed)) == (0.0, (60.0, 30.0))
    assert books.get("preferences").json()["Preferences"]["SalesFormsPrefs"]["AutoApplyCredit"] is True
    alone = books.made("creditmemo", memo(books.customer("Alone"), 40))
    assert alone["RemainingCredit"] == 40.0
