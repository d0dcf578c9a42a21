"""A person's consent: renewed once for all who share it, stored before it is used, told in sentences when it ends."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from quickbooks_kit import Ahead, agree, provider, settings

from connector.accounting.consent import ConsentTokens, Exchange
from connector.accounting.port import CredentialsError, RetryLater
from connector.accounting.settings import TenantSettings
from connector.accounting.tokenfile import TokenFile, Tokens
from connector.net.errors import SetupError
from connector.net.http import Transport
from connector.sandbox import QuickBooks, SandboxServer
from connector.sandbox.quickbooks import CLIENT_ID, CLIENT_SECRET, US_COMPANY, Switches

TOKEN = "https://login.example/token"  # noqa: S105  # an address
CANARY = "canary-refresh-9c1e"
RUN = "Run 'connector connect quickbooks qb-books'"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A sandbox whose refresh tokens are good for one use."""
    switches = Switches(refresh_rotates_after_seconds=0)
    server = SandboxServer(tmp_path / "sandbox.sqlite3", quickbooks=QuickBooks(switches=switches))
    server.start()
    yield server.url
    server.stop()


def file_of(made: TenantSettings) -> TokenFile:
    assert made.quickbooks is not None
    return TokenFile(made.quickbooks.token_file)


def source(made: TenantSettings, time: Ahead) -> ConsentTokens:
    return ConsentTokens(Exchange(Transport(5), provider(made), time.clock), file_of(made), made.tenant_id)


def stored(made: TenantSettings) -> Tokens:
    found = file_of(made).read()
    assert found is not None
    return found


def test_a_token_is_renewed_when_its_hour_is_over_and_the_new_one_is_stored(url: str, tmp_path: Path) -> None:
    made, time = settings(url, tmp_path), Ahead()
    first = agree(made, US_COMPANY, time.clock)
    held = source(made, time)
    assert held.token() == first.access
    assert held.ends().startswith("connect it again before 20")
    time.by += timedelta(hours=1)
    second = held.token()
    assert second == stored(made).access != first.access
    assert stored(made).refresh != first.refresh
    assert stored(made).consent_until is not None


def test_all_who_share_a_consent_renew_it_once(url: str, tmp_path: Path) -> None:
    """Each has its own handle of the file, as processes have; a second renewal would end the token of the first."""
    made, time = settings(url, tmp_path), Ahead()
    agree(made, US_COMPANY, time.clock)
    time.by += timedelta(hours=1)
    got: list[object] = []
    threads = [threading.Thread(target=lambda: got.append(source(made, time).token())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert got == [stored(made).access] * 8
    counts = requests.get(f"{url}/sandbox/quickbooks/counts", timeout=10).json()
    assert counts["requests"]["by_path"]["POST /oauth2/v1/tokens/bearer"] == 2


def test_a_token_that_is_refused_is_renewed_unless_another_has_done_so(url: str, tmp_path: Path) -> None:
    made, time = settings(url, tmp_path), Ahead()
    agree(made, US_COMPANY, time.clock)
    one, other = source(made, time), source(made, time)
    old = one.token()
    assert isinstance(old, str)
    assert other.token() == old
    one.forget(old)
    fresh = one.token()
    assert fresh != old
    other.forget(old)
    assert other.token() == fresh


def test_a_new_token_that_could_not_be_stored_is_not_asked_for(url: str, tmp_path: Path) -> None:
    made, time = settings(url, tmp_path), Ahead()
    first = agree(made, US_COMPANY, time.clock)
    (tmp_path / "tokens" / "qb-books.new").mkdir()
    time.by += timedelta(hours=1)
    with pytest.raises(SetupError, match="cannot be used"):
        source(made, time).token()
    (tmp_path / "tokens" / "qb-books.new").rmdir()
    assert stored(made).access == first.access
    assert source(made, time).token() == stored(made).access != first.access


@pytest.mark.parametrize(
    ("days", "message"),
    [
        (101, "The consent to use QuickBooks ended on 20..-..-.., because it was not used for long"),
        (5 * 366, "The consent to use QuickBooks ended on 20..-..-..: none lasts longer than five years"),
    ],
)
def test_a_consent_that_has_ended_is_told(url: str, tmp_path: Path, days: int, message: str) -> None:
    made, time = settings(url, tmp_path), Ahead()
    agree(made, US_COMPANY, time.clock)
    time.by += timedelta(days=days)
    with pytest.raises(CredentialsError, match=message) as raised:
        source(made, time).token()
    assert raised.value.next_step == f"{RUN}, and agree once more."


def test_a_consent_that_was_revoked_is_told(url: str, tmp_path: Path) -> None:
    made, time = settings(url, tmp_path), Ahead()
    token = agree(made, US_COMPANY, time.clock).refresh
    gone = requests.post(
        f"{url}/v2/oauth2/tokens/revoke", json={"token": token}, auth=(CLIENT_ID, CLIENT_SECRET), timeout=10
    )
    assert gone.status_code == 200
    time.by += timedelta(hours=1)
    with pytest.raises(CredentialsError, match="does not accept the consent any more") as raised:
        source(made, time).token()
    assert raised.value.next_step == f"{RUN}, and agree once more."


def test_another_companys_consent_is_not_used(url: str, tmp_path: Path) -> None:
    made, time = settings(url, tmp_path), Ahead()
    agree(made, US_COMPANY, time.clock)
    with pytest.raises(CredentialsError, match="was connected for another company"):
        source(replace(made, tenant_id="7"), time).token()


def with_tokens(folder: Path, time: Ahead) -> TenantSettings:
    """Tokens whose hour is over, for a token address that the test writes."""
    made = settings("https://books.example", folder, token_url=TOKEN)
    with file_of(made).locked():
        file_of(made).write(Tokens(US_COMPANY.realm, "canary-access-31", time.clock(), CANARY))
    return made


@pytest.mark.parametrize("answer", [{"status": 429}, {"status": 503}, {"body": requests.exceptions.ConnectTimeout()}])
@responses.activate
def test_a_failing_token_address_is_a_reason_to_wait(tmp_path: Path, answer: dict[str, Any]) -> None:
    time = Ahead()
    made = with_tokens(tmp_path, time)
    responses.post(TOKEN, **answer)
    got = source(made, time).token()
    assert isinstance(got, RetryLater)
    assert got.whole_tenant
    assert stored(made).refresh == CANARY


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"status": 401, "json": {"error": "invalid_client"}}, "does not accept the client id and secret"),
        ({"status": 200, "body": "<html>"}, "answered 200 without tokens"),
        ({"status": 200, "json": [1]}, "answered 200 without tokens"),
        ({"status": 200, "json": {"access_token": "x", "expires_in": True}}, "answered 200 without tokens"),
    ],
)
@responses.activate
def test_an_address_that_gives_no_tokens_is_told(tmp_path: Path, answer: dict[str, Any], message: str) -> None:
    time = Ahead()
    made = with_tokens(tmp_path, time)
    responses.post(TOKEN, **answer)
    with pytest.raises(SetupError, match=message):
        source(made, time).token()


