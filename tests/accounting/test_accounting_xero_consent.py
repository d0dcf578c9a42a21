"""What only Xero's consent does: the proof of an attempt, the grace of a renewal, the list of organisations."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
import xero_kit
from asked_kit import TOKEN, asked_of, strict_sandbox
from consent_kit import ATTEMPT, Ahead, agree, agree_by_hand, provider, source, store, stored

from connector.accounting.answers import Catalogue, CredentialsError, RetryLater
from connector.accounting.connect import connect
from connector.accounting.oauth.consent import Exchange
from connector.accounting.oauth.provider import Attempt, Organisation
from connector.accounting.oauth.tokenfile import Tokens
from connector.net.http import Transport
from connector.sandbox import UK_BOOKS, US_BOOKS, SandboxServer


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with strict_sandbox(tmp_path) as at:
        yield at


@pytest.mark.parametrize("has_secret", [True, False])
@responses.activate
def test_xero_is_shown_the_proof_and_the_secret_where_there_is_one(tmp_path: Path, *, has_secret: bool) -> None:
    made = xero_kit.settings("https://books.example", tmp_path, has_secret=has_secret, token_url=TOKEN)
    page = parse_qs(urlsplit(provider(made).page(ATTEMPT)).query)
    # The example of RFC 7636, appendix B.
    known = Attempt("state", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert known.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert (page["code_challenge"], page["code_challenge_method"]) == ([ATTEMPT.challenge], ["S256"])
    assert page["scope"] == ["offline_access accounting.contacts accounting.invoices accounting.settings.read"]
    assert ATTEMPT.verifier not in str(page) + repr(ATTEMPT) + repr(provider(made))
    granted = {"access_token": "a", "expires_in": 1800, "refresh_token": "r"}
    responses.post(TOKEN, json=granted)
    time = Ahead()
    got = Exchange(Transport(5), provider(made), time.clock).first("code", ATTEMPT, made.tenant_id)
    assert isinstance(got, Tokens)
    assert got.refresh_until is not None
    assert timedelta(days=59) < got.refresh_until - time.clock() <= timedelta(days=60)
    (call,) = responses.calls
    sent = parse_qs(call.request.body.decode() if isinstance(call.request.body, bytes) else "")
    assert (sent["code_verifier"], "client_id" in sent) == ([ATTEMPT.verifier], not has_secret)
    assert ("Authorization" in call.request.headers) == has_secret


@pytest.mark.parametrize(
    ("granted", "message"),
    [
        ({}, "Xero gave no refresh token, so that access would end within the hour"),
        (
            {"refresh_token": "r", "scope": "offline_access accounting.contacts accounting.settings"},
            "Xero did not grant accounting.invoices",
        ),
    ],
)
@responses.activate
def test_what_would_not_last_or_not_do_is_not_connected(tmp_path: Path, granted: dict[str, str], message: str) -> None:
    made = xero_kit.settings("https://books.example", tmp_path, token_url=TOKEN)
    responses.post(TOKEN, json={"access_token": "a", "expires_in": 1800, **granted})
    exchange = Exchange(Transport(5), provider(made), Ahead().clock)
    with pytest.raises(CredentialsError) as raised:
        exchange.first("code", ATTEMPT, made.tenant_id)
    assert raised.value.message == message


def test_the_wrong_proof_gets_no_tokens_and_ends_the_code(url: str, tmp_path: Path) -> None:
    asked = asked_of("xero", url, tmp_path)
    back = parse_qs(urlsplit(agree_by_hand(provider(asked.settings).page(ATTEMPT), US_BOOKS)).query)
    exchange = Exchange(Transport(5), provider(asked.settings), Ahead().clock)
    for attempt in (Attempt("s", "w" * 64), ATTEMPT):
        with pytest.raises(CredentialsError):
            exchange.first(back["code"][0], attempt, US_BOOKS.tenant_id)


def test_a_lost_reply_to_a_renewal_of_xero_is_made_good_within_its_grace(tmp_path: Path) -> None:
    """The token that was held is shown again: Xero takes it for half an hour, and then no more."""
    server = SandboxServer(tmp_path / "sandbox.sqlite3")
    server.start()
    try:
        asked, time = asked_of("xero", server.url, tmp_path), Ahead()
        first = agree(asked.settings, asked.chosen, time.clock)
        time.by += timedelta(hours=1)
        order = {"kind": "reply_lost_after_commit", "path": "/connect/token"}
        requests.post(f"{server.url}/sandbox/faults", json=order, timeout=10).raise_for_status()
        held = source(asked.settings, time)
        assert isinstance(held.token(), RetryLater)
        assert stored(asked.settings).refresh == first.refresh
        assert held.token() == stored(asked.settings).access != first.access
        store(asked.settings, replace(first, access_until=time.clock()))  # a copy of the folder, as it was before
        requests.post(f"{server.url}/sandbox/clock", json={"advance_seconds": 1801}, timeout=10).raise_for_status()
        with pytest.raises(CredentialsError, match="revoked, replaced or used up"):
            source(asked.settings, time).token()
    finally:
        server.stop()


def test_the_organisations_that_xero_lists_are_those_that_were_agreed_to(url: str, tmp_path: Path) -> None:
    asked = asked_of("xero", url, tmp_path)
    tokens = agree(asked.settings, UK_BOOKS)
    exchange = Exchange(Transport(5), provider(asked.settings), Ahead().clock)
    assert exchange.organisations(tokens) == (Organisation(UK_BOOKS.tenant_id, UK_BOOKS.name),)
    store(asked.settings, replace(tokens, tenant_id=US_BOOKS.tenant_id))
    with pytest.raises(CredentialsError, match="does not let this connection into the organisation"):
        connect(asked.settings, Ahead().clock, Ahead().sleep).catalogue()
    agree(asked.settings, US_BOOKS)
    assert isinstance(connect(asked.settings, Ahead().clock, Ahead().sleep).catalogue(), Catalogue)
    with pytest.raises(CredentialsError, match="does not say which organisations"):
        exchange.organisations(replace(tokens, access="guess"))
    quickbooks = asked_of("quickbooks", url, tmp_path).settings
    assert Exchange(Transport(5), provider(quickbooks), Ahead().clock).organisations(tokens) == ()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status": 500}, "Xero answered with status 500."),
        ({"body": "<html>"}, "Xero answered with status 200."),
        ({"json": {"tenantId": "7"}}, "Xero answered with status 200."),
        (
            {"body": requests.exceptions.ConnectTimeout()},
            "books.example did not accept a connection within 10 seconds.",
        ),
    ],
)
@responses.activate
def test_organisations_that_cannot_be_read_are_a_reason_to_wait(
    tmp_path: Path, answer: dict[str, Any], reason: str
) -> None:
    made = xero_kit.settings("https://books.example", tmp_path)
    responses.get("https://books.example/connections", **answer)
    held = Tokens("7", "a", Ahead().clock(), "r")
    got = Exchange(Transport(5), provider(made), Ahead().clock).organisations(held)
    assert isinstance(got, RetryLater)
    assert got.reason == f"The organisations were not read: {reason}"


@responses.activate
def test_what_is_no_organisation_is_not_listed(tmp_path: Path) -> None:
    made = xero_kit.settings("https://books.example", tmp_path)
    practice = {"tenantId": "8", "tenantName": "Practice", "tenantType": "PRACTICE"}
    listed = [practice, "odd", {"tenantId": "7", "tenantName": "Books", "tenantType": "ORGANISATION"}]
    responses.get("https://books.example/connections", json=listed)
    held = Tokens("7", "a", Ahead().clock(), "r")
    exchange = Exchange(Transport(5), provider(made), Ahead().clock)
    assert exchange.organisations(held) == (Organisation("7", "Books"),)
