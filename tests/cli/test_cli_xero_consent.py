"""Xero by the consent of a person, through the command line: connected, pushed, looked at, refused."""

import io
import os
import threading
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
import requests
from consent_kit import agree_by_hand, stored
from world import World
from xero_kit import bind

from connector.accounting.settings import TenantSettings
from connector.cli import opening
from connector.cli.failing import as_stop, guarded
from connector.cli.main import app
from connector.net.errors import SetupError
from connector.runs.config import FILE, load_config
from connector.runs.connecting import connect_tenant, consented
from connector.runs.errors import StopError
from connector.sandbox import UK_BOOKS, US_BOOKS, Tenant


def settings_of(world: World, name: str = "us-books") -> TenantSettings:
    return consented(load_config(world.folder, os.environ), "xero", name)


def connected(world: World, chosen: Tenant = US_BOOKS) -> None:
    settings = settings_of(world, chosen.code.lower())
    connect_tenant(settings, lambda page, _: agree_by_hand(page, chosen), opening.clock())


def in_a_browser(world: World, monkeypatch: pytest.MonkeyPatch, choice: str = "") -> list[str]:
    """Let a browser follow what the command says; what it said."""
    said: list[str] = []

    def say(message: str) -> None:
        said.append(message)
        if message.startswith("Waiting"):
            page = said[0].splitlines()[-1] + choice
            threading.Thread(target=lambda: requests.get(page, timeout=10)).start()

    assert world.server is not None
    monkeypatch.setattr("connector.cli.connecting.say", say)
    return said


@pytest.mark.usefixtures("on_each_database")
def test_connected_in_the_browser_a_run_is_booked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bind(world, "http://localhost:18767/callback")
    said = in_a_browser(world, monkeypatch)
    answer = world.run("connect", "xero", "us-books")
    assert (answer.code, answer.plain) == (
        0,
        {"tenant": "us-books", "organisation": "Sample US Books (sandbox)", "currency": "USD", "exit_code": 0},
    )
    path = world.folder / ".tokens" / "us-books.json"
    assert path.stat().st_mode & 0o777 == 0o600
    tokens = stored(settings_of(world))
    for secret in (tokens.access, tokens.refresh):
        assert secret not in answer.out + answer.err + "".join(said) + path.read_text()
    run = world.approved("A", "B")
    sent = world.run("push", run)
    assert sent.code == 0, sent.out
    assert [one["InvoiceNumber"] for one in world.invoices(US_BOOKS.tenant_id)] == ["US-000001"]
    assert [one["ties"] for one in sent.plain["tie_outs"]] == [True]
    found = {one["what"]: one for one in world.run("doctor").plain["findings"]}
    assert found["tenant us-books"]["told"].startswith(
        "Sample US Books (sandbox), USD, 4 accounts; agreed to offline_access, accounting.contacts, "
        "accounting.invoices, accounting.settings.read; connect it again before 20"
    )
    assert (
        found["tenant uk-books"]["good"],
        found["tenant uk-books"]["told"],
        found["tenant uk-books"]["next_step"],
    ) == (
        False,
        "No one has connected Xero yet",
        "Run 'connector connect xero uk-books'.",
    )


