"""The access token: fetched once, renewed in time, and never seen again outside the request."""

import base64
import logging
from datetime import timedelta
from typing import Any

import pytest
import requests
import responses
from accounting_kit import ACCESS, API, SECRET, START, TOKEN, Time, connected, give_token, settings

from connector.accounting.answers import CredentialsError, RetryLater
from connector.accounting.oauth.credentials import TokenSource
from connector.net.errors import SetupError
from connector.net.http import Transport


def source(time: Time, secret: str = SECRET) -> TokenSource:
    return TokenSource(Transport(5, time.monotonic), TOKEN, ("client", secret), "accounting.invoices", time.clock)


@responses.activate
def test_a_token_is_asked_for_once_and_kept_until_a_minute_before_its_end() -> None:
    give_token(2)
    time = Time()
    made = source(time)
    assert made.token() == ACCESS
    time.now += timedelta(seconds=1739)
    assert (made.token(), len(responses.calls)) == (ACCESS, 1)
    time.now += timedelta(seconds=1)
    assert (made.token(), len(responses.calls)) == (ACCESS, 2)
    request = responses.calls[0].request
    assert request.body == b"grant_type=client_credentials&scope=accounting.invoices"
    assert request.headers["Authorization"] == "Basic " + base64.b64encode(f"client:{SECRET}".encode()).decode()


@responses.activate
def test_a_forgotten_token_is_fetched_again_but_only_if_it_is_the_one_we_have() -> None:
    give_token(2)
    made = source(Time())
    made.token()
    made.forget("an older one")
    made.token()
    assert len(responses.calls) == 1
    made.forget(ACCESS)
    made.token()
    assert len(responses.calls) == 2


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (400, {"error": "invalid_client"}, "does not accept the client id and secret"),
        (401, {"error": "invalid_client", "error_description": SECRET}, "does not accept the client id and secret"),
        (400, {"error": "invalid_scope"}, "does not grant the access"),
        (400, {"error": "unauthorized_client"}, "may not sign in without a person"),
        (403, None, "does not accept the client id and secret"),
    ],
)
@responses.activate
def test_refused_credentials_are_a_setup_fault(status: int, body: Any, message: str) -> None:  # JSON
    responses.post(TOKEN, json=body, status=status)
    with pytest.raises(CredentialsError, match=message):
        source(Time()).token()


@pytest.mark.parametrize("status", [429, 500, 503])
@responses.activate
def test_a_failing_token_address_is_a_reason_to_wait(status: int) -> None:
    responses.post(TOKEN, status=status)
    words = f"No access token: the token address answered {status}."
    assert source(Time()).token() == RetryLater(START + timedelta(seconds=30), words, whole_tenant=True)


@responses.activate
def test_an_unreachable_token_address_is_a_reason_to_wait() -> None:
    responses.post(TOKEN, body=requests.exceptions.ConnectTimeout())
    got = source(Time()).token()
    assert isinstance(got, RetryLater)
    assert got.whole_tenant


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<html>"),
        (200, "[]"),
        (200, '{"access_token": ""}'),
        (200, '{"access_token": "x", "expires_in": "soon"}'),
        (302, ""),
    ],
)
@responses.activate
def test_an_address_that_gives_no_tokens_is_a_setup_fault(status: int, body: str) -> None:
    responses.post(TOKEN, body=body, status=status)
    with pytest.raises(SetupError, match=f"answered {status} without an access token"):
        source(Time()).token()


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 400, "json": {"error": "invalid_client", "error_description": f"{SECRET} {ACCESS}"}},
        {"status": 500, "body": f"{SECRET} {ACCESS}"},
        {"body": requests.exceptions.ConnectionError(f"{SECRET} {ACCESS}")},
        {"status": 200, "body": f"{SECRET} {ACCESS}"},
    ],
)
@responses.activate
def test_no_message_repr_or_log_line_holds_a_secret(answer: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    responses.post(TOKEN, **answer)
    time = Time()
    system = connected(time)
    try:
        said = repr(system.read_back(["US-1"]))
    except SetupError as error:
        said = f"{error!r} {error} {error.message} {error.next_step}"
    seen = f"{said} {caplog.text} {settings()!r} {system!r} {vars(system)!r}"
    assert SECRET not in seen
    assert ACCESS not in seen


@responses.activate
def test_no_failing_call_shows_the_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    give_token(2)
    for status in (401, 401):
        responses.get(f"{API}/Invoices", status=status, json={"Detail": f"TokenExpired {ACCESS}"})
    with pytest.raises(CredentialsError) as raised:
        connected().read_back(["US-1"])
    assert ACCESS not in f"{raised.value!r} {raised.value} {caplog.text}"
