"""A person's consent: renewed once for all who share it, stored before it is used, told in sentences when it ends.

What both accounting systems do is shown with each of them.
"""

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from asked_kit import CANARY, SYSTEMS, TOKEN, Asked, asked_of, strict_sandbox, with_tokens
from consent_kit import Ahead, agree, provider, source, stored

from connector.accounting.answers import CredentialsError, RetryLater
from connector.net.errors import SetupError


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with strict_sandbox(tmp_path) as at:
        yield at


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
from asked_kit import asked_of

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
