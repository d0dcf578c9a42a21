"""Which contact each partner is billed to, how that was matched, and what the books say of it."""

import os
from datetime import UTC, date, datetime

import polars as pl
import pytest
import requests
from files_kit import bind as by_files
from world import BIRCH, CEDAR, PARTNER, PARTNER_HEADER, TIME_OUT_SECONDS, World, client

from connector import ledger
from connector.runs import contacts, workspace
from connector.runs.asking import Asked, Clock
from connector.runs.config import Config, load_config
from connector.runs.contacts import Found, Matched, everybody, look_for
from connector.runs.people_views import Asked as Listed

DAY = date(2025, 6, 20)
ALL = Listed(most=100)
NEW = "99999999-9999-4999-8999-999999999999"
US_BOOKS = "11111111-1111-4111-8111-111111111111"
ASKED = Asked(None, Clock(lambda: datetime.now(UTC), lambda _seconds: None), "tester")
LINK = "Link the partner to the right contact (contact_id of the partner), then send it again."


def opened(world: World) -> Config:
    config = load_config(world.folder, os.environ)
    workspace.open_ledger(config)
    return config


def matched(config: Config, listed: Listed = ALL, day: date = DAY) -> list[Matched]:
    return list(contacts.matched(config, listed, day)[0])


def link(partner: str, contact_id: str, how: str, tenant: str = "us-books") -> None:
    """What a push stores of a contact."""
    row = {"tenant": tenant, "partner_id": partner, "contact_id": contact_id, "how": how}
    ledger.put("contact_link", pl.DataFrame([row]).select(list(ledger.insert_schema("contact_link"))))


def numbered(world: World, number: str, **fields: str) -> str:
    """A contact of the US books that has this number; its id."""
    url, headers = world._books(US_BOOKS)  # noqa: SLF001 - the kit's own door
    body = {"Contacts": [{"Name": f"The {number}", "ContactNumber": number, **fields}]}
    answer = requests.put(f"{url}/Contacts", headers=headers, json=body, timeout=TIME_OUT_SECONDS)
    return str(answer.json()["Contacts"][0]["ContactID"])


@pytest.mark.usefixtures("on_each_database")
def test_each_way_of_matching_is_told_with_what_was_billed_last(world: World) -> None:
    declared, found = world.contact("Three, as the books call it"), numbered(world, "P-2")
    rows = [f"{PARTNER},", f"{BIRCH},", f"{PARTNER.replace('P-1,One', 'P-4,Four')},{declared}"]
    header = f"{PARTNER_HEADER},Contact ID"
    partners = world.write("partners.csv", header, rows)
    world.bill(partners, world.clients(client("A"), client("B", "P-2"), client("D", "P-4")))
    config = opened(world)
    made = ledger.read("receipt", "remote_number = ?", ["US-000001"])["contact_id"][0]
    assert matched(config) == [
        Matched("P-1", "One Partner", "us-books", made, "created", "US-000001", made),
        Matched("P-2", "Two Partner", "us-books", found, "number", "US-000002", found),
        Matched("P-4", "Four Partner", "us-books", declared, "declared", "US-000003", declared),
    ]
    [birch] = matched(config, Listed(search="two"))
    assert "carries the partner's id" in birch.told
    link("P-1", "", "refused", "uk-books")
    link("P-2", "", "creating 2025-06-20T12:00:00+00:00", "uk-books")
    told = {(one.partner_id, one.tenant): (one.contact_id, one.how) for one in matched(config)}
    assert told["P-1", "uk-books"] == ("", "refused")
    assert told["P-2", "uk-books"] == ("", "making")
    assert contacts.matched(config, Listed(start=1, most=1), DAY)[1] == 3
    for at_once in (1, 2, 3, 1_000):
        assert everybody(config, DAY, at_once) == tuple(matched(config))


def test_the_version_of_the_day_counts_and_before_the_first_the_first(alone: World) -> None:
    header = f"{PARTNER_HEADER},Contact ID"
    rows = [f"{PARTNER},", f"{PARTNER.replace('2024-01-01', '2025-07-01')},{NEW}"]
    run = alone.plan(alone.write("partners.csv", header, rows), alone.clients(client("A"))).plain["run"]
    assert alone.run("approve", run).code == 0
    config = opened(alone)
    for day, contact, how in (
        (date(2020, 1, 1), "", "none"),
        (DAY, "", "none"),
        (date(2025, 7, 1), NEW, "declared"),
    ):
        assert matched(config, day=day) == [Matched("P-1", "One Partner", "us-books", contact, how)]


def test_the_books_say_what_can_be_billed_and_why_not(world: World) -> None:
    world.bill(world.partners(PARTNER, BIRCH, CEDAR), world.clients(client("A")))
    config = opened(world)
    [made, *_] = matched(config)
    gone = [Matched("P-9", "", "us-books", NEW, "created")]
    asked = [made, *gone, Matched("P-2", "Two", "us-books", "", "none"), Matched("P-3", "", "uk-books", "", "none")]
    assert look_for(config, "us-books", asked, ASKED) == {
        "P-1": Found(made.contact_id),
        "P-2": Found(""),
        "P-9": Found(
            "",
            "The contact 99999999-9999-4999-8999-999999999999 that partner P-9 is linked to does not exist in Xero.",
            LINK,
        ),
    }
    assert look_for(config, "us-books", [], ASKED) == {}
    world.fault(kind="unavailable_503", times=9, path="Contacts")
    assert look_for(config, "us-books", asked, ASKED) == "Xero is not available."
    assert str(look_for(config, "gone", [Matched("P-1", "", "gone", "", "none")], ASKED)).startswith(
        "connector.yaml has no tenant gone, which documents wait for. "
    )


def test_books_that_are_reached_by_files_have_names_that_were_declared(alone: World) -> None:
    by_files(alone)
    run = alone.plan(alone.partners(PARTNER), alone.clients(client("A"))).plain["run"]
    assert alone.run("approve", run).code == 0
    config = opened(alone)
    [one] = matched(config)
    assert (one.contact_id, one.how) == ("One Partner Incorporated", "named")
    settings = alone.folder / "connector.yaml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("P-1: ", "P-8: "), encoding="utf-8")
    config = opened(alone)
    [one] = matched(config)
    assert (one.contact_id, one.how) == ("", "unnamed")
    answer = look_for(config, "us-books", [one], ASKED)
    assert not isinstance(answer, str)
    assert answer["P-1"].next_step.startswith("Add P-1 with the exact name to contacts of tenant us-books")
