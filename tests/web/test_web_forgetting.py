"""`connector erase` and what was made by the page: names and domains go from its file, its rows from the source."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connections
from django.test import Client
from web_kit import approved, followed, person, rows_of, signed_in
from world import BIRCH, PARTNER, World, client

from connector.runs import workspace
from connector.runs.asking import Clock
from connector.runs.errors import StopError
from connector.web import made_files
from connector.web.models import Made
from connector.web.peoplefile import FILE
from connector.web.site import Site, serve_site

HELD = {"partner": "P-1", "choice": "plan:assessment_only", "employees": "60", "step": "confirm"}
NOTHING = "nothing: an Assessment Only client takes a place of its partner's bundles"


@pytest.fixture
def known(world: World, site: Site) -> World:
    """Two partners; it is the 20th of June 2025."""
    run = world.plan(world.partners(PARTNER, BIRCH), world.clients(client("C-1"))).plain["run"]
    assert world.run("approve", run).code == 0
    workspace.open_ledger(site.config())
    serve_site(Site(site.folder, Clock(lambda: datetime(2025, 6, 20, 12, tzinfo=UTC), lambda _seconds: None)))
    return world


def make(browser: Client, name: str) -> None:
    """Make an Assessment Only client of this name."""
    given = {**HELD, "name": name.capitalize(), "domain": f"{name}.example", "told": NOTHING}
    browser.post("/clients/new/", given)
    assert Made.objects.filter(name=name.capitalize()).exists()


def held_anywhere(folder: Path, word: str) -> list[str]:
    """The files of the working folder that hold a word, in whatever case."""
    connections["web"].close()
    paths = [one for one in folder.rglob("*") if one.is_file() and "starter" not in one.parts]
    return sorted(one.name for one in paths if word.encode() in one.read_bytes().lower())


def test_a_client_that_a_run_has_brought_is_forgotten_by_page_and_ledger(known: World, site: Site) -> None:
    ada = signed_in(person("Ada", "admin"))
    make(ada, "zanzibar")
    make(ada, "quokka")
    followed(ada, ada.post("/made-clients/plan/"))
    approved(ada, "R-0002")
    assert held_anywhere(known.folder, "zanzibar") != []
    done = known.run("erase", "Zanzibar", "--yes")
    assert (done.code, done.plain["made_here"]) == (0, 1)
    assert held_anywhere(known.folder, "zanzibar") == []
    rows = (known.folder / "made-here.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [one.split(",")[0] for one in rows] == ["W-000002"]
    workspace.open_ledger(site.config())
    assert [row[:2] for row in rows_of(ada.get("/made-clients/"))][1:] == [
        ["Quokka", "W-000002"],
        ["(erased)", "W-000001"],
    ]
    run = followed(ada, ada.post("/made-clients/plan/"))
    assert "No document: there is nothing new to bill." in run.content.decode()
    assert known.run("verify").code == 0
    shown = known.run("erase", "W-000002", "--yes", as_json=False).out
    assert "Erased is what was made here of it" in shown
    assert not (known.folder / "made-here.csv").exists()


def test_a_client_that_no_run_has_brought_is_forgotten_too(known: World, site: Site) -> None:
    ada = signed_in(person("Ada", "admin"))
    make(ada, "zanzibar")
    followed(ada, ada.post("/made-clients/plan/"))  # its name stands in the plan that waits
    make(ada, "quokka")
    done = known.run("erase", "W-000001", "--yes").plain
    assert done["made_here"] == 1
    assert done["erased"][0]["plans"] == ["R-0002"]
    assert held_anywhere(known.folder, "zanzibar") == []
    assert known.run("erase", "Quokka", "--yes").plain["made_here"] == 1
    assert held_anywhere(known.folder, "quokka") == []
    assert known.run("erase", "Quokka", "--yes").code == 1
    workspace.open_ledger(site.config())
    assert ada.post("/made-clients/plan/").status_code == 409


def test_a_partner_and_a_client_of_a_workbook_change_nothing_here(known: World) -> None:
    make(signed_in(person("Ada", "admin")), "zanzibar")
    known.run("push", "R-0001")
    for who in ("C-1", "P-2"):
        assert known.run("erase", who, "--yes").plain["made_here"] == 0
    assert [one.name for one in Made.objects.all()] == ["Zanzibar"]


def test_where_there_is_no_page_nothing_is_forgotten(alone: World) -> None:
    alone.approved("C-1")
    site = Site(alone.folder, Clock(lambda: datetime(2025, 6, 20, tzinfo=UTC), lambda _seconds: None))
    workspace.open_ledger(site.config())
    mappings = workspace.open_mappings(site.config())
    assert made_files.called(alone.folder, mappings, "C-1") == set()
    assert made_files.forget(alone.folder, mappings, "CL-1") == 0
    assert made_files.write(alone.folder, mappings.made_here) == ()
    (alone.folder / FILE).write_text("no database", encoding="utf-8")
    with pytest.raises(StopError, match="cannot be read"):
        made_files.write(alone.folder, mappings.made_here)
