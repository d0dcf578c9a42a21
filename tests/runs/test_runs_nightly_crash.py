"""The nightly run, killed: the next start goes on with it, and every client is billed once and in the books."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from world import World, client

from connector.runs.config import FILE
from connector.runs.crashpoints import POINTS, VARIABLE

pytestmark = pytest.mark.unmeasured
POLICY = """
sync:
  approve:
    problems: warnings
    largest_line: {USD: 5000}
    largest_document: {USD: 20000}
    unusual: {times: 3, runs: 5}
"""
ROUNDS = int(os.environ.get("CONNECTOR_NIGHTS", "8"))
SEED = int(os.environ.get("CONNECTOR_SEED", "26"))
LONGEST_SECONDS = 120


class Nights:
    """A working folder whose list of clients grows by one every night."""

    def __init__(self, world: World) -> None:
        self.world, self.rows = world, [client("C0")]
        self.partners = world.partners()
        world.limit(minute=6000)  # dozens of nights pass in a minute of Xero's
        world.bill(self.partners, world.clients(*self.rows))
        path = Path(world.folder) / FILE
        path.write_text(path.read_text(encoding="utf-8") + POLICY, encoding="utf-8")

    def another_client(self) -> list[str]:
        self.rows.append(client(f"C{len(self.rows)}"))
        return [self.partners, self.world.clients(*self.rows)]

    def start(self, files: list[str], point: str = "") -> "subprocess.Popen[bytes]":
        """A night in a process of its own."""
        command = [sys.executable, "-m", "connector", "sync", *files, "--folder", str(self.world.folder)]
        environment = {**os.environ, VARIABLE: point}
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def goes_on(self, files: list[str]) -> dict[str, object]:
        """The next start ends the night: nothing waits, everything ties, each client is in the books once."""
        done = self.world.run("sync", *files)
        assert done.code == 0, done.out
        told = done.plain
        assert (told["outcome"], told["troubles"], told["exceptions"]) == ("done", [], [])
        assert [one["state"] for one in self.world.run("runs").plain["runs"] if one["documents"] != "0"] == [
            "closed"
        ] * len(self.rows)
        there = self.world.invoices("11111111-1111-4111-8111-111111111111")
        named = sorted(line["Description"] for one in there for line in one["LineItems"])
        assert len(named) == len(set(named)) == len(self.rows), named
        assert sum(one["Total"] for one in there) == 1948.5 * len(self.rows)
        return dict(told)


@pytest.fixture
def nights(world: World) -> Nights:
    return Nights(world)


def test_a_night_stopped_at_any_of_its_points_is_gone_on_with(nights: Nights) -> None:
    for point in (one for one in POINTS if one.startswith(("plan:", "approve:", "sync:"))):
        files = nights.another_client()
        process = nights.start(files, point)
        assert process.wait(LONGEST_SECONDS) == -signal.SIGKILL, point
        assert nights.goes_on(files)["resumed"], point
    assert nights.world.run("verify").code == 0
    assert nights.world.run("rebuild", "--check").code == 0


def test_a_night_killed_at_random_moments_bills_everybody_once(nights: Nights) -> None:
    chance = random.Random(SEED)
    begun = time.monotonic()
    assert nights.start(nights.another_client()).wait(LONGEST_SECONDS) == 0
    usual = time.monotonic() - begun
    for number in range(ROUNDS):
        files = nights.another_client()
        process = nights.start(files)
        time.sleep(usual * chance.uniform(0.1, 1))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(LONGEST_SECONDS)
        assert nights.goes_on(files), f"CONNECTOR_SEED={SEED}, round {number}"
    assert nights.world.run("verify").code == 0
    assert nights.world.run("rebuild", "--check").code == 0
