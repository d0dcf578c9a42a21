"""Clients and partners as people look them up, and that nobody is told of another partner's."""

import os
from datetime import date

import pytest
from world import BIRCH, PARTNER, World, client

from connector import ledger
from connector.billing.balance import Balance
from connector.runs import people_views, views, workspace
from connector.runs.config import load_config
from connector.runs.people_views import Asked

DAY = date(2025, 6, 20)


@pytest.fixture
def known(alone: World) -> World:
    """Three clients of two partners, two runs approved; one client is said something of twice."""
    rows = (client("C-1", name="Elm Clinic"), client("C-2", name="Élan", plan="Assessment Only"), client("C-3", "P-2"))
    _approve(alone, alone.partners(PARTNER, BIRCH), alone.clients(*rows))
    upgraded = client("C-2", name="Élan", plan="Full", upgraded="2025-06-19", size="201-500")
    bundles = alone.write(
        "bundles.csv", "Partner ID,Purchase reference,Purchase date,Quantity", ["P-1,B-1,2025-06-01,1"]
    )
    later = PARTNER.replace("2024-01-01", "2025-06-01").replace(",30,", ",45,")
    _approve(alone, alone.partners(later), alone.clients(rows[0], upgraded, rows[2]), bundles)
    return alone


def _approve(world: World, *files: str) -> None:
    run = world.plan(*files).plain["run"]
    assert world.run("approve", run).code == 0
    workspace.open_ledger(load_config(world.folder, os.environ))


def ids(**asked: str | int) -> dict[str, str]:
    """The clients of a list: name → our id."""
    found, _ = people_views.clients(Asked(**asked), ["platform"])  # type: ignore[arg-type]
    return {one.name: one.client_id for one in found}


def names(**asked: str | int) -> list[str]:
    return list(ids(**asked))


def test_clients_are_listed_a_page_at_a_time_the_one_told_of_last_first(known: World) -> None:
    assert known.folder.exists()
    assert names() == ["Élan", "Client C-3", "Elm Clinic"]
    found, total = people_views.clients(Asked(start=1, most=1))
    assert ([one.name for one in found], total) == (["Client C-3"], 3)
    assert names(start=3) == []


@pytest.mark.usefixtures("on_each_database")
def test_clients_are_found_by_name_partner_our_id_and_their_id_in_a_workbook(known: World) -> None:
    assert known.folder.exists()
    assert names(search="éLAN") == ["Élan"]
    assert names(search="p-2") == ["Client C-3"]
    assert names(search=ids()["Élan"].lower()) == ["Élan"]
    assert names(search="C-1") == ["Elm Clinic"]
    assert names(search="%") == []


def test_a_list_of_one_partner_holds_and_finds_its_own_alone(known: World) -> None:
    assert known.folder.exists()
    assert names(only="P-2") == ["Client C-3"]
    assert names(only="P-2", search="Elm") == []
    assert names(only="P-2", search="C-1") == []  # the id of another partner's client
    assert names(only="P-9") == []


def test_what_was_said_of_a_client_when_and_what_it_is_billed(known: World) -> None:
    assert known.folder.exists()
    file = people_views.client(ids()["Élan"])
    assert file is not None
    told = [
        (one.said_on, one.run_id, one.source, one.row, one.plan, one.upgraded_on, one.size, one.bucket)
        for one in file.said
    ]
    assert told == [
        (DAY, "R-0002", "clients.csv", 3, "full_spoke", date(2025, 6, 19), "band 201-500", "billed"),
        (DAY, "R-0001", "clients.csv", 3, "assessment_only", None, "band 11-50", "inside_bundle"),
    ]
    assert [one.number for one in file.documents] == ["US-000003"]
    (reason,) = file.reasons
    assert dict(reason.facts)["event"] == "upgraded on 2025-06-19"
    assert reason.title.startswith("US-000003/")


def test_a_count_a_band_and_neither_are_told_as_said(alone: World) -> None:
    header = "Client ID,Partner ID,Client name,Plan,Created on,Employee count,Employee band,Status"
    rows = ["C-1,P-1,One,Full,2025-04-01,60,51-200,Active", "C-2,P-1,Two,Assessment Only,2025-04-01,,,Active"]
    _approve(alone, alone.partners(PARTNER), alone.write("clients.csv", header, rows))
    found, _ = people_views.clients(Asked())
    assert {one.name: one.now.size for one in found} == {"One": "60, band 51-200", "Two": ""}


