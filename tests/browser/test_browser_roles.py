"""Each role in a browser: shown is nothing that would be refused, and what a role may not is refused by address."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from browser_kit import Person
from django.urls import resolve
from playwright.sync_api import Browser, expect
from serving_kit import served
from world import BIRCH, PARTNER, World, client

from connector.web.pages import Page
from connector.web.rights import RIGHTS, Role
from connector.web.urls import PAGES

LOOKED_AT = (
    "/overview/",
    "/uploads/",
    "/runs/",
    "/runs/R-0001/",
    "/runs/R-0002/",
    "/runs/R-0002/table/lines/",
    "/documents/",
    "/documents/US-000001/",
    "/clients/",
    "/clients/new/",
    "/made-clients/",
    "/made-clients/1/",
    "/made-clients/1/join/",
    "/made-templates/",
    "/made-templates/1/",
    "/partners/",
    "/partners/P-1/",
    "/partner-documents/P-1/",
    "/books/",
    "/books/connections/",
    "/books/contacts/",
    "/books/mapping/",
    "/books/mapping/us/",
    "/needs-you/",
    "/rules/",
    "/rules/proposals/",
    "/password/",
    "/people/",
    "/changes/",
)
PARTS = {
    "run_id": "R-0002",
    "number": "1",
    "sheet": "0",
    "partner_id": "P-1",
    "name": "billing.yaml",
    "entity": "us",
}
# What leads somewhere on a page, as address and verb.
LEADS = """
() => [
  ...[...document.querySelectorAll("a[href]")].map(one => [one.href, "GET"]),
  ...[...document.querySelectorAll("form")].map(one => [one.action || location.href, one.method.toUpperCase()]),
]
"""
# What comes of a form that somebody writes by hand, with a token that is good.
SENT = """
async address => {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value
  const answer = await fetch(address, {method: "POST", body: new URLSearchParams({csrfmiddlewaretoken: token})})
  return answer.status
}
"""
OWN_ROLES = [one for one in Role if one is not Role.ADMIN]
BY_NAME: Mapping[str, Page] = {page.name: page for page in PAGES}


@dataclass(frozen=True)
class House:
    """A page with people of every role, and a client of the partner that advisors of it are not of.

    Attributes:
        url: where it is.
        other: the address of the client of the other partner.
    """

    url: str
    other: str


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A folder without an accounting system."""
    return World(tmp_path_factory.mktemp("roles") / "work", None)


@pytest.fixture(scope="module")
def house(world: World, window: Browser) -> Iterator[House]:
    """A run of both partners that is approved, one that an uploader has planned, and what was made of each partner."""
    files = (world.partners(PARTNER, BIRCH), world.clients(client("C-1"), client("C-2", "P-2")))
    run = world.plan(*files).plain["run"]
    assert world.run("approve", run).code == 0
    with served(world.folder) as (url, first):
        ada = Person(window, url)
        ada.join(first, "Ada")
        for role in OWN_ROLES:
            one = Person(window, url)
            one.join(ada.invite(role.value, "P-1" if role is Role.PARTNER else ""), role.value)
            if role is Role.UPLOADER:
                one.upload(world.folder / world.clients(client("C-3")))
                one.plan("2025-06-20")
            one.context.close()
        for partner in ("P-1", "P-2"):
            ada.make_client(partner, "Assessment Only", f"Elm {partner}", f"{partner.lower()}.example", "50")
            ada.make_template(partner, "Starter", "full feature Spoke")
        ada.page.goto("/clients/?q=Client C-2")
        other = ada.page.locator("tbody th a").first.get_attribute("href") or ""
        yield House(url, other)


def signed_in(window: Browser, house: House, role: Role) -> Person:
    """Somebody of this role."""
    one = Person(window, house.url)
    one.sign_in(role.value)
    return one


def page_of(address: str) -> Page:
    """The page that answers at an address."""
    return BY_NAME[resolve(address).url_name or ""]


@pytest.mark.parametrize("role", OWN_ROLES)
def test_a_role_is_shown_nothing_that_it_would_be_refused(window: Browser, house: House, role: Role) -> None:
    one, rights = signed_in(window, house, role), {*RIGHTS[role], None}
    wrong = []
    for address in LOOKED_AT:
        answer = one.page.goto(address)
        assert answer is not None
        if page_of(address).right not in rights:
            assert answer.status == 403, address
            expect(one.page.locator("main")).to_contain_text(f"is not part of the role {role.value}")
            continue
        assert answer.status == 200, address
        for lead, verb in one.page.evaluate(LEADS):
            path = lead.removeprefix(house.url).partition("?")[0].partition("#")[0]
            if path.startswith("/static/"):
                continue
            page = page_of(path)
            if page.right not in rights or verb not in page.verbs:
                wrong.append((address, path, verb))
    assert wrong == []


@pytest.mark.parametrize("role", OWN_ROLES)
def test_a_form_that_a_role_may_not_send_is_refused_whatever_it_says(window: Browser, house: House, role: Role) -> None:
    one = signed_in(window, house, role)
    told = {
        page.name: one.page.evaluate(SENT, address(page))
        for page in PAGES
        if "POST" in page.verbs and page.right is not None and page.right not in RIGHTS[role]
    }
    assert told
    assert set(told.values()) == {403}, told


def address(page: Page) -> str:
    """An address of a page that takes forms."""
    route = page.route
    for name, value in PARTS.items():
        for kind in ("str", "int", "slug", "path"):
            route = route.replace(f"<{kind}:{name}>", value)
    assert "<" not in route, route
    return f"/{route}"


def test_an_uploader_does_not_approve_the_run_that_is_their_own(window: Browser, house: House) -> None:
    una = signed_in(window, house, Role.UPLOADER)
    una.page.goto("/runs/R-0002/")
    expect(una.page.locator("h1")).to_contain_text("planned")
    expect(una.page.get_by_role("button", name="Approve")).to_have_count(0)
    assert una.page.evaluate(SENT, "/runs/R-0002/approve/") == 403
    una.page.reload()
    expect(una.page.locator("h1")).to_contain_text("planned")


def test_an_advisor_finds_nothing_of_another_partner_by_its_address(window: Browser, house: House) -> None:
    avi = signed_in(window, house, Role.PARTNER)
    for address in ("/made-clients/2/", "/made-templates/2/", "/partners/P-2/", "/partner-documents/P-2/", house.other):
        answer = avi.page.goto(address)
        assert answer is not None
        assert (address, answer.status) == (address, 404)
    for address in ("/made-clients/2/archive/", "/made-templates/2/rename/", "/made-templates/2/archive/"):
        assert (address, avi.page.evaluate(SENT, address)) == (address, 404)
    avi.page.goto("/made-clients/")
    expect(avi.page.locator("main")).to_contain_text("Elm P-1")
    expect(avi.page.locator("main")).not_to_contain_text("P-2")
