"""Approving a difference, killed at every point: it is written once, whole, or not at all."""

import shutil
from pathlib import Path

import pytest
from test_runs_plan_crash import APPROVING, Folder
from world import World, client

from connector import ledger
from connector.sandbox import SandboxServer


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A client billed, and a difference that waits for approval."""
    folder = tmp_path_factory.mktemp("planned")
    server = SandboxServer(state=folder / "books.sqlite3", host="127.0.0.1", port=0)
    server.start()
    world = World(folder / "work", server)
    world.bill(world.partners(), world.clients(client("A")))
    world.bill(world.clients(client("A", size="51-200")))
    made = world.run("correct", "US-000001", "--difference", "--reason", "wrong", "--as-of", "2025-06-25")
    assert made.plain["run"] == "R-0003"
    server.stop()
    ledger.close_store()
    return world.folder


@pytest.mark.parametrize("point", APPROVING)
def test_killed_while_approving(planned: Path, tmp_path: Path, point: str) -> None:
    world = Folder(shutil.copytree(planned, tmp_path / "work"))
    world.killed(point, "approve", "R-0003")
    written = point == "approve:committed"
    numbers = ["US-000001", "US-000002"] if written else ["US-000001"]
    assert [one["number"] for one in world.run("documents").plain["documents"]] == numbers
    assert world.proved()
    again = world.run("approve", "R-0003")
    assert again.code == (1 if written else 0), again.out
    facts = world.run("explain", "US-000001/1").plain["explained"][0]["facts"]
    assert (facts["difference 1"], "difference 2" in facts) == ("USD 1,800.00, by R-0003 on US-000002/1", False)
    assert world.run("rebuild", "--check").code == 0
    assert world.proved()
