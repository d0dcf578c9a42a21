"""How the page tells that each accounting system is reached, until when, and how many calls are left; no secret."""

import re
from datetime import timedelta
from typing import Any

import pytest
from consent_kit import agree_by_hand, stored
from django.test import Client
from web_kit import followed, person, rows_of, serve_here, signed_in, text_of
from world import World
from xero_kit import bind

from connector.cli import opening
from connector.ledger import outbox
from connector.runs.config import load_config
from connector.runs.connecting import connect_tenant, consented
from connector.sandbox import US_BOOKS
from connector.web.models import Work
from connector.web.site import Site


def looked(browser: Client) -> Any:
    return followed(browser, browser.post("/books/connections/look/"))


def row(page: Any, name: str) -> list[str]:
    """A tenant's row: of, system, organisation, currency, reached, consent, calls left, limits."""
    return next([" ".join(one.split()) for one in cells[1:]] for cells in rows_of(page) if cells[0] == name)


@pytest.mark.usefixtures("site")
def test_each_system_is_asked_when_somebody_says_so(world: World) -> None:
    oda = signed_in(person("Oda", "operator"))
    before = oda.get("/books/connections/")
    assert "Nobody has looked yet." in text_of(before)
    assert row(before, "us-books")[:5] == ["us", "xero", "", "", "not asked yet"]
    world.lock(US_BOOKS.tenant_id, "2025-03-31")
    page = looked(oda)
    assert page.request["PATH_INFO"] == "/books/connections/"
    us = row(page, "us-books")
    assert us[:4] == ["us", "xero", "Sample US Books (sandbox)", "USD"]
    assert us[4] == "reachedlocked up to 2025-03-31 (period lock date)"
    assert (us[5], us[7]) == ("no person has to agree", "55 a minute")
    assert 0 < int(us[6].replace(",", "")) < 5000
    assert row(page, "uk-books")[2:5] == ["Sample UK Books (sandbox)", "GBP", "reached"]
    assert "As Oda found it, " in text_of(signed_in(person("Bob", "viewer")).get("/books/connections/"))


def test_why_one_is_not_reached_is_told_with_the_next_step(alone: World) -> None:
    site = serve_here(alone.folder)
    oda = signed_in(person("Oda", "operator"))
    told = row(looked(oda), "us-books")
    assert told[2:4] == ["", ""]
    step = "Start the sandbox: &#x27;connector sandbox&#x27;. It is expected at http://127.0.0.1:9/api.xro/2.0."
    assert told[4].startswith("not reached")
    assert told[4].endswith(step)
    settings = site.folder / "connector.yaml"
    text = settings.read_text(encoding="utf-8")
    nobody = text.replace("credentials: sandbox", "credentials: {client_id_from: NO_ID, client_secret_from: NO_ID}")
    settings.write_text(nobody, encoding="utf-8")
    assert row(looked(oda), "us-books")[4] == (
        "not reachedus-books: the client id or the client secret is missing."
        " Set the environment variables that its credentials name."
    )


def test_consent_and_its_last_day_are_told_and_no_secret_is(world: World, site: Site) -> None:
    bind(world, "http://localhost:18769/callback")
    oda = signed_in(person("Oda", "operator"))
    assert "connector connect xero us-books" in row(oda.get("/books/connections/"), "us-books")[5]
    settings = consented(load_config(world.folder, {}), "xero", "us-books")
    connect_tenant(settings, lambda page, _: agree_by_hand(page, US_BOOKS), opening.clock())
    page = looked(oda)
    consent = row(page, "us-books")[5]
    assert re.fullmatch(r"agreed to offline_access, .*; connect it again before 20\d\d-\d\d-\d\d", consent)
    uk = row(page, "uk-books")
    assert "not reached" in uk[4]
    tokens = stored(settings)
    kept = str(Work.objects.get().found)
    for secret in (tokens.access, tokens.refresh, settings.client_id, settings.client_secret):
        assert secret
        assert secret not in page.content.decode() + kept
    assert site.folder.exists()


def test_until_when_nothing_is_sent_is_told(world: World, site: Site) -> None:
    until = site.now() + timedelta(hours=3)
    outbox.hold_tenant("us-books", until, "The calls of this day are used up.")
    outbox.hold_tenant("uk-books", site.now() - timedelta(hours=3), "The calls of this day are used up.")
    assert world.folder == site.folder or site.folder.exists()
    page = signed_in(person("Bob", "viewer")).get("/books/connections/")
    assert row(page, "us-books")[4].endswith(
        f"Nothing is sent to it before {until:%Y-%m-%d %H:%M} UTC: The calls of this day are used up."
    )
    assert row(page, "uk-books")[4] == "not asked yet"


def test_a_look_that_goes_on_is_shown_and_not_begun_twice(site: Site) -> None:
    oda = signed_in(person("Oda", "operator"))
    now = site.now()
    going = Work.objects.create(kind="look", by="Ada", given={}, state="running", made_at=now, beat_at=now)
    assert oda.post("/books/connections/look/")["Location"] == f"/works/{going.pk}/"
    assert "The accounting systems are being asked now" in text_of(oda.get("/books/connections/"))


@pytest.mark.usefixtures("site")
def test_a_folder_without_an_accounting_system_says_what_to_do(world: World) -> None:
    settings = world.folder / "connector.yaml"
    text = settings.read_text(encoding="utf-8")
    begin, end = text.index("tenants:"), text.index("books:  ")
    settings.write_text(f"{text[:begin]}tenants: {{}}\nbooks: {{}}\n{text[end:].partition('uk: uk-books')[2]}")
    page = text_of(signed_in(person("Bob", "viewer")).get("/books/connections/"))
    assert "No accounting system is declared." in page
