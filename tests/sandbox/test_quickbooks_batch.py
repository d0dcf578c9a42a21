"""Many in one call: each with its own fate, in any order, one after the other."""

import time
from typing import Any

import pytest
from quickbooks_client import QuickBooksClient, codes, invoice, item


def test_each_item_has_its_own_fate(books: QuickBooksClient) -> None:
    customer = books.customer()
    good, bad = invoice(customer, "A-1"), invoice("99", "A-2")
    query = {"bId": "q", "Query": "select * from Invoice where DocNumber = 'A-1'"}
    answers = books.batch(item("1", good), item("2", bad), query)
    assert answers["1"]["Invoice"]["DocNumber"] == "A-1"
    assert codes(answers["2"]) == ["2500"]
    assert answers["q"]["QueryResponse"] == {}  # items do not see each other
    (again,) = books.batch(query).values()
    assert [one["DocNumber"] for one in again["QueryResponse"]["Invoice"]] == ["A-1"]
    assert books.held() == {"open": 1}


@pytest.mark.parametrize(("order", "expected"), [("reversed", ["3", "2", "1"]), ("request", ["1", "2", "3"])])
def test_the_order_is_not_that_of_the_request(books: QuickBooksClient, order: str, expected: list[str]) -> None:
    books.switch(batch_order=order)
    customer = books.customer()
    asked = [item(bid, invoice(customer, f"A-{bid}")) for bid in ("1", "2", "3")]
    answers = books.post("batch", {"BatchItemRequest": asked}).json()["BatchItemResponse"]
    assert [one["bId"] for one in answers] == expected


def test_items_void_delete_and_allow_duplicates(books: QuickBooksClient) -> None:
    books.switch(duplicate_numbers="refuse")
    customer = books.customer()
    held = [books.made("invoice", invoice(customer, f"A-{n}")) for n in range(3)]
    versions = [{"Id": one["Id"], "SyncToken": one["SyncToken"]} for one in held]
    answers = books.batch(
        item("1", versions[0] | {"sparse": True}, operation="update", optionsData="void"),
        item("2", versions[1], operation="void"),
        item("3", versions[2], operation="delete"),
        item("4", invoice(customer, "A-0"), optionsData="allowduplicatedocnum"),
        item("5", invoice(customer, "A-0")),
    )
    assert [answers[bid]["Invoice"].get("TotalAmt") for bid in ("1", "2", "3", "4")] == [0.0, 0.0, None, 100.0]
    assert codes(answers["5"]) == ["6140"]
    assert books.held() == {"open": 1, "voided": 2, "deleted": 1}


def wrong_batches() -> dict[str, Any]:
    body = invoice("1", "A-1")
    return {
        "too many": [item(str(n), body) for n in range(31)],
        "no items": [],
        "no list": {},
        "no bId": [item("", body)],
        "one bId twice": [item("1", body), item("1", body)],
        "no entity": [{"bId": "1", "operation": "create"}],
        "two entities": [item("1", body) | {"CreditMemo": body}],
        "an unknown entity": [item("1", body, kind="Bill")],
        "an unknown operation": [item("1", body, operation="upsert")],
    }


@pytest.mark.parametrize("which", list(wrong_batches()))
def test_a_wrong_batch_is_refused_as_a_whole(books: QuickBooksClient, which: str) -> None:
    reply = books.post("batch", {"BatchItemRequest": wrong_batches()[which]}, judged=False)
    assert (reply.status_code, len(codes(reply.json()))) == (400, 1)
    assert books.held() == {}


def test_thirty_items_are_a_batch(books: QuickBooksClient) -> None:
    customer = books.customer()
    assert len(books.batch(*(item(str(n), invoice(customer, f"A-{n}")) for n in range(30)))) == 30
    assert books.control("GET", "counts")["requests"]["by_path"]["POST batch"] == 1
    assert books.post("batch", b"{", judged=False).status_code == 400
    assert books.post("batch", {"Surprise": 1}, judged=False).status_code == 400


def test_items_take_their_time_one_after_the_other(books: QuickBooksClient) -> None:
    customer = books.customer()
    books.switch(latency_ms_per_item=100)
    began = time.monotonic()
    books.batch(*(item(str(n), invoice(customer, f"A-{n}")) for n in range(3)))
    assert time.monotonic() - began >= 0.3


def test_a_batch_that_breaks_in_the_middle_has_done_a_part(books: QuickBooksClient) -> None:
    customer = books.customer()
    books.fault("error_500_midway", path="batch")
    asked = [item(str(n), invoice(customer, f"A-{n}")) for n in range(4)]
    reply = books.post("batch", {"BatchItemRequest": asked}, params={"requestid": "r"})
    assert (reply.status_code, codes(reply.json())) == (500, ["10000"])
    assert books.held() == {"open": 2}
    books.batch(*asked, params={"requestid": "r"})
    assert books.held() == {"open": 4}
