"""A person's consent: renewed once for all who share it, stored before it is used, told in sentences when it ends.

What both accounting systems do is shown with each of them; what one does alone, at the end.
"""

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import quickbooks_kit
import requests
import responses
import xero_kit
from consent_kit import ATTEMPT, Ahead, agree, agree_by_hand, provider, source, store, stored

from connector.accounting.connect import connect
from connector.accounting.oauth.consent import Exchange
from connector.accounting.oauth.provider import Attempt, Organisation
from connector.accounting.oauth.tokenfile import Tokens
from connector.accounting.port import Catalogue, CredentialsError, RetryLater
from connector.accounting.settings import TenantSettings
from connector.net.errors import SetupError
from connector.net.http import Transport
from connector.sandbox import UK_BOOKS, US_BOOKS, QuickBooks, SandboxServer, Tenant
from connector.sandbox import Switches as XeroSwitches
from connector.sandbox.quickbooks import UK_COMPANY, US_COMPANY, Company, Switches

TOKEN = "https://login.example/token"  # noqa: S105  # an address
CANARY = "canary-refresh-9c1e"


@dataclass(frozen=True)
class Asked:
    """A tenant whose consent is asked for, and what a person chooses."""

    settings: TenantSettings
    chosen: Company | Tenant
    other: Company | Tenant
    name: str

    @property
    def control(self) -> str:
        return "/sandbox/quickbooks" if self.name == "QuickBooks" else "/sandbox"

    @property
    def run(self) -> str:
        return f"Run 'connector connect {self.settings.system} {self.settings.name}'"

    def revoke(self, token: str) -> None:
        root, client = self.settings.token_url.partition("/oauth2")[0].partition("/connect")[0], self.settings.client_id
        path = "/v2/oauth2/tokens/revoke" if self.name == "QuickBooks" else "/connect/revocation"
        signed = (client, self.settings.client_secret) if self.settings.client_secret else None
        form = {"token": token, "client_id": client}
        assert requests.post(root + path, data=form, auth=signed, timeout=10).status_code == 200

    def grants(self, url: str) -> int:
        """How often tokens were asked for."""
        path = f"POST {urlsplit(self.settings.token_url).path}"
        return int(requests.get(f"{url}{self.control}/counts", timeout=10).json()["requests"]["by_path"][path])


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A sandbox whose refresh tokens are good for one use."""
    books = QuickBooks(switches=Switches(refresh_rotates_after_seconds=0))
    server = SandboxServer(
        tmp_path / "sandbox.sqlite3", switches=XeroSwitches(refresh_grace_seconds=0), quickbooks=books
    )
    server.start()
    yield server.url
    server.stop()


def asked_of(system: str, url: str, folder: Path, **changes: Any) -> Asked:
    if system == "quickbooks":
        return Asked(quickbooks_kit.settings(url, folder, **changes), US_COMPANY, UK_COMPANY, "QuickBooks")
    made = xero_kit.settings(url, folder, has_secret=system == "xero", **changes)
    return Asked(made, US_BOOKS, UK_BOOKS, "Xero")


SYSTEMS = ["quickbooks", "xero", "xero without a secret"]


@pytest.fixture(params=SYSTEMS)
def asked(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> Asked:
    return asked_of(request.param, url, tmp_path)


def test_a_token_is_renewed_when_its_time_is_over_and_the_new_one_is_stored(asked: Asked) -> None:
    time = Ahead()
    first = agree(asked.settings, asked.chosen, time.clock)
    held = source(asked.settings, time)
    assert (held.consent(), held.token()) == ("", first.access)
    assert held.consent().startswith(
        f"agreed to {', '.join(provider(asked.settings).scopes.split())}; connect it again"
    )
    time.by += timedelta(hours=1)
    second, kept = held.token(), stored(asked.settings)
    assert second == kept.access != first.access
    assert kept.refresh != first.refresh
    assert (kept.consent_until is not None) == (asked.name == "QuickBooks")


def test_all_who_share_a_consent_renew_it_once(asked: Asked, url: str) -> None:
    """Each has its own handle of the file; a second renewal would end the token of the first."""
    time = Ahead()
    agree(asked.settings, asked.chosen, time.clock)
    time.by += timedelta(hours=1)
    got: list[object] = []
    threads = [threading.Thread(target=lambda: got.append(source(asked.settings, time).token())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert got == [stored(asked.settings).access] * 8
    assert asked.grants(url) == 2


PROCESS = """
import sys
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from consent_kit import Ahead, source
from test_accounting_consent import asked_of