@responses.activate
def test_a_reply_without_a_refresh_token_leaves_the_old_one(tmp_path: Path) -> None:
    time = Ahead()
    made = with_tokens(tmp_path, time)
    responses.post(TOKEN, json={"access_token": "next", "expires_in": 3600})
    held = source(made, time)
    assert held.token() == "next"
    assert (stored(made).refresh, held.ends()) == (CANARY, "")


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 400, "json": {"error": "invalid_grant", "error_description": CANARY}},
        {"status": 500, "body": CANARY},
        {"body": requests.exceptions.ConnectionError(CANARY)},
        {"status": 200, "body": CANARY},
    ],
)
@responses.activate
def test_no_message_repr_or_log_line_holds_a_secret(
    tmp_path: Path, answer: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    time = Ahead()
    made = with_tokens(tmp_path, time)
    responses.post(TOKEN, **answer)
    held = source(made, time)
    try:
        said = repr(held.token())
    except SetupError as error:
        said = f"{error!r} {error} {error.message} {error.next_step} {error.__cause__} {error.__context__}"
    seen = f"{said} {caplog.text} {stored(made)!r} {held!r} {vars(held)!r} {provider(made)!r} {made!r}"
    assert [secret for secret in (CANARY, "canary-access-31", CLIENT_SECRET) if secret in seen] == []


def test_a_file_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    made = with_tokens(tmp_path, Ahead())
    path = tmp_path / "tokens" / "qb-books.json"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    path.chmod(0o640)
    with pytest.raises(SetupError, match="can be read by others"):
        source(made, Ahead()).token()


@pytest.mark.parametrize("text", ["{", "[]", '{"tenant_id": "canary-access-31"}', '{"access_until": 7}'])
def test_a_damaged_file_is_told_without_what_is_in_it(tmp_path: Path, text: str) -> None:
    made = with_tokens(tmp_path, Ahead())
    (tmp_path / "tokens" / "qb-books.json").write_text(text)
    with pytest.raises(SetupError, match=r"^qb-books.json is damaged. Remove it, then connect again.$") as raised:
        source(made, Ahead()).token()
    assert "canary" not in f"{raised.value!r} {raised.value.__cause__} {raised.value.__context__}"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("no folder")
    with pytest.raises(SetupError, match="cannot be used"):
        source(settings("https://books.example", tmp_path), Ahead()).token()
