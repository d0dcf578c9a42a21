"""How fast documents reach the books, against sandboxes with the vendors' real limits that take 2 s for every call.

What is counted is documents booked in two whole minutes, after the first, which may begin with a burst; the ceiling is
what the vendor's limit allows with full batches. Peers are the vendors' own clients, used plainly: one call after the
other, as their examples do. Waiting is real, so this takes some nine minutes and hardly any processor time. Exit code 1
when a threshold is passed, or when a sandbox counted a breach of a limit.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from bench_kit import judge

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "runs")]

import push_peers  # noqa: E402 - after the path of the kits
import requests  # noqa: E402 - as above
from consent_kit import agree  # noqa: E402 - as above
from push_kit import approve, document, settings, with_line  # noqa: E402 - as above
from quickbooks_kit import settings as quickbooks_settings  # noqa: E402 - as above

from connector.accounting.connect import QUICKBOOKS, TenantSettings, connect  # noqa: E402 - as above
from connector.ledger import close_store, open_store, read  # noqa: E402 - as above
from connector.runs.push import push  # noqa: E402 - as above
from connector.sandbox.quickbooks import US_COMPANY  # noqa: E402 - as above

REPLY_SECONDS = 2
LEAST_SHARE = 0.9
WARM, MEASURED = timedelta(minutes=1), timedelta(minutes=2)
XERO_CEILING, QUICKBOOKS_CEILING = 3_000, 1_200
QUICKBOOKS_LINE = {"account": "Sales", "tax_code": "NON", "tax_percent": Decimal(0), "tax_minor": 0}
_SERVE = """
import sys, time
from decimal import Decimal
from pathlib import Path
from connector.sandbox import QuickBooks, SandboxServer, Switches
from connector.sandbox.quickbooks import Switches as Own
server = SandboxServer(Path(sys.argv[1]), switches=Switches(latency_ms_per_call=2000),
                       quickbooks=QuickBooks(switches=Own(latency_ms_per_call=2000)))
server.start()
print(server.url, flush=True)
while True:
    time.sleep(60)
"""


@contextmanager
def sandbox(folder: Path) -> Iterator[str]:
    """A sandbox in a process of its own, with the real limits; its address."""
    folder.mkdir()
    command = [sys.executable, "-c", _SERVE, str(folder / "sandbox.sqlite3")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ourselves
    try:
        yield process.stdout.readline().strip() if process.stdout else ""
    finally:
        process.kill()
        process.wait()


def counts(url: str, system: str) -> tuple[int, int]:
    """Requests that the sandbox of a system has answered, and breaches of its limits."""
    path = "quickbooks/counts" if system == QUICKBOOKS else "counts"
    told = requests.get(f"{url}/sandbox/{path}", timeout=10).json()
    return int(told["requests"]["total"]), int(told["limit_breaches"]["total"])


def pushed(folder: Path, url: str, made: TenantSettings, ceiling: int, **line: object) -> tuple[float, float, int]:
    """Documents a minute, calls for a thousand documents, and breaches, of a push of four minutes' work."""
    place = folder / "ledger.sqlite3"
    open_store(place)
    numbered = (replace(document(number, number % 5), tenant=made.name) for number in range(1, 4 * ceiling + 1))
    approve([with_line(one, **line) for one in numbered])
    before, _ = counts(url, made.system)
    began = datetime.now(UTC)

    def clock() -> datetime:
        moment = datetime.now(UTC)
        if moment - began > WARM + MEASURED + timedelta(seconds=20):
            raise KeyboardInterrupt  # enough was seen; nothing of it is needed any more
        return moment

    with suppress(KeyboardInterrupt):
        push(connect(made, clock, time.sleep), store=place, clock=clock, sleep=time.sleep, until_done=True)
    booked = read("receipt")["received_at"].to_list()
    close_store()
    first = min(booked)
    seen = sum(first + WARM <= one < first + WARM + MEASURED for one in booked)
    calls, breaches = counts(url, made.system)
    return seen / (MEASURED / timedelta(minutes=1)), (calls - before) * 1000 / len(booked), breaches


def told(name: str, found: tuple[float, float, int], ceiling: int, peer: float) -> bool:
    """Print what was found; whether it is within the thresholds."""
    rate, calls, breaches = found
    print(f"\n{name}: {rate:,.0f} documents a minute of {ceiling:,}; {calls:.1f} calls for 1,000 documents;", end=" ")
    print(f"{breaches} breaches of limits; its own client used plainly: {peer:,.0f}; load {os.getloadavg()[0]:.1f}")
    print(f"  {name}: {100 * rate / ceiling:.1f} % of the ceiling, of at least {100 * LEAST_SHARE:.0f}")
    return judge(f"{name}, ceiling by its share", ceiling / rate, 1 / LEAST_SHARE) & judge("breaches", breaches, 0)


def main() -> int:
    """Run the bench; 1 when a threshold is passed."""
    within = True
    with TemporaryDirectory() as place:
        folder = Path(place)
        with sandbox(folder / "xero") as url:
            made = settings(url, calls_per_minute=58, time_out_seconds=30)
            found = pushed(folder / "xero", url, made, XERO_CEILING)
        with sandbox(folder / "peer") as url:
            within &= told("Xero", found, XERO_CEILING, push_peers.xero(url))
        with sandbox(folder / "quickbooks") as url:
            company = _company(url, folder)
            found = pushed(folder / "quickbooks", url, company, QUICKBOOKS_CEILING, **QUICKBOOKS_LINE)
        with sandbox(folder / "other") as url:
            within &= told("QuickBooks", found, QUICKBOOKS_CEILING, push_peers.quickbooks(url))
    return 0 if within else 1


def _company(url: str, folder: Path) -> TenantSettings:
    """A connected company, under limits a little below the real ones."""
    usual = quickbooks_settings(url, folder, US_COMPANY, calls_per_minute=480, time_out_seconds=30)
    agree(usual, US_COMPANY)
    assert usual.quickbooks is not None
    own = replace(usual.quickbooks, batches_per_minute=39, calls_per_second=9)
    return replace(usual, quickbooks=own)


if __name__ == "__main__":
    sys.exit(main())
