"""Any history of uploads, edits, upgrades and corrections bills each client once, at the price of what was decided.

Through files, the command line and a sandbox, so only a few: many more are in `test_runs_interleavings.py`. The second
opinion is a dozen lines: what each client was billed at, by a table of prices.
`CONNECTOR_FILE_HISTORIES` asks for more.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from world import World, client

from connector import ledger
from connector.runs import workspace
from connector.runs.config import load_config
from connector.sandbox import Limits, SandboxServer

PRICES = {"2-10": 90000, "11-50": 180000, "51-200": 360000}  # of the sample price book, minor units
HISTORIES = int(os.environ.get("CONNECTOR_FILE_HISTORIES", "3"))
numbers = st.integers(0, 3)
sizes = st.sampled_from(sorted(PRICES))
days = st.integers(1, 28)


@dataclass
class Row:
    """A client as its row says it, and what it was billed at; 0 for not yet."""

    plan: str
    created: str
    size: str
    upgraded: str = ""
    billed: int = 0
    credited: bool = False


class History(RuleBasedStateMachine):
    """A folder, its books, and what must have been billed."""

    def __init__(self) -> None:
        super().__init__()
        self._home = tempfile.TemporaryDirectory()
        home = Path(self._home.name)
        self._server = SandboxServer(home / "books.sqlite3", host="127.0.0.1", port=0, limits=Limits(minute=10_000))
        self._server.start()
        self.world = World(home / "work", self._server)
        self.world.partners()
        self.rows: dict[int, Row] = {}
        self.uploaded = True

    def teardown(self) -> None:
        assert self.world.run("verify").code == 0
        assert self.world.run("rebuild", "--check").code == 0
        for run in self.world.run("runs").plain["runs"]:
            assert self.world.run("status", run["run"]).plain["tie_out"]["ties"]
        ledger.close_store()
        self._server.stop()
        self._home.cleanup()

    @rule(number=numbers, size=sizes, day=days, full=st.booleans())
    def add(self, number: int, size: str, day: int, *, full: bool) -> None:
        """A new client; one that is there already is left as it is."""
        plan = "Full" if full else "Assessment Only"
        self.rows.setdefault(number, Row(plan, f"2025-04-{day:02d}", size))
        self.uploaded = False

    @rule(number=numbers, day=days)
    def upgrade(self, number: int, day: int) -> None:
        """An Assessment Only client becomes a full Spoke, perhaps before anybody has heard of it."""
        row = self.rows.get(number)
        if row is not None and row.plan != "Full":
            row.plan, row.upgraded, self.uploaded = "Full", f"2025-05-{day:02d}", False

    @rule(number=numbers, size=sizes)
    def resize(self, number: int, size: str) -> None:
        """Another headcount, which bills nothing again."""
        if number in self.rows:
            self.rows[number].size, self.uploaded = size, False

    @precondition(lambda self: self.rows)
    @rule(reverse=st.booleans())
    def bill(self, *, reverse: bool) -> None:
        """Upload everything, in either order, and bill it; the same again is nothing."""
        lines = [
            client(f"C{number}", plan=row.plan, created=row.created, upgraded=row.upgraded, size=row.size)
            for number, row in self.rows.items()
        ]
        path = self.world.clients(*(reversed(lines) if reverse else lines))
        self.world.bill(str(self.world.folder / "partners.csv"), path)
        again = self.world.plan(str(self.world.folder / "partners.csv"), path).plain
        assert (again["documents"], again["amounts_minor"]) == ([], {})
        for row in self.rows.values():
            if row.plan == "Full" and not row.billed:
                row.billed = PRICES[row.size]
        self.uploaded = True

    @precondition(lambda self: self.uploaded)
    @rule(number=numbers)
    def correct(self, number: int) -> None:
        """A billed headcount that was wrong is credited and billed again, once."""
        row = self.rows.get(number)
        if row is None or not row.billed or row.credited:
            return
        charge = self._charges().filter(pl.col("name") == f"Client C{number}").sort("revision")["charge_id"].to_list()
        done = self.world.run("correct", charge[-1], "--reason", "it was wrong", "--as-of", "2025-06-20")
        if row.billed == PRICES[row.size]:
            assert "it would be billed just the same" in done.plain["error"]
            return
        assert done.code == 0, done.out
        assert self.world.run("approve", done.plain["run"]).code == 0
        assert self.world.run("push", done.plain["run"]).code == 0
        row.billed = PRICES[row.size]

    @precondition(lambda self: self.uploaded)
    @rule(number=numbers)
    def take_back(self, number: int) -> None:
        """What is credited alone stays credited."""
        row = self.rows.get(number)
        if row is None or not row.billed or row.credited:
            return
        charge = self._charges().filter(pl.col("name") == f"Client C{number}").sort("revision")["charge_id"].to_list()
        words = ("correct", charge[-1], "--credit-only", "--reason", "it was no client", "--as-of", "2025-06-20")
        run = self.world.run(*words).plain["run"]
        assert self.world.run("approve", run).code == 0
        assert self.world.run("push", run).code == 0
        row.credited = True

    @invariant()
    def each_client_is_billed_once(self) -> None:
        """Charges less credits are what was decided, client by client."""
        charges = self._charges()
        net = dict(charges.group_by("name").agg((pl.col("amount_minor") - pl.col("back")).sum()).iter_rows())
        wanted = {f"Client C{number}": row for number, row in self.rows.items() if row.billed}
        assert net == {name: 0 if row.credited else row.billed for name, row in wanted.items()}

    def _charges(self) -> pl.DataFrame:
        """Every charge with its client's name, and what of it is credited."""
        workspace.open_ledger(load_config(self.world.folder, os.environ))
        names = ledger.read("personal", "field = 'name' AND owner_type = 'client'").select(
            subject_id="owner_id", name="value"
        )
        credited = ledger.read("credit").select("charge_id", back="amount_minor")
        charges = ledger.read("charge").join(names, on="subject_id").join(credited, on="charge_id", how="left")
        ledger.close_store()
        return charges.with_columns(pl.col("back").fill_null(0))


TestHistory = History.TestCase
TestHistory.settings = settings(
    max_examples=HISTORIES, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
)
