"""What an upload changes, told on its page before anybody plans it, and on the page of its run."""

from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from web_kit import followed, person, rows_of, signed_in
from world import CLIENT_HEADER, World, client

from connector.runs import workspace
from connector.web.site import Site

FIRST = "first upload, there is nothing to compare it with."


def uploaded(browser: Client, *paths: str) -> Any:
    """Files uploaded and checked: the upload's page."""
    files = [Path(path).open("rb") for path in paths]  # noqa: SIM115 - closed below
    try:
        return followed(browser, browser.post("/uploads/", {"files": files}))
    finally:
        for file in files:
            file.close()


@pytest.mark.usefixtures("on_each_database")
def test_the_difference_and_its_money_are_told_before_the_plan_and_are_those_of_the_plan(
    world: World, site: Site
) -> None:
    ada = signed_in(person("Ada", "admin"))
    first = uploaded(ada, world.partners(), world.clients(client("C-1"), client("C-2"))).content.decode()
    assert f"clients.csv: {FIRST}" in first
    assert "Planned today it makes 1 document: <b>USD 3,897.00</b>, total with tax." in first
    assert world.approved("C-1", "C-2") == "R-0001"
    workspace.open_ledger(site.config())
    rows = [client("C-2", name="Renamed"), client("C-3", size="201-500")]
    page = uploaded(ada, world.clients(*rows)).content.decode()
    told = (
        "clients.csv: the next version of clients.csv (R-0001): 1 cell changed; 1 new row: +USD 6,000.00; "
        "1 row gone (held)."
    )
    assert told in page
    assert '<a href="/uploads/2/changes/changed-rows/">3 changed rows</a>' in page
    assert '<a href="/uploads/2/changes/changes/">1 changed cell</a>' in page
    cells = list(rows_of(ada.get("/uploads/2/changes/changes/")))[1:]
    assert cells == [["clients.csv:C2", "client name", "Client C-2", "Renamed", ""]]
    changed = sorted(list(rows_of(ada.get("/uploads/2/changes/changed-rows/")))[1:], key=lambda row: row[2])
    assert [row[1:4] + row[6:] for row in changed] == [
        ["clients", "changed", "1", ""],
        ["clients", "gone", "", ""],
        ["clients", "new", "", "+USD 6,000.00"],
    ]
    only = list(rows_of(ada.get("/uploads/2/changes/changed-rows/", {"choice": "new"})))[1:]
    assert [row[2] for row in only] == ["new"]
    run = followed(ada, ada.post("/uploads/2/plan/", {"as_of": site.now().date().isoformat()}))
    assert told in run.content.decode()
    planned = list(rows_of(ada.get("/runs/R-0002/table/changed-rows/")))[1:]
    assert sorted(planned, key=lambda row: row[2]) == changed
    assert list(rows_of(ada.get("/runs/R-0002/table/changes/")))[1:] == cells


def test_what_cannot_be_compared_says_why_and_is_checked_all_the_same(world: World, site: Site) -> None:
    ada = signed_in(person("Ada", "admin"))
    (site.folder / "rules" / "billing.yaml").write_text("rules: []\n", encoding="utf-8")
    page = uploaded(ada, world.clients(client("C-1"))).content.decode()
    assert "It could not be compared: the rules and mappings have" in page
    assert "<b>No faults.</b>" in page
    for name in ("changes", "changed-rows", "nothing"):
        assert ada.get(f"/uploads/1/changes/{name}/").status_code == HTTPStatus.NOT_FOUND


def test_names_of_clients_do_nothing_but_show_in_what_changed(world: World, site: Site) -> None:
    ada = signed_in(person("Ada", "admin"))
    assert world.approved("C-1") == "R-0001"
    workspace.open_ledger(site.config())
    evil = client("C-1", name="<script>alert(1)</script>{{ 7|add:7 }}")
    uploaded(ada, world.write("clients.csv", CLIENT_HEADER, [evil]))
    page = ada.get("/uploads/1/changes/changes/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}" in page
    search = ada.get("/uploads/1/changes/changes/", {"q": '"><script>alert(2)</script>'}).content.decode()
    assert "<script>alert" not in search
    assert "Nothing fits that." in search
