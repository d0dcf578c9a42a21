"""The clock of the machine is set while a push is under way: the quiet period is as long as it is."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import requests
from consent_kit import agree
from push_kit import TENANT, approve, document, now, states, with_line
from quickbooks_kit import settings

from connector.accounting.connect import connect
from connector.domain.documents import Document
from connector.ledger import Place, read
from connector.runs.crashpoints import arm
from connector.runs.push import push
from connector.sandbox import QuickBooks, SandboxServer
from connector.sandbox.quickbooks import UK_COMPANY, Limits, Switches

LATE = Decimal("1.5")


class Clock:
    """A clock that somebody sets."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return now() + self.ahead

    def set_forward(self) -> None:
        self.ahead += timedelta(minutes=5)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    quickbooks = QuickBooks(limits=Limits(second=1000), switches=Switches(late_commit_seconds=LATE))
    server = SandboxServer(tmp_path / "sandbox.sqlite3", quickbooks=quickbooks)
    server.start()
    yield server.url
    server.stop()


def in_pounds(number: int) -> Document:
    code = {"account": "Sales", "tax_code": "0.0% Z", "tax_percent": Decimal(0), "tax_minor": 0}
    return replace(with_line(document(number), **code), currency="GBP")


def invoices(url: str) -> int:
    counts = requests.get(f"{url}/sandbox/quickbooks/counts", timeout=10).json()
    return sum(counts["tenants"][UK_COMPANY.realm]["Invoice"].values())


@pytest.mark.parametrize("point", ["push:settled", "push:round"])
def test_a_clock_that_is_set_forward_does_not_end_the_quiet_period(
    url: str, store: Place, tmp_path: Path, point: str
) -> None:
    made = replace(settings(url, tmp_path, UK_COMPANY), name=TENANT)
    agree(made, UK_COMPANY)
    approve([in_pounds(1)])
    order = {"kind": "late_commit", "method": "POST", "path": "batch", "after": 1}  # after that of the customer
    assert requests.post(f"{url}/sandbox/quickbooks/faults", json=order, timeout=10).status_code == 200
    clock = Clock()
    arm(point, action=clock.set_forward)
    system = connect(made, clock.now, time.sleep)
    push(system, store=store, clock=clock.now, sleep=time.sleep, monotonic=time.monotonic)
    time.sleep(float(LATE))
    assert (invoices(url), states()) == (1, {"US-000001": "done"})
    assert read("receipt")["adopted"].to_list() == [True]
