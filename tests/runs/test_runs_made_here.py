"""Clients made here: their file, and that what is told of a price is what a run bills."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from world import BIRCH, PARTNER, World, client

from connector.domain.money import Money
from connector.runs import made_here, workspace
from connector.runs.config import load_config
from connector.runs.errors import StopError
from connector.runs.made_here import Asking, Quote

NOW = datetime(2025, 6, 20, 12, tzinfo=UTC)
DAY = date(2025, 6, 20)
ONE = {
    "client_ref": "W-000001",
    "partner_id": "P-1",
    "name": "Elm, & Sons",
    "domain": "https://www.Elm.example/x",
    "plan": "full_spoke",
    "created_on": "2025-06-20",
    "employees": "60",
    "status": "active",
}


def asking(world: World, only: str = "") -> Asking:
    """Somebody who asks for a price in this folder."""
    config = load_config(world.folder, {})
    return Asking(workspace.open_files(config), config.limits, NOW, only)


@pytest.fixture
def known(alone: World) -> World:
    """Two partners, a client of the second, and templates."""
    rows = ("Start,P-1,Assessment Only,2025-01-01", "Theirs,P-2,Full,2025-01-01", "Both,,Full,2025-01-01")
    templates = alone.write("templates.csv", "Template,Partner ID,Plan,Valid from", rows)
    run = alone.plan(alone.partners(PARTNER, BIRCH), templates, alone.clients(client("C-1", "P-2"))).plain["run"]
    assert alone.run("approve", run).code == 0
    workspace.open_ledger(load_config(alone.folder, {}))
    return alone


def test_a_price_is_told_with_its_tier_and_where_it_stands(known: World) -> None:
    told = made_here.quote(asking(known), [ONE])
    book = told.book
    assert book.startswith("standard@2025-03-01 USD at rules/price-books/")
    near = "11-50 at USD 1,800.00, 201-500 at USD 6,000.00"
    tier, price = "51-200 employees, by count", Money(360_000, "USD")
    assert told == Quote("awaiting_document", "full_spoke", "elm.example", DAY, tier, near, price, book, "")


def test_a_run_from_the_file_bills_what_was_told(known: World) -> None:
    rows = [ONE, {**ONE, "client_ref": "W-000002", "domain": "oak.example", "employees": "2-10", "name": "Oak"}]
    told = [made_here.quote(asking(known), rows[: number + 1]).price for number in range(2)]
    path = known.folder / made_here.FILE
    path.write_text(made_here.file_text(rows, asking(known).files.mappings.made_here), encoding="utf-8")
    planned = known.plan(str(path))
    assert [one["document"]["lines"] for one in planned.plain["documents"]] != []
    lines = [line for one in planned.plain["documents"] for line in one["document"]["lines"]]
    assert sorted(Money(line["net_minor"], "USD").minor for line in lines) == sorted(one.minor for one in told if one)


def test_what_bills_nothing_says_why(known: World) -> None:
    ask = asking(known)
    small = made_here.quote(ask, [{**ONE, "plan": "assessment_only", "employees": ""}])
    assert (small.bucket, small.price, small.tier, small.near, small.book) == ("inside_bundle", None, "", "", "")
    assert small.why == "an Assessment Only client takes a place of its partner's bundles"
    held = made_here.quote(ask, [{**ONE, "domain": "c-1.example"}])
    assert held.bucket == "held"
    assert "c-1.example" in held.why


def test_one_partner_is_told_nothing_of_anothers_client(known: World) -> None:
    told = made_here.quote(asking(known, "P-1"), [{**ONE, "domain": "c-1.example"}])
    assert (told.bucket, told.why) == ("awaiting_document", "")
    own = made_here.quote(asking(known, "P-2"), [{**ONE, "partner_id": "P-2", "domain": "c-1.example"}])
    assert own.bucket == "held"


def test_a_row_that_cannot_be_read_is_refused_with_every_fault(known: World) -> None:
    with pytest.raises(StopError) as stop:
        made_here.quote(asking(known), [ONE, {**ONE, "client_ref": "W-000002", "employees": "c. 5", "users": "-1"}])
    assert "'c. 5' is not a whole number or a size band" in stop.value.message
    assert "'-1'" in stop.value.message
    assert made_here.quote(asking(known), [{**ONE, "employees": "c. 5"}, {**ONE, "client_ref": "W-2"}]).price


def test_templates_are_those_of_a_partner_and_of_everybody(known: World) -> None:
    assert known.folder.exists()
    both, start = ("Both", "", "full_spoke"), ("Start", "P-1", "assessment_only")
    assert made_here.templates() == (both, start, ("Theirs", "P-2", "full_spoke"))
    assert made_here.templates("P-1") == (both, start)
    later = known.write("templates.csv", "Template,Partner ID,Plan,Valid from", ["Start,P-1,Full,2025-06-01"])
    assert known.run("approve", known.plan(later).plain["run"]).code == 0
    workspace.open_ledger(load_config(known.folder, {}))
    assert made_here.templates("P-1") == (both, ("Start", "P-1", ""))


def test_the_day_is_that_of_the_partners_selling_entity(known: World) -> None:
    rules = asking(known).files.rulebook
    assert made_here.today(rules, "P-1", NOW) == DAY
    assert made_here.today(rules, "P-1", datetime(2025, 6, 20, 1, tzinfo=UTC)) == date(2025, 6, 19)
    for nobody in ("P-9", ""):
        with pytest.raises(StopError, match="there is no partner"):
            made_here.today(rules, nobody, NOW)
    with pytest.raises(StopError, match="there is no partner P-1"):
        made_here.today(rules, "P-1", datetime(2023, 6, 20, tzinfo=UTC))  # it begins later


def test_the_file_is_read_under_ids_of_its_own_whatever_the_folder_declares(known: World) -> None:
    mapping = known.folder / "mappings" / "workbook.yaml"
    text = mapping.read_text(encoding="utf-8")
    start, end = text.index("  clients:\n"), text.index("  partners:\n")
    mapping.write_text(text[:start] + text[end:], encoding="utf-8")
    ask = asking(known)
    assert made_here.quote(ask, [ONE]).price == Money(360_000, "USD")
    assert made_here.file_text([{**ONE, "users": "3"}], ask.files.mappings.made_here).splitlines() == [
        (
            "Client ID made here,Partner ID,Client name,Website domain,Plan,Template,Created on,Upgraded on,Employees,"
            "Status,Archived on,Advisors,Users"
        ),
        'W-000001,P-1,"Elm, & Sons",https://www.Elm.example/x,full_spoke,,2025-06-20,,60,active,,,3',
    ]


def test_an_id_of_the_platform_is_never_that_of_a_client_made_here(known: World) -> None:
    rows = [ONE]
    paths = made_here.write_files(known.folder, asking(known).files.mappings.made_here, rows)
    platform = known.clients(client("W-000001", size="2-10"))
    planned = known.plan(platform, *map(str, paths)).plain
    lines = [line for one in planned["documents"] for line in one["document"]["lines"]]
    assert sorted(line["net_minor"] for line in lines) == [90_000, 360_000]
    assert known.run("approve", planned["run"]).code == 0
    assert known.plan(platform, *map(str, paths)).plain["documents"] == []


def test_templates_made_here_are_read_before_any_run_of_them(known: World) -> None:
    mine = {"template": "Mine", "partner_id": "P-1", "plan": "full_spoke", "valid_from": "2025-06-20"}
    row = {**ONE, "plan": "", "template": "Mine"}
    with_it = replace(asking(known), templates=[mine])
    assert made_here.quote(with_it, [row]).price == Money(360_000, "USD")
    assert made_here.quote(asking(known), [row]).bucket == "blocked"
    mapping = with_it.files.mappings.made_here
    written = made_here.write_files(known.folder, mapping, [row], [mine])
    assert [one.name for one in written] == ["made-here-templates.csv", "made-here.csv"]
    planned = known.plan(*map(str, written)).plain
    assert [line["net_minor"] for one in planned["documents"] for line in one["document"]["lines"]] == [360_000]
    assert made_here.write_files(known.folder, mapping, [], []) == ()
    assert [one.exists() for one in written] == [False, False]
