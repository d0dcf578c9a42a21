"""A client made here and one of an export are joined by a person: suggested with evidence, billed once from then on."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from web_kit import approved, followed, person, rows_of, signed_in
from world import BIRCH, PARTNER, World, client

from connector.runs import workspace
from connector.runs.asking import Clock
from connector.web import made_files
from connector.web.models import Deed, Made, MadeStep
from connector.web.site import Site, serve_site

PRICE = "USD 3,600.00 (51-200 employees, by count)"
ELM = {
    "partner": "P-1",
    "choice": "plan:full_spoke",
    "name": "Elm",
    "domain": "elm.example",
    "employees": "60",
    "step": "confirm",
    "told": PRICE,
}
S_77 = {"client_ref": "S-77", "namespace": "platform"}


@pytest.fixture
def known(world: World, site: Site) -> World:
    """Two partners; it is the 20th of June 2025."""
    run = world.plan(world.partners(PARTNER, BIRCH), world.clients(client("C-1"))).plain["run"]
    assert world.run("approve", run).code == 0
    workspace.open_ledger(site.config())
    serve_site(Site(site.folder, Clock(lambda: datetime(2025, 6, 20, 12, tzinfo=UTC), lambda _seconds: None)))
    return world


def billed_here(world: World) -> Client:
    """Elm, made here and billed; the browser of the admin who did it."""
    ada = signed_in(person("Ada", "admin"))
    assert ada.post("/clients/new/", ELM).status_code == HTTPStatus.FOUND
    followed(ada, ada.post("/made-clients/plan/"))
    approved(ada, "R-0002")
    assert (world.folder / "made-here.csv").exists()
    return ada


def exported(world: World, site: Site, *rows: str) -> Any:
    """Plan an export; what the plan says. The page goes on afterwards."""
    planned = world.plan(world.clients(*rows)).plain
    workspace.open_ledger(site.config())
    return planned


def test_the_same_client_is_suggested_joined_and_never_billed_twice(known: World, site: Site) -> None:
    billed_here(known)
    export = client("S-77", name="Elm Ltd", site="elm.example", size="60")
    assert exported(known, site, export)["buckets"]["clients"] == {"held": 1}
    acc = signed_in(person("Acc", "accountant"))
    assert "Is it in an export too?" in acc.get("/made-clients/1/").content.decode()
    listed = [row[:8] for row in rows_of(acc.get("/made-clients/1/join/"))][1:]
    row = ["S-77", "Elm Ltd", "elm.example", "full feature Spoke", "2025-04-01", "the same website domain"]
    assert listed == [[*row, "clients.csv, row 2", "not yet"]]
    page = acc.post("/made-clients/1/join/", S_77, follow=True)
    assert "W-000001 and S-77 are one client from now on." in page.content.decode()
    assert "It is joined with <b>S-77 of platform</b>" in page.content.decode()
    assert not (known.folder / "made-here.csv").exists()
    assert acc.post("/made-clients/plan/").status_code == HTTPStatus.CONFLICT
    told = [(one.by, one.subject, one.detail) for one in Deed.objects.filter(what="joined a client")]
    assert told == [("Acc", "W-000001 of P-1", "S-77 of platform")]
    ids = {tuple(row[1:2]) for word in ("W-000001", "S-77") for row in rows_of(acc.get("/clients/", {"q": word}))}
    assert len(ids) == 2  # the heading, and one client under both ids
    again = exported(known, site, export)
    assert (again["documents"], again["buckets"]["clients"]) == ([], {"already_billed": 1})


def test_what_is_joined_is_neither_upgraded_nor_joined_with_another(known: World, site: Site) -> None:
    ada = billed_here(known)
    rows = (client("S-77", site="elm.example", size="60"), client("S-78", name="Elm", site="other.example"))
    exported(known, site, *rows)
    for _ in range(2):  # said again it is no fault, and no second step
        assert ada.post("/made-clients/1/join/", S_77).status_code == HTTPStatus.FOUND
    assert [one.what for one in MadeStep.objects.all()] == ["joined", "made"]
    other = ada.post("/made-clients/1/join/", {**S_77, "client_ref": "S-78"})
    assert other.status_code == HTTPStatus.CONFLICT
    assert "W-000001 is joined with S-77 of platform already." in other.content.decode()
    assert ada.get("/made-clients/1/upgrade/").status_code == HTTPStatus.CONFLICT
    for change, given in (("archive", {}), ("users", {"users": "3"})):
        answer = ada.post(f"/made-clients/1/{change}/", given)
        assert answer.status_code == HTTPStatus.CONFLICT
        assert "W-000001 is joined" in answer.content.decode()
    assert "Archive<" not in ada.get("/made-clients/1/").content.decode()


def test_a_client_archived_here_may_be_joined_and_the_rest_stays_in_the_file(known: World, site: Site) -> None:
    ada = billed_here(known)
    ada.post("/made-clients/1/archive/")
    ada.post("/clients/new/", {**ELM, "name": "Oak", "domain": "oak.example"})
    exported(known, site, client("S-77", name="Elm", site="elm.example", size="60"))
    assert ada.post("/made-clients/1/join/", S_77).status_code == HTTPStatus.FOUND
    rows = (known.folder / "made-here.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [one.split(",")[0] for one in rows] == ["W-000002"]


def test_a_client_is_looked_for_by_its_id_within_its_partner(known: World, site: Site) -> None:
    ada = billed_here(known)
    rows = (client("S-5", name="Ash"), client("S-6", partner="P-2", name="Elm", site="elm2.example"))
    exported(known, site, *rows)
    assert "No client of this partner in the last uploads" in ada.get("/made-clients/1/join/").content.decode()
    listed = [row[0] for row in rows_of(ada.get("/made-clients/1/join/", {"client_ref": "s-5"}))]
    assert listed == ["id", "S-5"]
    for number in ("S-6", "S-9", "<b>", ""):
        page = ada.get("/made-clients/1/join/", {"client_ref": number}).content.decode()
        assert "Join with" not in page
        assert "<b>" not in page.partition("<main")[2].replace("<b>S", "")
        answer = ada.post("/made-clients/1/join/", {"client_ref": number, "namespace": "platform"})
        assert answer.status_code == HTTPStatus.CONFLICT
    forged = {"client_ref": "S-5", "namespace": "made-here"}
    assert ada.post("/made-clients/1/join/", forged).status_code == HTTPStatus.CONFLICT
    assert [one.what for one in MadeStep.objects.all()] == ["made"]


def test_two_clients_with_entries_of_their_own_are_refused_with_the_reason(known: World, site: Site) -> None:
    ada = billed_here(known)
    run = exported(known, site, client("S-77", name="Elm", site="elm.test", size="60"))["run"]
    approved(ada, run)
    answer = ada.post("/made-clients/1/join/", S_77)
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "Each has entries of its own. Archive the one made here" in answer.content.decode()
    assert [one.what for one in MadeStep.objects.all()] == ["made"]


@pytest.mark.parametrize("role", ["viewer", "uploader", "operator", "partner"])
def test_whoever_holds_no_lines_joins_nothing(known: World, site: Site, role: str) -> None:
    billed_here(known)
    exported(known, site, client("S-77", name="Elm", site="elm.example", size="60"))
    one = signed_in(person("One", role, "P-1" if role == "partner" else ""))
    assert one.get("/made-clients/1/join/").status_code == HTTPStatus.FORBIDDEN
    assert one.post("/made-clients/1/join/", S_77).status_code == HTTPStatus.FORBIDDEN
    assert "Is it in an export too?" not in one.get("/made-clients/1/").content.decode()
    assert [step.what for step in MadeStep.objects.all()] == ["made"]


def test_a_client_of_an_earlier_version_is_taken_over_when_the_page_starts(known: World, site: Site) -> None:
    header = "Client ID,Partner ID,Client name,Website domain,Plan,Created on,Employees,Status"
    row = "W-000001,P-1,Elm,elm.example,assessment_only,2025-06-20,60,active"
    run = known.plan(known.write("made-here.csv", header, [row])).plain["run"]
    assert known.run("approve", run).code == 0
    workspace.open_ledger(site.config())
    made = Made.objects.create(partner_id="P-1", name="Elm", domain="elm.example")
    kept = {"plan": "assessment_only", "created_on": "2025-06-20", "employees": "60", "status": "active"}
    MadeStep.objects.create(made=made, what="made", by="Una", at=site.now(), row=kept)
    mappings = workspace.open_mappings(site.config())
    assert made_files.take_over(site.folder, mappings, now=site.now(), by="connector serve") == 1
    look = signed_in(person("Una", "uploader")).get("/made-clients/1/upgrade/").content.decode()
    assert '<p class="big">USD 3,600.00</p>' in look
