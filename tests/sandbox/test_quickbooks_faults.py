"""The same faults to order as of Xero, and two of its own."""

import pytest
import requests
from quickbooks_client import BEARER, QuickBooksClient, invoice, item

from connector.sandbox.quickbooks.gateway import KINDS

NOTHING: dict[str, int] = {}
ONE = {"open": 1}


@pytest.fixture
def customer(books: QuickBooksClient) -> str:
    return books.customer()


def send(books: QuickBooksClient, customer: str, number: str = "A-1", **more: object) -> requests.Response | None:
    """Create one invoice; ``None`` when the connection was dropped."""
    try:
        return books.post("invoice", invoice(customer, number), **more)
    except requests.ConnectionError:
        return None


@pytest.mark.parametrize(
    ("kind", "status", "done"),
    [
        ("error_500_before", 500, NOTHING),
        ("error_500_after", 500, ONE),
        ("timeout_504", 504, ONE),
        ("unavailable_503", 503, NOTHING),
        ("html", 200, NOTHING),
        ("token_expired", 401, NOTHING),
        ("throttle_second", 429, NOTHING),
        ("throttle_minute", 429, NOTHING),
        ("throttle_batch", 429, NOTHING),
        ("throttle_month", 429, NOTHING),
        ("drop_before", None, NOTHING),
        ("reply_lost_after_commit", None, ONE),
        ("slow", 200, ONE),
    ],
)
def test_each_kind_once(
    books: QuickBooksClient, customer: str, kind: str, status: int | None, done: dict[str, int]
) -> None:
    books.fault(kind, path="invoice")
    reply = send(books, customer)
    assert (None if reply is None else reply.status_code) == status
    assert books.held() == done
    assert books.control("GET", "faults") == {"faults": []}
    if kind in ("html", "timeout_504"):
        assert reply is not None
        assert reply.headers["Content-Type"].startswith("text/html")


def test_a_late_commit_drops_first_and_does_the_work_later(books: QuickBooksClient, customer: str) -> None:
    books.switch(late_commit_seconds=1)
    books.fault("late_commit")
    assert send(books, customer) is None
    assert books.held() == NOTHING
    assert books.control("GET", "declaration")["quiet_seconds"] == 2
    books.wait_for(ONE)


def test_a_late_commit_makes_a_second_invoice_unless_the_id_is_known(books: QuickBooksClient, customer: str) -> None:
    books.switch(late_commit_seconds=0.3)
    for kind, params, held in (("bare", {}, 2), ("with an id", {"requestid": "r"}, 3)):
        books.fault("late_commit", path="invoice")
        assert send(books, customer, kind, params=params) is None
        assert send(books, customer, kind, params=params) is not None
        books.wait_for({"open": held})


def test_a_lost_batch_was_done(books: QuickBooksClient, customer: str) -> None:
    books.fault("reply_lost_after_commit", path="batch")
    asked = [item(str(n), invoice(customer, f"A-{n}")) for n in range(3)]
    with pytest.raises(requests.ConnectionError):
        books.batch(*asked)
    assert books.held() == {"open": 3}


def test_faults_choose_their_calls(books: QuickBooksClient, older: QuickBooksClient) -> None:
    books.fault("unavailable_503", path="item", method="GET", tenant="US-COMPANY", after=1, times=2)
    assert older.get("item/21").status_code == 200
    assert books.get("term/1").status_code == 200
    assert [books.get("item/21").status_code for _ in range(4)] == [200, 503, 503, 200]


@pytest.mark.parametrize(
    ("kind", "status"), [("error_500_after", 500), ("slow", 400), ("drop_before", None), ("unavailable_503", 503)]
)
def test_the_token_endpoint_fails_when_named(books: QuickBooksClient, kind: str, status: int | None) -> None:
    books.fault(kind, path=f"/{BEARER}", seconds=0.01)
    try:
        auth = ("sandbox-quickbooks-client", "sandbox-quickbooks-secret")
        found: int | None = requests.post(f"{books.url}/{BEARER}", data={}, auth=auth, timeout=5).status_code
    except requests.ConnectionError:
        found = None
    assert found == status


def test_faults_of_the_two_services_are_apart(books: QuickBooksClient) -> None:
    for kind in KINDS:
        books.fault(kind, times=9)
    url = f"{books.url}/sandbox/faults"
    assert requests.get(url, timeout=5).json() == {"faults": []}
    assert requests.post(url, json={"kind": "timeout_504"}, timeout=5).status_code == 400
    assert requests.post(f"{books.url}/connect/token", timeout=5).status_code == 401
    books.control("DELETE", "faults")
    assert books.get("preferences").status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"kind": "throttle_day"}),
        ("faults", {"kind": "slow", "tenant": "US-BOOKS"}),
        ("switches", {"batch_order": "shuffled"}),
        ("switches", {"throttle_status": 430}),
        ("limits", {"hour": 1}),
        ("organisation", {"tenant": "FR-COMPANY"}),
        ("organisation", {"tenant": "US-COMPANY", "Name": "x"}),
        ("organisation", {"tenant": "US-COMPANY", "BookCloseDate": "soon"}),
        ("organisation", {"tenant": "US-COMPANY", "Suspended": "yes"}),
    ],
)
def test_a_control_call_that_is_not_understood_is_refused(books: QuickBooksClient, path: str, body: object) -> None:
    reply = requests.post(f"{books.url}/sandbox/quickbooks/{path}", json=body, timeout=5)
    assert reply.status_code == 400
    assert reply.json()["error"]


def test_calls_that_leave_something_to_luck_are_refused(books: QuickBooksClient, customer: str) -> None:
    body = invoice(customer, "A-1")
    assert books.get("preferences", params={"minorversion": "65"}).status_code == 400
    assert books.get("preferences", headers={"Accept": "*/*"}).status_code == 406
    assert books.post("invoice", body, headers={"Content-Type": "text/plain"}).status_code == 415
    assert books.post("invoice", body, params={"dry": "1"}).status_code == 400
    books.switch(minorversion_required=False, accept_header_required=False, strict_fields=False)
    assert books.get("preferences", params={"minorversion": "65"}, headers={"Accept": "*/*"}).status_code == 200
    assert books.post("invoice", body, params={"dry": "1"}).status_code == 200


def test_whatever_breaks_is_a_500(books: QuickBooksClient) -> None:
    def break_down(*_: object) -> None:
        raise ZeroDivisionError

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("connector.sandbox.quickbooks.lists.preferences", break_down)
        assert books.get("preferences").status_code == 500
    assert books.get("preferences").status_code == 200
