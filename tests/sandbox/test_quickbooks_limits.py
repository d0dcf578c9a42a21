"""Limits of the second, the minute, batches and the month, and the forms their refusals take."""

import threading
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests
from quickbooks_client import QuickBooksClient, item


def breaches(books: QuickBooksClient) -> dict[str, int]:
    found: dict[str, int] = books.control("GET", "counts")["limit_breaches"]
    return found


def statuses(books: QuickBooksClient, n: int, path: str = "preferences") -> list[int]:
    return [books.get(path).status_code for _ in range(n)]


def test_calls_of_a_second(books: QuickBooksClient) -> None:
    books.control("POST", "limits", {"second": 3})
    assert statuses(books, 4) == [200, 200, 200, 429]
    assert breaches(books) == {"total": 1, "second": 1}
    books.control("POST", "clock", {"advance_seconds": 1})
    assert statuses(books, 1) == [200]


def test_calls_of_a_minute_are_a_companys_own(books: QuickBooksClient, older: QuickBooksClient) -> None:
    books.control("POST", "limits", {"minute": 2})
    assert [statuses(one, 3) for one in (books, older)] == [[200, 200, 429], [200, 200, 429]]
    assert breaches(books) == {"total": 2, "minute": 2}
    books.control("POST", "clock", {"advance_seconds": 60})
    assert statuses(books, 1) == [200]


@pytest.mark.parametrize("name", ["batch_minute", "batch_minute_realm"])
def test_batches_of_a_minute(books: QuickBooksClient, name: str) -> None:
    books.control("POST", "limits", {name: 1})
    asked: list[dict[str, Any]] = [{"bId": "1", "Query": "select * from Item"}]
    assert [books.post("batch", {"BatchItemRequest": asked}).status_code for _ in range(2)] == [200, 429]
    assert (statuses(books, 1), breaches(books)) == ([200], {"total": 1, "batch": 1})


@pytest.mark.parametrize(("is_counted", "status"), [(False, 200), (True, 429)])
def test_items_may_count_as_calls(books: QuickBooksClient, *, is_counted: bool, status: int) -> None:
    books.switch(batch_items_count=is_counted)
    books.control("POST", "limits", {"minute": 5})
    asked = [item(str(n), {}, kind="Invoice") for n in range(6)]
    assert books.post("batch", {"BatchItemRequest": asked}).status_code == status


def test_reads_of_a_month(books: QuickBooksClient) -> None:
    books.control("POST", "limits", {"reads_month": 2})
    assert statuses(books, 3) == [200, 200, 429]
    assert books.query("select * from Item").status_code == 429
    assert books.post("customer", {"DisplayName": "North"}).status_code == 200
    assert breaches(books) == {"total": 2, "month": 2}


def test_calls_at_once(books: QuickBooksClient) -> None:
    books.switch(second_limit="concurrent")
    books.control("POST", "limits", {"second": 1})
    books.fault("slow", seconds=1.5)
    slow = threading.Thread(target=lambda: books.get("preferences"))
    slow.start()
    books.wait_for_call("GET preferences", 1)
    with QuickBooksClient(books.url) as other:
        assert statuses(other, 1) == [429]
        slow.join()
        assert statuses(other, 1) == [200]
    assert breaches(books) == {"total": 1, "concurrent": 1}


def told(reply: requests.Response) -> tuple[str, str]:
    """Code and message of a refusal, in whichever form it came."""
    if reply.headers["Content-Type"].startswith("application/xml"):
        root = ET.fromstring(reply.text)  # noqa: S314  # our own sandbox wrote it
        error = next(one for one in root.iter() if one.tag.endswith("}Error"))
        return error.attrib["code"], str(error[0].text)
    body = reply.json()
    error = body["Fault"]["Error"][0] if "Fault" in body else body["fault"]["error"][0]
    return error["code"], error.get("Message") or error["message"]


@pytest.mark.parametrize("form", ["json", "lower_json", "xml"])
@pytest.mark.parametrize("status", [429, 403])
def test_a_refusal_has_three_forms(books: QuickBooksClient, form: str, status: int) -> None:
    books.switch(throttle_form=form, throttle_status=status)
    books.fault("throttle_minute")
    reply = books.get("preferences")
    message = f"message=ThrottleExceeded; errorCode=003001; statusCode={status}"
    assert (reply.status_code, told(reply), "Retry-After" in reply.headers) == (status, ("3001", message), False)
    assert "throttle" not in breaches(books)


def test_a_refusal_may_say_when(books: QuickBooksClient) -> None:
    books.fault("throttle_second", retry_after=7)
    assert books.get("preferences").headers["Retry-After"] == "7"
    books.switch(retry_after_seconds=60)
    books.control("POST", "limits", {"minute": 0})
    assert books.get("preferences").headers["Retry-After"] == "60"


def test_every_reply_has_an_id_of_its_own(books: QuickBooksClient) -> None:
    replies = [books.get("preferences"), books.get("invoice/7"), books.get("bill")]
    assert len({reply.headers["intuit_tid"] for reply in replies}) == 3
