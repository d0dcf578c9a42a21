"""An advisor makes clients, by a plan or by a template that carries one; finance bills them at the price shown."""

import pytest
from browser_kit import Person
from playwright.sync_api import Browser, expect
from serving_kit import served
from world import World

US_BOOKS = "11111111-1111-4111-8111-111111111111"
PRICE = "USD 1,890.00"  # of 11 to 50 employees, from 2026 on


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_client_made_here_is_upgraded_and_billed_at_the_price_shown(
    world: World, window: Browser, *, script: bool
) -> None:
    world.approved("C-1")
    world.run("push", "R-0001")
    with served(world.folder) as (url, first):
        ada, eve = Person(window, url, script=script), Person(window, url, script=script)
        ada.join(first, "Ada")
        eve.join(ada.invite("partner", "P-1"), "Eve")
        eve.make_client("", "Assessment Only", "Northwind", "northwind.example", "11-50")
        eve.page.get_by_role("link", name="Upgrade").click()
        expect(eve.page.locator("main")).to_contain_text(PRICE)
        eve.page.get_by_role("button", name="Upgrade").click()
        expect(eve.page.locator(".messages")).to_contain_text("W-000001 is upgraded")
        ada.page.goto("/made-clients/")
        ada.page.get_by_role("button", name="Plan what was made here").click()
        ada.page.wait_for_url("**/runs/R-*/", timeout=60_000)
        ada.page.get_by_role("link", name="Lines").click()
        expect(ada.page.locator("#tables tbody tr")).to_have_count(1)
        expect(ada.page.locator("#tables tbody tr")).to_contain_text(PRICE)
        expect(ada.page.locator("#tables tbody tr")).to_contain_text("Northwind")
        ada.page.goto("/runs/R-0002/")
        ada.page.get_by_role("button", name="Approve").click()
        ada.page.get_by_role("button", name="Send to the books").click()
        ada.page.wait_for_url("**/runs/R-*/", timeout=60_000)
        expect(ada.page.locator("h1")).to_contain_text("closed")
        eve.page.goto("/partner-documents/P-1/")
        expect(eve.page.locator("tbody")).to_contain_text("US-000002")
        assert (ada.complaints, eve.complaints) == ([], [])
    assert [one["InvoiceNumber"] for one in world.invoices(US_BOOKS)] == ["US-000001", "US-000002"]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_client_made_from_a_template_is_billed_by_the_plan_that_it_carries(
    world: World, window: Browser, *, script: bool
) -> None:
    world.approved("C-1")
    with served(world.folder) as (url, first):
        ada, eve = Person(window, url, script=script), Person(window, url, script=script)
        ada.join(first, "Ada")
        eve.join(ada.invite("partner", "P-1"), "Eve")
        eve.make_template("", "Starter", "full feature Spoke")
        expect(eve.page.locator("main")).to_contain_text("It carries full feature Spoke")
        eve.make_client("", "Starter", "Northwind", "northwind.example", "11-50")
        expect(eve.page.locator("tbody")).to_contain_text(PRICE)
        expect(eve.page.locator("tbody")).to_contain_text("template Starter")
        ada.page.goto("/made-clients/")
        ada.page.get_by_role("button", name="Plan what was made here").click()
        ada.page.wait_for_url("**/runs/R-*/", timeout=60_000)
        ada.page.get_by_role("link", name="Lines").click()
        expect(ada.page.locator("#tables tbody tr")).to_have_count(1)
        expect(ada.page.locator("#tables tbody tr")).to_contain_text("Northwind")
        expect(ada.page.locator("#tables tbody tr")).to_contain_text(PRICE)
        ada.page.goto("/runs/R-0002/")
        ada.page.get_by_role("button", name="Approve").click()
        expect(ada.page.locator(".messages")).to_contain_text("is approved")
        ada.page.goto("/documents/US-000002/")
        expect(ada.page.locator("main")).to_contain_text("Northwind")
        expect(ada.page.locator("main")).to_contain_text(PRICE.removeprefix("USD "))
        assert (ada.complaints, eve.complaints) == ([], [])
