"""What finance does in a browser, from a workbook with faults to documents in the books, by two people."""

from pathlib import Path

import openpyxl
import pytest
from browser_kit import Person
from playwright.sync_api import Browser, expect
from serving_kit import served
from world import World, client

from connector.runs.config import FILE

US_BOOKS = "11111111-1111-4111-8111-111111111111"


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_workbook_with_faults_becomes_documents_approved_by_a_second_person(
    world: World, window: Browser, tmp_path: Path, *, script: bool
) -> None:
    settings = world.folder / FILE
    settings.write_text(
        settings.read_text(encoding="utf-8") + "\napproval: {two_persons: required}\n", encoding="utf-8"
    )
    partners = Path(world.partners())
    clients = Path(world.clients(client("C-1"), client("C-2", created="2025-13-01")))
    with served(world.folder) as (url, first):
        ada, bob = Person(window, url, script=script), Person(window, url, script=script)
        ada.join(first, "Ada")
        bob.join(ada.invite("approver"), "Bob")
        ada.upload(partners, clients)
        expect(ada.page.locator(".verdict")).to_contain_text("1 error")
        expect(ada.page.locator("#faults tbody tr").first).to_contain_text("2025-13-01")
        ada.page.get_by_role("link", name="clients.csv", exact=True).nth(1).click()
        expect(ada.page.locator("td.faulty")).to_have_text("2025-13-01")
        ada.page.go_back()
        marked = _downloaded(ada, "clients.csv", tmp_path)
        ada.upload(partners, _mended(marked, "2025-04-01", tmp_path))
        expect(ada.page.locator(".verdict")).not_to_contain_text("error")
        ada.plan("2025-06-20")
        expect(ada.page.locator(".acts")).to_contain_text("somebody else must approve it")
        run = ada.page.url.removeprefix(url)
        bob.page.goto(run)
        bob.page.get_by_role("button", name="Approve").click()
        expect(bob.page.locator(".messages")).to_contain_text("is approved")
        ada.page.goto(run)
        ada.page.get_by_role("button", name="Send to the books").click()
        ada.page.wait_for_url("**/runs/R-*/", timeout=60_000)
        expect(ada.page.locator("h1")).to_contain_text("closed")
        if not script:
            ada.page.get_by_role("link", name="The way of every row and cent into the books").click()
        expect(ada.page.locator("main")).to_contain_text("Everything ties")
        assert (ada.complaints, bob.complaints) == ([], [])
    (invoice,) = world.invoices(US_BOOKS)
    assert (invoice["InvoiceNumber"], str(invoice["Total"])) == ("US-000001", "3897.0")


def _downloaded(person: Person, name: str, folder: Path) -> Path:
    with person.page.expect_download() as waiting:
        person.page.get_by_role("link", name=name, exact=True).first.click()
    path = folder / "marked.xlsx"
    waiting.value.save_as(path)
    return path


def _mended(marked: Path, value: str, folder: Path) -> Path:
    """The marked workbook with this value in the one cell that is listed."""
    book = openpyxl.load_workbook(marked)
    lines = [[cell.value for cell in row] for row in book["Fix list"].iter_rows()]
    head = next(place for place, line in enumerate(lines) if "Cell" in line)
    (fault,) = (dict(zip(lines[head], line, strict=True)) for line in lines[head + 1 :])
    book[str(fault["Sheet"])][str(fault["Cell"])].value = value
    path = folder / "clients.xlsx"
    book.save(path)
    return path


def test_a_line_is_held_explained_and_released(world: World, window: Browser) -> None:
    with served(world.folder) as (url, first):
        ada = Person(window, url)
        ada.join(first, "Ada")
        ada.upload(world.folder / "samples" / "partners.xlsx", world.folder / "samples" / "clients-uk.csv")
        ada.plan("2025-06-20")
        ada.page.get_by_role("link", name="Lines").click()
        boxes = ada.page.get_by_role("checkbox")
        expect(boxes.first).to_be_visible()
        count = boxes.count()
        boxes.first.check()
        ada.page.get_by_label("Reason").fill("asked the partner")
        ada.page.get_by_role("button", name="Put the chosen lines on hold").click()
        expect(ada.page.locator(".messages")).to_contain_text("1 line put on hold.")
        ada.page.get_by_role("link", name="On hold").click()
        ada.page.get_by_role("checkbox").first.check()
        ada.page.get_by_label("Reason").fill("answered")
        ada.page.get_by_role("button", name="Release the chosen lines").click()
        ada.page.get_by_role("link", name="Lines").click()
        expect(ada.page.get_by_role("checkbox")).to_have_count(count)
        ada.page.get_by_role("link", name="why").first.click()
        expect(ada.page.locator(".facts")).to_contain_text("rules/billing.yaml")
        assert ada.complaints == []
