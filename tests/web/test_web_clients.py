"""The rooms of clients and partners: what is shown, and that an advisor sees one partner's alone."""

import re
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from web_kit import person, rows_of, signed_in
from world import BIRCH, PARTNER, World, client

from connector.runs import workspace
from connector.web.site import Site

OF_ONE, OF_TWO = ("Elm & Sons", "Oak"), ("Foreign Ltd",)


@pytest.fixture
def known(world: World, site: Site) -> World:
    """Clients of two partners, each with a document."""
    rows = (client("C-1", name=OF_ONE[0]), client("C-2", name=OF_ONE[1], plan="Assessment Only"))
    other = client("C-3", "P-2", name=OF_TWO[0], created="2025-05-02")
    run = world.plan(world.partners(PARTNER, BIRCH), world.clients(*rows, other)).plain["run"]
    assert world.run("approve", run).code == 0
    workspace.open_ledger(site.config())
    return world


def address_of(browser: Client, name: str) -> str:
    """Where a client of this name is, by the links of the list."""
    page = browser.get("/clients/", {"q": name}).content.decode()
    found = re.search(r'href="(/clients/CL-[^"]+)"', page)
    assert found is not None, page
    return found[1]


def bare(answer: Any) -> tuple[int, str]:
    """A page without the tokens that differ each time."""
    return answer.status_code, re.sub(r'value="[^"]{64}"', "", answer.content.decode())


def test_a_client_is_found_and_shown_with_what_was_said_billed_and_why(known: World) -> None:
    assert known.folder.exists()
    browser = signed_in(person("Vera", "viewer"))
    rows = [row for row in rows_of(browser.get("/clients/")) if row[0] != "client"]
    assert [(row[0], *row[2:6]) for row in rows] == [
        ("Foreign Ltd", "P-2", "full feature Spoke", "band 11-50", "2025-05-02"),
        ("Oak", "P-1", "Assessment Only", "band 11-50", "2025-04-01"),
        ("Elm &amp; Sons", "P-1", "full feature Spoke", "band 11-50", "2025-04-01"),
    ]
    page = browser.get(address_of(browser, "elm &"))
    assert page.status_code == HTTPStatus.OK
    assert ["2025-06-20", "clients.csv, row 2", "R-0001"] in [row[:3] for row in rows_of(page)]
    text = page.content.decode()
    assert "US-000001/1: full-spoke, created on 2025-04-01" in text
    assert "USD 1,800.00" in text
    assert "No clients with that" in browser.get("/clients/", {"q": "<script>"}).content.decode()


def test_a_partner_is_shown_with_versions_places_clients_and_documents(known: World) -> None:
    assert known.folder.exists()
    browser = signed_in(person("Vera", "viewer"))
    listed = list(rows_of(browser.get("/partners/")))[1:]
    assert [(row[0], row[1], row[6]) for row in listed] == [("One Partner", "P-1", "2"), ("Two Partner", "P-2", "1")]
    page = browser.get("/partners/P-1/")
    text = page.content.decode()
    assert '<p class="big">-1 left</p>' in text
    assert "<dt>used</dt><dd>1</dd>" in text
    rows = [row[0] for row in rows_of(page)]
    assert {"Oak", "US-000001", "2024-01-01"} <= set(rows)
    assert "Foreign Ltd" not in rows
    document = browser.get("/partner-document/US-000001/").content.decode()
    assert "US-000001/1 (ready): Full feature Spoke: Elm &amp; Sons" in document
    assert [row[0] for row in rows_of(browser.get("/partner-documents/P-1/"))] == ["number", "US-000001"]


def test_places_that_cannot_be_told_say_why_and_the_rest_is_shown(known: World) -> None:
    rules = known.folder / "rules" / "billing.yaml"
    rules.write_text(rules.read_text() + "\nnonsense: [\n")
    text = signed_in(person("Vera", "viewer")).get("/partners/P-1/").content.decode()
    assert "The places cannot be told. The rules and mappings have 1 fault." in text
    assert "US-000001" in text


def test_an_advisor_starts_at_the_clients_and_has_no_other_room(known: World) -> None:
    assert known.folder.exists()
    browser = signed_in(person("Avi", "partner", "P-1"))
    home = browser.get("/", follow=True)
    assert home.redirect_chain[-1][0] == "/clients/"
    rooms = re.findall(r'<li><a href="([^"]+)"', home.content.decode())
    assert rooms == ["/clients/", "/partners/"]


def test_an_advisor_sees_the_clients_documents_and_versions_of_one_partner(known: World) -> None:
    assert known.folder.exists()
    browser = signed_in(person("Avi", "partner", "P-1"))
    assert {row[0] for row in rows_of(browser.get("/clients/"))} == {"client", "Oak", "Elm &amp; Sons"}
    assert [row[1] for row in rows_of(browser.get("/partners/"))] == ["id", "P-1"]
    own = browser.get(address_of(browser, "Oak"))
    assert own.status_code == HTTPStatus.OK
    assert "/runs/" not in own.content.decode()
    assert str(known.folder) not in own.content.decode()
    for address in ("/partners/P-1/", "/partner-documents/P-1/", "/partner-document/US-000001/"):
        answer = browser.get(address)
        assert answer.status_code == HTTPStatus.OK, address
        assert "Foreign" not in answer.content.decode()
        assert "P-2" not in answer.content.decode()
        assert str(known.folder) not in answer.content.decode()


def test_what_is_another_partners_is_answered_like_what_does_not_exist(known: World) -> None:
    assert known.folder.exists()
    foreign = address_of(signed_in(person("Vera", "viewer")), OF_TWO[0])
    browser = signed_in(person("Avi", "partner", "P-1"))
    pairs = (
        (foreign, "/clients/CL-0000000000000000/"),
        ("/partners/P-2/", "/partners/P-9/"),
        ("/partner-documents/P-2/", "/partner-documents/P-9/"),
        ("/partner-document/US-000002/", "/partner-document/US-999999/"),
    )
    assert bare(signed_in(person("Ada", "admin")).get("/partner-document/US-000002/"))[0] == HTTPStatus.OK
    for there, nowhere in pairs:
        answer = bare(browser.get(there))
        assert answer[0] == HTTPStatus.NOT_FOUND, there
        assert answer == bare(browser.get(nowhere))


def test_no_search_of_an_advisor_finds_another_partners_client(known: World) -> None:
    assert known.folder.exists()
    foreign = address_of(signed_in(person("Vera", "viewer")), OF_TWO[0])
    browser = signed_in(person("Avi", "partner", "P-1"))
    for word in ("Foreign", "P-2", "C-3", foreign.strip("/").rpartition("/")[2], "' OR 1=1 --"):
        for page in ("/clients/", "/partners/P-1/", "/partners/", "/partner-documents/P-1/"):
            for asked in ({"q": word}, {"choice": "P-2"}, {"q": word, "page": "2", "partner": "P-2", "only": "P-2"}):
                text = browser.get(page, asked).content.decode()
                assert foreign not in text
                assert "Foreign Ltd" not in text
                assert "US-000002" not in text
