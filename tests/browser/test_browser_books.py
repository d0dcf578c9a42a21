"""Somebody changes documents in the books by hand; whoever operates finds it, and answers each in one of two ways."""

import pytest
from browser_kit import Person
from playwright.sync_api import Browser, expect
from serving_kit import served
from world import World, client

US_BOOKS = "11111111-1111-4111-8111-111111111111"
REPRICED = "its total is USD 5.00 in the books, not USD 1,948.50"


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_one_change_is_accepted_and_one_document_issued_again(world: World, window: Browser, *, script: bool) -> None:
    world.bill(world.partners(), world.clients(client("A")))
    world.bill(world.partners(), world.clients(client("A"), client("B")))
    world.limit(minute=600)
    with served(world.folder) as (url, first):
        ada, oda, bob = (Person(window, url, script=script) for _ in range(3))
        ada.join(first, "Ada")
        oda.join(ada.invite("operator"), "Oda")
        bob.join(ada.invite("approver"), "Bob")
        _read_back(oda)
        expect(oda.page.locator("main")).to_contain_text("Nothing differs")
        world.reprice("US-000001", 5)
        world.void("US-000002")
        _read_back(oda)
        expect(oda.page.get_by_role("checkbox")).to_have_count(2)
        oda.page.get_by_role("checkbox", name="US-000001").check()
        oda.page.get_by_label("Reason").fill("agreed with the partner")
        oda.page.get_by_role("button", name="Accept as the books have it").click()
        expect(oda.page.locator(".messages")).to_contain_text(f"US-000001 is accepted: {REPRICED}.", timeout=60_000)
        oda.page.goto("/needs-you/")
        oda.page.get_by_role("link", name="US-000002").click()
        expect(oda.page.locator("main")).to_contain_text("it is VOIDED in the books")
        oda.page.get_by_label("Reason").fill("voided by mistake")
        oda.page.get_by_role("button", name="Issue again").click()
        oda.page.wait_for_url("**/runs/R-0003/", timeout=60_000)
        expect(oda.page.locator("main")).to_contain_text("Correction: voided by mistake")
        bob.page.goto("/runs/R-0003/")
        bob.page.get_by_role("button", name="Approve").click()
        expect(bob.page.locator(".messages")).to_contain_text("R-0003 is approved: 1 document to send.")
        oda.page.goto("/runs/R-0003/")
        oda.page.get_by_role("button", name="Send to the books").click()
        oda.page.wait_for_url("**/runs/R-0003/", timeout=60_000)
        expect(oda.page.locator("h1")).to_contain_text("closed", timeout=60_000)
        _read_back(oda)
        expect(oda.page.locator("main")).to_contain_text("Nothing differs")
        assert (ada.complaints, oda.complaints, bob.complaints) == ([], [], [])
    assert sorted((one["InvoiceNumber"], one["Status"], str(one["Total"])) for one in world.invoices(US_BOOKS)) == [
        ("US-000001", "AUTHORISED", "5.0"),
        ("US-000002", "VOIDED", "1948.5"),
        ("US-000003", "AUTHORISED", "1948.5"),
    ]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_an_archived_account_is_found_and_another_one_chosen(world: World, window: Browser, *, script: bool) -> None:
    file = world.folder / "mappings" / "books-us.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('account: "200"', 'account: "310"  # of last year'), encoding="utf-8")
    with served(world.folder) as (url, first):
        ada = Person(window, url, script=script)
        ada.join(first, "Ada")
        ada.page.goto("/books/")
        ada.page.get_by_role("link", name="Connections").click()
        ada.page.get_by_role("button", name="Look now").click()
        expect(ada.page.locator("main")).to_contain_text("Sample US Books (sandbox)", timeout=60_000)
        ada.page.get_by_role("link", name="Accounts and tax").click()
        expect(ada.page.locator("main")).to_contain_text("Account 310 is archived in Sample US Books (sandbox).")
        ada.page.get_by_role("link", name="Choose others").nth(1).click()
        ada.page.get_by_label("Account", exact=True).first.select_option("201")
        ada.page.get_by_role("button", name="Show the change").click()
        expect(ada.page.locator(".diff .added")).to_have_text('+    account: "201"  # of last year')
        ada.page.get_by_role("button", name="Save").click()
        expect(ada.page.locator(".messages")).to_contain_text("books-us.yaml is saved.")
        expect(ada.page.locator("main")).not_to_contain_text("is archived")
        assert ada.complaints == []
    assert file.read_text(encoding="utf-8") == text.replace('account: "200"', 'account: "201"  # of last year')


def _read_back(person: Person) -> None:
    person.page.goto("/books/")
    person.page.get_by_role("button", name="Read the books back").click()
    person.page.wait_for_url("**/books/", timeout=60_000)
