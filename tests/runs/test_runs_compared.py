"""An upload compared with the last one before it is planned: what the plan will say, without making it."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from world import World, client

from connector.domain.money import Money
from connector.runs import run_tables, store, workspace
from connector.runs.asking import Clock
from connector.runs.compared import Compared, compare_upload
from connector.runs.config import load_config
from connector.runs.errors import StopError
from connector.runs.looked import look
from connector.runs.run_tables import Asked

NOON = datetime(2025, 6, 20, 12, tzinfo=UTC)


def compared(world: World, *files: str) -> Compared | StopError:
    """What the comparison says, by a clock of its own."""
    config = load_config(world.folder, os.environ)
    workspace.open_ledger(config)
    intake = workspace.read_files(config, workspace.open_mappings(config), [Path(one) for one in files])
    return compare_upload(config, intake, Clock(lambda: NOON, time.sleep), "Ada")


@pytest.mark.usefixtures("on_each_database")
def test_it_says_what_the_plan_says_and_leaves_nothing_behind(world: World) -> None:
    world.approved("C-1", "C-2")
    files = (world.partners(), world.clients(client("C-1", site="other.example"), client("C-3", size="201-500")))
    found = compared(world, *files)
    assert isinstance(found, Compared)
    assert [one.run_id for one in store.run_states()] == ["R-0001"]
    assert (found.documents, found.totals) == (1, {"USD": Money(649_500, "USD")})
    world.plan(*files)
    workspace.open_ledger(load_config(world.folder, os.environ))
    run = look("R-0002")
    assert found.changes.to_plain()["sentences"] == run.plain["changes"]["sentences"]
    for name in run_tables.CHANGES:
        assert run_tables.changes_page(found.frames, name, Asked()) == run_tables.page(run, name, Asked())
    with pytest.raises(KeyError):
        run_tables.changes_page(found.frames, "lines", Asked())


def test_the_books_are_not_asked(alone: World) -> None:
    found = compared(alone, alone.partners(), alone.clients(client("C-1")))
    assert isinstance(found, Compared)
    assert found.documents == 1


def test_why_it_cannot_be_compared(alone: World) -> None:
    missing = compared(alone, str(alone.folder / "missing.csv"))
    assert isinstance(missing, StopError)
    assert missing.message == "none of the files could be read"
