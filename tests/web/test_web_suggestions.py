"""A workbook that no mapping reads: its columns are looked at, confirmed, saved, and the upload is checked anew."""

import re
from html import unescape
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from web_kit import followed, person, rows_of, signed_in
from world import World, client

from connector.web.models import Deed
from connector.web.site import Site

HEADER = "Client Nr,Partner Nr,Name of client,Web-site URL,Plan of client,Created (date),Stat."
ROWS = ("C-1,P-1,Acme Ltd,acme.com,Full,2025-03-01,Active", "C-2,P-1,Birch Co,birch.com,Full,2025-03-02,Active")
SHEET = "/uploads/1/mapping/0/"
GUESSED = ["client_ref", "partner_id", "name", "domain", "plan", "created_on", "status"]


def uploaded(browser: Client, path: str) -> Any:
    """A file uploaded and checked: the upload's page."""
    with Path(path).open("rb") as file:
        return followed(browser, browser.post("/uploads/", {"files": [file]}))


def form_of(page: Any) -> dict[str, str]:
    """What the form on a page would send, as it stands."""
    text = page.content.decode()
    found = {}
    for name, options in re.findall(r'<select id="[^"]*" name="([^"]+)"[^>]*>(.*?)</select>', text, re.DOTALL):
        found[name] = next(iter(re.findall(r'<option value="([^"]*)" selected>', options)), "")
    named = re.search(r'<input id="name" name="name" value="([^"]*)"', text)
    return {**found, **({"name": unescape(named[1])} if named else {})}


def columns(form: dict[str, str]) -> list[str]:
    return [value for name, value in form.items() if name.startswith("column-")]


def test_what_is_confirmed_is_saved_as_the_command_line_would_and_read_from_then_on(world: World, site: Site) -> None:
    ada = signed_in(person("Ada", "accountant"))
    path = world.write("spring export.csv", HEADER, ROWS)
    page = uploaded(ada, path).content.decode()
    assert f'No mapping reads spring export.csv. <a href="{SHEET}">Say what its columns are</a>' in page
    form = form_of(ada.get(SHEET))
    assert (form.pop("name"), columns(form)) == ("spring-export", GUESSED)
    shown = next(row for row in rows_of(ada.get(SHEET)) if row[0] == "E: Plan of client")
    assert (shown[1], shown[3]) == ("Full", "by its values alone: 100 % of its values can be read (52 %)")
    told = world.run("check", path, "--suggest-mapping").plain["yaml"]
    done = followed(ada, ada.post(f"{SHEET}save/", {**form, "name": "spring-export"}))
    assert done.request["PATH_INFO"] == "/uploads/1/"
    assert "<td>clients by spring-export</td>" in done.content.decode()
    assert "<b>No faults.</b>" in done.content.decode()
    assert (site.folder / "mappings" / "spring-export.yaml").read_text("utf-8") == told
    assert world.run("check", path).plain["sources"][0]["mappings"] == ["spring-export"]
    assert ada.get(SHEET).status_code == HTTPStatus.NOT_FOUND
    deeds = [(one.by, one.what, one.subject, one.detail) for one in Deed.objects.filter(what="saved a mapping")]
    assert deeds == [("Ada", "saved a mapping", "spring-export.yaml", "spring export.csv")]


def test_other_fields_words_orders_and_constants_can_be_said(world: World, site: Site) -> None:
    ada = signed_in(person("Ada", "accountant"))
    rows = ("C-1,P-1,Acme Ltd,acme.com,Voll,01/03/2025,Alpha", "C-2,P-1,Birch Co,birch.com,Voll,02/03/2025,Beta")
    uploaded(ada, world.write("x.csv", HEADER.replace("Stat.", "Colour"), rows))
    page = ada.get(SHEET)
    assert "Still open: no column is taken for the plan or template, the status." in page.content.decode()
    form = form_of(page)
    asked = {name: form[name] for name in form if not name.startswith("column-")}
    assert asked == {"constant-plan": "", "constant-status": "", "order-created_on": "", "name": "x"}
    refused = ada.post(f"{SHEET}save/", form)
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "It is not complete yet. Answer what is open, or save it as a draft." in refused.content.decode()
    form = form_of(ada.post(SHEET, {**form, "column-5": "plan", "column-7": "tags"}))
    assert {"column-5": "plan", "column-7": "tags", "word-5-0": ""}.items() <= form.items()
    said = {"constant-status": "active", "order-created_on": "day_first", "word-5-0": "full_spoke"}
    assert form_of(ada.post(SHEET, {**form, **said})) == {**form, **said}
    done = followed(ada, ada.post(f"{SHEET}save/", {**form, **said}))
    assert "<b>No faults.</b>" in done.content.decode()
    text = (site.folder / "mappings" / "x.yaml").read_text("utf-8")
    assert "date_order: {created_on: day_first}\n" in text
    assert '      status: "active"\n' in text
    assert '        "full_spoke": ["Voll"]\n' in text
    assert '      tags: ["Colour"]  # 100 %: said by a person\n' in text


def test_what_is_open_is_saved_as_a_draft_only_where_that_is_meant(world: World, site: Site) -> None:
    ada = signed_in(person("Ada", "accountant"))
    uploaded(ada, world.write("x.csv", HEADER, ROWS))
    form = {**form_of(ada.get(SHEET)), "column-7": ""}
    done = ada.post(f"{SHEET}save/", {**form, "draft": "yes"}, follow=True)
    assert "Saved as x.draft, which is not read yet." in done.content.decode()
    assert not (site.folder / "mappings" / "x.yaml").exists()
    again = ada.post(f"{SHEET}save/", {**form, "draft": "yes"})
    assert "Mappings/x.draft exists already, and nothing is overwritten. Choose another name." in again.content.decode()


