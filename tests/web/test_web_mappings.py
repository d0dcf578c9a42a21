"""Accounts and tax codes chosen by the page from what the books have, and written into the file that people edit."""

import html
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from web_kit import followed, person, rows_of, signed_in, text_of
from world import World, client

from connector.web.models import Deed
from connector.web.site import Site


@pytest.fixture
def file(site: Site) -> Path:
    return site.folder / "mappings" / "books-us.yaml"


def looked(browser: Client) -> Any:
    return followed(browser, browser.post("/books/connections/look/", {"back": "books-mapping"}))


def digest(page: Any) -> str:
    found = re.search(r'name="digest" value="([0-9a-f]{64})"', page.content.decode())
    assert found is not None
    return found[1]


def test_another_account_is_chosen_shown_as_a_difference_and_saved(world: World, file: Path) -> None:
    ada, oda = signed_in(person("Ada", "accountant")), signed_in(person("Oda", "operator"))
    assert "is not known yet" in text_of(ada.get("/books/mapping/us/"))
    assert ada.post("/books/mapping/us/", {"account.SPOKE-FULL": "201"}).status_code == HTTPStatus.CONFLICT
    page = looked(oda)
    assert page.request["PATH_INFO"] == "/books/mapping/"
    known = {row[0]: [" ".join(one.split()) for one in row[1:]] for row in rows_of(page)}
    booked = ["Assessment Only bundle", "201 Assessment bundles", "SPOKE-AO-BUNDLE Assessment bundle", "none"]
    assert known["SPOKE-AO-BUNDLE"] == booked
    assert "Choose others" not in text_of(page)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('account: "200"', 'account: "310" # the old one'), encoding="utf-8")
    told = text_of(ada.get("/books/mapping/"))
    assert "1 fault: documents with it are not sent." in told
    assert "Account 310 is archived in Sample US Books (sandbox). Restore it, or map SPOKE-FULL to another." in told
    form = ada.get("/books/mapping/us/")
    options = re.findall(r'<option value="([^"]*)">([^<]*)', form.content.decode().partition("item-1")[0])
    assert options == [("", "leave 310 Old sales"), ("200", "200 Sales"), ("201", "201 Assessment bundles")]
    chosen = {"digest": digest(form), "account.SPOKE-FULL": "201", "tax.0": "", "other": "x"}
    shown = ada.post("/books/mapping/us/", chosen)
    removed = html.unescape(text_of(shown))
    assert '- account: "310" # the old one' in removed
    assert '+ account: "201" # the old one' in removed
    assert 'account: "310" # the old one' in file.read_text(encoding="utf-8")
    saved = ada.post("/books/mapping/us/", {**chosen, "save": "yes"}, follow=True)
    assert "books-us.yaml is saved." in text_of(saved)
    assert 'account: "201" # the old one' in file.read_text(encoding="utf-8")
    assert [(one.by, one.what, one.subject, one.detail) for one in Deed.objects.all()] == [
        ("Ada", "changed the mapping", "books-us.yaml", "us: account.SPOKE-FULL = 201"),
    ]
    billed = world.bill(world.partners(), world.clients(client("A")))
    assert billed["plan"]["documents"][0]["document"]["lines"][0]["account"] == "201"


def test_a_file_that_was_changed_meanwhile_is_refused_and_stays(file: Path) -> None:
    ada = signed_in(person("Ada", "admin"))
    looked(ada)
    chosen = {"digest": digest(ada.get("/books/mapping/us/")), "account.SPOKE-FULL": "201", "save": "yes"}
    other = file.read_text(encoding="utf-8") + "# by another hand\n"
    file.write_text(other, encoding="utf-8")
    refused = ada.post("/books/mapping/us/", chosen)
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "Books-us.yaml was changed meanwhile. Look at it as it is now, then choose again." in text_of(refused)
    assert file.read_text(encoding="utf-8") == other
    assert not Deed.objects.exists()


def test_what_stands_there_already_is_no_change_and_what_is_none_is_refused(file: Path) -> None:
    ada = signed_in(person("Ada", "admin"))
    looked(ada)
    before, seen = file.read_text(encoding="utf-8"), digest(ada.get("/books/mapping/us/"))
    same = ada.post("/books/mapping/us/", {"digest": seen, "account.SPOKE-FULL": "200", "save": "yes"})
    assert "Nothing changes" in text_of(same)
    for chosen in ({"account.SPOKE-FULL": "310"}, {"tax.0": "<script>"}):
        refused = ada.post("/books/mapping/us/", {"digest": seen, **chosen, "save": "yes"})
        assert "cannot be chosen in the books of us" in text_of(refused)
    assert file.read_text(encoding="utf-8") == before
    assert ada.get("/books/mapping/nowhere/").status_code == HTTPStatus.NOT_FOUND


def test_faults_of_the_files_are_told_with_their_places(file: Path) -> None:
    file.write_text(file.read_text(encoding="utf-8").replace("account:", "acount:", 1), encoding="utf-8")
    told = signed_in(person("Bob", "viewer")).get("/books/mapping/")
    assert told.status_code == HTTPStatus.CONFLICT
    assert "mappings/books-us.yaml:6:5" in text_of(told)


def test_an_item_of_the_rules_without_an_account_is_told_with_its_rule(file: Path) -> None:
    ada = signed_in(person("Ada", "accountant"))
    assert "the books lack" not in text_of(ada.get("/books/mapping/"))
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("SPOKE-FULL:", "SPOKE-OTHER:"), encoding="utf-8")
    told = text_of(ada.get("/books/mapping/"))
    assert "What the rules bill and the books lack" in told
    assert (
        "rule full-spoke puts SPOKE-FULL on lines of entity us, and mappings/books-us.yaml has no account for it"
        in told
    )
    assert "Add it to mappings/books-us.yaml." in told
    (file.parent.parent / "rules" / "billing.yaml").write_text("rules: soon\n", encoding="utf-8")
    assert "is not known: the rules have faults" in text_of(ada.get("/books/mapping/"))
