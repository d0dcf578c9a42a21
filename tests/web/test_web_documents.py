"""Documents in lists and one by one: what is shown is paged, however many lines they have."""

from http import HTTPStatus

from web_kit import person, signed_in
from world import World, client

from connector.runs import workspace
from connector.web.site import Site


def test_the_lines_of_a_large_document_are_paged(world: World, site: Site) -> None:
    world.approved(*(f"C-{one}" for one in range(60)))
    workspace.open_ledger(site.config())
    ada = signed_in(person("Ada", "viewer"))
    for address in ("/documents/US-000001/", "/partner-document/US-000001/"):
        first, second = (ada.get(address, {"page": page}).content.decode() for page in (1, 2))
        assert (first.count("<h2>US-000001/"), second.count("<h2>US-000001/")) == (50, 10)
        assert "1–50 of 60" in first
        assert "<h2>US-000001/60 (ready)" in second


def test_a_document_that_is_not_there_says_so(world: World, site: Site) -> None:
    world.plan(world.partners(), world.clients(client("C-1")))
    workspace.open_ledger(site.config())
    ada = signed_in(person("Ada", "viewer"))
    missing = ada.get("/documents/US-000009/")
    assert missing.status_code == HTTPStatus.CONFLICT
    assert "Nothing is known of US-000009." in missing.content.decode()
    assert ada.get("/partner-document/US-000009/").status_code == HTTPStatus.NOT_FOUND