def test_two_columns_cannot_be_one_field_and_a_field_that_is_none_is_not_taken(world: World, site: Site) -> None:
    assert site.folder.exists()
    ada = signed_in(person("Ada", "accountant"))
    uploaded(ada, world.write("x.csv", HEADER, ROWS))
    form = form_of(ada.get(SHEET))
    twice = ada.post(f"{SHEET}save/", {**form, "column-4": "name"})
    assert twice.status_code == HTTPStatus.CONFLICT
    told = "More than one column is taken for name: Name of client, Web-site URL. Take one of them for something else"
    assert told in twice.content.decode()
    assert columns(form_of(ada.post(SHEET, {**form, "column-4": "../evil"}))) == GUESSED


@pytest.mark.parametrize(
    "name", ["../evil", "..", "a/b", "/etc/x", "a.b", "Books", "books-us", "a\nb", "x" * 101, "", "a\0", "é"]
)
def test_a_mapping_is_saved_under_a_plain_name_or_not_at_all(world: World, site: Site, name: str) -> None:
    ada = signed_in(person("Ada", "accountant"))
    uploaded(ada, world.write("x.csv", HEADER, ROWS))
    before = sorted(site.folder.rglob("*.yaml"))
    refused = ada.post(f"{SHEET}save/", {**form_of(ada.get(SHEET)), "name": name})
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "is no name for a mapping" in refused.content.decode()
    assert sorted(site.folder.rglob("*.yaml")) == before
    assert not Deed.objects.filter(what="saved a mapping").exists()


def test_a_mapping_that_is_there_is_not_overwritten(world: World, site: Site) -> None:
    ada = signed_in(person("Ada", "accountant"))
    uploaded(ada, world.write("x.csv", HEADER, ROWS))
    form, there = form_of(ada.get(SHEET)), site.folder / "mappings" / "workbook.yaml"
    before = there.read_bytes()
    refused = ada.post(f"{SHEET}save/", {**form, "name": "workbook"}).content.decode()
    assert "Mappings/workbook.yaml exists already, and nothing is overwritten." in refused
    assert there.read_bytes() == before
    assert world.run("check", str(world.folder / "x.csv"), "--suggest-mapping", "--save", "mine").code == 0
    known = ada.post(f"{SHEET}save/", {**form, "name": "other"}).content.decode()
    assert re.search(r"Mappings/mine.yaml:\d+:\d+ already reads a sheet with these headers", known)


EVIL = '"</option></select><script>alert(1)</script>{{ 7|add:7 }} # [x]\u2028\x1b\nmapping: evil"'


def test_columns_and_sheets_of_hostile_names_do_nothing_but_show(world: World, site: Site) -> None:
    ada = signed_in(person("Ada", "accountant"))
    rows = [f'{row},"<img src=x onerror=alert(1)>"' for row in ROWS]
    path = world.write("<b>x&y.csv", f"{HEADER},{EVIL}", rows)
    uploaded(ada, path)
    page = ada.get(SHEET).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}" in page
    form = form_of(ada.get(SHEET))
    assert set(form) == {"name", *(f"column-{number}" for number in range(1, 9))}
    assert form["name"] == "b-x-y"
    done = followed(ada, ada.post(f"{SHEET}save/", {**form, "column-8": "tags"}))
    assert "<b>No faults.</b>" in done.content.decode()
    text = (site.folder / "mappings" / "b-x-y.yaml").read_text("utf-8")
    assert text.count("\nmapping:") == 1
    assert world.run("mapping", "check").code == 0


def test_an_uploader_sees_the_proposal_and_whom_to_ask_and_saves_nothing(world: World, site: Site) -> None:
    uli = signed_in(person("Uli", "uploader"))
    person("Acc", "accountant")
    person("Vic", "viewer")
    uploaded(uli, world.write("x.csv", HEADER, ROWS))
    page = uli.get(SHEET).content.decode()
    assert "To change rules is not part of your role: ask Acc to look at this page and save it." in page
    assert "mapping/0/save/" not in page
    refused = uli.post(f"{SHEET}save/", {**form_of(uli.get(SHEET)), "name": "x"})
    assert refused.status_code == HTTPStatus.FORBIDDEN
    assert not (site.folder / "mappings" / "x.yaml").exists()


def test_a_sheet_that_is_read_in_part_can_be_read_whole(world: World, site: Site) -> None:
    ada = signed_in(person("Ada", "accountant"))
    path = world.clients(client("C-1"))
    Path(path).write_text(
        Path(path).read_text("utf-8").replace("Status", "Status,Remarks").replace("Active", "Active,a b")
    )
    page = uploaded(ada, path).content.decode()
    assert f'clients by workbook (<a href="{SHEET}">its columns</a>)' in page
    assert "read as clients, but not every column" in ada.get(SHEET).content.decode()
    done = followed(
        ada, ada.post(f"{SHEET}save/", {**form_of(ada.get(SHEET)), "column-10": "tags", "name": "labelled"})
    )
    assert "<b>No faults.</b>" in done.content.decode()
    assert (site.folder / "mappings" / "labelled.yaml").is_file()


def test_a_sheet_whose_columns_are_all_read_or_that_is_not_there_has_no_such_page(world: World, site: Site) -> None:
    assert site.folder.exists()
    ada = signed_in(person("Ada", "accountant"))
    uploaded(ada, world.clients(client("C-1")))
    for address in (SHEET, "/uploads/1/mapping/9/", "/uploads/2/mapping/0/"):
        assert ada.get(address).status_code == HTTPStatus.NOT_FOUND
        assert ada.post(f"{address}save/").status_code == HTTPStatus.NOT_FOUND
