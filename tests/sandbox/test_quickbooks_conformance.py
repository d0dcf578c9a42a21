"""The vendor's schema judges every body of these tests (see quickbooks_client); here it is shown to bite."""

import json
from typing import Any

import pytest
from quickbooks_client import QuickBooksClient, invoice, item, line
from quickbooks_schema import ORACLE, definitions, faults, reply_faults

from connector.sandbox.quickbooks.entities import KINDS
from connector.sandbox.quickbooks.fields import FIELDS

pytestmark = pytest.mark.skipif(
    not ORACLE.exists(),
    reason="left out: judging bodies by QuickBooks' schema, as ../shared/oracles/quickbooks is absent",
)
TYPES = {"text": ("string",), "number": ("number", "integer"), "flag": ("boolean",), "date": ("string",)}


@pytest.mark.parametrize(
    "change",
    [
        {"Surprise": 1},
        {"EmailStatus": "Sent"},
        {"DocNumber": "x" * 22},
        {"TotalAmt": "5"},
        {"CustomerRef": "5"},
        {"Line": {}},
        {"Line": [{"DetailType": "Nothing"}]},
        {"TxnDate": "2 November"},
        {"AllowOnlineACHPayment": "false"},
    ],
)
def test_a_wrong_request_is_noticed(change: dict[str, Any]) -> None:
    assert len(faults("Invoice", {**invoice("1", "A-1"), **change})) == 1
    assert len(faults("IntuitBatchRequest", {"BatchItemRequest": [item("1", {**invoice("1"), **change})]})) == 1


def test_a_wrong_reply_is_noticed() -> None:
    assert reply_faults({"QueryResponse": {"Invoice": [{"Surprise": 1}]}, "time": "x"}) != []
    assert reply_faults({"Surprise": {}}) != []
    assert reply_faults({"BatchItemResponse": [{"bId": 1}], "time": "x"}) != []


@pytest.mark.parametrize("shape", list(FIELDS))
def test_the_sandbox_knows_the_vendors_properties_and_no_others(shape: str) -> None:
    """What it does not know, it refuses with 2010; so it must know what the vendor knows, with the vendor's types."""
    assert sorted(FIELDS[shape]) == sorted(definitions()[shape]["properties"])
    wrong = []
    for name, kind in FIELDS[shape].items():
        held = definitions()[shape]["properties"][name]
        if kind in TYPES and held.get("type") not in TYPES[kind]:
            wrong.append((name, kind, held))
        if kind == "ref" and held.get("$ref") != "#/definitions/ReferenceType":
            wrong.append((name, kind, held))
    assert wrong == []


def test_every_entity_answers_in_the_vendors_shape(books: QuickBooksClient, british: QuickBooksClient) -> None:
    """The client judges; here only that there is something to judge."""
    address = {"Line1": "1 Sample Street", "CountrySubDivisionCode": "NY"}
    customer = books.customer("North", BillAddr=address, PrimaryEmailAddr={"Address": "a@example.com"})
    body = invoice(
        customer,
        "A-1",
        line(ServiceDate="2026-11-01", ClassRef={"value": "201"}),
        {"DetailType": "DescriptionOnly", "Description": "Thank you"},
        CustomerMemo={"value": "Thank you"},
        BillEmail={"Address": "a@example.com"},
        DepartmentRef={"value": "301"},
        SalesTermRef={"value": "3"},
        EmailStatus="NeedToSend",
    )
    made = books.made("invoice", body)
    credit = books.made("creditmemo", {"CustomerRef": {"value": customer}, "Line": [line(10)], "DocNumber": "C-1"})
    parts = [
        {"Amount": 10, "LinkedTxn": [{"TxnId": one["Id"], "TxnType": kind}]}
        for kind, one in (("Invoice", made), ("CreditMemo", credit))
    ]
    books.made("payment", {"CustomerRef": {"value": customer}, "TotalAmt": 0, "Line": parts})
    euro = british.customer("Euro", CurrencyRef={"value": "EUR"})
    british.made("invoice", invoice(euro, "A-1", line(5, "6"), CurrencyRef={"value": "EUR"}))
    for kind in KINDS:
        for client in (books, british):
            assert client.all_of(kind) is not None


def test_the_vendors_published_examples_are_taken(books: QuickBooksClient) -> None:
    """The smallest invoice and credit memo of the vendor's reference pages, with ids of these books."""
    customer = books.customer()
    detail = {"ItemRef": {"name": "Services", "value": "21"}}
    smallest = {
        "Line": [{"DetailType": "SalesItemLineDetail", "Amount": 100.0, "SalesItemLineDetail": detail}],
        "CustomerRef": {"value": customer},
    }
    for path in ("invoice", "creditmemo"):
        made = books.made(path, json.loads(json.dumps(smallest)))
        assert (made["TotalAmt"], made["domain"], made["sparse"], made["SyncToken"]) == (100.0, "QBO", False, "0")
