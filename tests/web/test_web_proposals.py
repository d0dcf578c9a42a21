"""Rules changed by the page: begun, edited with faults at their lines, simulated, approved by another, put in force."""

import io
from hashlib import sha256
from http import HTTPStatus
from typing import Any

import openpyxl
import pytest
from django.test import Client
from web_kit import followed, person, rows_of, signed_in
from world import World

from connector import ledger
from connector.runs import proposal_files, workspace
from connector.web.models import Deed
from connector.web.site import Site

BOOK = "price-books/standard-2025-03-usd.yaml"
TESTS = "tests/published.yaml"
OLD, NEW = '"11-50": 1800', '"11-50": 1900'


@pytest.fixture
def ada(world: World, site: Site) -> Client:
    """An accountant."""
    assert world.folder.exists()
    assert site.folder.exists()
    return signed_in(person("Ada", "accountant"))


def post(browser: Client, address: str, **given: str) -> Any:
    """Send a form."""
    return browser.post(address, given)


def keep(browser: Client, name: str, text: str, seen: str, number: int = 1) -> Any:
    """Send the editor's form."""
    digest = sha256(seen.encode()).hexdigest()
    return post(browser, f"/rules/proposals/{number}/files/{name}/", text=text.replace("\n", "\r\n"), seen=digest)


def dearer(browser: Client, site: Site) -> None:
    """A draft that makes a tier dearer, its own tests removed."""
    assert post(browser, "/rules/proposals/begin/", title="Dearer")["Location"] == "/rules/proposals/1/"
    text = (site.config().rules / BOOK).read_text(encoding="utf-8")
    assert keep(browser, BOOK, text.replace(OLD, NEW), text).status_code == HTTPStatus.FOUND
    assert post(browser, "/rules/proposals/1/remove/", name=TESTS).status_code == HTTPStatus.FOUND


def said(browser: Client) -> str:
    """The page of the proposal."""
    return str(browser.get("/rules/proposals/1/").content.decode())


def test_a_change_of_price_from_a_draft_to_the_next_plan(world: World, site: Site, ada: Client) -> None:
    world.approved("C-1")
    workspace.open_ledger(site.config())
    dearer(ada, site)
    page = said(ada)
    assert "It was not simulated yet." in page
    assert "+    &quot;11-50&quot;: 1900" in page
    today = str(site.now().date())
    proposed = followed(ada, post(ada, "/rules/proposals/1/propose/", day=today))
    assert "This proposal" not in proposed.content.decode()
    assert '<a href="/rules/proposals/1/">' in ada.get("/needs-you/").content.decode()
    rows = list(rows_of(ada.get("/rules/proposals/1/money/")))
    assert [row[4:8] for row in rows if row[0] == "P-1" and len(row) == 9] == [
        ["USD 1,800.00", "USD 1,800.00", "USD 1,900.00", "USD 100.00"]
    ]
    found = ada.get("/rules/proposals/1/money/", {"q": "nobody"}).content.decode()
    assert "No line has that in it." in found
    book = openpyxl.load_workbook(io.BytesIO(b"".join(ada.get("/rules/proposals/1/xlsx/").streaming_content)))
    assert book.sheetnames[0] == "Lines"
    seen = proposal_files.one(site.config(), 1).digest
    ben = signed_in(person("Ben", "approver"))
    assert post(ada, "/rules/proposals/1/review/", verdict="approve", seen=seen).status_code == HTTPStatus.FORBIDDEN
    assert post(ben, "/rules/proposals/1/review/", verdict="maybe").status_code == HTTPStatus.CONFLICT
    assert post(ben, "/rules/proposals/1/review/", verdict="approve", seen="x").status_code == HTTPStatus.CONFLICT
    assert post(ben, "/rules/proposals/1/review/", verdict="approve", seen=seen).status_code == HTTPStatus.FOUND
    assert "Put it in force" in said(ada)
    run = followed(ada, post(ada, "/runs/terms/", as_of=""))
    assert "Run R-0002" in run.content.decode()
    assert NEW in (site.config().rules / BOOK).read_text(encoding="utf-8")
    assert '<span class="state active">active</span>' in said(ada)
    deeds = [(one.by, one.what, one.subject) for one in Deed.objects.order_by("id")]
    assert deeds == [
        ("Ada", "began a proposal", "proposal 1"),
        ("Ada", "edited rules", "proposal 1"),
        ("Ada", "removed a file of rules", "proposal 1"),
        ("Ada", "proposed rules", "proposal 1"),
        ("Ben", "approved rules", "proposal 1"),
        ("Ada", "planned", "without files"),
    ]


