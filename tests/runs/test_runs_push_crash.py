"""Stopped dead at every point, run again, counted: each document and each contact is in the books once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from push_kit import (
    TENANT,
    Sandbox,
    StopError,
    allocated,
    approve,
    credit_note,
    document,
    foreign_invoice,
    fresh_ledger,
    now,
    place,
    receipts,
    run,
    states,
    stop,
    system,
)

from connector.ledger import close_store, process_lock, read
from connector.runs.crashpoints import POINTS, VARIABLE, arm, disarm
from connector.runs.push import push
from connector.sandbox import US_BOOKS, Limits, SandboxServer, Switches

LIMITS = Limits(minute=1000)
DEAR = replace(US_BOOKS, tax_rates=tuple(replace(rate, percent=Decimal(9)) for rate in US_BOOKS.tax_rates))
FOREIGN = 3
UNDRIFTED = [point for point in POINTS if point.startswith("push:") and point != "push:drift"]


class Stage:
    """A ledger and a sandbox, both in files that outlive every process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = place(folder)
        self.server = self._start(US_BOOKS)
        self.sandbox = Sandbox(self.server.url)
        fresh_ledger(self.store)

    def _start(self, tenant: object, port: int = 0) -> SandboxServer:
        switches = Switches(late_commit_seconds=Decimal("0.2"))
        server = SandboxServer(
            self.folder / "sandbox.sqlite3", port=port, tenants=(tenant,), limits=LIMITS, switches=switches
        )
        server.start()
        return server

    def make_dear(self) -> None:
        """The same organisation, with other tax rates from now on."""
        port = int(self.server.url.rpartition(":")[2])
        self.server.stop()
        self.server = self._start(DEAR, port)

    def drive(self, point: str = "") -> subprocess.Popen[str]:
        kits = Path(__file__).resolve().parents[1]  # where the driver finds what it shares with other tests
        environment = {**os.environ, VARIABLE: point, "PYTHONPATH": str(kits)}
        program = [sys.executable, str(Path(__file__).with_name("push_driver.py")), self.server.url, str(self.folder)]
        return subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def push_later(self) -> None:
        """Push once more, when the quiet period of whatever was sent has long passed."""
        with process_lock(self.store, f"push {TENANT}", wait_seconds=20):
            pass  # a server may need a moment to see that a process was killed
        push(
            system(self.server.url),
            store=self.store,
            clock=lambda: now() + timedelta(hours=1),
            sleep=time.sleep,
            until_done=True,
        )


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    disarm()
    close_store()
    made.server.stop()


def in_doubt(stage: Stage) -> None:
    """Documents 1 and 2 may have been booked: the first was, the second was not."""
    approve([document(1, partner=1)])
    stage.sandbox.fault("reply_lost_after_commit", method="PUT", path="Invoices")
    _stop_at_doubt(stage)
    approve([document(2, partner=2)])
    stage.sandbox.fault("error_500_before", method="PUT", path="Invoices")
    _stop_at_doubt(stage)


def _stop_at_doubt(stage: Stage) -> None:
    arm("push:round", action=stop)
    with pytest.raises(StopError):
        run(stage.server.url, stage.store)


def foreign(stage: Stage) -> None:
    """The number of document 3 is taken by an invoice that someone else made."""
    strange = document(FOREIGN, partner=9)
    cheap = replace(strange.lines[0], unit_minor=100, net_minor=100, tax_minor=8)
    foreign_invoice(stage.server.url, replace(strange, lines=(cheap,)))


