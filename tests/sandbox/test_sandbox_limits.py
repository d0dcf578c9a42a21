import threading
import time

import pytest
import requests
from sandbox_client import Client, invoice, mint

from connector.sandbox import CLIENT_SECRET

MINUTE = ("X-MinLimit-Remaining", "X-DayLimit-Remaining", "X-AppMinLimit-Remaining")


def test_the_token_endpoint(us: Client) -> None:
    url = f"{us.url}/connect/token"
    form = {"grant_type": "client_credentials", "scope": "accounting.contacts"}
    made = requests.post(url, data=form, auth=("sandbox-client", CLIENT_SECRET), timeout=5).json()
    assert {name: made[name] for name in ("expires_in", "token_type", "scope")} == {
        "expires_in": 1800,
        "token_type": "Bearer",
        "scope": "accounting.contacts",
    }
    wrong = requests.post(url, data=form, auth=("sandbox-client", "guess"), timeout=5)
    assert (wrong.status_code, wrong.json()) == (401, {"error": "invalid_client"})
    assert requests.post(url, data={}, auth=("sandbox-client", CLIENT_SECRET), timeout=5).status_code == 400


def test_tokens_expire_and_unknown_ones_are_refused(us: Client) -> None:
    us.control("POST", "clock", {"advance_seconds": 1801})
    expired = us.get("Invoices")
    assert (expired.status_code, expired.json()["Title"]) == (401, "Unauthorized")
    assert expired.json()["Detail"].startswith("TokenExpired: token expired at ")
    us.session.headers["Authorization"] = "Bearer guess"
    assert us.get("Invoices").json()["Detail"] == "AuthenticationUnsuccessful"


def test_a_token_is_good_for_its_scope_only(us: Client) -> None:
    us.session.headers["Authorization"] = f"Bearer {mint(us.url, 'accounting.contacts accounting.settings.read')}"
    assert [us.get(path).status_code for path in ("Contacts", "TaxRates", "Invoices")] == [200, 200, 401]
    us.control("POST", "switches", {"check_scopes": False})
    assert us.get("Invoices").status_code == 200


@pytest.mark.parametrize("tenant", ["", "33333333-3333-4333-8333-333333333333"])
def test_a_wrong_tenant_is_403(us: Client, tenant: str) -> None:
    us.session.headers["xero-tenant-id"] = tenant
    reply = us.get("Invoices")
    assert (reply.status_code, reply.json()["Title"], reply.json()["Detail"]) == (
        403,
        "Forbidden",
        "AuthenticationUnsuccessful",
    )


def test_connections_name_the_tenants(us: Client) -> None:
    reply = us.session.get(f"{us.url}/connections", timeout=5)
    assert [one["tenantName"] for one in reply.json()] == ["Sample US Books (sandbox)", "Sample UK Books (sandbox)"]
    assert [name in reply.headers for name in MINUTE] == [False, False, True]


def test_the_minute_limit_is_per_tenant(us: Client, uk: Client) -> None:
    us.control("POST", "limits", {"minute": 2})
    assert [us.get("Items").headers[MINUTE[0]] for _ in range(2)] == ["1", "0"]
    refused = us.get("Items")
    assert (refused.status_code, refused.text, refused.headers["X-Rate-Limit-Problem"]) == (429, "", "minute")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert uk.get("Items").status_code == 200
    assert us.control("GET", "counts")["limit_breaches"] == {"total": 1, "minute": 1}
    us.control("POST", "clock", {"advance_seconds": 60})
    assert us.get("Items").status_code == 200


@pytest.mark.parametrize("window", ["rolling", "fixed"])
def test_the_day_limit_frees_calls_after_a_day(us: Client, window: str) -> None:
    us.control("POST", "switches", {"rate_window": window})
    us.control("POST", "limits", {"day": 1})
    us.get("Items")
    refused = us.get("Items")
    assert (refused.headers["X-Rate-Limit-Problem"], refused.headers[MINUTE[1]]) == ("day", "0")
    us.control("POST", "clock", {"advance_seconds": int(refused.headers["Retry-After"]) + 1})
    us.session.headers["Authorization"] = f"Bearer {mint(us.url)}"
    assert us.get("Items").status_code == 200


def test_the_app_limit_spans_tenants(us: Client, uk: Client) -> None:
    us.control("POST", "limits", {"app_minute": 2})
    assert [client.get("Items").status_code for client in (us, uk, us)] == [200, 200, 429]
    assert uk.get("Items").headers["X-Rate-Limit-Problem"] == "appminute"


def test_too_many_at_once(us: Client) -> None:
    us.control("POST", "limits", {"concurrent": 1})
    us.fault("slow", seconds=0.6, method="GET")
    slow = threading.Thread(target=lambda: us.get("Items"))
    slow.start()
    time.sleep(0.2)
    with Client(us.url) as other:
        refused = other.get("Items")
        assert (refused.status_code, refused.headers["X-Rate-Limit-Problem"]) == (429, "concurrent")
        assert "Retry-After" not in refused.headers
        slow.join()
        assert other.get("Items").status_code == 200
    assert us.control("GET", "counts")["limit_breaches"]["concurrent"] == 1


def test_a_bulk_call_may_be_slow(us: Client) -> None:
    us.control("POST", "switches", {"latency_ms_per_call": 50, "latency_ms_per_element": 100})
    contact = us.contact()
    began = time.monotonic()
    us.put("Invoices", {"Invoices": [invoice(contact), invoice(contact)]})
    assert time.monotonic() - began >= 0.25


def test_connections_have_their_own_refusals(us: Client) -> None:
    url = f"{us.url}/connections"
    assert us.session.post(url, timeout=5).status_code == 405
    us.control("POST", "limits", {"app_minute": 1})
    assert us.session.get(url, timeout=5).headers["X-Rate-Limit-Problem"] == "appminute"
    assert requests.get(url, timeout=5).status_code == 401
    assert requests.get(f"{us.url}/connect/token", timeout=5).status_code == 405
    assert requests.post(f"{us.url}/connect/token", headers={"Authorization": "Basic ?"}, timeout=5).status_code == 401


def test_the_tenant_header_may_be_left_out_when_the_switch_says_so(us: Client) -> None:
    us.control("POST", "switches", {"tenant_header_required": False})
    del us.session.headers["xero-tenant-id"]
    assert us.get("Organisation").json()["Organisations"][0]["BaseCurrency"] == "USD"
