"""Templates of clients by the page: the plan is chosen with the template and stays; a client made from it has it."""

import html
import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import pytest
from django.db import IntegrityError, connections
from django.test import Client
from web_kit import followed, person, rows_of, signed_in
from world import BIRCH, PARTNER, World, client

from connector.runs import workspace
from connector.runs.asking import Clock
from connector.web.models import Deed, Made, MadeTemplate, TemplateStep
from connector.web.site import Site, serve_site

HEADER = "Template,Partner ID,Plan,Valid from"
STARTER = {"partner": "P-1", "name": "Starter", "plan": "full_spoke"}
ELM = {"name": "Elm", "domain": "elm.example", "advisors": "1", "employees": "60", "users": ""}


@pytest.fixture
def known(world: World, site: Site) -> World:
    """Two partners, and a template of everybody that a workbook brought; it is the 20th of June 2025."""
    templates = world.write("templates.csv", HEADER, ("Both,,Full,2025-01-01", "Theirs,P-2,Full,2025-01-01"))
    run = world.plan(world.partners(PARTNER, BIRCH), templates, world.clients(client("C-1"))).plain["run"]
    assert world.run("approve", run).code == 0
    workspace.open_ledger(site.config())
    at(site, datetime(2025, 6, 20, 12, tzinfo=UTC))
    return world


def at(site: Site, now: datetime) -> None:
    """Make it this moment on the page."""
    serve_site(Site(site.folder, Clock(lambda: now, lambda _seconds: None)))


def offered(browser: Client) -> list[str]:
    """The templates that the first step of a new client offers."""
    return re.findall(r'value="template:([^"]+)"', browser.get("/clients/new/").content.decode())


def made_from(browser: Client, template: str, partner: str = "P-1", **changed: str) -> Any:
    """Make a client from a template, as a browser does at the last step."""
    whole = {**ELM, "partner": partner, "choice": f"template:{template}", **changed}
    look = browser.post("/clients/new/", {**whole, "step": "users"})
    told = re.search(r'name="told" value="([^"]*)"', look.content.decode())
    return browser.post("/clients/new/", {**whole, "step": "confirm", "told": html.unescape(told[1]) if told else ""})


def lines(world: World, name: str) -> list[str]:
    """The rows of a file of what was made here."""
    return (world.folder / name).read_text(encoding="utf-8").splitlines()[1:]


def test_a_client_made_from_a_template_has_its_plan_and_is_billed_by_a_run_of_both_files(known: World) -> None:
    una = signed_in(person("Una", "uploader"))
    page = una.post("/made-templates/new/", STARTER, follow=True)
    assert page.redirect_chain == [("/made-templates/1/", 302)]
    assert "It carries <b>full feature Spoke</b>" in page.content.decode()
    assert offered(una) == ["Both", "Starter", "Theirs"]
    assert (
        '<b>Starter</b> <span class="soft">full feature Spoke, of P-1</span>'
        in una.get("/clients/new/").content.decode()
    )
    look = una.post("/clients/new/", {**ELM, "partner": "P-1", "choice": "template:Starter", "step": "users"})
    assert '<p class="big">USD 3,600.00</p>' in look.content.decode()
    assert made_from(una, "Starter")["Location"] == "/made-clients/1/"
    assert lines(known, "made-here-templates.csv") == ["Starter,P-1,full_spoke,2025-06-20"]
    assert lines(known, "made-here.csv") == ["W-000001,P-1,Elm,elm.example,,Starter,2025-06-20,,60,active,,1,"]
    run = followed(una, una.post("/made-clients/plan/"))
    assert run.request["PATH_INFO"] == "/runs/R-0002/"
    assert ["USD 3,600.00" in row for row in rows_of(una.get("/runs/R-0002/table/lines/"))] == [False, True]
    told = [(one.by, one.what, one.subject, one.detail) for one in Deed.objects.filter(what="made a template")]
    assert told == [("Una", "made a template", "Starter of P-1", "full_spoke")]


