"""The nightly run reads what was made by the page, written afresh, beside what it fetches and is given."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from web_kit import person, signed_in
from world import World, client

from connector.runs import workspace
from connector.runs.asking import Clock
from connector.web.peoplefile import FILE
from connector.web.site import Site, serve_site

ELM = {
    "partner": "P-1",
    "choice": "plan:full_spoke",
    "name": "Elm",
    "domain": "elm.example",
    "employees": "60",
    "step": "confirm",
    "told": "USD 3,600.00 (51-200 employees, by count)",
}


@pytest.fixture
def known(world: World, site: Site) -> World:
    """A partner, and a client that was made by the page on the 20th of June 2025; its file is lost."""
    world.approved("C-1")
    world.run("push", "R-0001")
    workspace.open_ledger(site.config())
    serve_site(Site(site.folder, Clock(lambda: datetime(2025, 6, 20, 12, tzinfo=UTC), lambda _seconds: None)))
    una = signed_in(person("Una", "uploader"))
    una.post("/made-templates/new/", {"partner": "P-1", "name": "Starter", "plan": "full_spoke"})
    assert una.post("/clients/new/", {**ELM, "choice": "template:Starter"}).status_code == 302
    for name in ("made-here.csv", "made-here-templates.csv"):
        (world.folder / name).unlink()
    return world


def test_a_night_writes_what_was_made_here_and_reads_it(known: World) -> None:
    rehearsed = known.run("sync", "--dry-run").plain
    assert rehearsed["plan"]["totals_minor"] == {"USD": 389_700}  # with the tax of 8.25 %
    assert not (known.folder / "made-here.csv").exists()
    told = known.run("sync").plain
    assert told["plan"]["totals_minor"] == {"USD": 389_700}
    assert (known.folder / "made-here.csv").read_text(encoding="utf-8").splitlines()[1:] == [
        "W-000001,P-1,Elm,elm.example,,Starter,2025-06-20,,60,active,,,"
    ]
    assert (known.folder / "made-here-templates.csv").exists()
    assert known.run("approve", "R-0002").code == 0
    again = known.run("sync", str(known.folder / "made-here.csv"), known.clients(client("C-1"))).plain
    assert (again["plan"]["totals_minor"], again["troubles"]) == ({}, [])
    shown = known.run("show", "R-0003").plain
    assert shown["buckets"]["clients"] == {"unchanged": 2}  # the file that was named besides is read once


def test_clients_of_an_earlier_version_are_taken_over_by_the_night(known: World, tmp_path: Path) -> None:
    header = "Client ID,Partner ID,Client name,Website domain,Plan,Created on,Employees,Status"
    row = "W-000001,P-1,Elm,elm.example,full_spoke,2025-06-20,60,active"
    old = tmp_path / "made-here.csv"
    old.write_text(f"{header}\n{row}\n", encoding="utf-8")
    run = known.plan(str(old)).plain["run"]
    assert known.run("approve", run).code == 0
    told = known.run("sync").plain
    assert (told["plan"]["totals_minor"], told["exceptions"]) == ({}, [])
    assert known.run("verify").code == 0


def test_what_the_page_keeps_cannot_be_read_and_the_rest_of_the_night_goes_on(known: World) -> None:
    (known.folder / FILE).write_text("no database", encoding="utf-8")
    done = known.run("sync", known.clients(client("C-1"), client("C-2")))
    assert done.code == 2
    assert done.plain["plan"]["totals_minor"] == {"USD": 194_850}
    assert [one["stage"] for one in done.plain["troubles"]] == ["made here"]
