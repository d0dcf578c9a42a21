"""What an accountant does in a browser: a price is changed, its money looked at, approved, in force."""

import pytest
from browser_kit import Person
from playwright.sync_api import Browser, expect
from serving_kit import served
from world import World

from connector.runs.config import FILE

BOOK = "price-books/standard-2025-03-usd.yaml"
OLD, NEW, WRONG = '"11-50": 1800', '"11-50": 1900', '"11-50": cheap'
TESTED = "tests/published.yaml"


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_price_is_changed_simulated_approved_by_another_and_in_force(
    world: World, window: Browser, *, script: bool
) -> None:
    world.approved("C-1", "C-2")
    settings = world.folder / FILE
    text = settings.read_text(encoding="utf-8")
    settings.write_text(f"{text}\napproval: {{two_persons: required}}\n", encoding="utf-8")
    book = world.folder / "rules" / BOOK
    with served(world.folder) as (url, first):
        ada, ben, root = (Person(window, url, script=script) for _ in range(3))
        root.join(first, "Root")
        ada.join(root.invite("accountant"), "Ada")
        ben.join(root.invite("approver"), "Ben")
        ada.begin_proposal("Prices of 2026")
        ada.page.get_by_role("link", name=TESTED).click()
        ada.page.get_by_role("button", name="Remove this file").click()
        ada.page.get_by_role("link", name=BOOK).click()
        editor = ada.page.get_by_label("The file")
        own = editor.input_value()
        wrong_line = next(at for at, line in enumerate(own.splitlines(), 1) if OLD in line)
        editor.fill(own.replace(OLD, WRONG))
        if not script:
            ada.page.get_by_role("button", name="Keep").click()
        fault = ada.page.locator("#checked").get_by_role("link", name=f"Line {wrong_line}")
        expect(fault.first).to_be_visible()
        if script:
            expect(ada.page.locator(".lines .faulty")).to_have_text(str(wrong_line))
            fault.first.click()
            chosen = editor.evaluate("one => one.value.slice(one.selectionStart, one.selectionEnd)")
            assert chosen == own.splitlines()[wrong_line - 1].replace(OLD, WRONG)
        ada.page.get_by_label("The file").fill(own.replace(OLD, NEW))
        ada.page.get_by_role("button", name="Keep").click()
        expect(ada.page.locator("#checked")).to_contain_text("No faults.")
        ada.page.get_by_role("link", name="Prices of 2026").click()
        ada.page.get_by_role("button", name="Propose", exact=True).click()
        ada.page.wait_for_url("**/rules/proposals/1/", timeout=60_000)
        ben.page.goto("/rules/proposals/1/")
        if not script:
            ben.page.get_by_role("link", name="Line by line, and in sum").click()
        expect(ben.page.locator("#money")).to_contain_text("USD 100.00")
        ben.page.goto("/rules/proposals/1/")
        ben.page.get_by_role("button", name="Approve", exact=True).click()
        expect(ben.page.locator(".messages")).to_contain_text("It is approved")
        assert OLD in book.read_text(encoding="utf-8")
        ada.page.goto("/rules/proposals/1/")
        ada.page.get_by_role("button", name="Put it in force").click()
        expect(ada.page.locator("h1")).to_contain_text("active")
        ada.page.goto("/rules/")
        expect(ada.page.locator("main")).to_contain_text("USD 1,900.00")
        assert (ada.complaints, ben.complaints, root.complaints) == ([], [], [])
    assert NEW in book.read_text(encoding="utf-8")
