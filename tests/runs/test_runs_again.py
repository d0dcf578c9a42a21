"""The files of the last run once more: nothing is read, and the plan is what reading them again would have given."""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from polars.testing import assert_frame_equal
from world import World, client

from connector import ledger
from connector.runs import store, workspace
from connector.runs.again import Now, last_run, plan_again
from connector.runs.asking import Asked, Clock
from connector.runs.config import load_config
from connector.runs.runplan import RunPlan

pytestmark = pytest.mark.usefixtures("on_each_database")
DAY = date(2025, 6, 21)
BUNDLES = "Partner ID,Purchase reference,Purchased on,Bundles"
TEMPLATES = "Template,Partner ID,Plan,Valid from"
# What only says how the plan came about, or when.
_OTHERWISE = ("run", "created_at")
# What approval would look at or write once more, of a plan that changes nothing.
_LESS = ("used_partners", "read_partners", "read_templates", "contact_details", "clients", "bundles", "standing")


def at(world: World) -> tuple[Any, Any, Now]:
    """The folder's settings and files, and a moment; its ledger is open from here on."""
    config = load_config(world.folder, os.environ)
    workspace.open_ledger(config)
    files = workspace.open_files(config)
    days = dict.fromkeys(files.rulebook.entities, DAY)
    return config, files, Now(files.rulebook, files.pins(config), days, datetime(2025, 6, 21, 18, tzinfo=UTC))


def again(world: World, *files: str) -> RunPlan | None:
    """The plan that is made without reading, which is the same as the one made by reading; None where there is none."""
    config, rules, now = at(world)
    paths = [Path(one) for one in files]
    found = last_run(paths, config.limits, now)
    if found is None:
        ledger.close_store()
        return None
    brief = plan_again(*found, store.next_run_id(), now)
    asked = Asked(DAY, Clock(lambda: now.moment, lambda _seconds: None), "tester")
    whole = workspace.plan_run(config, rules, workspace.read_files(config, rules.mappings, paths), asked)
    whole = store.load_plan(whole.run_id)
    ledger.close_store()
    assert {**brief.to_plain(), **dict.fromkeys(_OTHERWISE)} == {**whole.to_plain(), **dict.fromkeys(_OTHERWISE)}
    for name, frame in whole.frames.items():
        if name in _LESS:
            continue
        assert_frame_equal(brief.frames[name], frame)
    columns = ["source", "sheet", "row", "client_id"]
    both = [one.frames[name].select(columns) for one in (whole,) for name in ("standing", "clients")]
    assert sorted(brief.frames["standing"].rows()) == sorted(row for one in both for row in one.rows())
    return brief


def everything(world: World) -> list[str]:
    clients = [client("A"), client("B", plan="Assessment Only"), client("C", created="2025-02-01")]
    return [
        world.partners(),
        world.clients(*clients),
        world.write("bundles.csv", BUNDLES, ["P-1,PO-1,2025-05-02,1"]),
    ]


def test_the_files_of_an_applied_run_are_not_read_again(world: World) -> None:
    files = everything(world)
    world.bill(*files)
    plan = again(world, *files)
    assert plan is not None
    assert plan.buckets["clients"] == {"unchanged": 3}
    assert plan.again_of == "R-0001"


def test_under_other_names_and_in_another_order(world: World) -> None:
    files = everything(world)
    world.bill(*files)
    others = [str(copyfile(one, world.folder / f"copy of {Path(one).name}")) for one in reversed(files)]
    plan = again(world, *others)
    assert plan is not None
    assert [str(one["name"]) for one in plan.sources] == others


