"""Xero's code flow: the page, the proof, tokens that rotate, and the organisations they reach."""

import base64
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sandbox_client import Client

from connector.sandbox import CLIENT_ID, CLIENT_SECRET, UK_BOOKS, US_BOOKS
from connector.sandbox.xero.consents import PKCE_CLIENT_ID, WEB_CLIENT_ID, WEB_CLIENT_SECRET

REDIRECT = "http://localhost:9/callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
SCOPE = "offline_access accounting.contacts accounting.settings.read"
PROOF = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
ASKED = {
    "client_id": WEB_CLIENT_ID,
    "response_type": "code",
    "scope": SCOPE,
    "redirect_uri": REDIRECT,
    "state": "s",
    **PROOF,
}
DAY = 86_400


def page(us: Client, **changes: str) -> requests.Response:
    asked = {name: value for name, value in (ASKED | changes).items() if value}
    return requests.get(f"{us.url}/identity/connect/authorize", params=asked, allow_redirects=False, timeout=5)


def agreed(us: Client, **changes: str) -> dict[str, str]:
    """What comes back to the app when the person has agreed."""
    reply = page(us, **changes)
    assert reply.status_code == 302, reply.text
    return {name: values[0] for name, values in parse_qs(urlsplit(reply.headers["Location"]).query).items()}


def grant(us: Client, *, public: bool = False, **form: str) -> requests.Response:
    form = form | ({"client_id": PKCE_CLIENT_ID} if public else {})
    auth = None if public else (WEB_CLIENT_ID, WEB_CLIENT_SECRET)
    return requests.post(f"{us.url}/connect/token", data=form, auth=auth, timeout=5)


def exchanged(us: Client, code: str, **changes: Any) -> requests.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    return grant(us, **(form | changes))


def refreshed(us: Client, token: str, **more: Any) -> requests.Response:
    return grant(us, grant_type="refresh_token", refresh_token=token, **more)


def connections(us: Client, access: str) -> list[str]:
    headers = {"Authorization": f"Bearer {access}"}
    return [one["tenantId"] for one in requests.get(f"{us.url}/connections", headers=headers, timeout=5).json()]


def test_a_consent_gives_a_code_and_the_code_gives_tokens_once(us: Client) -> None:
    back = agreed(us)
    assert (back["state"], back["scope"]) == ("s", SCOPE)
    tokens = exchanged(us, back["code"]).json()
    assert {name: tokens[name] for name in ("token_type", "expires_in", "scope")} == {
        "token_type": "Bearer",
        "expires_in": 1800,
        "scope": SCOPE,
    }
    assert sorted(tokens) == ["access_token", "expires_in", "refresh_token", "scope", "token_type"]
    assert exchanged(us, back["code"]).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    ("change", "seconds"),
    [
        ({"redirect_uri": "http://localhost:8/"}, 0),
        ({"code": "guess"}, 0),
        ({"code_verifier": "w" * 64}, 0),
        ({"code_verifier": ""}, 0),
        ({}, 301),
    ],
)
def test_a_code_is_good_for_its_redirect_its_proof_and_five_minutes(
    us: Client, change: dict[str, str], seconds: int
) -> None:
    code = agreed(us)["code"]
    us.control("POST", "clock", {"advance_seconds": seconds})
    assert (
        exchanged(us, change.get("code", code), **{k: v for k, v in change.items() if k != "code"}).status_code == 400
    )
    assert exchanged(us, code).json() == {"error": "invalid_grant"} or change.get("code")


def test_a_code_is_good_for_the_client_that_asked(us: Client) -> None:
    assert exchanged(us, agreed(us)["code"], public=True).json() == {"error": "invalid_grant"}
    assert exchanged(us, agreed(us, client_id=PKCE_CLIENT_ID)["code"], public=True).status_code == 200
    without = {"code_challenge": "", "code_challenge_method": ""}
    assert exchanged(us, agreed(us, **without)["code"], code_verifier="").status_code == 200


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"client_id": CLIENT_ID}, "unauthorized_client"),
        ({"response_type": "token"}, "unauthorized_client"),
        ({"redirect_uri": "http://127.0.0.1:9/"}, "redirect_uri must be https"),
        ({"redirect_uri": "http://example.com/"}, "redirect_uri must be https"),
        ({"scope": "accounting.everything"}, "invalid_scope: accounting.everything"),
        ({"scope": ""}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "must be S256"),
        ({"client_id": PKCE_CLIENT_ID, "code_challenge": ""}, "code challenge required"),
        ({"sandbox_organisation": "FR-BOOKS"}, "there is no organisation FR-BOOKS"),
    ],
)
def test_the_page_of_consent_refuses_what_is_not_registered(us: Client, change: dict[str, str], words: str) -> None:
    reply = page(us, **change)
    assert (reply.status_code, words in reply.text) == (400, True)