@pytest.mark.usefixtures("on_each_database")
def test_what_is_another_partners_is_as_if_it_did_not_exist(known: World) -> None:
    assert known.folder.exists()
    other = ids()["Client C-3"]
    assert people_views.client(other) is not None
    assert people_views.client(other, "P-2") is not None
    assert people_views.client(other, "P-1") is None
    assert people_views.client("CL-none") is None
    assert people_views.client("CL\0") is None
    assert people_views.partner("P-2", "P-1") is None
    assert people_views.partner("P-9") is None
    assert people_views.partner("P\0") is None
    assert people_views.partner_document("US-000001", "P-2") is None
    assert people_views.partner_document("US-000009") is None
    assert people_views.partner_document("US\0") is None
    own = people_views.partner_document("US-000001", "P-1")
    assert own is not None
    assert own[0].document.party.partner_id == "P-1"


def test_a_partner_is_told_the_names_of_files_and_not_where_they_are(known: World) -> None:
    elm, source = ids()["Elm Clinic"], f"{known.folder}/clients.csv:2 (R-0001)"
    for only, told in (("", source), ("P-1", "clients.csv:2 (R-0001)")):
        file, document = people_views.client(elm, only), people_views.partner_document("US-000001", only)
        assert file is not None
        assert document is not None
        for reasons in (file.reasons, document[1]):
            assert [dict(one.facts)["source"] for one in reasons] == [told]


@pytest.mark.usefixtures("on_each_database")
def test_partners_are_listed_with_their_versions_and_clients(known: World) -> None:
    assert known.folder.exists()
    found, total = people_views.partners(Asked())
    told = [(one.partner_id, one.name, one.now["terms_days"], len(one.versions), one.clients) for one in found]
    assert (told, total) == ([("P-1", "One Partner", 45, 2, 2), ("P-2", "Two Partner", 15, 1, 1)], 2)
    assert [one.partner_id for one in people_views.partners(Asked(search="two"))[0]] == ["P-2"]
    assert people_views.partners(Asked(search="two", only="P-1")) == ((), 0)
    assert [one.partner_id for one in people_views.partners(Asked(only="P-1"))[0]] == ["P-1"]


def test_documents_of_a_partner_are_the_newest_first_and_found_by_number(known: World) -> None:
    assert known.folder.exists()
    found, total = people_views.partner_documents(Asked(only="P-1"))
    assert ([one.number for one in found], total) == (["US-000003", "US-000001"], 2)
    found, total = people_views.partner_documents(Asked(search="us-000001", only="P-1"))
    assert ([one.number for one in found], total) == (["US-000001"], 1)
    assert people_views.partner_documents(Asked(only="P-9")) == ((), 0)


@pytest.mark.usefixtures("on_each_database")
def test_the_balance_of_one_partner_is_the_same_as_among_all(known: World) -> None:
    rulebook = workspace.open_files(load_config(known.folder, os.environ)).rulebook
    every = views.bundle_balances(rulebook, DAY)
    assert [views.bundle_balances(rulebook, DAY, one.partner_id) for one in every] == [(one,) for one in every]
    assert [one.partner_id for one in every] == ["P-1", "P-2"]
    assert isinstance(every[0], Balance)
    assert every[0].bought > 0
    assert views.bundle_balances(rulebook, DAY, "P-9") == ()


def test_a_client_whose_name_is_erased_is_told_by_its_id(alone: World) -> None:
    _approve(alone, alone.partners(PARTNER), alone.clients(client("C-1", name="Elm", plan="Assessment Only")))
    elm = ids()["Elm"]
    ledger.close_store()
    erased = alone.run("erase", elm, "--yes")
    assert erased.code == 0, erased.out
    workspace.open_ledger(load_config(alone.folder, os.environ))
    file = people_views.client(elm)
    assert file is not None
    assert (file.client.name, len(file.said)) == ("", 1)
    assert ids() == {"": elm}
    assert names(search="Elm") == []