def test_an_app_without_a_secret_connects_by_its_proof_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bind(world, "https://billing.example.com/callback", "{client_id_from: XERO_APP}")
    monkeypatch.setenv("XERO_APP", "sandbox-pkce-client")
    pages: list[str] = []
    monkeypatch.setattr("connector.cli.connecting.say", pages.append)

    class Typing:
        @staticmethod
        def readline() -> str:
            return agree_by_hand(pages[0].splitlines()[-1], UK_BOOKS)

    monkeypatch.setattr("connector.cli.connecting.sys.stdin", Typing)
    answer = world.run("connect", "xero", "uk-books", as_json=False)
    assert (answer.code, answer.out.splitlines()[0]) == (
        0,
        "uk-books is connected to Sample UK Books (sandbox) (GBP).",
    )
    assert pages[1].startswith("Then paste the whole address")
    assert not settings_of(world, "uk-books").client_secret


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_page_is_one_line_on_a_terminal_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever copies it over a break that was put in would open another address."""
    bind(world)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("connector.cli.connecting.sys.stdin", io.StringIO("\n"))
    monkeypatch.setenv("TERM", "dumb")
    with redirect_stderr(Terminal()) as screen, redirect_stdout(io.StringIO()):
        guarded(app, ("connect", "xero", "us-books", "--paste", "--folder", str(world.folder)))
    lines = screen.getvalue().splitlines()
    assert lines[0] == "Open this page in a browser, as an administrator of the organisation, and agree:"
    assert "code_challenge_method=S256" in lines[1]
    assert lines[2] == "Then paste the whole address that the browser shows afterwards, and press Enter:"


def test_two_organisations_of_one_app_are_connected_apart(world: World) -> None:
    bind(world)
    connected(world, US_BOOKS)
    connected(world, UK_BOOKS)
    first, second = (stored(settings_of(world, name)) for name in ("us-books", "uk-books"))
    assert (first.tenant_id, second.tenant_id) == (US_BOOKS.tenant_id, UK_BOOKS.tenant_id)
    assert first.refresh != second.refresh
    found = world.run("doctor").plain["findings"]
    assert [one["good"] for one in found if one["what"].startswith("tenant")] == [True, True]


def test_an_organisation_that_was_not_chosen_is_told_with_those_that_were(world: World) -> None:
    bind(world)
    with pytest.raises(StopError) as raised:
        connect_tenant(settings_of(world), lambda page, _: agree_by_hand(page, UK_BOOKS), opening.clock())
    assert (raised.value.message, raised.value.next_step) == (
        f"Xero was agreed to for Sample UK Books (sandbox) ({UK_BOOKS.tenant_id}), and not for {US_BOOKS.tenant_id}",
        "Run 'connector connect xero us-books' again and choose the other; or correct tenant_id in connector.yaml.",
    )
    assert not (world.folder / ".tokens").exists()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("", "no answer came back from Xero"),
        ("?code=c&state=another", "the answer belongs to another attempt to connect"),
        ("?error=access_denied&state={state}", "Xero was not agreed to"),
        ("?error=invalid_scope&state={state}", "Xero did not ask the person: invalid_scope"),
        ("?error=anybodys+words&state={state}", "Xero was not agreed to"),
        ("?code=c&state={state}", "Xero does not accept the consent any more: it was revoked, replaced or used up"),
    ],
)
def test_an_answer_that_is_not_for_us_is_refused(world: World, answer: str, message: str) -> None:
    bind(world)

    def ask(page: str, _: str) -> str:
        return answer.format(state=page.partition("state=")[2].partition("&")[0])

    with pytest.raises((StopError, SetupError)) as raised:
        connect_tenant(settings_of(world), ask, opening.clock())
    assert as_stop(raised.value).message == message


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"path": "/connect/token", "kind": "unavailable_503"}, "No access token: the token address answered 503"),
        ({"path": "/connections", "kind": "html"}, "The organisations were not read: Xero answered with status 200"),
        ({"path": "Organisation", "kind": "unavailable_503"}, "connected, but not read yet: Xero is not available"),
    ],
)
def test_what_is_not_to_be_had_now_remains(world: World, fault: dict[str, str], told: str) -> None:
    bind(world)
    world.fault(**fault)
    with pytest.raises(StopError) as raised:
        connected(world)
    assert (raised.value.exit_code, raised.value.message) == (3, told)


def test_what_cannot_be_connected_is_told(world: World) -> None:
    told = world.run("connect", "xero")
    assert (told.code, told.plain["error"]) == (
        2,
        "connector.yaml declares no tenant of Xero that is connected by a person's consent",
    )
    alone = load_config(world.folder, os.environ).tenants["us-books"]
    with pytest.raises(StopError, match="us-books is connected by its client id and secret alone"):
        connect_tenant(alone, lambda *_: "", opening.clock())
    bind(world)
    several, none = world.run("connect", "xero"), world.run("connect", "xero", "fr-books")
    assert [one.plain["error"].rpartition(", and ")[2] for one in (several, none)] == [
        "it is not said which",
        "fr-books is none of them",
    ]
    sent = world.run("push", world.approved("A"))
    assert (sent.code, sent.plain["setup_faults"]["us-books"]) == (
        2,
        {"message": "No one has connected Xero yet", "next_step": "Run 'connector connect xero us-books'."},
    )


def said_of(world: World, change: Callable[[str], str]) -> list[str]:
    path: Path = world.folder / FILE
    path.write_text(change(path.read_text()))
    return sorted({one["message"] for one in world.run("runs").plain.get("problems", [])})


@pytest.mark.parametrize(
    ("old", "new", "messages"),
    [
        ("grant: code", "grant: implicit", ["authorize_url", "redirect_uri", "grant cannot be 'implicit'"]),
        ("grant: code", "grant: client_credentials", ["authorize_url", "redirect_uri"]),
        ("    redirect_uri: http://localhost:9/callback\n", "", []),
        ("    invoice_status: AUTHORISED\n", "", ["tenant us-books does not say 'invoice_status'"]),
        (
            "redirect_uri: http://localhost",
            "redirect_uri: http://example.com",
            ["redirect_uri must begin with https://"],
        ),
        ("credentials: sandbox", "credentials: {client_secret_from: X}", ["credentials does not say 'client_id_from'"]),
    ],
)
def test_faults_of_the_settings_are_told_at_their_place(world: World, old: str, new: str, messages: list[str]) -> None:
    bind(world)
    told = said_of(world, lambda text: text.replace(old, new, 1))
    keys = [f"tenant us-books has no key {one!r}" for one in messages if one.endswith(("_url", "_uri"))]
    assert told == sorted(keys + [one for one in messages if " " in one])


def test_a_client_that_is_missing_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bind(world, credentials="{client_id_from: XERO_APP, client_secret_from: XERO_SECRET}")
    monkeypatch.setenv("XERO_APP", "app")
    told = world.run("connect", "xero", "us-books")
    assert (told.code, told.plain["error"], told.plain["next_step"]) == (
        2,
        "us-books: the client id or the client secret is missing",
        "Set the environment variables that its credentials name.",
    )


def test_a_key_is_replaced_with_the_help_of_doctor(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the new key before the old one doctor seals the tokens anew; a key that does not open them is told."""
    old, new, other = (letter * 42 + "A=" for letter in "ABC")
    bind(world)
    monkeypatch.setenv("CONNECTOR_TOKEN_KEY", old)
    connected(world)

    def told(keys: str) -> tuple[bool, str, str]:
        monkeypatch.setenv("CONNECTOR_TOKEN_KEY", keys)
        (us, _) = [one for one in world.run("doctor").plain["findings"] if one["what"].startswith("tenant")]
        return us["good"], us["told"].partition(",")[0], us["next_step"]

    refused = (
        False,
        "us-books.json is sealed under another key than CONNECTOR_TOKEN_KEY holds",
        "Put the key back (docs/operations.md), or run 'connector connect xero us-books'.",
    )
    well = (True, "Sample US Books (sandbox)", "")
    assert [told(keys) for keys in (other, f"{other} {new}", f"{new} {old}", new, old)] == [
        refused,
        refused,
        well,
        well,
        refused,
    ]
    assert not (world.folder / ".token-key").exists()
