"""``requestid``: what a repetition does, under each answer to the open questions."""

import threading

import pytest
import requests
from quickbooks_client import QuickBooksClient, codes, invoice, item

KEY = {"requestid": "r-1"}


def send(books: QuickBooksClient, customer: str, number: str = "A-1", **more: object) -> requests.Response:
    return books.post("invoice", invoice(customer, number), params=KEY, **more)


def test_the_first_answer_is_the_answer(books: QuickBooksClient) -> None:
    customer = books.customer()
    first, second = (send(books, customer).json()["Invoice"] for _ in range(2))
    assert (first, books.held()) == (second, {"open": 1})
    wrong = [send(books, "99", "B-1", judged=False) for _ in range(2)]
    assert [one.status_code for one in wrong] == [200, 200]


def test_a_refusal_is_remembered_too(books: QuickBooksClient) -> None:
    books.control("POST", "organisation", {"tenant": "US-COMPANY", "BookCloseDate": "2026-11-30"})
    customer = books.customer()
    assert codes(send(books, customer).json()) == ["6210"]
    books.control("POST", "organisation", {"tenant": "US-COMPANY", "BookCloseDate": None})
    assert codes(send(books, customer).json()) == ["6210"]


def test_ids_may_be_ignored(books: QuickBooksClient) -> None:
    books.switch(requestid_single="ignore")
    customer = books.customer()
    for _ in range(2):
        send(books, customer)
    assert books.held() == {"open": 2}


@pytest.mark.parametrize(("answer", "status", "held"), [("replay", 200, 1), ("refuse", 400, 1), ("execute", 200, 2)])
def test_another_body_with_the_same_id(books: QuickBooksClient, answer: str, status: int, held: int) -> None:
    books.switch(requestid_changed_body=answer)
    customer = books.customer()
    send(books, customer)
    assert send(books, customer, "A-2").status_code == status
    assert books.held() == {"open": held}


def test_an_id_is_forgotten(books: QuickBooksClient) -> None:
    books.switch(requestid_lifetime_seconds=60)
    customer = books.customer()
    send(books, customer)
    books.control("POST", "clock", {"advance_seconds": 61})
    send(books, customer)
    assert books.held() == {"open": 2}


def test_an_id_belongs_to_its_company(books: QuickBooksClient, older: QuickBooksClient) -> None:
    send(books, books.customer())
    send(older, older.customer())
    assert [client.held() for client in (books, older)] == [{"open": 1}, {"open": 1}]


@pytest.mark.parametrize(("answer", "held"), [("replay", 2), ("ignore", 4), ("fault", 2)])
def test_a_batch_is_repeated(books: QuickBooksClient, answer: str, held: int) -> None:
    books.switch(requestid_batch=answer)
    customer = books.customer()
    asked = [item(bid, invoice(customer, f"A-{bid}")) for bid in ("1", "2")]
    first, second = (books.batch(*asked, params=KEY) for _ in range(2))
    assert books.held() == {"open": held}
    assert (first == second) is (answer == "replay")
    if answer == "fault":
        assert [codes(one) for one in second.values()] == [["6000"], ["6000"]]


def test_a_key_of_xero_and_one_of_quickbooks_live_apart(books: QuickBooksClient) -> None:
    customer = books.customer()
    send(books, customer)
    books.control("POST", "clock", {"advance_seconds": 400})
    send(books, customer)
    assert books.held() == {"open": 1}


def test_lengths(books: QuickBooksClient) -> None:
    customer = books.customer()
    body = invoice(customer, "A-1")
    assert books.refused("invoice", body, params={"requestid": "r" * 51}) == ["6000"]
    assert books.made("invoice", body, params={"requestid": "r" * 50})["DocNumber"] == "A-1"
    for requestid, bid, status in (("r" * 36, "b" * 10, 200), ("r" * 37, "b", 400), ("r", "b" * 11, 400)):
        reply = books.post("batch", {"BatchItemRequest": [item(bid, body)]}, params={"requestid": requestid})
        assert reply.status_code == status
    error = reply.json()["Fault"]["Error"][0]
    assert "You cannot enter more than 50 characters in the request_id field" in error["Detail"]
    assert books.batch(item("b" * 36, body))["b" * 36]["Invoice"]["DocNumber"] == "A-1"


@pytest.mark.parametrize(("running", "held"), [("wait", 1), ("execute", 2)])
def test_a_repetition_while_the_first_call_runs(books: QuickBooksClient, running: str, held: int) -> None:
    books.switch(requestid_running=running)
    customer = books.customer()
    books.fault("slow", seconds=1.5, path="invoice")
    first = threading.Thread(target=lambda: send(books, customer))
    first.start()
    books.wait_for_call("POST invoice", 1)
    with QuickBooksClient(books.url) as other:
        send(other, customer)
    first.join()
    assert books.held() == {"open": held}
