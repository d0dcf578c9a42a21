"""What a page of a run of 100,000 lines costs its server: processor time, questions to the ledger, and its size.

The peer is a run of 1,000 lines: a page shows as many rows of both, and must not take many questions more. Each page is
asked for with nothing kept of the run, as after a start, and then again. Exit code 1 when a threshold is passed.
"""

import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests")]

from bench_kit import judge  # noqa: E402 - after the path of the kits

from connector import ledger  # noqa: E402 - as above
from connector.web import settings as page  # noqa: E402 - as above

page.configure("a secret of a bench, which protects nothing", [*page.HERE, "testserver"])

from django.db import connections  # noqa: E402 - Django is configured by now
from django.template import engines  # noqa: E402 - as above
from django.test import Client  # noqa: E402 - as above
from django.test.utils import CaptureQueriesContext  # noqa: E402 - as above
from ledger_runs import Folder  # noqa: E402 - as above
from web_kit import person, serve_here, signed_in  # noqa: E402 - as above

MOST_MS, MOST_KB, MOST_BY_SMALL = 200.0, 100.0, 1.0
_DATA = re.compile(rb"<tbody>.*?</tbody>|<dl class=.facts.>.*?</dl>", re.DOTALL)
LARGE, SMALL, ROUNDS = 100_000, 1_000, 5
PAGES = (
    "/overview/",
    "/runs/",
    "/runs/{run}/",
    *(f"/runs/{{run}}/table/{name}/" for name in ("documents", "lines", "rows", "checks")),
    "/runs/{run}/table/lines/?q=client+77",
    "/runs/{run}/table/rows/?choice=billed&page=500",
    "/needs-you/",
    "/rules/",
)
HELD = ("/runs/{run}/", "/runs/{run}/table/lines/", "/runs/{run}/table/holds/", "/needs-you/")
APPROVED = (
    "/overview/",
    "/runs/{run}/",
    "/runs/{run}/tie-out/",
    "/runs/{run}/table/lines/?page=7",
    "/runs/{run}/line/{charge}/",
    "/documents/",
    "/documents/?q=Partner+77",
    "/documents/{number}/",
    "/needs-you/",
    "/clients/",
    "/clients/?q=client+77",
    "/clients/{client}/",
    "/partners/",
    "/partners/P-77/",
    "/partner-documents/P-77/",
    "/partner-document/{number}/",
    "/books/",
    "/books/contacts/",
)


@dataclass(frozen=True)
class Cost:
    """What a page costs: milliseconds of processor time at first and again, questions, kilobytes without its data."""

    first: float
    again: float
    questions: int
    size: float


def measured(clients: int) -> dict[str, Cost]:
    """What each page costs: the same run planned, with some lines on hold, and then approved."""
    with TemporaryDirectory() as place:
        work = Folder(Path(place) / "work")
        work.open()
        day = date(2025, 6, 20)
        plan, _, _ = work.plan(day, work.partners(100), work.clients(0, clients, 100))
        serve_here(work.folder)
        browser = signed_in(person("Ada", "admin"))
        found = dict(_asked(browser, [one.format(run=plan.run_id) for one in PAGES]))
        lines = browser.get(f"/runs/{plan.run_id}/table/lines/").content.decode()
        some = re.findall(r'name="line" value="([^"]+)"', lines)[:3]
        browser.post(f"/runs/{plan.run_id}/hold/", {"line": some, "reason": "asked"})
        costs = _asked(browser, [one.format(run=plan.run_id) for one in HELD])
        found |= {f"{one} (on hold)": cost for one, (_, cost) in zip(HELD, costs, strict=True)}
        work.approve(plan, day)
        charge = ledger.read("charge", "partner_id = 'P-77'", columns=["charge_id", "subject_id"]).row(0)
        number = ledger.read("document", "partner_id = 'P-77'", columns=["number"]).item()
        named = {"run": plan.run_id, "charge": charge[0], "client": charge[1], "number": number}
        costs = _asked(browser, [one.format(**named) for one in APPROVED])
        found |= {f"{one} (approved)": cost for one, (_, cost) in zip(APPROVED, costs, strict=True)}
    return found


def _asked(browser: Client, addresses: Sequence[str]) -> Iterator[tuple[str, Cost]]:
    for address in addresses:
        first = median(_first(browser, address) for _ in range(ROUNDS))
        with CaptureQueriesContext(connections["default"]) as asked:
            answer = browser.get(address)
        count = len(asked)  # the next request forgets them
        again = median(_timed(browser, address) for _ in range(ROUNDS))
        assert answer.status_code == HTTPStatus.OK, (address, answer.status_code)
        bare = _DATA.sub(b"", answer.content)
        yield address, Cost(first, again, count, len(bare) / 1000)


def _first(browser: Client, address: str) -> float:
    """A request when nothing is kept: neither of the ledger nor of the templates."""
    ours = (module for name, module in list(sys.modules.items()) if name.startswith("connector."))
    for kept in (one for module in ours for one in vars(module).values() if hasattr(one, "cache_clear")):
        kept.cache_clear()
    for loader in engines["django"].engine.template_loaders:
        loader.reset()
    return _timed(browser, address)


def _timed(browser: Client, address: str) -> float:
    begun = time.process_time()
    browser.get(address)
    return (time.process_time() - begun) * 1000


def main() -> int:
    """Measure, print, judge."""
    small, large = measured(SMALL), measured(LARGE)
    print(f"\nPages of a run of {LARGE:,} lines; load {os.getloadavg()[0]:.1f}")
    for address, cost in large.items():
        times = f"{cost.first:7.1f} ms at first  {cost.again:6.1f} ms again"
        asked = f"{cost.questions:3} questions (of {SMALL:,} lines: {small[address].questions})"
        print(f"  {times}  {asked}  {cost.size:5.1f} kB without data  {address}")
    slowest = max(max(one.first, one.again) for one in large.values())
    within = judge("ms of processor at most", slowest, MOST_MS)
    within &= judge("kB without its data at most", max(one.size for one in large.values()), MOST_KB)
    by_small = max(one.questions / max(small[address].questions, 1) for address, one in large.items())
    within &= judge("questions by those of a small run", by_small, MOST_BY_SMALL)
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
