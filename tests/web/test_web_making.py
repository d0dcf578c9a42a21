"""A new client by the page: three steps, the price before it is confirmed, and the run that bills it."""

import html
import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import pytest
from django.db import IntegrityError, connections
from django.test import Client
from web_kit import approved, followed, person, rows_of, signed_in
from world import BIRCH, PARTNER, World, client

from connector.runs import workspace
from connector.runs.asking import Clock
from connector.web.models import Deed, Made, MadeStep
from connector.web.site import Site, serve_site

FULL, AO = "plan:full_spoke", "plan:assessment_only"
NEW = {"name": "Elm & Sons", "domain": "https://www.elm.example/", "advisors": "2", "employees": "60"}
HEADER = (
    "Client ID made here,Partner ID,Client name,Website domain,Plan,Template,Created on,Upgraded on,Employees,Status,"
    "Archived on,Advisors,Users"
)

# What is given otherwise than `NEW`, and what is told of it.
FAULTS = (
    ({"choice": "plan:gold"}, "No plan and no template of this partner was chosen."),
    ({"choice": "template:Theirs"}, "No plan and no template of this partner was chosen."),
    ({"partner": "P-9"}, "There is no partner P-9."),
    ({"partner": ""}, "There is no partner given."),
    ({"name": " "}, "A client needs a name that begins with a letter or a digit."),
    ({"name": "=1+1"}, "A client needs a name that begins with a letter or a digit."),
    ({"name": "a\nb"}, "A client needs a name that begins with a letter or a digit."),
    ({"domain": ""}, "A client needs a website domain."),
    ({"domain": "no domain"}, "&#x27;no domain&#x27; is not a website domain: it cannot be a domain."),
    ({"employees": ""}, "A full feature Spoke is priced by its size."),
    ({"employees": "c. 50"}, "&#x27;c. 50&#x27; is not a whole number or a size band."),
    ({"employees": "B"}, "a bare letter: two different letter maps are in use."),
    ({"advisors": "two"}, "&#x27;two&#x27; is not a whole number"),
    ({"users": "-1"}, "&#x27;-1&#x27; is not a whole number"),
    ({"domain": "elm.example\nW-9,P-2,Twin,twin.example"}, "is not a website domain"),
    ({"domain": "elm\0.example"}, ""),
    ({"partner": "P-1\0"}, "There is no partner"),
)


@pytest.fixture
def known(world: World, site: Site) -> World:
    """Two partners, a template of each and one of both; it is the 20th of June 2025."""
    rows = ("Start,P-1,Assessment Only,2025-01-01", "Theirs,P-2,Full,2025-01-01", "Both,,Full,2025-01-01")
    templates = world.write("templates.csv", "Template,Partner ID,Plan,Valid from", rows)
    run = world.plan(world.partners(PARTNER, BIRCH), templates, world.clients(client("C-1"))).plain["run"]
    assert world.run("approve", run).code == 0
    workspace.open_ledger(site.config())
    serve_site(Site(site.folder, Clock(lambda: datetime(2025, 6, 20, 12, tzinfo=UTC), lambda _seconds: None)))
    return world


