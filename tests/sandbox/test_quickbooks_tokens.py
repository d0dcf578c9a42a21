"""Consent, tokens that rotate, and their end."""

import pytest
import requests
from quickbooks_client import BEARER, REDIRECT, QuickBooksClient, consent, grant, mint, refresh

from connector.sandbox.quickbooks import CLIENT_ID, CLIENT_SECRET, SCOPE, UK_COMPANY, US_OLDER_COMPANY

DAY = 86_400


def later(books: QuickBooksClient, seconds: int) -> None:
    books.control("POST", "clock", {"advance_seconds": seconds})


def test_a_consent_gives_a_code_for_one_company(books: QuickBooksClient) -> None:
    back = consent(books.url, UK_COMPANY)
    assert (back["state"], back["realmId"]) == ("s", UK_COMPANY.realm)
    form = {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": REDIRECT}
    tokens = grant(books.url, form).json()
    assert {name: tokens[name] for name in ("token_type", "expires_in", "x_refresh_token_expires_in")} == {
        "token_type": "bearer",
        "expires_in": 3600,
        "x_refresh_token_expires_in": 100 * DAY,
    }
    assert grant(books.url, form).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("change", "seconds"), [({"redirect_uri": "http://127.0.0.1:8/"}, 0), ({"code": "guess"}, 0), ({}, 301)]
)
def test_a_code_is_good_for_its_redirect_and_five_minutes(
    books: QuickBooksClient, change: dict[str, str], seconds: int
) -> None:
    form = {"grant_type": "authorization_code", "code": consent(books.url)["code"], "redirect_uri": REDIRECT}
    later(books, seconds)
    assert grant(books.url, form | change).json()["error"] == "invalid_grant"


def test_the_page_of_consent_refuses_what_is_not_registered(books: QuickBooksClient) -> None:
    good = {"client_id": CLIENT_ID, "response_type": "code", "scope": SCOPE, "redirect_uri": REDIRECT}
    wrong = [{"client_id": "guess"}, {"response_type": "token"}, {"redirect_uri": ""}, {"sandbox_company": "FR"}]
    url = f"{books.url}/connect/oauth2"
    statuses = [requests.get(url, params=good | one, allow_redirects=False, timeout=5).status_code for one in wrong]
    assert statuses == [400] * 4
    books.switch(redirect_https_only=True)
    assert requests.get(url, params=good, allow_redirects=False, timeout=5).status_code == 400
    secure = good | {"redirect_uri": "https://example.com/back?x=1"}
    found = requests.get(url, params=secure, allow_redirects=False, timeout=5).headers["Location"]
    assert found.startswith("https://example.com/back?x=1&code=")


def test_an_access_token_lasts_an_hour(books: QuickBooksClient) -> None:
    later(books, 3601)
    reply = books.get("preferences")
    (error,) = reply.json()["fault"]["error"]
    assert (reply.status_code, error["code"], reply.json()["fault"]["type"]) == (401, "3200", "AUTHENTICATION")
    assert error["detail"].startswith("Token expired")
    assert "WWW-Authenticate" in reply.headers


def test_a_token_opens_its_own_company_with_the_scope_only(books: QuickBooksClient) -> None:
    books.session.headers["Authorization"] = f"Bearer {mint(books.url, US_OLDER_COMPANY)['access_token']}"
    reply = books.get("preferences")
    assert (reply.status_code, reply.json()["fault"]["error"][0]["code"]) == (403, "3100")
    books.session.headers["Authorization"] = f"Bearer {mint(books.url, scope='openid')['access_token']}"
    assert books.get("preferences").status_code == 403
    books.session.headers["Authorization"] = "Bearer guess"
    assert books.get("preferences").status_code == 401


def test_a_refresh_token_stays_for_a_day_and_then_rotates(books: QuickBooksClient) -> None:
    first = mint(books.url)["refresh_token"]
    assert refresh(books.url, first).json()["refresh_token"] == first
    later(books, DAY + 1)
    second = refresh(books.url, first).json()["refresh_token"]
    assert second != first
    dead = refresh(books.url, first)
    assert (dead.status_code, dead.json()["error"]) == (400, "invalid_grant")
    assert refresh(books.url, second).status_code == 200


def test_a_replaced_token_may_have_some_grace(books: QuickBooksClient) -> None:
    books.switch(refresh_rotates_after_seconds=0, old_refresh_grace_seconds=60)
    first = mint(books.url)["refresh_token"]
    answers = [refresh(books.url, first).json()["refresh_token"] for _ in range(2)]
    assert len({first, *answers}) == 3
    later(books, 61)
    assert refresh(books.url, first).status_code == 400


def test_a_refresh_token_dies_of_disuse(books: QuickBooksClient) -> None:
    token = mint(books.url)["refresh_token"]
    later(books, 99 * DAY)
    token = refresh(books.url, token).json()["refresh_token"]
    later(books, 99 * DAY)
    assert refresh(books.url, token).status_code == 200
    later(books, 101 * DAY)
    assert refresh(books.url, token).status_code == 400


def test_nothing_keeps_a_consent_alive_beyond_five_years(books: QuickBooksClient) -> None:
    token, left = mint(books.url)["refresh_token"], []
    for _ in range(20):
        later(books, 90 * DAY)
        told = refresh(books.url, token, **{"x-include-refresh-token-hard-expires-in": "true"}).json()
        token = told["refresh_token"]
        left.append(told["x_refresh_token_hard_expires_in"] // DAY)
    assert (left[0], left[-1]) == (5 * 365 - 91, 24)  # whole days that are left; a moment of each has passed
    assert told["x_refresh_token_expires_in"] == told["x_refresh_token_hard_expires_in"]
    later(books, 26 * DAY)
    assert refresh(books.url, token).json()["error"] == "invalid_grant"


def test_a_revoked_consent_is_over(books: QuickBooksClient) -> None:
    tokens = mint(books.url)
    auth, url = (CLIENT_ID, CLIENT_SECRET), f"{books.url}/v2/oauth2/tokens/revoke"
    assert requests.post(url, json={"token": tokens["refresh_token"]}, auth=auth, timeout=5).status_code == 200
    assert refresh(books.url, tokens["refresh_token"]).status_code == 400
    assert books.get("preferences").status_code == 401
    access = mint(books.url)["access_token"]
    assert requests.post(url, data={"token": access}, auth=auth, timeout=5).status_code == 200
    assert requests.post(url, json={"token": access}, auth=auth, timeout=5).status_code == 400


def test_clients_that_are_not_known(books: QuickBooksClient) -> None:
    url = f"{books.url}/{BEARER}"
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    assert requests.post(url, data=form, auth=(CLIENT_ID, "guess"), timeout=5).json() == {"error": "invalid_client"}
    assert requests.post(url, data=form, headers={"Authorization": "Basic ?"}, timeout=5).status_code == 401
    assert requests.get(url, timeout=5).status_code == 405
    assert grant(books.url, {"grant_type": "client_credentials"}).json() == {"error": "unsupported_grant_type"}


def test_the_discovery_document_names_the_endpoints(books: QuickBooksClient) -> None:
    found = requests.get(f"{books.url}/.well-known/openid_configuration", timeout=5).json()
    assert found["token_endpoint"] == f"{books.url}/{BEARER}"
    assert found["authorization_endpoint"] == f"{books.url}/connect/oauth2"
