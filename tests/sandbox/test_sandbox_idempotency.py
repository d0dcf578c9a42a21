import threading
import time

import pytest
from sandbox_client import Client, invoice


def key(value: str) -> dict[str, dict[str, str]]:
    return {"headers": {"Idempotency-Key": value}}


def test_the_same_key_and_body_do_the_work_once(us: Client) -> None:
    body = {"Invoices": [invoice(us.contact())]}
    first, second = (us.put("Invoices", body, **key("k")) for _ in range(2))
    assert (second.status_code, second.content) == (200, first.content)
    assert us.invoices() == {"AUTHORISED": 1}


def test_a_replay_costs_a_call(us: Client) -> None:
    body = {"Invoices": [invoice(us.contact())]}
    left = [int(us.put("Invoices", body, **key("k")).headers["X-MinLimit-Remaining"]) for _ in range(2)]
    assert left[1] == left[0] - 1


def test_a_key_used_for_something_else_is_refused(us: Client) -> None:
    contact = us.contact()
    body = {"Invoices": [invoice(contact)]}
    us.put("Invoices", body, **key("k"))
    others = [
        us.post("Invoices", body, **key("k")),
        us.put("Invoices?unitdp=4", body, **key("k")),
        us.put("Invoices", {"Invoices": [invoice(contact, "A-2")]}, **key("k")),
    ]
    detail = "Idempotency Key: k is used with a different request."
    assert [(one.status_code, one.json()["Detail"]) for one in others] == [(400, detail)] * 3


def test_keys_belong_to_the_app_not_to_the_tenant(us: Client, uk: Client) -> None:
    body = {"Contacts": [{"Name": "North"}]}
    first, second = (client.put("Contacts", body, **key("k")) for client in (us, uk))
    assert second.content == first.content
    assert uk.get("Contacts").json()["Contacts"] == []


@pytest.mark.parametrize(("advance", "expected"), [(350, 1), (361, 2)])
def test_a_key_lives_six_minutes_from_the_first_call(us: Client, advance: int, expected: int) -> None:
    body = {"Invoices": [invoice(us.contact())]}
    us.put("Invoices", body, **key("k"))
    us.control("POST", "clock", {"advance_seconds": advance})
    us.put("Invoices", body, **key("k"))
    assert us.invoices() == {"AUTHORISED": expected}


@pytest.mark.parametrize("value", ["", "k" * 129])
def test_an_empty_or_long_key_is_refused(us: Client, value: str) -> None:
    assert us.put("Contacts", {"Contacts": [{"Name": "North"}]}, **key(value)).status_code == 400
    assert us.get("Contacts", **key(value)).json()["Contacts"] == []


@pytest.mark.parametrize(("kind", "done"), [("error_500_before", 0), ("error_500_after", 1)])
def test_internal_errors_are_replayed(us: Client, kind: str, done: int) -> None:
    body = {"Contacts": [{"Name": "North"}]}
    us.fault(kind)
    assert [us.put("Contacts", body, **key("k")).status_code for _ in range(3)] == [500, 500, 500]
    assert len(us.get("Contacts").json()["Contacts"]) == done


def test_a_refusal_is_replayed_too(us: Client) -> None:
    body = {"Contacts": [{"ContactNumber": "P-1"}]}
    assert [us.put("Contacts", body, **key("k")).status_code for _ in range(2)] == [400, 400]


@pytest.mark.parametrize(("switch", "status"), [("conflict", 409), ("wait", 200)])
def test_the_same_key_while_the_first_call_runs(us: Client, switch: str, status: int) -> None:
    us.control("POST", "switches", {"concurrent_same_key": switch})
    us.fault("slow", seconds=0.5)
    body = {"Contacts": [{"Name": "North"}]}
    first = threading.Thread(target=lambda: us.put("Contacts", body, **key("k")))
    first.start()
    time.sleep(0.2)
    with Client(us.url) as other:
        assert other.put("Contacts", body, **key("k")).status_code == status
    first.join()
    assert len(us.get("Contacts").json()["Contacts"]) == 1


def test_a_real_breakdown_is_a_500_that_is_replayed_and_leaves_nothing(
    us: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise ZeroDivisionError

    body = {"Contacts": [{"Name": "North"}]}
    with monkeypatch.context() as patched:
        patched.setattr("connector.sandbox.xero.contacts.shown", break_down)
        assert us.put("Contacts", body, **key("k")).status_code == 500
    assert [us.put("Contacts", body, **key(name)).status_code for name in ("k", "fresh")] == [500, 200]