def test_it_is_put_in_force_by_hand_and_the_history_tells_of_other_ways(site: Site, ada: Client) -> None:
    dearer(ada, site)
    followed(ada, post(ada, "/rules/proposals/1/propose/", day=str(site.now().date())))
    seen = proposal_files.one(site.config(), 1).digest
    post(signed_in(person("Ben", "approver")), "/rules/proposals/1/review/", verdict="approve", seen=seen)
    path = site.config().rules / "entities.yaml"
    own = path.read_text(encoding="utf-8")
    path.write_text(f"{own}# by hand\n", encoding="utf-8")
    assert "The rules in force were changed since it was begun: entities.yaml." in said(ada)
    stopped = ada.post("/rules/proposals/1/activate/", follow=True).content.decode()
    assert "Proposal 1: the rules in force were changed since it was begun: entities.yaml." in stopped
    path.write_text(own, encoding="utf-8")
    done = ada.post("/rules/proposals/1/activate/", follow=True).content.decode()
    assert "Proposal 1 is in force from now on." in done
    assert "in another way" not in ada.get("/rules/proposals/").content.decode()
    path.write_text(f"{own}# by hand\n", encoding="utf-8")
    listed = ada.get("/rules/proposals/").content.decode()
    assert "Since the last proposal was put in force, the rules were changed in another way: entities.yaml." in listed
    assert "1: Dearer" in listed
    assert "No proposal has that in it." in ada.get("/rules/proposals/", {"q": "cheaper"}).content.decode()


def test_faults_stand_at_their_lines_as_one_types_and_nothing_is_kept(site: Site, ada: Client) -> None:
    post(ada, "/rules/proposals/begin/", title="Faults")
    text = (site.config().rules / BOOK).read_text(encoding="utf-8")
    at = next(number for number, line in enumerate(text.splitlines(), 1) if line.startswith("prices:"))
    wrong = text.replace("prices:", "prizes:")
    part = post(ada, f"/rules/proposals/1/check/{BOOK}/", text=wrong).content.decode()
    assert f'data-line="{at}">Line {at}</a>' in part
    assert '<b class="error">' in part
    assert proposal_files.one(site.config(), 1).differences == ()
    right = post(ada, f"/rules/proposals/1/check/{BOOK}/", text=text).content.decode()
    assert "No faults." in right
    assert "Prices of book standard" in right
    assert "Employee tiers" not in right
    kept = keep(ada, BOOK, wrong, text)
    assert kept.status_code == HTTPStatus.FOUND
    editor = ada.get(kept["Location"]).content.decode()
    assert f'data-line="{at}">Line {at}</a>' in editor
    assert "cannot be proposed" in said(ada)
    assert "It has faults" in ada.get("/rules/proposals/1/meaning/").content.decode()
    refused = post(ada, "/rules/proposals/1/propose/", day=str(site.now().date()))
    assert refused.status_code == HTTPStatus.CONFLICT
    assert post(ada, "/rules/proposals/1/propose/", day="").status_code == HTTPStatus.CONFLICT


def test_two_who_edit_one_file_lose_nothing(site: Site, ada: Client) -> None:
    post(ada, "/rules/proposals/begin/", title="Two")
    text = (site.config().rules / BOOK).read_text(encoding="utf-8")
    eve = signed_in(person("Eve", "accountant"))
    assert keep(ada, BOOK, text.replace(OLD, NEW), text).status_code == HTTPStatus.FOUND
    clash = keep(eve, BOOK, f"# <script>alert(1)</script>\n{text}", text)
    assert clash.status_code == HTTPStatus.CONFLICT
    said = clash.content.decode()
    assert "Somebody else has changed" in said
    assert "# &lt;script&gt;alert(1)&lt;/script&gt;" in said
    assert NEW in (proposal_files.one(site.config(), 1).rules / BOOK).read_text(encoding="utf-8")


