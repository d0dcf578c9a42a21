"""Rating with adjustments, tags and a graduated ladder beside the shipped rules alone, on the same 1,000,000 events.

A percentage or a ladder makes an amount that is no unit × quantity, worked out in exact fractions once for each
distinct case; this bench holds such a rulebook to a few times a plain one. Exit code 1 when it takes longer.
"""

import os
import re
import shutil
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import polars as pl
from bench_kit import judge
from rating_rows import RULES, make_events

from connector.rulebook import Rulebook, load

ROWS, SEED, ROUNDS, MOST = 1_000_000, 2025, 5, 4.0
_ADJUSTS = """
  - id: launch-offer
    when: {tags: [launch], event: [created, upgraded], plan: full_spoke}
    adjust: {percent: -10, reason: "launch offer"}
  - id: school
    when: {tags: [school], event: [created, upgraded], plan: full_spoke}
    adjust: {percent: -12.5, reason: "schools"}
  - id: volume
    when: {clients_this_year: {from: 100}, event: [created, upgraded], plan: full_spoke}
    adjust: {percent: -3, reason: "from the hundredth client of a year"}
  - id: small
    when: {employees: {to: 50}, event: [created, upgraded], plan: full_spoke}
    adjust: {amount: {USD: -20, GBP: -15}, reason: "small clients"}
  - id: least
    when: {event: [created, upgraded], plan: full_spoke}
    adjust: {minimum: {USD: 500, GBP: 400}, reason: "never less"}
  - id: own-volume
    when: {partner: [P-1004, P-1005], event: [created, upgraded], plan: full_spoke}
    adjust: {percent: -5, reason: "partner agreement"}
  - id: bundles
    when: {tags: [school], event: bundle}
    adjust: {percent: -7, reason: "bundles for schools"}
"""


def write_rulebook(folder: Path) -> None:
    """The shipped rules with adjustments, and bundles priced by a ladder."""
    shutil.copytree(RULES, folder, ignore=shutil.ignore_patterns("tests"))
    with (folder / "billing.yaml").open("a", encoding="utf-8") as stream:
        stream.write(_ADJUSTS)
    for path in (folder / "price-books").glob("standard-*.yaml"):
        text = path.read_text(encoding="utf-8")
        ladder = r'price: {graduated: {"1-2": \1, "3-9": 1100, "10+": 1000}}'
        path.write_text(re.sub(r"price: ([0-9]+)", ladder, text), encoding="utf-8")


def loaded(folder: Path) -> Rulebook:
    """The rulebook of a folder."""
    rulebook, problems = load(folder)
    assert rulebook is not None, "\n".join(map(str, problems))
    return rulebook


def main() -> int:
    """Measure by turns, print, compare with the threshold."""
    events = make_events(ROWS, SEED)
    with TemporaryDirectory() as name:
        write_rulebook(Path(name) / "rules")
        books = {"the shipped rules": loaded(RULES), "with adjustments": loaded(Path(name) / "rules")}
    costs: dict[str, list[float]] = {title: [] for title in books}
    rated = {title: book.rate(events) for title, book in books.items()}
    for _ in range(ROUNDS):
        for title, book in books.items():
            start = time.process_time()
            book.rate(events)
            costs[title].append(time.process_time() - start)
    adjusted = rated["with adjustments"].select(
        pl.col("adjustments").is_not_null().mean().alias("changed"), pl.col("basis").is_not_null().mean()
    )
    changed, laddered = adjusted.row(0)
    print(f"\n{ROWS:,} events, {changed:.0%} adjusted, {laddered:.0%} by a ladder; load {os.getloadavg()[0]:.1f}")
    for title, spent in costs.items():
        print(f"  {title:<28} {median(spent):6.2f} CPU-s  {ROWS / median(spent):12,.0f} records/CPU-s")
    plain, full = costs.values()
    ratio = median(one / other for one, other in zip(full, plain, strict=True))
    return 0 if judge("adjusted by plain", ratio, MOST) else 1


if __name__ == "__main__":
    sys.exit(main())
