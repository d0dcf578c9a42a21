"""A plan that reads of each line of terms the first and the latest charge alone is the plan over every charge."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from terms_kit import approved, renewing
from test_runs_months import advised, monthly, sheet
from world import World, client

from connector import ledger
from connector.runs import kept_uploads, store, workspace
from connector.runs.config import load_config
from connector.runs.events import run_days
from connector.runs.known import read_for, read_known
from connector.runs.plan import Inputs, make_plan
from connector.runs.standing import Past, parted

pytestmark = pytest.mark.usefixtures("on_each_database")
NOW, DAY = datetime(2026, 1, 20, 15, 0, tzinfo=UTC), date(2026, 1, 20)
RUNS = ("2025-06-20", "2025-08-20", "2025-10-20")


def both_plans_are_one(world: World, *files: str) -> pl.DataFrame:
    """The stretches of the ledger; the plan over these files is the same with and without what is between."""
    config = load_config(world.folder, os.environ)
    workspace.open_ledger(config)
    rules = workspace.open_files(config)
    given = Inputs(
        run_id="R-9999",
        now=NOW,
        as_of=DAY,
        intake=workspace.read_files(config, rules.mappings, [Path(one) for one in files]),
        rulebook=rules.rulebook,
        books=rules.books,
        pins=rules.pins(config),
        tenants=config.books,
        known=read_known(),
        earlier=kept_uploads.last_uploads(),
        doubts=store.last_doubts(),
    )
    days = run_days(rules.rulebook.entities, NOW, DAY)
    uploaded = parted(given.intake.clients, rules.rulebook, days, Past(given.earlier, given.doubts, store.latest_day()))
    telling = read_for(uploaded, rules.rulebook)
    assert telling.charges.height + _between(telling.stretches) == given.known.charges.height
    whole, brief = make_plan(given), make_plan(replace(given, known=telling))
    assert whole.documents
    assert brief.to_plain() == whole.to_plain()
    for name, frame in whole.frames.items():
        assert_frame_equal(brief.frames[name], frame)
    ledger.close_store()
    return telling.stretches


def _between(stretches: pl.DataFrame) -> int:
    """How many charges stand between the first and the latest of the stretches."""
    ends = [
        [at // 100 * 12 + at % 100 if at > 9999 else at for at in row]
        for row in stretches.select("first", "latest").iter_rows()
    ]
    return sum(latest - first - 1 for first, latest in ends)


def test_terms_without_a_gap_with_one_and_credited_ones(world: World) -> None:
    renewing(world, term="monthly")
    rows = [client(name) for name in ("A", "B", "C", "D")]
    world.bill(world.partners(), world.clients(*rows), as_of="2025-04-20")
    for day in RUNS:
        plan = world.plan(as_of=day).plain
        assert world.run("approve", plan["run"]).code == 0
        assert world.run("push", plan["run"]).code == 0
    lines = plan["documents"][0]["document"]["lines"]
    credited = next(one["charge_id"] for one in lines if "Client A" in one["description"])
    words = ("correct", credited, "--credit-only", "--reason", "a mistake", "--as-of", "2025-10-21")
    assert world.run("approve", world.run(*words).plain["run"]).code == 0
    archived, grown = client("B", status="Archived"), client("C", size="51-200")
    edited = [client("A"), archived, grown, client("D", created="2025-03-20")]
    found = both_plans_are_one(world, world.clients(*edited))
    assert found.select("first", "latest").rows() == [(1, 7), (1, 7)]
    assert both_plans_are_one(world).height == found.height + 1  # nobody is archived without the upload


def test_months_over_a_turn_of_the_year(alone: World) -> None:
    partners = monthly(alone)
    rows = [advised(name, created="2025-04-16") for name in ("A", "B", "C")]
    approved(alone, partners, sheet(alone, *rows), as_of="2025-05-20")
    for day in RUNS:
        approved(alone, as_of=day)
    # One began earlier than was said, which bills months before its first; one was archived in the midst of them.
    edited = [rows[0], advised("B", created="2025-03-10"), advised("C", created="2025-04-16", archived_on="2025-07-10")]
    found = both_plans_are_one(alone, sheet(alone, *edited))
    assert {*found.select("metric", "first", "latest").unique().rows()} == {("advisor-month", 202504, 202510)}
    assert found.height == 2
