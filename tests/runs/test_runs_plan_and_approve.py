"""A plan that does not tie is refused; an approval applies exactly what was shown, or says what has changed."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from world import PARTNER_HEADER, World, client

from connector import ledger
from connector.intake import Intake
from connector.runs import store, workspace
from connector.runs.config import Config, load_config
from connector.runs.errors import StopError
from connector.runs.known import read_known
from connector.runs.plan import Inputs, make_plan

pytestmark = pytest.mark.usefixtures("on_each_database")

NOW = datetime(2025, 6, 20, 15, 0, tzinfo=UTC)


def inputs(world: World, *files: str) -> Inputs:
    """Everything a plan follows from, of a folder whose ledger is open."""
    config = opened(world)
    files_read = workspace.open_files(config)
    return Inputs(
        run_id="R-0001",
        now=NOW,
        as_of=None,
        intake=workspace.read_files(config, files_read.mappings, [Path(name) for name in files]),
        rulebook=files_read.rulebook,
        books=files_read.books,
        pins=files_read.pins(config),
        tenants=config.books,
        known=read_known(),
    )


def opened(world: World) -> Config:
    config = load_config(world.folder, os.environ)
    workspace.open_ledger(config)
    return config


def lost_rows(intake: Intake) -> Intake:
    return replace(intake, rows=intake.rows.head(intake.rows.height - 1))


def lost_records(intake: Intake) -> Intake:
    return replace(intake, clients=intake.clients.head(1))


@pytest.mark.parametrize("lose", [lost_rows, lost_records])
def test_a_run_whose_rows_do_not_tie_out_is_refused(alone: World, lose: object) -> None:
    whole = inputs(alone, alone.partners(), alone.clients(client("A"), client("B")))
    assert make_plan(whole).buckets["clients"] == {"billed": 2}
    with pytest.raises(StopError, match="does not tie out and is refused") as stop:
        make_plan(replace(whole, intake=lose(whole.intake)))  # type: ignore[operator]
    assert stop.value.exit_code == 1


def test_the_same_inputs_give_the_same_plan(alone: World) -> None:
    given = inputs(alone, alone.partners(), alone.clients(client("A"), client("B", "P-3")))
    one, two = make_plan(given), make_plan(given)
    assert one.to_plain() == two.to_plain()
    for name, frame in one.frames.items():
        assert frame.equals(two.frames[name])


def test_today_is_a_day_of_the_selling_entity(alone: World) -> None:
    given = inputs(alone, alone.partners(), alone.clients(client("A"), client("B", "P-3")))
    late = replace(given, now=datetime(2025, 6, 20, 23, 30, tzinfo=UTC))
    assert {entity: day.isoformat() for entity, day in make_plan(late).as_of.items()} == {
        "us": "2025-06-20", "uk": "2025-06-21",
    }  # fmt: skip


def test_a_selling_entity_without_a_tenant_is_refused(alone: World) -> None:
    given = inputs(alone, alone.partners(), alone.clients(client("A")))
    with pytest.raises(StopError, match="selling entity uk of the rulebook has no accounting tenant"):
        make_plan(replace(given, tenants={"us": "us-books"}))


def test_a_stored_plan_comes_back_whole(alone: World) -> None:
    given = inputs(alone, *alone.samples)
    plan = make_plan(given)
    store.save_plan(plan, "tester", 0)
    back = store.load_plan("latest")
    assert back.to_plain() == plan.to_plain()
    for name, frame in plan.frames.items():
        assert frame.equals(back.frames[name])


def test_a_plan_is_approved_once(alone: World) -> None:
    run = alone.plan(alone.partners(), alone.clients(client("A"))).plain["run"]
    assert alone.run("approve", run).code == 0
    again = alone.run("approve", run)
    assert (again.code, again.plain["error"]) == (1, f"{run} was approved before (now: approved)")


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("rules/price-books/standard-2025-03-usd.yaml", "the rulebook (rules/)"),
        ("mappings/workbook.yaml", "the mappings"),
        ("mappings/books-us.yaml", "accounts and tax codes"),
    ],
)
def test_an_edited_file_refuses_the_approval(alone: World, file: str, told: str) -> None:
    run = alone.plan(alone.partners(), alone.clients(client("A"))).plain["run"]
    path = alone.folder / file
    path.write_text(path.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    refused = alone.run("approve", run)
    assert refused.code == 1
    assert told in refused.plain["error"]
    opened(alone)
    assert ledger.read("charge").is_empty()


def test_two_plans_over_the_same_client_one_wins(alone: World) -> None:
    files = (alone.partners(), alone.clients(client("A")))
    first, second = (alone.plan(*files).plain["run"] for _ in range(2))
    assert alone.run("approve", first).code == 0
    refused = alone.run("approve", second)
    assert refused.code == 1
    assert "appeared meanwhile" in refused.plain["error"]
    assert "partner P-1 was changed meanwhile" in refused.plain["error"]


def test_a_client_that_changed_meanwhile_refuses_the_approval(alone: World) -> None:
    first = alone.plan(alone.partners(), alone.clients(client("A", plan="Assessment Only"))).plain["run"]
    alone.run("approve", first)
    upgraded = alone.clients(client("A", upgraded="2025-05-02"))
    one, two = (alone.plan(upgraded).plain["run"] for _ in range(2))
    assert alone.run("approve", one).code == 0
    refused = alone.run("approve", two)
    assert "was changed meanwhile" in refused.plain["error"]
    assert "is taken now" in refused.plain["error"]


def test_a_waiting_charge_that_was_billed_meanwhile_refuses_the_approval(alone: World) -> None:
    june = alone.clients(client("A", "P-2", created="2025-06-02"))
    alone.run("approve", alone.plan(alone.partners(), june).plain["run"])
    one, two = (alone.plan(june, as_of="2025-07-01").plain["run"] for _ in range(2))
    assert alone.run("approve", one).code == 0
    assert "is on a document now" in alone.run("approve", two).plain["error"]


def test_a_blocked_document_writes_nothing_and_comes_again(alone: World) -> None:
    books = alone.folder / "mappings" / "books-us.yaml"
    whole = books.read_text(encoding="utf-8")
    books.write_text(whole.replace("tax_status: taxable", "tax_status: reverse_charge"), encoding="utf-8")
    files = (alone.partners(), alone.clients(client("A"), client("B", "P-3")))
    blocked = alone.plan(*files)
    assert blocked.code == 1
    assert blocked.plain["buckets"]["clients"] == {"blocked": 1, "billed": 1}
    assert "document-tax-unmapped" in [one["code"] for one in blocked.plain["problems"]]
    approved = alone.run("approve", blocked.plain["run"])
    assert [one["number"] for one in approved.plain["documents"]] == ["UK-000001"]
    books.write_text(whole, encoding="utf-8")
    mended = alone.plan(*files)
    assert mended.code == 0
    assert mended.plain["buckets"]["clients"] == {"unchanged": 1, "billed": 1}


def test_an_unmapped_item_blocks_the_whole_document(alone: World) -> None:
    books = alone.folder / "mappings" / "books-us.yaml"
    text = books.read_text(encoding="utf-8")
    books.write_text(text.replace("  SPOKE-AO-BUNDLE:\n", "  OTHER-ITEM:\n"), encoding="utf-8")
    bundles = alone.write("bundles.csv", "Partner ID,Reference,Purchased on,Quantity", ["P-1,PO-1,2025-04-01,1"])
    planned = alone.plan(alone.partners(), alone.clients(client("A")), bundles)
    assert [one["code"] for one in planned.plain["problems"]] == ["document-item-unmapped"]
    assert planned.plain["buckets"]["clients"] == {"blocked": 1}
    assert planned.plain["buckets"]["bundles"] == {"blocked": 1}


def test_the_chain_of_each_entity_grows_by_one_link_per_approval(alone: World) -> None:
    heads = []
    for number in ("A", "B"):
        run = alone.plan(alone.partners(), alone.clients(client(number))).plain["run"]
        heads.append(alone.run("approve", run).plain["chain_heads"])
    assert [list(one) for one in heads] == [["ledger", "uk", "us"], ["ledger", "us"]]
    opened(alone)
    links = ledger.read("chain_link", "entity = ?", ["us"])
    assert links["digest"].to_list() == [one["us"] for one in heads]
    assert ledger.verify(heads[0]).faults == ()


def both(world: World, *commands: list[str]) -> list[tuple[int, dict[str, Any]]]:
    """Run commands at once, each in a process of its own; exit codes and answers."""
    where = ["--folder", str(world.folder), "--json"]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "connector", *one, *where], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for one in commands
    ]
    return [(one.wait(), json.loads(out)) for one, out in [(one, one.communicate()[0]) for one in started]]


def test_two_processes_plan_and_approve_at_once(alone: World) -> None:
    """Both plans get an id of their own, one approval wins, the other is told what changed and then finds no change."""
    files = [alone.partners(), alone.clients(*(client(f"C{number}") for number in range(50)))]
    planned = both(alone, ["plan", *files], ["plan", *files])
    assert sorted((code, str(plain["run"])) for code, plain in planned) == [(0, "R-0001"), (0, "R-0002")]
    approved = both(alone, ["approve", "R-0001"], ["approve", "R-0002"])
    assert sorted(code for code, _ in approved) == [0, 1]
    refusal = next(str(plain["error"]) for code, plain in approved if code == 1)
    assert "was planned on something that has changed" in refusal
    again = alone.plan(*files)
    assert (again.code, again.plain["documents"], again.plain["buckets"]["clients"]) == (0, [], {"unchanged": 50})
    opened(alone)
    assert ledger.read("charge").height == 50


def test_a_stored_plan_is_shown_as_it_was_made(alone: World) -> None:
    """Key by key in the same order, whatever the database makes of JSON."""
    files = [alone.partners(), alone.clients(client("A"), client("B", plan="Assessment Only"), client("C", size="no"))]
    made, shown = alone.plan(*files), alone.run("show", "R-0001")
    assert json.dumps(shown.plain["buckets"]) == json.dumps(made.plain["buckets"])
    assert json.dumps(shown.plain["documents"]) == json.dumps(made.plain["documents"])


def test_two_processes_approve_one_plan_at_once(alone: World) -> None:
    files = [alone.partners(), alone.clients(*(client(f"C{number}") for number in range(50)))]
    assert alone.plan(*files).plain["run"] == "R-0001"
    approved = both(alone, ["approve", "R-0001"], ["approve", "R-0001"])
    assert sorted(code for code, _ in approved) == [0, 1]
    refusal = next(str(plain["error"]) for code, plain in approved if code == 1)
    assert refusal == "R-0001 was approved before (now: approved)"
    opened(alone)
    assert (ledger.read("charge").height, ledger.read("chain_link")["entity"].is_unique().all()) == (50, True)


def test_a_corrected_name_or_address_of_a_partner_is_taken_over(alone: World) -> None:
    """They are no part of a version; a row older than what is known changes nothing."""
    header = PARTNER_HEADER.replace("Partner name,", "Partner name,Email,")

    def bill(name: str, email: str, since: str, number: str) -> dict[str, object]:
        rest = "MSP,us,USD,US,Taxable,30,Bank transfer,On event"
        partners = alone.write("partners.csv", header, [f"P-1,{name},{email},{rest},{since}"])
        planned = alone.plan(partners, alone.clients(client(number)))
        assert planned.code == 0, planned.plain["problems"]
        alone.run("approve", planned.plain["run"])
        party = planned.plain["documents"][0]["document"]["party"]
        return {"name": party["name"], "email": party["email"]}

    assert bill("Old name", "old@one.example", "2024-01-01", "A") == {"name": "Old name", "email": "old@one.example"}
    assert bill("New name", "new@one.example", "2024-01-01", "B") == {"name": "New name", "email": "new@one.example"}
    assert bill("Later name", "", "2025-01-01", "C") == {"name": "Later name", "email": "new@one.example"}
    assert bill("Stale name", "", "2024-01-01", "D") == {"name": "Later name", "email": "new@one.example"}
