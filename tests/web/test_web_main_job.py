"""From a workbook to invoices in the books by the page alone, without a line of script."""

import io
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.utils.html import escape
from web_kit import approved, followed, person, rows_of, signed_in, text_of
from world import World, client

from connector.runs import workspace
from connector.web import works
from connector.web.models import Deed, Upload, Work
from connector.web.site import Site

AS_OF = "2025-06-20"


def sent(browser: Client, *paths: str) -> Any:
    """Upload files, and follow until they are checked."""
    files = [Path(path).open("rb") for path in paths]  # noqa: SIM115 - closed below
    try:
        answer = browser.post("/uploads/", {"files": files})
    finally:
        for file in files:
            file.close()
    return followed(browser, answer)


def planned(browser: Client, checked: Any) -> Any:
    """Plan what was checked; the run's page."""
    number = re.search(r"/uploads/(\d+)/", checked.request["PATH_INFO"])
    assert number is not None
    return followed(browser, browser.post(f"/uploads/{number[1]}/plan/", {"as_of": AS_OF}))


def test_a_workbook_becomes_invoices_approved_by_a_second_person(world: World, site: Site) -> None:
    settings = site.folder / "connector.yaml"
    settings.write_text(settings.read_text() + "\napproval: {two_persons: required}\n")
    ada, bob = signed_in(person("Ada", "admin")), signed_in(person("Bob", "approver"))
    oda = signed_in(person("Oda", "operator"))
    partners, clients = world.partners(), world.clients(client("C-1"), client("C-2", size="201-500"))
    checked = sent(ada, partners, clients)
    assert "No faults." in checked.content.decode()
    run = planned(ada, checked)
    assert run.request["PATH_INFO"] == "/runs/R-0001/"
    assert "somebody else must approve it" in run.content.decode()
    refused = ada.post("/runs/R-0001/approve/")
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "R-0001 was planned by Ada, and two persons are required." in refused.content.decode()
    assert "R-0001 is approved: 1 document to send." in approved(bob, "R-0001").content.decode()
    assert bob.post("/runs/R-0001/push/").status_code == HTTPStatus.FORBIDDEN
    there = followed(oda, oda.post("/runs/R-0001/push/"))
    text = there.content.decode()
    assert "<b>us-books</b>: 1 booked, 0 found in the books already." in text
    assert "Everything ties" in oda.get("/runs/R-0001/tie-out/").content.decode()
    assert '<span class="state closed">closed</span>' in text
    assert len(world.invoices("11111111-1111-4111-8111-111111111111")) == 1
    documents = [row for row in rows_of(oda.get("/documents/")) if row[0] == "US-000001"]
    assert [row[1:3] + row[5:7] for row in documents] == [["R-0001", "P-1 One Partner", "USD 8,443.50", "booked"]]
    why = oda.get("/documents/US-000001/").content.decode()
    assert "full-spoke at rules/billing.yaml" in why
    assert {(one.by, one.what) for one in Deed.objects.all()} == {
        ("Ada", "uploaded"),
        ("Ada", "planned"),
        ("Bob", "approved"),
        ("Oda", "sent"),
    }


def test_an_approval_that_is_refused_says_what_has_changed_and_writes_nothing(world: World, site: Site) -> None:
    ada = signed_in(person("Ada", "admin"))
    planned(ada, sent(ada, world.partners(), world.clients(client("C-1"))))
    mapping = site.folder / "mappings" / "books-us.yaml"
    mapping.write_text(mapping.read_text() + "# another text\n")
    refused = followed(ada, ada.post("/runs/R-0001/approve/"))
    text = text_of(refused)
    assert "R-0001 was planned on something that has changed: " in text
    assert "Nothing was written. Plan again with the same files and approve that." in text
    assert '<a class="button" href="/runs/R-0001/">Back</a>' in refused.content.decode()
    assert '<span class="state planned">planned</span>' in ada.get("/runs/R-0001/").content.decode()
    assert "approved" not in {one.what for one in Deed.objects.all()}
    again = planned(ada, sent(ada, world.partners(), world.clients(client("C-1"))))
    assert again.request["PATH_INFO"] == "/runs/R-0002/"
    approved(ada, "R-0002")
    assert "R-0002 was approved before (now: approved)." in text_of(followed(ada, ada.post("/runs/R-0002/approve/")))


