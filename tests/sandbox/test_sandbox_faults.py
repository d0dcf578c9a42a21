import time

import pytest
import requests
from sandbox_client import Client, invoice

from connector.sandbox import UK_BOOKS
from connector.sandbox.xero.steering import KINDS

NOTHING: dict[str, int] = {}
ONE = {"AUTHORISED": 1}


def send(client: Client, number: str = "A-1", **more: object) -> requests.Response | None:
    """PUT one invoice; ``None`` when the connection was dropped."""
    contact = client.session.headers.get("x-contact")
    try:
        return client.put("Invoices", {"Invoices": [invoice(str(contact), number)]}, **more)
    except requests.ConnectionError:
        return None


@pytest.fixture
def ready(us: Client) -> Client:
    us.session.headers["x-contact"] = us.contact()
    return us


@pytest.mark.parametrize(
    ("kind", "status", "done"),
    [
        ("error_500_before", 500, NOTHING),
        ("error_500_after", 500, ONE),
        ("unavailable_503", 503, NOTHING),
        ("offline_503", 503, NOTHING),
        ("html", 200, NOTHING),
        ("token_expired", 401, NOTHING),
        ("throttle_minute", 429, NOTHING),
        ("throttle_day", 429, NOTHING),
        ("throttle_concurrent", 429, NOTHING),
        ("throttle_appminute", 429, NOTHING),
        ("drop_before", None, NOTHING),
        ("reply_lost_after_commit", None, ONE),
        ("slow", 200, ONE),
    ],
)
def test_each_kind_once(ready: Client, kind: str, status: int | None, done: dict[str, int]) -> None:
    ready.fault(kind)
    reply = send(ready)
    assert (None if reply is None else reply.status_code) == status
    assert ready.invoices() == done
    assert ready.control("GET", "faults") == {"faults": []}
    if reply is not None and status == 429:
        assert reply.headers["X-Rate-Limit-Problem"] == kind.removeprefix("throttle_")
        assert ("Retry-After" in reply.headers) == (kind != "throttle_concurrent")
    if reply is not None and kind == "offline_503":
        assert reply.text == "The Organisation is offline"
    if reply is not None and kind == "html":
        assert reply.headers["Content-Type"].startswith("text/html")


def test_a_late_commit_drops_first_and_does_the_work_later(ready: Client) -> None:
    ready.control("POST", "switches", {"late_commit_seconds": 0.3})
    ready.fault("late_commit")
    began = time.monotonic()
    assert send(ready) is None
    assert ready.invoices() == NOTHING
    assert time.monotonic() - began < 0.3
    declared = float(ready.control("GET", "declaration")["quiet_seconds"])
    while ready.invoices() == NOTHING:
        assert time.monotonic() - began < declared
        time.sleep(0.02)
    assert ready.invoices() == ONE


def test_a_late_commit_keeps_its_key(ready: Client) -> None:
    ready.fault("late_commit", seconds=0.3)
    assert send(ready, headers={"Idempotency-Key": "k"}) is None
    time.sleep(0.1)
    busy = send(ready, headers={"Idempotency-Key": "k"})
    time.sleep(0.5)
    replay = send(ready, headers={"Idempotency-Key": "k"})
    assert [None if one is None else one.status_code for one in (busy, replay)] == [409, 200]
    assert ready.invoices() == ONE


def test_a_slow_call_may_outlast_its_client(ready: Client) -> None:
    ready.fault("slow", seconds=0.4)
    with pytest.raises(requests.ReadTimeout):
        send(ready, timeout=0.1)
    time.sleep(0.6)
    assert ready.invoices() == ONE


def test_faults_choose_their_calls(ready: Client, uk: Client) -> None:
    ready.fault("unavailable_503", path="Contacts", method="GET", tenant="US-BOOKS", after=1, times=2)
    assert uk.get("Contacts").status_code == 200
    assert ready.get("Items").status_code == 200
    assert [ready.get("Contacts").status_code for _ in range(4)] == [200, 503, 503, 200]


@pytest.mark.parametrize("prefix", ["Invoices", "/Invoices", "/api.xro/2.0/Invoices"])
def test_a_path_prefix_may_be_written_in_three_ways(ready: Client, prefix: str) -> None:
    ready.fault("unavailable_503", path=prefix, tenant=UK_BOOKS.tenant_id)
    ready.fault("unavailable_503", path=prefix)
    assert [ready.get(path).status_code for path in ("Contacts", "Invoices", "Invoices")] == [200, 503, 200]


def test_the_token_endpoint_fails_when_named(us: Client) -> None:
    us.fault("unavailable_503", path="/connect/token")
    us.fault("drop_before", path="/connect/token")
    url = f"{us.url}/connect/token"
    assert requests.post(url, timeout=5).status_code == 503
    with pytest.raises(requests.ConnectionError):
        requests.post(url, timeout=5)
    assert requests.post(url, timeout=5).status_code == 401


def test_faults_can_be_cleared(ready: Client) -> None:
    for kind in KINDS:
        ready.fault(kind, times=9)
    ready.control("DELETE", "faults")
    assert send(ready) is not None


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"kind": "earthquake"}),
        ("faults", {"kind": "slow", "times": -1}),
        ("faults", {"kind": "slow", "tenant": "FR-BOOKS"}),
        ("faults", {"kind": "slow", "colour": 1}),
        ("faults", [1]),
        ("switches", {"strict": True}),
        ("switches", {"rate_window": "sliding"}),
        ("switches", {"strict_fields": 1}),
        ("limits", {"minute": "60"}),
        ("organisation", {"tenant": "FR-BOOKS"}),
        ("organisation", {"tenant": "US-BOOKS", "Name": "x"}),
        ("organisation", {"tenant": "US-BOOKS", "PeriodLockDate": "soon"}),
        ("clock", {"minutes": 5}),
    ],
)
def test_a_control_call_that_is_not_understood_is_refused(us: Client, path: str, body: object) -> None:
    reply = requests.post(f"{us.url}/sandbox/{path}", json=body, timeout=5)
    assert reply.status_code == 400
    assert reply.json()["error"]


def test_control_paths_need_no_token_and_count_against_no_limit(us: Client) -> None:
    us.control("POST", "limits", {"minute": 1})
    before = us.control("GET", "counts")["requests"]["total"]
    assert requests.get(f"{us.url}/health", timeout=5).json() == {"status": "ok"}
    assert requests.get(f"{us.url}/sandbox/nothing", timeout=5).status_code == 404
    assert us.control("GET", "counts")["requests"]["total"] == before
    assert us.get("Items").status_code == 200


def test_a_lock_date_can_be_taken_back(us: Client) -> None:
    us.control("POST", "organisation", {"tenant": "US-BOOKS", "PeriodLockDate": "2026-11-30"})
    us.control("POST", "organisation", {"tenant": "US-BOOKS", "PeriodLockDate": None})
    assert "PeriodLockDate" not in us.get("Organisation").json()["Organisations"][0]


@pytest.mark.parametrize(
    ("kind", "status"), [("error_500_after", 500), ("slow", 401), ("reply_lost_after_commit", None)]
)
def test_calls_without_a_tenant_fail_too(us: Client, kind: str, status: int | None) -> None:
    us.fault(kind, path="/connections", seconds=0.01)
    try:
        found: int | None = requests.get(f"{us.url}/connections", timeout=5).status_code
    except requests.ConnectionError:
        found = None
    assert found == status