system, url, folder = sys.argv[1:]
time = Ahead()
time.by = timedelta(hours=1)
held = source(asked_of(system, url, Path(folder)).settings, time)
print("ready", flush=True)
sys.stdin.readline()
print(sha256(held.token().encode()).hexdigest())
"""


@pytest.mark.parametrize("system", ["quickbooks", "xero"])
def test_two_processes_that_renew_at_once_get_one_rotation(system: str, url: str, tmp_path: Path) -> None:
    asked = asked_of(system, url, tmp_path)
    agree(asked.settings, asked.chosen)
    here = Path(__file__).parent
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {[str(here), str(here.parent)]!r}\n{PROCESS}"]
    both = [
        subprocess.Popen(
            [*command, system, url, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for one in both:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in both:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    told = [one.communicate(timeout=20)[0].strip() for one in both]
    assert told == [sha256(stored(asked.settings).access.encode()).hexdigest()] * 2
    assert asked.grants(url) == 2


def test_a_token_that_is_refused_is_renewed_unless_another_has_done_so(asked: Asked) -> None:
    time = Ahead()
    agree(asked.settings, asked.chosen, time.clock)
    one, other = source(asked.settings, time), source(asked.settings, time)
    old = one.token()
    assert isinstance(old, str)
    assert other.token() == old
    one.forget(old)
    fresh = one.token()
    assert fresh != old
    other.forget(old)
    assert other.token() == fresh


def test_a_new_token_that_could_not_be_stored_is_not_asked_for(asked: Asked, tmp_path: Path) -> None:
    time, fresh = Ahead(), tmp_path / "tokens" / f"{asked.settings.name}.new"
    first = agree(asked.settings, asked.chosen, time.clock)
    fresh.mkdir()
    time.by += timedelta(hours=1)
    with pytest.raises(SetupError, match="cannot be used"):
        source(asked.settings, time).token()
    fresh.rmdir()
    assert stored(asked.settings).access == first.access
    assert source(asked.settings, time).token() == stored(asked.settings).access != first.access


def test_a_consent_that_was_not_used_is_told(asked: Asked) -> None:
    time = Ahead()
    agree(asked.settings, asked.chosen, time.clock)
    time.by += timedelta(days=101 if asked.name == "QuickBooks" else 61)
    message = f"The consent to use {asked.name} ended on 20..-..-.., because it was not used for long"
    with pytest.raises(CredentialsError, match=message) as raised:
        source(asked.settings, time).token()
    assert raised.value.next_step == f"{asked.run}, and agree once more."


def test_a_consent_that_was_revoked_is_told(asked: Asked) -> None:
    time = Ahead()
    asked.revoke(agree(asked.settings, asked.chosen, time.clock).refresh)
    time.by += timedelta(hours=1)
    with pytest.raises(CredentialsError, match="does not accept the consent any more") as raised:
        source(asked.settings, time).token()
    assert raised.value.next_step == f"{asked.run}, and agree once more."


def test_another_organisations_consent_is_not_used(asked: Asked) -> None:
    time = Ahead()
    agree(asked.settings, asked.chosen, time.clock)
    with pytest.raises(CredentialsError, match="was connected for another organisation"):
        source(replace(asked.settings, tenant_id="7"), time).token()


def test_nobody_has_agreed_yet(asked: Asked) -> None:
    with pytest.raises(CredentialsError, match=f"No one has connected {asked.name} yet"):
        source(asked.settings, Ahead()).token()


def with_tokens(folder: Path, time: Ahead, system: str = "quickbooks") -> TenantSettings:
    """Tokens whose time is over, for a token address that the test writes."""
    made = asked_of(system, "https://books.example", folder, token_url=TOKEN).settings
    store(made, Tokens(made.tenant_id, "canary-access-31", time.clock(), CANARY, scopes=provider(made).scopes))
    return made


@pytest.mark.parametrize("answer", [{"status": 429}, {"status": 503}, {"body": requests.exceptions.ConnectTimeout()}])
@pytest.mark.parametrize("system", SYSTEMS)
@responses.activate
def test_a_failing_token_address_is_a_reason_to_wait(tmp_path: Path, answer: dict[str, Any], system: str) -> None:
    time = Ahead()
    made = with_tokens(tmp_path, time, system)
    responses.post(TOKEN, **answer)
    got = source(made, time).token()
    assert isinstance(got, RetryLater)
    assert got.whole_tenant
    assert stored(made).refresh == CANARY


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"status": 401, "json": {"error": "invalid_client"}}, "does not accept the client id and secret"),
        ({"status": 200, "body": "<html>"}, "answered 200 without an access token"),
        ({"status": 200, "json": [1]}, "answered 200 without an access token"),
        ({"status": 200, "json": {"access_token": "x", "expires_in": True}}, "answered 200 without an access token"),
    ],
)
@pytest.mark.parametrize("system", SYSTEMS)
@responses.activate
def test_an_address_that_gives_no_tokens_is_told(
    tmp_path: Path, answer: dict[str, Any], message: str, system: str
) -> None:
    time = Ahead()
    made = with_tokens(tmp_path, time, system)
    responses.post(TOKEN, **answer)
    with pytest.raises(SetupError, match=message):
        source(made, time).token()
    assert stored(made).refresh == CANARY


@responses.activate
def test_a_reply_without_a_refresh_token_leaves_the_old_one(tmp_path: Path) -> None:
    time = Ahead()
    made = with_tokens(tmp_path, time)
    responses.post(TOKEN, json={"access_token": "next", "expires_in": 3600})
    held = source(made, time)
    assert held.token() == "next"
    assert (stored(made).refresh, held.consent()) == (CANARY, "agreed to com.intuit.quickbooks.accounting")


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 400, "json": {"error": "invalid_grant", "error_description": CANARY}},
        {"status": 500, "body": CANARY},
        {"body": requests.exceptions.ConnectionError(CANARY)},
        {"status": 200, "body": CANARY},
    ],
)
@pytest.mark.parametrize("system", SYSTEMS)
@responses.activate
def test_no_message_repr_or_log_line_holds_a_secret(
    tmp_path: Path, answer: dict[str, Any], system: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    time = Ahead()
    made = with_tokens(tmp_path, time, system)
    responses.post(TOKEN, **answer)
    held = source(made, time)
    try:
        said = repr(held.token())
    except SetupError as error:
        said = f"{error!r} {error} {error.message} {error.next_step} {error.__cause__} {error.__context__}"
    seen = f"{said} {caplog.text} {stored(made)!r} {held!r} {vars(held)!r} {provider(made)!r} {made!r}"
    assert [secret for secret in (CANARY, "canary-access-31", made.client_secret or CANARY) if secret in seen] == []


def test_nothing_prolongs_a_consent_of_quickbooks_beyond_five_years(url: str, tmp_path: Path) -> None:
    asked, time = asked_of("quickbooks", url, tmp_path), Ahead()
    agree(asked.settings, asked.chosen, time.clock)
    time.by += timedelta(days=5 * 366)
    with pytest.raises(CredentialsError, match=r"ended on 20..-..-..: no use prolongs it beyond that day"):
        source(asked.settings, time).token()


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
