"""Every page, light and dark, wide and narrow: axe-core finds nothing serious, and the browser does not complain.

The pages are those of the table of addresses; one that is added is looked at from then on.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser_kit import Person
from playwright.sync_api import Browser
from serving_kit import served
from world import PARTNER, World, client

from connector.web.pages import Page
from connector.web.urls import PAGES

PARTS = {
    "run_id": "R-0003",
    "number": "1",
    "name": "lines",
    "sheet": "0",
    "file": "0",
    "partner_id": "P-1",
    "entity": "us",
}
# Where a part means something else on one page.
OWN = {
    ("rules-file", "name"): "billing.yaml",
    ("rules-edit", "name"): "billing.yaml",
    ("document", "number"): "US-000001",
    ("partner-document", "number"): "US-000001",
    ("upload-changes", "name"): "changed-rows",
    ("upload-mapping", "sheet"): "2",
}
# What is no page: it answers with a file, or with a value for programs.
NO_PAGE = {"health", "upload-template", "upload-marked", "run-xlsx", "rules-xlsx", "home", "join", "sign-in"}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A folder without an accounting system."""
    return World(tmp_path_factory.mktemp("pages") / "work", None)


@pytest.fixture(scope="module")
def served_page(world: World, window: Browser) -> Iterator[tuple[str, dict[str, str]]]:
    """A page with something on it: a run, an upload with faults and an unknown sheet, a plan, what is made here.

    Its address, and the parts of addresses that only it knows.
    """
    world.approved("C-1", "C-2")
    lately = world.clients(client("C-7"), client("C-8", plan="Assessment Only", size="1"), name="lately.csv")
    run = world.plan(world.partners(), lately, as_of=datetime.now(UTC).date().isoformat()).plain["run"]
    assert world.run("approve", run).code == 0
    with served(world.folder) as (url, first):
        ada = Person(window, url)
        ada.join(first, "Ada")
        files = (
            world.partners(PARTNER),
            world.clients(client("C-3", site="northwind.example"), client("C-4", created="2025-13-01")),
            world.write(
                "spring.csv", "Kunde,Haus,Webseite,Angelegt,Zustand", ["Nordwind,P-1,n.example,01/02/2025,Ruht"]
            ),
        )
        ada.upload(*(world.folder / file for file in files))
        ada.plan("2025-06-20")
        ada.page.get_by_role("link", name="Lines").click()
        link = ada.page.get_by_role("link", name="why").first
        found = re.search(r"/line/([^/]+)/", link.get_attribute("href") or "")
        assert found is not None
        ada.make_client("P-1", "Assessment Only", "Northwind", "northwind.example", "50")
        ada.begin_proposal("Another price")
        ada.page.get_by_role("button", name="Only simulate it").click()
        ada.page.wait_for_url("**/rules/proposals/1/", timeout=60_000)
        ada.make_template("P-1", "Starter", "full feature Spoke")
        ada.page.goto("/clients/")
        known = ada.page.locator("tbody th a").first.get_attribute("href") or ""
        yield url, {"charge_id": found[1], "client_id": known.strip("/").rpartition("/")[2]}


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_page_has_a_serious_fault(
    served_page: tuple[str, dict[str, str]], window: Browser, *, dark: bool, width: int
) -> None:
    url, known = served_page
    ada = Person(window, url, dark=dark, width=width)
    faults = [*_of(ada, "/sign-in/"), *_of(ada, "/join/?key=none")]
    ada.complaints.clear()  # that a link is used up is answered with 410, and the browser says so
    ada.sign_in("Ada")
    for page in PAGES:
        if page.right is not None and page.name not in NO_PAGE and "GET" in page.verbs:
            faults += _of(ada, _address(page, {**PARTS, **known}))
    assert faults == []
    assert ada.complaints == []


def _address(page: Page, parts: Mapping[str, str]) -> str:
    """An address of a page."""
    route = page.route
    for name, value in parts.items():
        route = re.sub(f"<[a-z]+:{name}>", OWN.get((page.name, name), value), route)
    assert "<" not in route, route
    return f"/{route}"


def _of(person: Person, address: str) -> list[str]:
    """The faults of a page, and whether it is wider than its window."""
    answer = person.page.goto(address)
    assert answer is not None
    found = [] if answer.ok or address.startswith("/join/") else [f"{address}: {answer.status}"]
    result = Axe().run(person.page, options=RULES).response
    found += [
        f"{address}: {one['id']}: {one['help']}: {one['nodes'][0]['html']}"
        for one in result["violations"]
        if one["impact"] in ("serious", "critical", "moderate")
    ]
    wide = person.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return [*found, *([f"{address}: wider than its window"] if wide else [])]
