"""Rating beside the same rules in other hands: polars, a plain Python loop, zen-engine and durable-rules, in one run.

All begin with ready columns, and all must say the same in every column of `tables.RATED`. What is compared is processor
time for each record. polars, by itself and lazily, rates all events; the peers that take one record at a time have a
sample each, and their figures hold for each record of it. Exit code 1 when a threshold is passed or a peer is missing.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import rating_polars
from bench_kit import cost_of, judge, judge_least
from polars.testing import assert_frame_equal
from rating_records import Prices, concluded, engine_rules, fact, loop
from rating_rows import RULES, Price, make_events, places, prices
from rating_zen import ZEN, context, decision

from connector.rulebook import load
from connector.rulebook.engine import ask
from connector.tables import RATED

MOST_BY_POLARS, LEAST_BY_ZEN = 1.3, 20.0
LOOP_ROWS, ZEN_ROWS, DURABLE_ROWS = 200_000, 20_000, 2_000
ZEN_ROUNDS = 5
OURS, EAGER, LAZY = "ours", "polars, hand-written", "polars, hand-written, lazy"
# What a record's answer repeats of the record; zen-engine is spared it.
_ECHOED = ("event_id", "currency")
PEERS = Path(__file__).resolve().parents[1] / ".venv-bench" / "bin" / "python"


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """CPU-seconds and seconds of one run."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def by_columns(works: dict[str, Callable[[], pl.DataFrame]], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Each of the works once per round, in turn, so that what else the machine does falls on all of them."""
    costs: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            costs[name].append(spent(work))
    return costs


def same(rows: Sequence[Sequence[Any]], expected: pl.DataFrame) -> None:
    """Stop when a peer says anything else."""
    assert_frame_equal(pl.DataFrame(rows, schema=dict(RATED), orient="row"), expected)


def python_loop(events: pl.DataFrame, rated: pl.DataFrame, priced: Prices) -> float:
    """CPU-seconds of the loop, a dict made of each row included."""
    place = places()
    start = time.process_time()
    rows = loop(events.iter_rows(named=True), priced, place)
    cpu = time.process_time() - start
    same(rows, rated)
    return cpu


def durable_rules(events: pl.DataFrame, rated: pl.DataFrame, priced: Prices) -> float:
    """CPU-seconds of asserting and retracting each record in the product's own host of the engine."""
    records, place = events.to_dicts(), places()
    rules, facts = engine_rules(), [fact(record) for record in records]
    start = time.process_time()
    answers = ask(rules, facts)
    cpu = time.process_time() - start
    told = zip(records, answers, strict=True)
    same([concluded(record, fired, priced, place) for record, fired in told], rated)
    return cpu


def zen_engine(events: pl.DataFrame, rated: pl.DataFrame, priced: Prices) -> float | None:
    """CPU-seconds of evaluating each record, the median of rounds; None when the engine is not installed."""
    if not PEERS.exists() or subprocess.run([PEERS, "-c", "import zen"], check=False, capture_output=True).returncode:  # noqa: S603 - our own interpreter
        return None
    records, costs = events.to_dicts(), []
    with TemporaryDirectory() as folder:
        rules, contexts, answered = (Path(folder) / name for name in ("rules.json", "contexts.json", "told.json"))
        rules.write_text(json.dumps(decision(priced, places())))
        contexts.write_text(json.dumps([context(record) for record in records]))
        for _ in range(ZEN_ROUNDS):
            cost_of(ZEN, str(rules), str(contexts), str(answered), python=str(PEERS))
            found = json.loads(answered.read_text())
            told = zip(records, found["answers"], strict=True)
            same(
                [
                    [answer.get(name, record.get(name) if name in _ECHOED else None) for name in RATED]
                    for record, answer in told
                ],
                rated,
            )
            costs.append(found["cpu"])
    return median(costs)


def main() -> int:
    """Compare and print; 1 when a threshold is passed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seed", type=int, default=2025)
    chosen = arguments.parse_args()
    rulebook, problems = load(RULES)
    assert rulebook is not None, "\n".join(map(str, problems))
    listed, place = prices(), places()
    price_table = pl.DataFrame(listed, schema=list(Price._fields), orient="row")
    priced = {(price.book, price.tier_key): price for price in listed}
    events = make_events(chosen.rows, chosen.seed)
    works = {
        OURS: lambda: rulebook.rate(events),
        EAGER: lambda: rating_polars.rated(events, price_table, place),
        LAZY: lambda: rating_polars.rated(events.lazy(), price_table.lazy(), place).collect(),
    }
    rated = works[OURS]()
    for name in (EAGER, LAZY):
        assert_frame_equal(works[name](), rated)
    columns = by_columns(works, max(3, chosen.rounds))
    each = {name: median(cpu for cpu, _ in costs) / chosen.rows for name, costs in columns.items()}
    samples = dict.fromkeys(columns, chosen.rows)
    records: tuple[tuple[str, int, Callable[[pl.DataFrame, pl.DataFrame], float | None]], ...] = (
        ("plain Python loop", LOOP_ROWS, lambda some, due: python_loop(some, due, priced)),
        ("zen-engine", ZEN_ROWS, lambda some, due: zen_engine(some, due, priced)),
        ("durable-rules per record", DURABLE_ROWS, lambda some, due: durable_rules(some, due, priced)),
    )
    for name, rows, measure in records:
        cost = measure(events.head(rows), rated.head(rows))
        if cost is not None:
            samples[name] = min(rows, chosen.rows)
            each[name] = cost / samples[name]
    return 0 if verdict(columns, each, samples) else 1


def verdict(columns: dict[str, list[tuple[float, float]]], each: dict[str, float], samples: dict[str, int]) -> bool:
    """Print every peer, and whether ours keeps to its thresholds."""
    load_now = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    print(f"\nrating, the same {len(RATED)} columns from all; each record's CPU-seconds; load {load_now}")
    for name, cost in each.items():
        print(
            f"  {name:<28} {1 / cost:12,.0f} records/CPU-s  {cost / each[OURS]:8.2f} × ours  ({samples[name]:,} rows)"
        )
    peer = min((EAGER, LAZY), key=each.__getitem__)
    paired = list(zip(columns[OURS], columns[peer], strict=True))
    cpu, wall = (median(own[kind] / other[kind] for own, other in paired) for kind in (0, 1))
    print(f"  ours by {peer}: {wall:.2f} by the clock")
    within = judge(f"computing, ours by {peer}", cpu, MOST_BY_POLARS)
    if "zen-engine" not in each:
        print("  MISSING: zen-engine is not installed in .venv-bench, so nothing is known of it")
        return False
    return judge_least("zen-engine by ours", each["zen-engine"] / each[OURS], LEAST_BY_ZEN) and within


if __name__ == "__main__":
    sys.exit(main())
