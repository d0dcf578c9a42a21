"""What the books have otherwise than approved, found and answered by the page alone."""

from http import HTTPStatus
from typing import Any

import pytest
import requests
from django.test import Client
from web_kit import approved, followed, person, rows_of, signed_in, text_of
from world import TIME_OUT_SECONDS, World, client

from connector.runs import workspace
from connector.web.models import Deed, Work
from connector.web.site import Site

US_BOOKS = "11111111-1111-4111-8111-111111111111"
REPRICED = "its total is USD 5.00 in the books, not USD 1,948.50"
AGREED = {"reason": "agreed with the partner"}


def billed(world: World, site: Site) -> Any:
    """Three documents of the US books are there; an operator."""
    for names in (("A",), ("A", "B"), ("A", "B", "C")):
        world.bill(world.partners(), world.clients(*(client(one) for one in names)))
    workspace.open_ledger(site.config())
    return signed_in(person("Oda", "operator"))


def read(browser: Client) -> Any:
    return followed(browser, browser.post("/books/read-back/"))


def drift(page: Any) -> list[list[str]]:
    """What waits for an answer: number, books, partner, approved, what the books have."""
    return [row[-5:] for row in rows_of(page) if row[-4:-3] == ["us-books"]]


@pytest.mark.usefixtures("on_each_database")
def test_drift_is_read_back_accepted_and_issued_again(world: World, site: Site) -> None:
    oda = billed(world, site)
    world.limit(minute=600)
    assert "The books were not read yet." in text_of(oda.get("/books/"))
    sound = read(oda)
    assert sound.request["PATH_INFO"] == "/books/"
    assert "Nothing differs" in text_of(sound)
    assert drift(sound) == []
    world.reprice("US-000001", 5)
    world.void("US-000002")
    page = read(oda)
    assert drift(page) == [
        ["US-000001", "us-books", "P-1", "USD 1,948.50", REPRICED],
        ["US-000002", "us-books", "P-1", "USD 1,948.50", "it is VOIDED in the books"],
    ]
    assert [row[0] for row in drift(oda.get("/books/", {"q": "voided"}))] == ["US-000002"]
    assert "Nothing that differs has that in it." in text_of(oda.get("/books/", {"q": "US-000003"}))
    looked = next(row for row in rows_of(page) if len(row) == 6 and row[0] == "us-books")
    assert (looked[2], looked[5]) == ("Oda", "2")
    assert REPRICED in text_of(oda.get("/documents/US-000001/"))
    taken = followed(oda, oda.post("/books/accept/", {"number": "US-000001", **AGREED}))
    assert f"US-000001 is accepted: {REPRICED}." in text_of(taken)
    assert [row[0] for row in drift(taken)] == ["US-000002"]
    history = text_of(oda.get("/documents/US-000001/")).partition("What reading the books back told of it")[2]
    assert history.index(f"accepted : {REPRICED}; accepted by Oda: agreed with the partner") < history.index(
        f"differs : {REPRICED}"
    )
    run = followed(oda, oda.post("/books/issue-again/", {"number": "US-000002", **AGREED}))
    assert run.request["PATH_INFO"] == "/runs/R-0004/"
    assert "Correction: agreed with the partner" in text_of(run)
    bob = signed_in(person("Bob", "approver"))
    assert "R-0004 is approved: 1 document to send." in text_of(approved(bob, "R-0004"))
    assert "us-books : 1 booked" in text_of(followed(oda, oda.post("/runs/R-0004/push/")))
    assert sorted((one["InvoiceNumber"], one["Status"]) for one in world.invoices(US_BOOKS)) == [
        ("US-000001", "AUTHORISED"),
        ("US-000002", "VOIDED"),
        ("US-000003", "AUTHORISED"),
        ("US-000004", "AUTHORISED"),
    ]
    assert drift(read(oda)) == []
    assert [(one.by, one.what, one.subject, one.detail) for one in Deed.objects.order_by("id") if one.subject] == [
        ("Oda", "accepted", "US-000001", "agreed with the partner"),
        ("Oda", "issued again", "US-000002", "R-0004: agreed with the partner"),
        ("Bob", "approved", "R-0004", Deed.objects.get(what="approved").detail),
        ("Oda", "sent", "R-0004", ""),
    ]
    assert Deed.objects.filter(what="read the books back", by="Oda").count() == 3


