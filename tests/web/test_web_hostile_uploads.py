"""Workbooks made to do harm: what their sheets, columns and clients are called is shown, and does nothing."""

import io
import re
from html import unescape
from pathlib import Path

import openpyxl
import pytest
from web_kit import approved, followed, person, signed_in
from world import CLIENT_HEADER, World, client

from connector.web.models import Deed, Upload
from connector.web.site import Site

SCRIPT = '<script>alert(1)</script>"\'{{ 7|add:7 }}{% now "Y" %}'
SHEET = "<img src=x onerror=a>{{7}}&"
PATHS = ("../../../../tmp/evil.xlsx", "/etc/evil.xlsx", "..\\..\\evil.xlsx", "a/../../evil.xlsx", "C:\\evil.xlsx")


def workbook(name: str, sheet: str, *rows: str) -> io.BytesIO:
    """A workbook of clients under a name of its own."""
    book = openpyxl.Workbook()
    there = book.active
    assert there is not None
    there.title = sheet
    for line in (CLIENT_HEADER + f",{SCRIPT.replace(',', ' ')}", *rows):
        there.append(line.split(","))
    made = io.BytesIO()
    book.save(made)
    made.seek(0)
    made.name = name
    return made


def test_names_in_a_workbook_do_nothing_but_show_on_every_page(world: World, site: Site) -> None:
    assert site.folder.exists()
    ada = signed_in(person("Ada", "admin"))
    evil = client("C-1", name=SCRIPT.replace(",", " "))
    wrong = client("C-2", created=SCRIPT.replace(",", " "))
    book = workbook(
        "clients <b>.xlsx", SHEET, f"{evil},x", f"{wrong},x", f"{client('=1+1|cmd', name='=HYPERLINK(1)')},x"
    )
    with Path(world.partners()).open("rb") as partners:
        page = followed(ada, ada.post("/uploads/", {"files": [book, partners]}))
    assert unescape(page.content.decode()).count(SHEET) >= 1
    run = followed(ada, ada.post("/uploads/1/plan/", {"as_of": "2025-06-20"}))
    assert run.request["PATH_INFO"] == "/runs/R-0001/"
    approved(ada, "R-0001")
    shown = [
        "/uploads/1/", "/uploads/1/faults/", "/uploads/1/grid/0/", "/uploads/1/grid/0/?choice=faulty", "/uploads/",
        "/uploads/1/mapping/0/", "/uploads/1/changes/changed-rows/", "/runs/R-0001/", "/clients/", "/documents/",
        *(f"/runs/R-0001/table/{name}/" for name in ("lines", "rows", "problems")),
        "/documents/US-000001/", "/needs-you/", "/overview/", "/changes/", "/runs/R-0001/tie-out/",
    ]  # fmt: skip
    seen = 0
    for address in shown:
        text = ada.get(address).content.decode()
        assert "<script>alert" not in text, address
        assert "<img src=x" not in text, address
        seen += "{{ 7|add:7 }}" in text
    assert seen >= 6
    [grid] = re.findall(r'href="(/uploads/1/grid/0/)', page.content.decode())[:1]
    assert SCRIPT in unescape(ada.get(grid).content.decode())


@pytest.mark.parametrize("name", PATHS)
def test_a_workbook_named_by_a_path_stays_in_the_folder_of_its_upload(world: World, site: Site, name: str) -> None:
    ada = signed_in(person("Ada", "admin"))
    before = sorted(path for path in world.folder.parent.rglob("*evil*"))
    followed(ada, ada.post("/uploads/", {"files": [workbook(name, "Clients", f"{client('C-1')},x")]}))
    assert [one["name"] for one in Upload.objects.get().files] == ["evil.xlsx"]
    made = sorted(path for path in world.folder.parent.rglob("*evil*"))
    assert made == [*before, site.uploads(1) / "evil.xlsx"]
    assert [one.subject for one in Deed.objects.filter(what="uploaded")] == ["evil.xlsx"]
    assert not Path("/tmp/evil.xlsx").exists()  # noqa: S108 - that nothing is written there