@pytest.mark.usefixtures("on_postgres")
def test_the_same_on_a_server(world: World, site: Site) -> None:
    ada = signed_in(person("Ada", "admin"))
    planned(ada, sent(ada, world.partners(), world.clients(client("C-1"))))
    assert "1 document to send" in approved(ada, "R-0001").content.decode()
    there = followed(ada, ada.post("/runs/R-0001/push/")).content.decode()
    assert "<b>us-books</b>: 1 booked, 0 found in the books already." in there
    assert "Everything ties" in ada.get("/runs/R-0001/tie-out/").content.decode()
    known = next(row for row in rows_of(ada.get("/clients/")) if "Client C-1" in row)
    assert "P-1" in " ".join(known)
    assert (site.folder / "page.sqlite3").is_file()


def test_the_same_files_again_bill_nothing_and_say_so(world: World, site: Site) -> None:
    assert site.folder.exists()
    ada = signed_in(person("Ada", "admin"))
    files = [world.partners(), world.clients(client("C-1"))]
    planned(ada, sent(ada, *files))
    approved(ada, "R-0001")
    again = planned(ada, sent(ada, *files)).content.decode()
    assert "No document: there is nothing new to bill." in again
    assert "unchanged since it was last settled" in again


def test_faults_stand_on_their_cells_and_the_file_comes_back_marked(world: World, site: Site) -> None:
    ada = signed_in(person("Ada", "uploader"))
    samples = [path for path in world.samples if path.endswith(("clients.xlsx", "partners.xlsx"))]
    page = sent(ada, *samples)
    told = world.run("check", *samples).plain["problems"]
    wrong = [one for one in told if one["severity"] == "error"]
    assert f"<b>{len(wrong)} errors</b>" in page.content.decode()
    listed = [row for row in rows_of(ada.get("/uploads/1/faults/")) if len(row) == 5 and row[0] != "where"]
    assert {(row[2], row[4]) for row in listed} == {(escape(one["message"]), one["code"]) for one in told}
    first = wrong[0]
    found = list(rows_of(ada.get("/uploads/1/faults/", {"q": first["code"]})))[1:]
    assert found
    assert {row[4] for row in found} == {first["code"]}
    sheet = next(one for one in Work.objects.get().found["sheets"] if one["errors"])
    grid = ada.get(f"/uploads/1/grid/{sheet['number']}/", {"choice": "faulty"}).content.decode()
    assert grid.count('class="faulty"') > 0
    assert escape(next(one["message"] for one in wrong if one["place"].get("sheet") == sheet["sheet"])) in grid
    back = ada.get("/uploads/1/marked/0/")
    assert back["Content-Disposition"].startswith("attachment")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(back.streaming_content)))
    assert "Fix list" in book.sheetnames
    assert not list((site.folder / "uploads" / "1").glob("*.marked"))


def test_lines_are_held_and_released_with_a_reason(world: World, site: Site) -> None:
    assert site.folder.exists()
    ada = signed_in(person("Ada", "admin"))
    planned(ada, sent(ada, world.partners(), world.clients(client("C-1"), client("C-2"))))
    page = ada.get("/runs/R-0001/table/lines/").content.decode()
    charges = re.findall(r'name="line" value="([^"]+)"', page)
    assert len(charges) == 2
    assert ada.post("/runs/R-0001/hold/", {"line": charges[0], "reason": " "}).status_code == HTTPStatus.CONFLICT
    held = ada.post("/runs/R-0001/hold/", {"line": charges[0], "reason": "asked the partner"}, follow=True)
    assert "1 line put on hold." in held.content.decode()
    assert re.findall(r'name="line" value="([^"]+)"', ada.get("/runs/R-0001/table/lines/").content.decode()) == [
        charges[1]
    ]
    rows = list(rows_of(ada.get("/runs/R-0001/table/holds/")))[1:]
    assert [[row[1], row[3], row[5]] for row in rows] == [[charges[0], "Ada", "asked the partner"]]
    ada.post("/runs/R-0001/release/", {"line": charges[0], "reason": "answered"})
    assert len(re.findall(r'name="line"', ada.get("/runs/R-0001/table/lines/").content.decode())) == 2