@pytest.mark.parametrize("point", [*UNDRIFTED, "push:settled#2", "push:before-wire#2", "push:after-wire#2"])
def test_killed_at_any_point_and_run_again_each_document_is_booked_once(stage: Stage, point: str) -> None:
    foreign(stage)
    in_doubt(stage)
    # More than one call; document 3 meets another's number.
    approve([*(document(n, partner=3 + n % 2) for n in range(3, 64)), credit_note(1, "US-000004", partner=3)])
    with stage.drive(point) as driver:
        _, errors = driver.communicate(timeout=60)
    assert driver.returncode == -signal.SIGKILL, errors
    stage.push_later()
    assert stage.sandbox.books() == ({"AUTHORISED": 62, "PAID": 1}, {"ACTIVE": 5})
    assert allocated(stage.folder / "sandbox.sqlite3") == {"US-CN-000001": [("US-000004", Decimal("1948.50"))]}
    assert read("allocation").select("state", "amount_minor").rows() == [("done", 194_850)]
    assert stage.sandbox.breaches() == 0
    settled = states()
    assert settled.pop("US-000003") == "quarantined"
    assert set(settled.values()) == {"done"}
    assert receipts() == sorted(settled)


def test_killed_at_the_mark_of_drift_nothing_of_the_call_is_settled_and_the_difference_is_found(stage: Stage) -> None:
    approve([document(n) for n in (1, 2)])
    (stage.folder / "swap").touch()
    with stage.drive("push:drift") as driver:
        while (stage.folder / "swap").exists():
            time.sleep(0.01)
        stage.make_dear()
        (stage.folder / "swapped").touch()
        _, errors = driver.communicate(timeout=60)
    assert driver.returncode == -signal.SIGKILL, errors
    stage.push_later()
    assert stage.sandbox.books() == ({"AUTHORISED": 2}, {"ACTIVE": 1})
    assert set(states().values()) == {"quarantined"}
    assert read("document_event", "state = 'drift'").is_empty()
    assert read("receipt").is_empty()
    told = read("document_event", "state = 'quarantined'")["detail"].to_list()
    assert len(told) == 2
    assert all("its total is USD 1,962.00, not USD 1,948.50" in one for one in told), told


@pytest.mark.usefixtures("on_postgres")
@pytest.mark.parametrize(
    "point", ["push:claimed", "push:before-wire", "push:after-wire", "push:settled#2", "push:apply-after-wire"]
)
def test_killed_on_a_server_too_each_document_is_booked_once(stage: Stage, point: str) -> None:
    in_doubt(stage)
    approve([*(document(n, partner=3 + n % 2) for n in range(3, 64)), credit_note(1, "US-000004", partner=3)])
    with stage.drive(point) as driver:
        _, errors = driver.communicate(timeout=60)
    assert driver.returncode == -signal.SIGKILL, errors
    stage.push_later()
    assert stage.sandbox.books() == ({"AUTHORISED": 62, "PAID": 1}, {"ACTIVE": 4})
    assert allocated(stage.folder / "sandbox.sqlite3") == {"US-CN-000001": [("US-000004", Decimal("1948.50"))]}
    assert set(states().values()) == {"done"}
    assert receipts() == sorted(states())


@pytest.mark.usefixtures("on_each_database")
def test_two_pushes_at_once_send_each_document_once(stage: Stage) -> None:
    approve([document(n, partner=n % 3) for n in range(1, 120)])
    with stage.drive() as one, stage.drive() as other:
        outs = [process.communicate(timeout=60) for process in (one, other)]
    codes = sorted(process.returncode for process in (one, other))
    assert codes in ([0, 0], [0, 75]), outs
    assert stage.sandbox.books() == ({"AUTHORISED": 119}, {"ACTIVE": 3})
    assert set(states().values()) == {"done"}


def test_a_push_that_died_leaves_what_it_knew(stage: Stage) -> None:
    approve([document(1)])
    with stage.drive("push:after-wire") as driver:
        driver.communicate(timeout=60)
    assert states() == {"US-000001": "sending"}
    held = read("outbox")
    sent: datetime = held["first_sent"][0]
    assert now() - sent < timedelta(minutes=1)
    stage.push_later()
    assert (states(), read("receipt")["adopted"].to_list()) == ({"US-000001": "done"}, [True])
    assert read("contact_link").select("tenant", "partner_id", "how").rows() == [(TENANT, "P-1", "created")]