def test_files_are_added_as_copies_and_only_as_files_of_rules(site: Site, ada: Client) -> None:
    post(ada, "/rules/proposals/begin/", title="Files")
    name = "price-books/standard-2027-01-usd.yaml"
    added = post(ada, "/rules/proposals/1/add/", name=name, like=BOOK)
    assert added["Location"] == f"/rules/proposals/1/files/{name}/"
    text = (site.config().rules / BOOK).read_text(encoding="utf-8")
    assert (proposal_files.one(site.config(), 1).rules / name).read_text(encoding="utf-8") == text
    for wrong, like in ((name, BOOK), ("../x.yaml", BOOK), ("x.txt", ""), ("new.yaml", "../connector.yaml")):
        assert post(ada, "/rules/proposals/1/add/", name=wrong, like=like).status_code == HTTPStatus.CONFLICT, wrong
    for missing in ("nothing.yaml", "../connector.yaml", "..%2f..%2fconnector.yaml"):
        assert ada.get(f"/rules/proposals/1/files/{missing}/").status_code == HTTPStatus.NOT_FOUND
        assert post(ada, "/rules/proposals/1/remove/", name=missing).status_code == HTTPStatus.CONFLICT
    assert ada.get("/rules/proposals/9/").status_code == HTTPStatus.NOT_FOUND
    assert ada.get("/rules/proposals/1/money/").status_code == HTTPStatus.NOT_FOUND
    assert post(ada, "/rules/proposals/begin/", title=" ").status_code == HTTPStatus.CONFLICT


def test_ways_back(site: Site, ada: Client) -> None:
    dearer(ada, site)
    day = str(site.now().date())
    followed(ada, post(ada, "/rules/proposals/1/propose/", day=day))
    editor = ada.get(f"/rules/proposals/1/files/{BOOK}/").content.decode()
    assert "A proposal that is proposed is not edited." in editor
    ben = signed_in(person("Ben", "approver"))
    assert post(ben, "/rules/proposals/1/review/", verdict="refuse", reason="").status_code == HTTPStatus.CONFLICT
    assert post(ben, "/rules/proposals/1/review/", verdict="refuse", reason="too dear").status_code == HTTPStatus.FOUND
    assert "too dear" in said(ada)
    assert post(ada, "/rules/proposals/1/propose/", day=day)["Location"] == "/rules/proposals/1/"  # simulated before
    post(ada, "/rules/proposals/1/take-back/")
    path = site.config().rules / "entities.yaml"
    path.write_text(f"{path.read_text(encoding='utf-8')}# by hand\n", encoding="utf-8")
    post(ada, "/rules/proposals/1/take-over/")
    assert "It has changed since" in ada.get("/rules/proposals/1/money/").content.decode()
    followed(ada, post(ada, "/rules/proposals/1/simulate/", day="2027-01-01"))
    assert "from 2027-01-01" not in said(ada)
    post(ada, "/rules/proposals/1/withdraw/")
    assert '<span class="state withdrawn">withdrawn</span>' in said(ada)
    assert [one.what for one in proposal_files.one(site.config(), 1).events] == [
        *("made", "proposed", "refused", "proposed", "taken back", "taken over", "withdrawn"),
    ]


def test_whoever_proposed_may_not_approve_where_two_persons_are_required(site: Site, ada: Client) -> None:
    assert ada is not None
    path = site.folder / "connector.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}\napproval: {{two_persons: required}}\n", encoding="utf-8")
    root = signed_in(person("Root", "admin"))
    dearer(root, site)
    followed(root, post(root, "/rules/proposals/1/propose/", day=str(site.now().date())))
    assert "You proposed it, and two persons are required" in said(root)
    seen = proposal_files.one(site.config(), 1).digest
    refused = post(root, "/rules/proposals/1/review/", verdict="approve", seen=seen)
    assert refused.status_code == HTTPStatus.CONFLICT
    assert ledger.chain_heads() is not None