def test_the_answer_keeps_what_the_redirect_asks(us: Client) -> None:
    found = page(us, redirect_uri="https://example.com/back?x=1").headers["Location"]
    assert found.startswith("https://example.com/back?x=1&code=")


def test_a_refresh_token_rotates_and_the_old_one_is_taken_for_half_an_hour(us: Client) -> None:
    first = exchanged(us, agreed(us)["code"]).json()["refresh_token"]
    second = refreshed(us, first).json()["refresh_token"]
    assert second != first
    assert refreshed(us, first).status_code == 200
    us.control("POST", "clock", {"advance_seconds": 1801})
    assert refreshed(us, first).json() == {"error": "invalid_grant"}
    assert refreshed(us, second, public=True).json() == {"error": "invalid_grant"}
    third = refreshed(us, second).json()["refresh_token"]
    us.control("POST", "clock", {"advance_seconds": 60 * DAY})
    assert refreshed(us, third).json() == {"error": "invalid_grant"}


def test_without_offline_access_there_is_no_refresh_token(us: Client) -> None:
    assert "refresh_token" not in exchanged(us, agreed(us, scope="accounting.contacts")["code"]).json()


def test_an_app_reaches_the_organisations_that_were_connected_to_it(us: Client) -> None:
    access = exchanged(us, agreed(us, sandbox_organisation="UK-BOOKS")["code"]).json()["access_token"]
    assert connections(us, access) == [UK_BOOKS.tenant_id]
    us.session.headers["Authorization"] = f"Bearer {access}"
    assert us.get("Organisation", judged_reply=False).status_code == 403
    agreed(us, sandbox_organisation="US-BOOKS")
    assert connections(us, access) == [US_BOOKS.tenant_id, UK_BOOKS.tenant_id]
    assert us.get("Organisation").status_code == 200
    assert us.put("Invoices", {"Invoices": []}, judged=False, judged_reply=False).status_code == 401  # not agreed to


def test_each_client_has_its_own_grants(us: Client) -> None:
    assert grant(us, grant_type="client_credentials").json() == {"error": "unauthorized_client"}
    assert grant(us, grant_type="password").json() == {"error": "unsupported_grant_type"}
    own = {"grant_type": "authorization_code", "code": agreed(us)["code"], "redirect_uri": REDIRECT}
    signed = (CLIENT_ID, CLIENT_SECRET)
    reply = requests.post(f"{us.url}/connect/token", data=own, auth=signed, timeout=5)
    assert reply.json() == {"error": "unauthorized_client"}
    unknown = requests.post(f"{us.url}/connect/token", data={**own, "client_id": WEB_CLIENT_ID}, timeout=5)
    assert (unknown.status_code, unknown.json()) == (401, {"error": "invalid_client"})


def test_a_revoked_consent_is_over(us: Client) -> None:
    tokens = exchanged(us, agreed(us)["code"]).json()
    url, auth = f"{us.url}/connect/revocation", (WEB_CLIENT_ID, WEB_CLIENT_SECRET)
    for given, status in ((("guess", "guess"), 401), ((CLIENT_ID, CLIENT_SECRET), 401), (auth, 400), (auth, 200)):
        token = "guess" if status == 400 else tokens["refresh_token"]
        assert requests.post(url, data={"token": token}, auth=given, timeout=5).status_code == status
    assert refreshed(us, tokens["refresh_token"]).json() == {"error": "invalid_grant"}
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert requests.get(f"{us.url}/connections", headers=headers, timeout=5).status_code == 401


@pytest.mark.parametrize(("kind", "status"), [("echo_400", 400), ("echo_500", 500)])
def test_a_careless_answer_repeats_the_request(us: Client, kind: str, status: int) -> None:
    us.fault(kind, path="Contacts")
    us.fault(kind, path="/connect/token")
    reply = us.get("Contacts", judged_reply=False)
    assert (reply.status_code, str(us.session.headers["Authorization"]) in reply.json()["Message"]) == (status, True)
    reply = refreshed(us, "shown")
    assert (reply.status_code, "refresh_token=shown" in reply.json()["error_description"]) == (status, True)
