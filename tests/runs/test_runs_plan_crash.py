"""Planning and approving, killed at every point: nothing is lost or doubled, and the next command works."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from postgres_server import Databases
from world import World, client

from connector import ledger
from connector.runs import workspace
from connector.runs.config import load_config
from connector.runs.crashpoints import POINTS, VARIABLE

PLANNING = [point for point in POINTS if point.startswith("plan:")]
APPROVING = [point for point in POINTS if point.startswith("approve:")]
FILES = ("partners.csv", "clients.csv", "bundles.csv")
_MADE_UP = ("run_id", "name", "number", "recorded_at", "at", "source_id", "document_id", "content_digest", "id")


class Folder(World):
    """A copy of a working folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.server = folder, None

    @property
    def files(self) -> list[str]:
        return [str(self.folder / name) for name in FILES]

    def killed(self, point: str, *arguments: str) -> None:
        """Run a command in a process of its own, which must die at the point."""
        program = [sys.executable, "-m", "connector", *arguments, "--folder", str(self.folder), "--json"]
        done = subprocess.run(
            program, env={**os.environ, VARIABLE: point}, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr

    def entries(self) -> Mapping[str, list[dict[str, Any]]]:
        """What the ledger says, but for the names and times of runs, which the order of numbers follows."""
        workspace.open_ledger(load_config(self.folder, os.environ))
        tables = {table: ledger.read(table) for table in ("charge", "document", "document_line", "outbox")}
        tables |= {table: ledger.read(table) for table in ("partner_version", "client", "client_alias", "personal")}
        tables |= {table: ledger.read(table) for table in ("client_version", "source", "document_event", "counter")}
        ledger.close_store()
        return {
            table: sorted(frame.drop([*_MADE_UP, "request", "body_digest"], strict=False).to_dicts(), key=repr)
            for table, frame in tables.items()
        }

    def proved(self) -> bool:
        return self.run("verify").code == 0


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with partners, clients and bundles as files, and a ledger without a run."""
    made = World(tmp_path_factory.mktemp("fresh") / "work", None)
    made.partners()
    made.clients(*(client(f"C{n}", partner=f"P-{n % 3 + 1}") for n in range(12)))
    made.write("bundles.csv", "Partner ID,Reference,Purchased on,Quantity", ["P-1,PO-1,2025-04-01,2"])
    assert made.run("runs").plain["runs"] == []
    return made.folder


@pytest.fixture(scope="module")
def planned(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a plan that waits for approval."""
    made = Folder(shutil.copytree(fresh, tmp_path_factory.mktemp("planned") / "work"))
    assert made.plan(*made.files).code == 0
    return made.folder


@pytest.fixture(scope="module")
def billed(planned: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[dict[str, Any]]]:
    """What the ledger says when nothing goes wrong."""
    usual = Folder(shutil.copytree(planned, tmp_path_factory.mktemp("billed") / "work"))
    assert usual.run("approve", "R-0001").code == 0
    return usual.entries()


@pytest.fixture
def served(fresh: Path, tmp_path: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    """The same as `fresh` with its ledger moved to a server: the ids of clients depend on the ledger's key."""
    world = Folder(shutil.copytree(fresh, tmp_path / "work"))
    assert world.run("dump", str(tmp_path / "moved.dump")).code == 0
    url = databases.make()
    monkeypatch.setenv("CONNECTOR_LEDGER", url)
    assert world.run("restore", str(tmp_path / "moved.dump")).code == 0
    yield world
    ledger.close_store()
    databases.drop(url)


@pytest.mark.parametrize("point", APPROVING)
def test_killed_while_approving(
    planned: Path, billed: Mapping[str, list[dict[str, Any]]], tmp_path: Path, point: str
) -> None:
    world = Folder(shutil.copytree(planned, tmp_path / "work"))
    approving_is_killed(world, billed, point)


@pytest.mark.parametrize("point", ["approve:checked", "approve:before-commit", "approve:committed"])
def test_killed_while_approving_on_a_server(
    served: Folder, billed: Mapping[str, list[dict[str, Any]]], point: str
) -> None:
    assert served.plan(*served.files).code == 0
    approving_is_killed(served, billed, point)


def approving_is_killed(world: Folder, billed: Mapping[str, list[dict[str, Any]]], point: str) -> None:
    """Kill the approval of the run that waits, and look whether all is as if nothing had happened."""
    world.killed(point, "approve", "R-0001")
    written = point == "approve:committed"
    assert world.run("runs").plain["runs"][0]["state"] == ("approved" if written else "planned")
    assert world.proved()
    again = world.run("approve", "R-0001")
    assert again.code == (1 if written else 0), again.out
    assert world.entries() == billed
    assert world.proved()
    once_more = world.plan(*world.files)
    assert (once_more.code, once_more.plain["documents"]) == (0, [])


@pytest.fixture(scope="module")
def correctable(planned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a charge that waits for its document: it can be taken back without a word to the books."""
    made = Folder(shutil.copytree(planned, tmp_path_factory.mktemp("correctable") / "work"))
    june = made.clients(client("June", "P-2", created="2025-06-02"), name="june.csv")
    assert made.run("approve", "R-0001").code == 0
    assert made.run("approve", made.plan(june).plain["run"]).code == 0
    return made.folder


@pytest.mark.parametrize("point", ["plan:run-written", "plan:before-commit", "plan:stored", *APPROVING])
def test_killed_while_correcting(correctable: Path, tmp_path: Path, point: str) -> None:
    world = Folder(shutil.copytree(correctable, tmp_path / "work"))
    charge = world.run("explain", "Client June").plain["explained"][0]["facts"]["charge"].split(",")[0]
    words = ("correct", charge, "--credit-only", "--reason", "made by mistake", "--as-of", "2025-06-20")
    if point in APPROVING:
        assert world.run(*words).code == 0
        world.killed(point, "approve", "R-0003")
        again = world.run("approve", "R-0003")
        assert again.code == (1 if point == "approve:committed" else 0), again.out
    else:
        world.killed(point, *words)
        again = world.run(*words)
        assert (again.code, again.plain["run"]) == (0, "R-0004" if point == "plan:stored" else "R-0003")
        assert world.run("approve", again.plain["run"]).code == 0
    assert world.run(*words).plain["error"] == f"credited before: {charge}"
    assert world.proved()
    assert world.run("rebuild", "--check").code == 0
    workspace.open_ledger(load_config(world.folder, os.environ))
    assert ledger.read("credit")["charge_id"].to_list() == [charge]
    ledger.close_store()


@pytest.mark.parametrize("point", PLANNING)
def test_killed_while_planning(
    fresh: Path, billed: Mapping[str, list[dict[str, Any]]], tmp_path: Path, point: str
) -> None:
    world = Folder(shutil.copytree(fresh, tmp_path / "work"))
    planning_is_killed(world, billed, point)


@pytest.mark.parametrize("point", ["plan:run-written", "plan:before-commit", "plan:stored"])
def test_killed_while_planning_on_a_server(
    served: Folder, billed: Mapping[str, list[dict[str, Any]]], point: str
) -> None:
    planning_is_killed(served, billed, point)


def planning_is_killed(world: Folder, billed: Mapping[str, list[dict[str, Any]]], point: str) -> None:
    """Kill a plan, and look whether all is as if nothing had happened."""
    world.killed(point, "plan", *world.files, "--as-of", "2025-06-20")
    stored = point == "plan:stored"
    assert [one["run"] for one in world.run("runs").plain["runs"]] == (["R-0001"] if stored else [])
    again = world.plan(*world.files)
    assert (again.code, again.plain["run"]) == (0, "R-0002" if stored else "R-0001")
    assert world.run("approve", again.plain["run"]).code == 0
    assert world.entries() == billed
    assert world.proved()
    if stored:
        assert "was planned on something that has changed" in world.run("approve", "R-0001").plain["error"]