def test_an_answer_without_a_document_or_a_reason_starts_nothing(world: World, site: Site) -> None:
    oda = billed(world, site)
    for address in ("/books/accept/", "/books/issue-again/"):
        for given, told in (
            ({"reason": "why"}, "No document was chosen. Tick those that you answer."),
            ({"number": "US-000001", "reason": " "}, "An answer needs a reason. Say why; it is kept."),
        ):
            refused = oda.post(address, given)
            assert (refused.status_code, told in text_of(refused)) == (HTTPStatus.CONFLICT, True)
    assert not Work.objects.exists()
    assert not Deed.objects.exists()


def test_what_cannot_be_answered_so_says_why_and_nothing_is_noted(world: World, site: Site) -> None:
    oda = billed(world, site)
    idle = followed(oda, oda.post("/books/accept/", {"number": "US-000001", **AGREED}))
    assert "Waiting for no answer: US-000001." in text_of(idle)
    assert 'href="/books/"' in idle.content.decode()
    there = followed(oda, oda.post("/books/issue-again/", {"number": "US-000001", **AGREED}))
    assert "Still in the books: US-000001. Void it there first" in text_of(there)
    assert not Deed.objects.exists()


def test_whoever_may_not_operate_sees_it_without_the_answers(world: World, site: Site) -> None:
    oda = billed(world, site)
    world.reprice("US-000001", 5)
    read(oda)
    bob = signed_in(person("Bob", "viewer"))
    for address in ("/books/", "/documents/US-000001/"):
        told = bob.get(address)
        assert REPRICED in text_of(told)
        assert "Accept as the books have it" not in text_of(told)
    assert "Read the books back" not in text_of(bob.get("/books/"))
    listed = next(row for row in rows_of(bob.get("/needs-you/")) if row[0] == "US-000001")
    assert listed[3] == "document-drift"
    assert '<a href="/documents/US-000001/">' in bob.get("/needs-you/").content.decode()


def test_a_foreign_document_leads_to_the_books_and_is_left_there(world: World, site: Site) -> None:
    oda = billed(world, site)
    read(oda)
    url, headers = world._books(US_BOOKS)  # noqa: SLF001 - the kit's own door
    contact = {"ContactID": world.contact("Somebody else")}
    line = {"Description": "Theirs", "Quantity": 1, "UnitAmount": 9, "AccountCode": "200", "TaxType": "NONE"}
    theirs = {"Type": "ACCREC", "InvoiceNumber": "US-000077", "Contact": contact, "LineItems": [line]}
    requests.put(f"{url}/Invoices", headers=headers, json={"Invoices": [theirs]}, timeout=TIME_OUT_SECONDS)
    page = read(oda)
    [row] = drift(page)
    assert row[:4] == ["US-000077", "us-books", "none of ours", ""]
    assert row[4].startswith("a foreign invoice has a number of ours in the books (")
    assert '<a href="/books/">US-000077</a>' in oda.get("/needs-you/").content.decode()
    followed(oda, oda.post("/books/accept/", {"number": "US-000077", **AGREED}))
    assert drift(oda.get("/books/")) == []


def test_books_that_cannot_be_read_are_told_with_the_next_step(world: World, site: Site) -> None:
    oda = billed(world, site)
    world.fault(kind="unavailable_503", times=9, path="Invoices")
    assert "us-books: not read: Xero is not available." in text_of(read(oda))
    settings = site.folder / "connector.yaml"
    text = settings.read_text(encoding="utf-8")
    nobody = text.replace("credentials: sandbox", "credentials: {client_id_from: NO_ID, client_secret_from: NO_ID}")
    settings.write_text(nobody, encoding="utf-8")
    told = text_of(read(oda))
    assert "us-books: " in told
    assert "missing" in told


def test_an_answer_that_goes_on_is_shown_and_not_given_twice(site: Site) -> None:
    oda = signed_in(person("Oda", "operator"))
    now, given = site.now(), {"numbers": ["US-000001", "US-000002"], "reason": "agreed"}
    going = Work.objects.create(kind="reissue", by="Ada", given=given, state="running", made_at=now, beat_at=now)
    answer = oda.post("/books/issue-again/", {"number": given["numbers"], "reason": "the same"})
    assert answer["Location"] == f"/works/{going.pk}/"
    assert Work.objects.count() == 1


def test_a_reading_that_goes_on_is_shown_and_not_begun_twice(world: World, site: Site) -> None:
    oda = billed(world, site)
    now = site.now()
    going = Work.objects.create(kind="read-back", by="Ada", given={}, state="running", made_at=now, beat_at=now)
    assert oda.post("/books/read-back/")["Location"] == f"/works/{going.pk}/"
    assert "The books are being read now" in text_of(oda.get("/books/"))
    assert Work.objects.count() == 1