def test_a_run_is_downloaded_commented_and_each_line_explained(world: World, site: Site) -> None:
    assert site.folder.exists()
    ada = signed_in(person("Ada", "viewer"))
    world.approved("C-1")
    workspace.open_ledger(site.config())
    ada.post("/runs/R-0001/comment/", {"text": "looks <b>right</b>"})
    page = ada.get("/runs/R-0001/").content.decode()
    assert "looks &lt;b&gt;right&lt;/b&gt;" in page
    book = openpyxl.load_workbook(io.BytesIO(ada.get("/runs/R-0001/xlsx/").content))
    assert "Lines" in book.sheetnames
    charge = re.search(r"/runs/R-0001/line/([^/]+)/", ada.get("/runs/R-0001/table/lines/").content.decode())
    assert charge is not None
    why = ada.get(f"/runs/R-0001/line/{charge[1]}/").content.decode()
    assert "clients.csv:2" in why
    assert "USD 1,800.00" in why
    assert ada.get("/runs/R-0001/line/none/").status_code == HTTPStatus.NOT_FOUND


def test_the_workbook_of_many_rows_is_made_beside_the_page_and_kept_until_the_run_is_another(
    world: World, site: Site
) -> None:
    many = world.plan(world.partners(), world.clients(*(client(f"C-{one}") for one in range(2_600))))
    assert many.plain["run"] == "R-0001"
    workspace.open_ledger(site.config())
    ada = signed_in(person("Ada", "admin"))
    assert "Make the xlsx" in ada.get("/runs/R-0001/").content.decode()
    now = site.now()
    other = Work.objects.create(
        kind="export", by="Bob", given={"run": "R-9"}, state="running", made_at=now, beat_at=now
    )
    waits = ada.post("/runs/R-0001/xlsx/make/", follow=True)
    assert "The workbook of R-9 is being made: wait until it is done." in waits.content.decode()
    other.delete()
    early = ada.get("/runs/R-0001/xlsx/", follow=True)
    assert "Its workbook takes a while: make it, then download it here." in early.content.decode()
    done = followed(ada, ada.post("/runs/R-0001/xlsx/make/")).content.decode()
    assert "R-0001.xlsx is made, and can be downloaded here." in done
    assert "Make the xlsx" not in done
    answer = ada.get("/runs/R-0001/xlsx/")
    assert answer["Content-Disposition"] == 'attachment; filename="R-0001.xlsx"'
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)), read_only=True)
    assert book["Lines"].max_row == 2 + 2_600
    approved(ada, "R-0001")
    assert "Make the xlsx" in ada.get("/runs/R-0001/").content.decode()
    followed(ada, ada.post("/runs/R-0001/xlsx/make/"))
    assert len(list(site.run_book("R-0001").iterdir())) == 1
    followed(ada, ada.post("/runs/R-0001/push/"))
    erased = world.run("erase", "--older-than", "1000", "--yes").plain
    assert (erased["workbooks_of_runs"], erased["uploads_of_the_page"]) == (1, 0)
    assert not site.run_book("R-0001").exists()
    workspace.open_ledger(site.config())
    assert "Make the xlsx" in ada.get("/runs/R-0001/").content.decode()


def test_what_the_command_line_has_planned_is_there_too(world: World, site: Site) -> None:
    assert site.folder.exists()
    plain = world.plan(world.partners(), world.clients(client("C-1"), client("C-2", created="2025-13-01"))).plain
    workspace.open_ledger(site.config())
    ada = signed_in(person("Ada", "viewer"))
    for name, count in (
        ("documents", len(plain["documents"])),
        ("rows", len(plain["rows"])),
        ("problems", len(plain["problems"])),
        ("checks", len(plain["checks"])),
    ):
        rows = list(rows_of(ada.get(f"/runs/R-0001/table/{name}/")))[1:]
        assert len(rows) == count, name
    assert ada.get("/runs/R-0001/table/nothing/").status_code == HTTPStatus.NOT_FOUND
    missing = ada.get("/runs/R-0404/")
    assert missing.status_code == HTTPStatus.CONFLICT
    assert "There is no run R-0404." in missing.content.decode()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("..\\..\\clients.csv", "clients.csv"),
        (".hidden.csv", "hidden.csv"),
        ("-rf.csv", "rf.csv"),
        ("clients <script>.CSV", "clients _script_.csv"),
        ("Kunden März (2).csv", "Kunden März (2).csv"),
        ("x" * 300 + ".csv", "x" * 120 + ".csv"),
    ],
)
def test_names_of_files_are_made_harmless(site: Site, name: str, kept: str) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415 - Django is configured by then

    from connector.intake import Limits  # noqa: PLC0415 - as above
    from connector.web import uploading  # noqa: PLC0415 - as above

    file = SimpleUploadedFile("x.csv", b"a,b\n")
    file._name = name  # noqa: SLF001 - a browser may say anything; Django's own class would mend it
    upload = uploading.take([file], "Ada", Limits())
    assert [one["name"] for one in upload.files] == [kept]
    assert [path.name for path in site.uploads(upload.pk).iterdir()] == [kept]
    assert site.uploads(upload.pk).stat().st_mode & 0o077 == 0


