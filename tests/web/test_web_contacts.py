"""The page tells which contact each partner is billed to, how it was matched, and what the books say of it."""

from web_kit import followed, person, rows_of, signed_in, text_of
from world import BIRCH, PARTNER, PARTNER_HEADER, World, client

from connector import ledger
from connector.runs import workspace
from connector.web.models import Deed
from connector.web.site import Site

NOWHERE = "99999999-9999-4999-8999-999999999999"


def test_contacts_are_listed_with_evidence_and_asked_for_when_somebody_says_so(world: World, site: Site) -> None:
    oda = signed_in(person("Oda", "operator"))
    assert "No partners yet" in text_of(oda.get("/books/contacts/"))
    world.bill(world.partners(PARTNER), world.clients(client("A")))
    world.approved("B", partner="P-2")
    workspace.open_ledger(site.config())
    contact = ledger.read("receipt")["contact_id"][0]
    rows = [[" ".join(one.split()) for one in row] for row in rows_of(oda.get("/books/contacts/"))][1:]
    made = "made by a sending, with the partner&#x27;s id"
    none = "none yet: the first sending looks for one that carries the partner&#x27;s id, else makes it"
    assert rows == [
        ["P-1 One Partner", "us-books", contact, made, "US-000001", "not asked yet"],
        ["P-2 Two Partner", "us-books", "none", none, "nothing yet", "not asked yet"],
        ["P-3 Three Partner", "uk-books", "none", none, "nothing yet", "not asked yet"],
    ]
    page = followed(oda, oda.post("/books/connections/look/", {"back": "books-contacts"}))
    assert page.request["PATH_INFO"] == "/books/contacts/"
    said = {row[0]: row[5] for row in rows_of(page)}
    assert said["P-1 One Partner"] == "there"
    assert said["P-2 Two Partner"] == "none carries its id: the next sending makes it"
    assert [row[0] for row in rows_of(oda.get("/books/contacts/", {"q": "two"}))][1:] == ["P-2 Two Partner"]
    assert "No partners with that" in text_of(oda.get("/books/contacts/", {"q": "nobody"}))
    other = followed(oda, oda.post("/books/connections/look/", {"back": "people"}))
    assert other.request["PATH_INFO"] == "/books/connections/"
    assert not Deed.objects.exists()


def test_another_contact_than_that_of_the_last_document_is_marked(world: World, site: Site) -> None:
    world.bill(world.partners(PARTNER), world.clients(client("A")))
    other = world.contact("Another one")
    rows = [f"{PARTNER.replace('2024-01-01', '2025-05-01')},{other}", f"{BIRCH},{NOWHERE}"]
    run = world.plan(world.write("more.csv", f"{PARTNER_HEADER},Contact ID", rows)).plain["run"]
    assert world.run("approve", run).code == 0
    workspace.open_ledger(site.config())
    oda = signed_in(person("Oda", "operator"))
    told = text_of(followed(oda, oda.post("/books/connections/look/", {"back": "books-contacts"})))
    billed = ledger.read("receipt")["contact_id"][0]
    assert f"declared: the contact id of the partner, in the partners sheet US-000001 to another contact: {billed}" in (
        told.replace("&#x27;", "'")
    )
    assert f"cannot be billed The contact {NOWHERE} that partner P-2 is linked to does not exist in Xero." in told
