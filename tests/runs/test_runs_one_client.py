"""One client under two ids: what was read under ids of a platform before, and what a person joins. Billed once."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from world import BIRCH, PARTNER, World, client

from connector import ledger
from connector.intake import Mappings
from connector.runs import made_here, one_client, workspace
from connector.runs.config import load_config
from connector.runs.errors import StopError
from connector.runs.one_client import DOMAIN, NAME

pytestmark = pytest.mark.usefixtures("on_each_database")
NOW = datetime(2025, 6, 20, 12, tzinfo=UTC)
ELM = {
    "client_ref": "W-000001",
    "partner_id": "P-1",
    "name": "Elm",
    "domain": "elm.example",
    "plan": "full_spoke",
    "created_on": "2025-06-01",
    "employees": "60",
    "status": "active",
}
AS_BEFORE = "Client ID,Partner ID,Client name,Website domain,Plan,Created on,Employees,Status"


def opened(world: World) -> Mappings:
    """The mappings of a world whose ledger is open; every command closes it."""
    config = load_config(world.folder, os.environ)
    workspace.open_ledger(config)
    return workspace.open_mappings(config)


def file_of(world: World, *rows: Mapping[str, str]) -> str:
    """The file of clients made here."""
    mappings = workspace.open_mappings(load_config(world.folder, os.environ))
    (path,) = made_here.write_files(world.folder, mappings.made_here, rows)
    return str(path)


def billed(world: World, *files: str) -> list[int]:
    """Plan and approve; what the lines come to, in cents."""
    planned = world.plan(*files).plain
    assert world.run("approve", planned["run"]).code == 0
    return [line["net_minor"] for one in planned["documents"] for line in one["document"]["lines"]]


def join(world: World, made: Mapping[str, str], number: str) -> str:
    """Join a client made here with that of the platform which has this id."""
    mappings = opened(world)
    (match,) = one_client.matches(made, mappings, number)
    return one_client.join(made, match, mappings, now=NOW, by="Ada")


def sound(world: World) -> None:
    """Nothing of the ledger is altered, and all of it follows from its sources."""
    assert world.run("verify").code == 0
    assert world.run("rebuild", "--check").code == 0


@pytest.fixture
def known(alone: World) -> World:
    """Two partners; nothing is billed yet."""
    billed(alone, alone.partners(PARTNER, BIRCH))
    return alone


def test_clients_of_earlier_versions_are_taken_over_once_and_not_billed_again(known: World) -> None:
    old = known.write("made-here.csv", AS_BEFORE, ["W-000001,P-1,Elm,elm.example,full_spoke,2025-06-01,60,active"])
    assert billed(known, old) == [360_000]
    platform = known.clients(client("W-000002", size="2-10"))
    assert billed(known, platform) == [90_000]
    mappings, both = opened(known), ["W-000001", "W-000002"]
    assert one_client.take_over(both, mappings, now=NOW, by="Ada") == 1
    assert one_client.take_over(both, mappings, now=NOW, by="Ada") == 0
    Path(old).unlink()
    oak = {**ELM, "client_ref": "W-000002", "name": "Oak", "domain": "oak.example"}
    assert billed(known, file_of(known, ELM, oak)) == [360_000]  # Oak alone: the platform's W-000002 is another client
    assert billed(known, platform) == []
    assert known.plan(file_of(known, ELM, oak)).plain["buckets"]["clients"] == {"unchanged": 2}
    sound(known)


def test_where_nothing_was_made_nothing_is_taken_over(known: World) -> None:
    mappings = opened(known)
    assert one_client.take_over(["W-000001"], mappings, now=NOW, by="Ada") == 0


def test_a_client_billed_here_is_the_platforms_from_then_on_and_billed_once(known: World) -> None:
    assert billed(known, file_of(known, ELM)) == [360_000]
    export = known.clients(client("S-77", name="Elm Ltd", site="elm.example", size="60"))
    held = known.plan(export).plain
    assert held["buckets"]["clients"] == {"held": 1}
    mappings = opened(known)
    (match,) = one_client.matches(ELM, mappings)
    assert (match.client_ref, match.namespace, match.evidence, match.client_id) == ("S-77", "platform", (DOMAIN,), "")
    assert (match.name, match.source, match.row, match.created_on) == ("Elm Ltd", "clients.csv", 2, "2025-04-01")
    joined = join(known, ELM, "s-77")
    assert joined.startswith("CL-")
    assert join(known, ELM, "S-77") == joined  # said twice, entered once
    assert ledger.read("client_alias", "kind = ?", ["ref"]).height == 2
    assert known.run("approve", held["run"]).code == 0  # of before: it bills nothing
    assert billed(known, export) == []
    assert known.plan(export).plain["buckets"]["clients"] == {"unchanged": 1}
    assert known.run("explain", "S-77").plain == known.run("explain", "W-000001").plain
    sound(known)


def test_a_client_that_the_platform_had_first_is_not_billed_here(known: World) -> None:
    export = known.clients(client("S-77", name="Elm", site="www.elm.example", size="60"))
    assert billed(known, export) == [360_000]
    waiting = known.plan(file_of(known, {**ELM, "domain": "elm.test"})).plain
    assert len(waiting["documents"]) == 1  # by another domain it would be billed as another client
    mappings = opened(known)
    other = {**ELM, "domain": "elm.test"}
    (match,) = one_client.matches(other, mappings)
    assert (match.evidence, match.client_id[:3]) == ((NAME,), "CL-")
    assert join(known, other, "S-77") == match.client_id
    refused = known.run("approve", waiting["run"])
    assert (refused.code, "appeared meanwhile" in refused.out) == (1, True)
    assert known.plan(file_of(known, other)).plain["documents"] == []
    sound(known)


def test_a_plan_that_would_bill_the_platforms_row_is_refused_after_a_join(known: World) -> None:
    assert billed(known, file_of(known, ELM)) == [360_000]
    export = known.clients(client("S-77", name="Elm", site="elm.test", size="60"))
    waiting = known.plan(export).plain
    assert len(waiting["documents"]) == 1
    join(known, ELM, "S-77")
    assert known.run("approve", waiting["run"]).code == 1
    assert known.plan(export).plain["documents"] == []


def test_of_two_that_the_ledger_does_not_know_nothing_is_entered(known: World) -> None:
    known.plan(known.clients(client("S-77", name="Elm", site="elm.example", size="60")))
    assert join(known, ELM, "S-77") == ""
    assert ledger.read("client_alias").is_empty()


def test_two_clients_that_both_have_entries_are_refused(known: World) -> None:
    export = known.clients(client("S-77", name="Elm", site="elm.test", size="60"))
    assert billed(known, export) == [360_000]
    assert billed(known, file_of(known, ELM)) == [360_000]
    with pytest.raises(StopError, match=r"W-000001 is client CL-.* in the ledger, and S-77 is CL-"):
        join(known, ELM, "S-77")
    assert ledger.read("client_alias", "kind = ?", ["ref"]).height == 2


def test_only_clients_of_its_partner_are_found_and_the_best_evidence_first(known: World) -> None:
    rows = (
        client("S-1", name="Elm", site="other.example"),
        client("S-2", name="Oak", site="elm.example"),
        client("S-3", name="ELM", site="www.elm.example", partner="P-2"),
        client("S-4", name="Ash", site="ash.example"),
        client("", name="Elm", site="third.example"),
        client("S-5", name="Elm", site="elm.example", created="never"),
    )
    known.plan(known.clients(*rows), file_of(known, ELM))
    mappings = opened(known)
    found = [(one.client_ref, one.evidence) for one in one_client.matches(ELM, mappings)]
    assert found == [("S-2", (DOMAIN,)), ("S-1", (NAME,))]
    assert [one.evidence for one in one_client.matches(ELM, mappings, "S-4")] == [()]
    assert one_client.matches(ELM, mappings, "S-3") == ()
    assert one_client.matches(ELM, mappings, "W-000001") == ()