def test_the_command_does_so_night_after_night_and_says_what_it_was(world: World) -> None:
    files = everything(world)
    world.bill(*files)
    nights = [world.plan(*files, as_of=f"2025-06-{day}") for day in (21, 22, 23)]
    assert [night.code for night in nights] == [0, 0, 0]
    assert [night.plain["run"] for night in nights] == ["R-0002", "R-0003", "R-0004"]
    told = [[one["earlier"][0]["run_id"] for one in night.plain["changes"]["comparisons"]] for night in nights]
    assert told == [["R-0001"] * 3] * 3
    shown = world.run("show", "R-0003").plain
    assert {row["bucket"] for row in shown["rows"] if row["kind"] == "record"} == {"unchanged"}
    assert world.run("approve", "R-0004").code == 0
    assert world.run("push", "R-0004").code == 0
    assert world.run("rebuild", "--check").code == 0
    assert world.run("verify").code == 0
    # An edited file is read, and compared with what was read last.
    edited = world.clients(client("A", size="51-200"), *[client("B", plan="Assessment Only")])
    read = world.plan(files[0], edited, files[2], as_of="2025-06-24").plain
    assert {one["run_id"] for each in read["changes"]["comparisons"] for one in each["earlier"]} == {"R-0001"}


Step = Callable[[World, list[str]], None]


def hold(world: World, files: list[str]) -> None:
    run = world.plan(*files).plain["run"]
    charge = world.run("show", run).plain["documents"][0]["document"]["lines"][0]["charge_id"]
    assert world.run("hold", run, charge, "--reason", "asked").code == 0
    world.run("approve", run)


def unapproved(world: World, files: list[str]) -> None:
    world.plan(*files)


def then_another(world: World, files: list[str]) -> None:
    world.bill(*files)
    world.bill(world.clients(client("D"), name="more.csv"))


def then_other_rules(world: World, files: list[str]) -> None:
    world.bill(*files)
    rules = world.folder / "rules" / "billing.yaml"
    rules.write_text(rules.read_text(encoding="utf-8") + "\n# another day\n", encoding="utf-8")
    policies = rules.read_text(encoding="utf-8").replace("archived_client: hold", "archived_client: bill")
    rules.write_text(policies, encoding="utf-8")


def with_a_question(world: World, files: list[str]) -> None:
    files[1] = world.clients(client("A"), client("A", size="2-10"))
    world.bill_anyway(*files, as_of="2025-06-20")


def with_another_size(world: World, files: list[str]) -> None:
    world.bill(*files)
    files[1] = world.clients(client("A"))


def then_somebody_is_erased(world: World, files: list[str]) -> None:
    world.bill(*files)
    workspace.open_ledger(load_config(world.folder, os.environ))
    first = ledger.read("client")["client_id"][0]
    ledger.close_store()
    assert world.run("erase", first, "--yes").code == 0


def with_other_bytes(world: World, files: list[str]) -> None:
    world.bill(*files)
    path = Path(files[1])
    path.write_text(path.read_text(encoding="utf-8").replace("Client A", "Client Z"), encoding="utf-8")


def not_there_any_more(world: World, files: list[str]) -> None:
    world.bill(*files)
    Path(files[1]).unlink()


def waiting_for_a_document(world: World, files: list[str]) -> None:
    files[1] = world.clients(client("A", partner="P-2", created="2025-06-10"))
    world.run("approve", world.plan(*files).plain["run"])


def of_a_day_before(world: World, files: list[str]) -> None:
    world.bill(*files, as_of="2025-06-22")


@pytest.mark.parametrize(
    "step",
    [
        hold, unapproved, then_another, then_other_rules, with_a_question, with_another_size, with_other_bytes,
        then_somebody_is_erased, not_there_any_more, waiting_for_a_document, of_a_day_before,
    ],
)  # fmt: skip
def test_whatever_is_not_plainly_the_same_is_read(world: World, step: Step) -> None:
    files = everything(world)
    step(world, files)
    assert again(world, *files) is None


def test_without_files_and_before_the_first_run(world: World) -> None:
    assert again(world) is None
    files = everything(world)
    assert again(world, *files) is None
    world.bill(*files)
    assert again(world) is None


def test_a_template_that_is_known_is_unchanged_too(world: World) -> None:
    files = [*everything(world), world.write("t.csv", TEMPLATES, ["Standard,,Full,2024-01-01"])]
    world.bill(*files)
    plan = again(world, *files)
    assert plan is not None
    assert plan.buckets["templates"] == {"unchanged": 1}