def test_another_name_changes_no_plan_and_clients_keep_the_name_of_their_day(known: World, site: Site) -> None:
    una = signed_in(person("Una", "uploader"))
    una.post("/made-templates/new/", {**STARTER, "plan": "assessment_only"})
    made_from(una, "Starter")
    at(site, datetime(2025, 7, 1, 12, tzinfo=UTC))
    forged = {"name": "  First   look ", "plan": "full_spoke", "partner": "P-2", "partner_id": "P-2"}
    assert una.post("/made-templates/1/rename/", forged).status_code == HTTPStatus.FOUND
    assert offered(una) == ["Both", "First look", "Theirs"]
    assert made_from(una, "Starter", domain="oak.example").status_code == HTTPStatus.BAD_REQUEST
    made_from(una, "First look", domain="oak.example", name="Oak")
    assert lines(known, "made-here-templates.csv") == [
        "Starter,P-1,assessment_only,2025-06-20",
        "First look,P-1,assessment_only,2025-07-01",
    ]
    assert [one.split(",")[5] for one in lines(known, "made-here.csv")] == ["Starter", "First look"]
    followed(una, una.post("/made-clients/plan/"))
    assert MadeTemplate.objects.get().plan == "assessment_only"
    assert una.post("/made-templates/1/rename/", {"name": "Starter"}).status_code == HTTPStatus.FOUND  # its own, again
    assert lines(known, "made-here-templates.csv")[0] == "Starter,P-1,assessment_only,2025-06-20"
    assert known.run("show", "R-0002").plain["buckets"]["clients"] == {"inside_bundle": 2}


def test_an_archived_template_is_not_offered_and_what_was_made_from_it_stays(known: World) -> None:
    una = signed_in(person("Una", "uploader"))
    una.post("/made-templates/new/", STARTER)
    made_from(una, "Starter")
    assert "The template is archived." in una.post("/made-templates/1/archive/", follow=True).content.decode()
    assert offered(una) == ["Both", "Theirs"]
    assert made_from(una, "Starter", domain="oak.example").status_code == HTTPStatus.BAD_REQUEST
    run = followed(una, una.post("/made-clients/plan/"))
    assert run.request["PATH_INFO"] == "/runs/R-0002/"
    assert ["USD 3,600.00" in row for row in rows_of(una.get("/runs/R-0002/table/lines/"))] == [False, True]
    assert lines(known, "made-here-templates.csv") == ["Starter,P-1,full_spoke,2025-06-20"]
    for change in ("archive", "rename"):
        answer = una.post(f"/made-templates/1/{change}/", {"name": "New"})
        assert answer.status_code == HTTPStatus.CONFLICT
        assert "The template Starter is archived already." in answer.content.decode()
    assert una.post("/made-templates/new/", STARTER).status_code == HTTPStatus.BAD_REQUEST  # its name stays taken


FAULTS = (
    ({"name": ""}, "A template needs a name that begins with a letter or a digit."),
    ({"name": "=1+1"}, "A template needs a name that begins with a letter or a digit."),
    ({"name": "a\0b"}, "A template needs a name that begins with a letter or a digit."),
    ({"plan": "gold"}, "No plan was chosen."),
    ({"plan": ""}, "No plan was chosen."),
    ({"partner": "P-9"}, "There is no partner P-9."),
    ({"name": "BOTH"}, "Partner P-1 has or had a template BOTH."),
    ({"partner": "P-2", "name": "theirs"}, "Partner P-2 has or had a template theirs."),
)


@pytest.mark.parametrize(("changed", "told"), FAULTS)
def test_what_is_wrong_is_told_and_nothing_is_made(known: World, changed: dict[str, str], told: str) -> None:
    una = signed_in(person("Una", "uploader"))
    page = una.post("/made-templates/new/", {**STARTER, **changed})
    assert page.status_code == HTTPStatus.BAD_REQUEST
    assert told in page.content.decode()
    assert not MadeTemplate.objects.exists()
    assert not (known.folder / "made-here-templates.csv").exists()


