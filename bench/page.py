"""What a page of a run of 100,000 lines costs its server: processor time, questions to the ledger, and its size.

The peer is a run of 1,000 lines: a page shows as many rows of both, and must not take many questions more. Each page is
asked once to warm what is kept of the run, then measured. Exit code 1 when a threshold is passed.
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date
from http import HTTPStatus
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests")]

from bench_kit import judge  # noqa: E402 - after the path of the kits

from connector.web import settings as page  # noqa: E402 - as above

page.configure("a secret of a bench, which protects nothing", [*page.HERE, "testserver"])

from django.db import connections  # noqa: E402 - Django is configured by now
from django.test import Client  # noqa: E402 - as above
from django.test.utils import CaptureQueriesContext  # noqa: E402 - as above
from ledger_runs import Folder  # noqa: E402 - as above
from web_kit import person, serve_here, signed_in  # noqa: E402 - as above

MOST_MS, MOST_KB, MOST_BY_SMALL = 200.0, 100.0, 1.0
LARGE, SMALL, ROUNDS = 100_000, 1_000, 5
PAGES = (
    "/overview/",
    "/runs/",
    "/runs/{run}/",
    *(f"/runs/{{run}}/table/{name}/" for name in ("documents", "lines", "rows", "checks")),
    "/runs/{run}/table/lines/?q=client+77",
    "/runs/{run}/table/rows/?choice=billed&page=500",
    "/needs-you/",
    "/clients/",
    "/rules/",
)
APPROVED = ("/overview/", "/runs/{run}/", "/runs/{run}/tie-out/", "/documents/", "/needs-you/")


def measured(clients: int) -> dict[str, tuple[float, int, float]]:
    """Per page: milliseconds of processor time, questions, and kilobytes without the rows of its tables.

    The same run planned, and then approved.
    """
    with TemporaryDirectory() as place:
        work = Folder(Path(place) / "work")
        work.open()
        day = date(2025, 6, 20)
        plan, _, _ = work.plan(day, work.partners(100), work.clients(0, clients, 100))
        serve_here(work.folder)
        browser = signed_in(person("Ada", "admin"))
        found = dict(_asked(browser, [one.format(run=plan.run_id) for one in PAGES]))
        work.approve(plan, day)
        for address, cost in _asked(browser, [one.format(run=plan.run_id) for one in APPROVED]):
            found[f"{address} (approved)"] = cost
    return found


def _asked(browser: Client, addresses: Sequence[str]) -> Iterator[tuple[str, tuple[float, int, float]]]:
    for address in addresses:
        browser.get(address)
        with CaptureQueriesContext(connections["default"]) as asked:
            answer = browser.get(address)
        count = len(asked)  # the next request forgets them
        times = []
        for _ in range(ROUNDS):
            begun = time.process_time()
            browser.get(address)
            times.append((time.process_time() - begun) * 1000)
        assert answer.status_code == HTTPStatus.OK, (address, answer.status_code)
        bare = answer.content.partition(b"<tbody>")[0] + answer.content.rpartition(b"</tbody>")[2]
        yield address, (median(times), count, len(bare) / 1000)


def main() -> int:
    """Measure, print, judge."""
    small, large = measured(SMALL), measured(LARGE)
    print(f"\nPages of a run of {LARGE:,} lines; load {os.getloadavg()[0]:.1f}")
    for address, (cpu, asked, size) in large.items():
        told = f"{cpu:7.1f} ms  {asked:3} questions (of {SMALL:,} lines: {small[address][1]})"
        print(f"  {told}  {size:5.1f} kB without rows  {address}")
    within = judge("ms of processor at most", max(cpu for cpu, _, _ in large.values()), MOST_MS)
    within &= judge("kB without its rows at most", max(size for _, _, size in large.values()), MOST_KB)
    by_small = max(asked / max(small[address][1], 1) for address, (_, asked, _) in large.items())
    within &= judge("questions by those of a small run", by_small, MOST_BY_SMALL)
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