def test_files_of_no_kind_too_large_twice_or_none_are_refused_together(site: Site, world: World) -> None:
    assert world.folder == site.folder or site.folder.exists()
    ada = signed_in(person("Ada", "uploader"))
    settings = site.folder / "connector.yaml"
    settings.write_text(settings.read_text() + "\nlimits: {file_mb: 1}\n")
    large, program = site.folder / "large.csv", site.folder / "setup.exe"
    large.write_bytes(b"a" * 1_000_001)
    program.write_bytes(b"MZ")
    with large.open("rb") as one, program.open("rb") as two:
        answer = ada.post("/uploads/", {"files": [one, two]})
    text = answer.content.decode()
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "Larger than 1 MB: large.csv; of no kind that is read" in text
    assert "setup.exe." in text
    assert ada.post("/uploads/", {}).status_code == HTTPStatus.CONFLICT
    assert not Upload.objects.exists()


def test_a_work_whose_process_died_says_so(site: Site, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert site.folder.exists()
    monkeypatch.setenv("CONNECTOR_CRASH_AT", "plan:before-commit")
    ada = signed_in(person("Ada", "admin"))
    checked = sent(ada, world.partners(), world.clients(client("C-1")))
    answer = planned(ada, checked)
    assert "what was committed before stands. Start it again." in answer.content.decode()
    monkeypatch.delenv("CONNECTOR_CRASH_AT")
    assert planned(ada, checked).request["PATH_INFO"] == "/runs/R-0001/"


def test_a_work_that_gives_no_sign_is_told_as_interrupted(site: Site) -> None:
    ada = signed_in(person("Ada", "viewer"))
    old = site.now() - works.SILENT * 2
    work = Work.objects.create(kind=works.PLAN, by="Ada", given={}, state=works.RUNNING, made_at=old, beat_at=old)
    page = ada.get(f"/works/{work.pk}/").content.decode()
    assert "It was interrupted" in page
    assert "refresh" not in page


def test_files_of_uploads_go_with_an_erasure_and_the_page_says_so(world: World, site: Site) -> None:
    ada = signed_in(person("Ada", "admin"))
    planned(ada, sent(ada, world.partners(), world.clients(client("C-1"))))
    world.run("approve", "R-0001")
    world.run("push", "R-0001")
    erased = world.run("erase", "--older-than", "1", "--yes").plain
    assert erased["uploads_of_the_page"] == 0
    assert world.run("erase", "P-1", "--yes").plain["uploads_of_the_page"] == 1
    workspace.open_ledger(site.config())
    page = ada.get("/uploads/1/").content.decode()
    assert "Its files were removed" in page
    assert "/runs/R-0001/" in page
    for part in ("faults/", "grid/0/", "marked/0/"):
        assert ada.get(f"/uploads/1/{part}").status_code == HTTPStatus.NOT_FOUND
    assert ada.post("/uploads/1/plan/").status_code == HTTPStatus.NOT_FOUND


def test_what_needs_a_person_leads_to_where_it_is(world: World, site: Site) -> None:
    ada = signed_in(person("Ada", "viewer"))
    world.approved("C-1")
    world.plan(world.partners(), world.clients(client("C-1"), client("C-2", created="2025-13-01")))
    workspace.open_ledger(site.config())
    page = ada.get("/needs-you/").content.decode()
    assert '<a href="/documents/US-000001/">US-000001</a>' in page
    assert re.search(r'<a href="/runs/R-0002/">R-0002 [^<]*clients.csv', page)
    assert "document-ready" in page
    found = list(rows_of(ada.get("/needs-you/", {"q": "US-000001"})))[1:]
    assert [row[0] for row in found] == ["US-000001"]
    assert '<a href="/documents/US-000001/">' in ada.get("/overview/").content.decode()