def test_a_name_is_given_once_within_a_partner_and_again_in_another(known: World) -> None:
    assert known.folder.exists()
    una = signed_in(person("Una", "uploader"))
    una.post("/made-templates/new/", STARTER)
    assert una.post("/made-templates/new/", {**STARTER, "plan": "assessment_only"}).status_code == 400
    other = una.post("/made-templates/new/", {**STARTER, "partner": "P-2", "plan": "assessment_only"}, follow=True)
    assert other.redirect_chain == [("/made-templates/2/", 302)]
    una.post("/made-templates/new/", {**STARTER, "name": "Second"})
    assert una.post("/made-templates/3/rename/", {"name": "starter"}).status_code == HTTPStatus.CONFLICT
    rows = [row[:4] for row in rows_of(una.get("/made-templates/"))][1:]
    assert rows == [
        ["Second", "P-1", "full feature Spoke", "active"],
        ["Starter", "P-2", "Assessment Only", "active"],
        ["Starter", "P-1", "full feature Spoke", "active"],
    ]
    assert [row[1] for row in rows_of(una.get("/made-templates/", {"q": "p-2"}))] == ["partner", "P-2"]


def test_an_advisor_makes_templates_of_one_partner_whatever_the_form_says(known: World) -> None:
    assert known.folder.exists()
    avi = signed_in(person("Avi", "partner", "P-1"))
    avi.post("/made-templates/new/", {**STARTER, "partner": "P-2", "partner_id": "P-2", "template_id": "7", "id": "7"})
    assert list(MadeTemplate.objects.values_list("id", "partner_id", "plan")) == [(1, "P-1", "full_spoke")]
    assert offered(avi) == ["Both", "Starter"]


def test_another_partners_templates_are_as_if_there_were_none(known: World) -> None:
    assert known.folder.exists()
    una, bea = signed_in(person("Una", "uploader")), signed_in(person("Bea", "partner", "P-2"))
    una.post("/made-templates/new/", STARTER)
    for address in ("/made-templates/1/", "/made-templates/9/"):
        assert bea.get(address).status_code == HTTPStatus.NOT_FOUND
        for change in ("rename", "archive"):
            assert bea.post(f"{address}{change}/", {"name": "Mine"}).status_code == HTTPStatus.NOT_FOUND
    assert "Starter" not in bea.get("/made-templates/").content.decode()
    assert offered(bea) == ["Both", "Theirs"]
    assert made_from(bea, "Starter", "P-1").status_code == HTTPStatus.BAD_REQUEST
    assert (TemplateStep.objects.count(), Made.objects.count()) == (1, 0)
    assert bea.post("/made-templates/new/", {**STARTER, "plan": "assessment_only"}).status_code == HTTPStatus.FOUND
    assert [one.plan for one in MadeTemplate.objects.filter(partner_id="P-2")] == ["assessment_only"]


def test_whoever_only_looks_sees_no_button_and_a_name_is_shown_as_text(known: World) -> None:
    assert known.folder.exists()
    una, vic = signed_in(person("Una", "uploader")), signed_in(person("Vic", "viewer"))
    una.post("/made-templates/new/", {**STARTER, "name": "S <script>alert(1)</script>"})
    for address in ("/made-templates/", "/made-templates/1/"):
        text = vic.get(address).content.decode()
        assert "S &lt;script&gt;" in text
        assert not re.search(r"New template|Rename|Archive<", text)


def test_the_database_refuses_to_change_a_plan_or_forget_a_template(known: World) -> None:
    assert known.folder.exists()
    signed_in(person("Una", "uploader")).post("/made-templates/new/", STARTER)
    asked = connections["web"].cursor()
    for change in (
        "UPDATE web_madetemplate SET plan = 'assessment_only'",
        "DELETE FROM web_madetemplate",
        "UPDATE web_templatestep SET name = 'x'",
        "DELETE FROM web_templatestep",
    ):
        with pytest.raises(IntegrityError, match="append-only"):
            asked.execute(change)
