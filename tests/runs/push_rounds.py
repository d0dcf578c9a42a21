"""One round of pushes in processes of their own that are killed, over HTTP; a seed says where and how.

A stranger's trap: nobody waits out the whole quiet period. The sandbox declares how late it commits; as long is really
slept, and the clock that the push is given goes on by the rest.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import consent_kit
import push_kit
import quickbooks_kit
import requests
from push_kit import allocated, approve, document, fresh_ledger, states, with_line

from connector.accounting.connect import TenantSettings, connect
from connector.accounting.port import AccountingSystem
from connector.accounting.totals import predict_tax_minor
from connector.domain.documents import CREDIT_NOTE, Document
from connector.ledger import close_store, open_store
from connector.runs import crashpoints
from connector.runs.push import push
from connector.sandbox import Limits, QuickBooks, SandboxServer, Switches
from connector.sandbox import quickbooks as qb

XERO, QUICKBOOKS = "xero", "quickbooks"
CRASHES = [point for point in crashpoints.POINTS if point.startswith("push:") and point != "push:drift"]
_LATE = Decimal("0.2")
REST_SECONDS = float(_LATE) + 0.8  # a busy machine commits late work later still
_FAULTS = ("reply_lost_after_commit", "late_commit", "error_500_before", "error_500_after", "unavailable_503", "html")
_WRITES = {XERO: ("faults", "PUT", "Invoices"), QUICKBOOKS: ("quickbooks/faults", "POST", "batch")}
_KINDS = {XERO: ("Invoices", "CreditNotes", "Contacts"), QUICKBOOKS: ("Invoice", "CreditMemo", "Customer")}
_CALL = {XERO: 50, QUICKBOOKS: 30}


class Hurried:
    """A clock that is ahead, and further ahead by whatever was not really slept."""

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def clock(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def sleep(self, seconds: float) -> None:
        really = min(seconds, REST_SECONDS)
        time.sleep(really)
        self._ahead += timedelta(seconds=seconds - really)


def pushed(provider: str, url: str, folder: Path, ahead: timedelta) -> None:
    """Push into the open ledger's books."""
    time_ = Hurried(ahead)
    system = _system(provider, url, folder, time_)
    push(system, store=folder / "ledger.sqlite3", clock=time_.clock, sleep=time_.sleep, until_done=True)


def _system(provider: str, url: str, folder: Path, time_: Hurried) -> AccountingSystem:
    if provider == XERO:
        return connect(push_kit.settings(url, calls_per_minute=100_000), time_.clock, time_.sleep)
    return connect(_company(url, folder), time_.clock, time_.sleep)


def _company(url: str, folder: Path) -> TenantSettings:
    return replace(quickbooks_kit.settings(url, folder, qb.UK_COMPANY), name=push_kit.TENANT)


@dataclass
class Round:
    """A ledger and a sandbox, both in files that outlive every process."""

    provider: str
    seed: int
    folder: Path
    url: str
    random: Random

    def play(self) -> None:
        """Push, killed again and again, then in peace; and count."""
        documents = self._documents()
        approve(documents)
        self._order_faults()
        for attempt in range(self.random.choice((1, 1, 2))):
            self._killed(attempt)
            time.sleep(REST_SECONDS)
        pushed(self.provider, self.url, self.folder, timedelta(hours=1))
        self._count(documents)

    def _documents(self) -> list[Document]:
        made = []
        for place in range(_CALL[self.provider] + self.random.randint(-5, 15)):
            one = document(place, self.random.randint(1, 3), kind=CREDIT_NOTE if place % 7 == 3 else "invoice")
            if self.provider == QUICKBOOKS:
                net, percent = one.lines[0].net_minor, Decimal(15)
                tax = predict_tax_minor(net, percent, "GBP")
                one = with_line(one, account="Sales", tax_code="15.0% sample", tax_percent=percent, tax_minor=tax)
                one = replace(one, currency="GBP")
            if one.kind == CREDIT_NOTE and self.provider == XERO:
                credited = made[-1]  # an invoice: only every seventh is a credit note
                one = replace(one, party=credited.party, reference=credited.number)
            made.append(one)
        return made

    def _order_faults(self) -> None:
        path, method, where = _WRITES[self.provider]
        for _ in range(self.random.randint(0, 2)):
            order = {"kind": self.random.choice(_FAULTS), "method": method, "path": where}
            order["after"] = self.random.randint(0, 2)
            assert requests.post(f"{self.url}/sandbox/{path}", json=order, timeout=10).status_code == 200

    def _killed(self, attempt: int) -> None:
        """A process that ends at a point it comes to, or at some moment; or gets through."""
        point = f"{self.random.choice(CRASHES)}#{self.random.choice((1, 1, 2))}" if self.random.random() < 0.6 else ""
        kits = Path(__file__).resolve().parents[1]
        environment = {**os.environ, crashpoints.VARIABLE: point, "PYTHONPATH": str(kits)}
        ahead = str(attempt * 600)
        program = [sys.executable, str(Path(__file__)), self.provider, self.url, str(self.folder), ahead]
        with subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()  # it begins
            if not point:
                time.sleep(self.random.uniform(0, 0.4))
                process.send_signal(signal.SIGKILL)
            process.wait(timeout=60)
        assert process.returncode in (0, -signal.SIGKILL), process.returncode

    def _count(self, documents: list[Document]) -> None:
        *kinds, contact = _KINDS[self.provider]
        with closing(sqlite3.connect(self.folder / "sandbox.sqlite3")) as db:
            held = Counter(number for (number,) in db.execute("select number from objects where kind in (?, ?)", kinds))
            (contacts,) = db.execute("select count(*) from objects where kind = ?", (contact,)).fetchone()
        again = f"{self.provider} {self.seed}"
        assert held == {one.number: 1 for one in documents}, again
        assert contacts == len({one.party.partner_id for one in documents}), again
        assert set(states().values()) == {"done"}, again
        credited = [one for one in documents if one.kind == CREDIT_NOTE and self.provider == XERO]
        whole = {one.number: [(one.reference, one.total.amount)] for one in credited}
        assert allocated(self.folder / "sandbox.sqlite3") == whole, again


@contextmanager
def a_round(provider: str, seed: int, folder: Path) -> Iterator[Round]:
    """A round with its ledger open and its sandbox started."""
    switches = Switches(late_commit_seconds=_LATE)
    quickbooks = QuickBooks(
        limits=qb.Limits(10_000, 100_000, 100_000, 100_000), switches=qb.Switches(late_commit_seconds=_LATE)
    )
    server = SandboxServer(
        folder / "sandbox.sqlite3",
        limits=Limits(minute=100_000, day=1_000_000),
        switches=switches,
        quickbooks=quickbooks,
    )
    server.start()
    fresh_ledger(folder / "ledger.sqlite3")
    try:
        if provider == QUICKBOOKS:
            consent_kit.agree(_company(server.url, folder), qb.UK_COMPANY)
        yield Round(provider, seed, folder, server.url, Random(f"{provider} {seed}"))
    finally:
        close_store()
        server.stop()


def main(provider: str, url: str, folder: Path, ahead: float) -> None:
    """The process that is killed."""
    crashpoints.arm_from(os.environ.get(crashpoints.VARIABLE, ""))
    open_store(folder / "ledger.sqlite3")
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    pushed(provider, url, folder, timedelta(seconds=ahead))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), float(sys.argv[4]))