def hidden(page: Any) -> dict[str, str]:
    """What the form of a page carries along."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode())
    return {name: html.unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}


def filled(browser: Client, choice: str, partner: str = "P-1", users: str = "", **new: str) -> Any:
    """The last look at a client, all three forms filled; or the form at which something was wrong."""
    page = browser.get("/clients/new/")
    for given in ({"partner": partner, "choice": choice}, {**NEW, **new}, {"users": users}):
        page = browser.post("/clients/new/", {**hidden(page), **given})
        if page.status_code != HTTPStatus.OK:
            break
    return page


def made(browser: Client, choice: str, partner: str = "P-1", **new: str) -> Any:
    """The page of a client, once it is made."""
    return browser.post("/clients/new/", hidden(filled(browser, choice, partner, **new)), follow=True)


def file_of(world: World) -> list[str]:
    """The lines of the file of what was made here."""
    return (world.folder / "made-here.csv").read_text(encoding="utf-8").splitlines()


def test_a_client_is_made_in_three_steps_with_its_price_before_and_a_run_bills_just_that(known: World) -> None:
    ada = signed_in(person("Ada", "admin"))
    look = filled(ada, FULL, users="7")
    text = look.content.decode()
    assert '<p class="big">USD 3,600.00</p>' in text
    assert "51-200 employees, by count" in text
    assert "11-50 at USD 1,800.00, 201-500 at USD 6,000.00" in text
    assert not Made.objects.exists()
    page = ada.post("/clients/new/", hidden(look), follow=True)
    assert page.redirect_chain == [("/made-clients/1/", 302)]
    assert "W-000001 is made." in page.content.decode()
    row = "W-000001,P-1,Elm & Sons,elm.example,full_spoke,,2025-06-20,,60,active,,2,7"
    assert file_of(known) == [HEADER, row]
    run = followed(ada, ada.post("/made-clients/plan/"))
    assert run.request["PATH_INFO"] == "/runs/R-0002/"
    lines = list(rows_of(ada.get("/runs/R-0002/table/lines/")))
    assert ["USD 3,600.00" in row for row in lines[1:]] == [True]
    approved(ada, "R-0002")
    assert (
        "No document: there is nothing new to bill." in followed(ada, ada.post("/made-clients/plan/")).content.decode()
    )
    listed = ada.get("/clients/", {"q": "W-000001"}).content.decode()
    assert "Elm &amp; Sons" in listed
    told = [(one.by, one.what, one.subject, one.detail) for one in Deed.objects.filter(what="made a client")]
    assert told == [("Ada", "made a client", "W-000001 of P-1", "USD 3,600.00 (51-200 employees, by count)")]


def test_a_client_of_a_template_has_its_plan_and_keeps_its_source(known: World) -> None:
    una = signed_in(person("Una", "uploader"))
    page = una.get("/clients/new/").content.decode()
    assert re.findall(r'value="template:(\w+)"', page) == ["Both", "Start", "Theirs"]
    text = filled(una, "template:Start").content.decode()
    assert "Assessment Only, by template Start" in text
    assert "inside a bundle: Assessment Only" in text
    made(una, "template:Start")
    assert file_of(known)[1:] == ["W-000001,P-1,Elm & Sons,elm.example,,Start,2025-06-20,,60,active,,2,"]


def test_an_upgrade_shows_its_price_before_it_is_confirmed_and_happens_once(known: World) -> None:
    una = signed_in(person("Una", "uploader"))
    made(una, AO, employees="")
    assert una.post("/made-clients/1/upgrade/", {"told": "nothing"}).status_code == HTTPStatus.BAD_REQUEST
    look = una.get("/made-clients/1/upgrade/")
    assert "A full feature Spoke is priced by its size." in look.content.decode()
    look = una.get("/made-clients/1/upgrade/", {"employees": "11-50"})
    assert '<p class="big">USD 1,800.00</p>' in look.content.decode()
    assert len(MadeStep.objects.all()) == 1
    forged = {**hidden(look), "employees": "1001-5000"}
    assert una.post("/made-clients/1/upgrade/", forged).status_code == HTTPStatus.BAD_REQUEST
    done = una.post("/made-clients/1/upgrade/", hidden(look), follow=True)
    assert "W-000001 is upgraded." in done.content.decode()
    row = "W-000001,P-1,Elm & Sons,elm.example,full_spoke,,2025-06-20,2025-06-20,11-50,active,,2,"
    assert file_of(known)[1:] == [row]
    assert una.post("/made-clients/1/upgrade/", hidden(look)).status_code == HTTPStatus.CONFLICT
    steps = [(one.what, one.by, one.told) for one in MadeStep.objects.all()]
    assert steps == [
        ("upgraded", "Una", "USD 1,800.00 (11-50 employees, by band)"),
        ("made", "Una", "nothing: an Assessment Only client takes a place of its partner's bundles"),
    ]


def test_a_client_is_archived_once_and_then_neither_upgraded(known: World) -> None:
    una = signed_in(person("Una", "uploader"))
    made(una, AO)
    assert "W-000001 is archived." in una.post("/made-clients/1/archive/", follow=True).content.decode()
    assert file_of(known)[1:] == [
        "W-000001,P-1,Elm & Sons,elm.example,assessment_only,,2025-06-20,,60,archived,2025-06-20,2,"
    ]
    assert una.post("/made-clients/1/archive/").status_code == HTTPStatus.CONFLICT
    assert una.get("/made-clients/1/upgrade/").status_code == HTTPStatus.CONFLICT


def test_what_is_wrong_is_told_at_its_form_and_nothing_is_made(known: World) -> None:
    una = signed_in(person("Una", "uploader"))
    for changed, told in FAULTS:
        page = filled(una, **{"choice": FULL, **changed})
        assert page.status_code == HTTPStatus.BAD_REQUEST, changed
        assert told in page.content.decode(), changed
        whole = {**NEW, "partner": "P-1", "choice": FULL, **changed, "step": "confirm", "told": "USD 3,600.00"}
        assert una.post("/clients/new/", whole).status_code == HTTPStatus.BAD_REQUEST, changed
    assert not Made.objects.exists()
    assert not (known.folder / "made-here.csv").exists()


def test_users_are_counted_later_and_again(known: World) -> None:
    una = signed_in(person("Una", "uploader"))
    made(una, FULL)
    for count in ("4", "5"):
        page = una.post("/made-clients/1/users/", {"users": count}, follow=True)
        assert f"W-000001 has {count} client users now." in page.content.decode()
    for count in ("", "-1", "many", "1,2\n"):
        assert una.post("/made-clients/1/users/", {"users": count}).status_code == HTTPStatus.CONFLICT
    assert file_of(known)[1:] == ["W-000001,P-1,Elm & Sons,elm.example,full_spoke,,2025-06-20,,60,active,,2,5"]
    assert [one.what for one in MadeStep.objects.all()] == ["counted users of", "counted users of", "made"]
    una.post("/made-clients/1/archive/")
    assert una.post("/made-clients/1/users/", {"users": "6"}).status_code == HTTPStatus.CONFLICT


def test_another_price_than_the_one_shown_is_not_confirmed(known: World) -> None:
    assert known.folder.exists()
    una = signed_in(person("Una", "uploader"))
    look = hidden(filled(una, FULL))
    for changed in ({"employees": "900"}, {"told": "USD 1.00"}, {"told": ""}, {"choice": AO}):
        page = una.post("/clients/new/", {**look, **changed})
        assert page.status_code == HTTPStatus.BAD_REQUEST
        assert "It would be billed otherwise now" in page.content.decode()
    assert not Made.objects.exists()


def test_a_form_sent_twice_makes_one_client_and_ids_go_on(known: World) -> None:
    una = signed_in(person("Una", "uploader"))
    look = hidden(filled(una, FULL))
    assert una.post("/clients/new/", look).status_code == HTTPStatus.FOUND
    again = una.post("/clients/new/", look)
    assert again.status_code == HTTPStatus.BAD_REQUEST
    assert "W-000001 was made here with the domain elm.example." in again.content.decode()
    made(una, AO, domain="oak.example", name="Oak")
    assert [line.split(",")[0] for line in file_of(known)[1:]] == ["W-000001", "W-000002"]


def test_a_domain_that_is_known_is_told_before_anything_is_made(known: World) -> None:
    assert known.folder.exists()
    una = signed_in(person("Una", "uploader"))
    text = filled(una, FULL, domain="c-1.example").content.decode()
    assert "held: a question must be answered, or a rule says so: the domain c-1.example already belongs to" in text


def test_one_can_go_back_and_what_was_given_is_still_there(known: World) -> None:
    assert known.folder.exists()
    una = signed_in(person("Una", "uploader"))
    page = una.post("/clients/new/", {**hidden(filled(una, FULL, users="3")), "back": "yes"})
    assert 'name="users" value="3"' in page.content.decode()
    page = una.post("/clients/new/", {**hidden(page), "users": "3", "back": "yes"})
    assert 'name="name" value="Elm &amp; Sons"' in page.content.decode()


def test_nothing_made_is_nothing_to_plan(known: World) -> None:
    assert known.folder.exists()
    answer = signed_in(person("Una", "uploader")).post("/made-clients/plan/")
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "No client was made here yet." in answer.content.decode()


def test_an_advisor_makes_clients_of_one_partner_whatever_the_form_says(known: World) -> None:
    avi = signed_in(person("Avi", "partner", "P-1"))
    assert re.findall(r'value="template:(\w+)"', avi.get("/clients/new/").content.decode()) == ["Both", "Start"]
    assert filled(avi, "template:Theirs", "P-2").status_code == HTTPStatus.BAD_REQUEST
    made(avi, FULL, "P-2")
    assert [line.split(",")[:2] for line in file_of(known)[1:]] == [["W-000001", "P-1"]]
    assert avi.post("/made-clients/plan/").status_code == HTTPStatus.FORBIDDEN


def test_an_advisor_is_told_nothing_of_another_partners_clients(known: World) -> None:
    assert known.folder.exists()
    una, bea = signed_in(person("Una", "uploader")), signed_in(person("Bea", "partner", "P-2"))
    made(una, AO, "P-1")
    for address in ("/made-clients/1/", "/made-clients/1/upgrade/", "/made-clients/9/"):
        assert bea.get(address).status_code == HTTPStatus.NOT_FOUND
    for address in (
        "/made-clients/1/upgrade/",
        "/made-clients/1/archive/",
        "/made-clients/1/users/",
        "/made-clients/9/archive/",
    ):
        assert bea.post(address, {"told": "USD 3,600.00"}).status_code == HTTPStatus.NOT_FOUND
    for word in ("", "Elm", "W-000001", "elm.example", "P-1"):
        assert "Elm" not in bea.get("/made-clients/", {"q": word}).content.decode().replace('value="Elm"', "")
    text = filled(bea, FULL, domain="c-1.example").content.decode()  # a domain of the other partner's client
    assert '<p class="big">USD 3,600.00</p>' in text
    assert "CL-" not in text
    assert MadeStep.objects.count() == 1


def test_clients_made_here_are_listed_and_found(known: World) -> None:
    assert known.folder.exists()
    una = signed_in(person("Una", "uploader"))
    made(una, AO)
    made(una, FULL, "P-2", name="Oak", domain="oak.example")
    rows = [row[:5] for row in rows_of(una.get("/made-clients/"))][1:]
    assert rows == [
        ["Oak", "W-000002", "P-2", "full feature Spoke", "60"],
        ["Elm &amp; Sons", "W-000001", "P-1", "Assessment Only", "60"],
    ]
    for word in ("w-000002", "oak", "P-2", "OAK.example"):
        assert [row[1] for row in rows_of(una.get("/made-clients/", {"q": word}))] == ["id", "W-000002"]


def test_the_database_refuses_to_change_or_forget_what_was_made(known: World) -> None:
    assert known.folder.exists()
    made(signed_in(person("Una", "uploader")), AO)
    asked = connections["web"].cursor()
    for change in ("UPDATE web_madestep SET by = 'Eve'", "DELETE FROM web_madestep", "DELETE FROM web_made"):
        with pytest.raises(IntegrityError, match="append-only"):
            asked.execute(change)
