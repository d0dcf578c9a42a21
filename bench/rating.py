"""Rating against the same rules hand-written in polars: 1,000,000 events, equal columns out, at most twice the time.

Both run in this process, by turns; the medians are compared, so that a busy machine slows both.
"""

import argparse
import os
import random
import re
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from connector.rulebook import load
from connector.tables import EVENTS, RATED

RULES = Path(__file__).resolve().parents[1] / "rules"
LARGEST_RATIO = 2.0
# Of the rows, this part has a declared band only, and these parts no band.
BAND_ONLY, NO_BAND_ABOVE, NO_BAND_BELOW = 0.5, 0.9, 0.02
LABELS = ("1", "2-10", "11-50", "51-200", "201-500", "501-1000", "1001-5000", "5001-10000", "10001+")
STARTS = (1, 2, 11, 51, 201, 501, 1001, 5001, 10001)
ENDS = (*(start - 1 for start in STARTS[1:]), None)

END = 10**9
TEXTS = {
    "rate-no-currency": "The selling entity has no prices in this currency",
    "rate-size-unknown": "The employee size is unknown, and the price depends on it",
    "rate-band-spans-tiers": "The declared size band lies across two tiers",
    "own-test-client": "our own test client",
    "ask-before-billing": "ask the partner manager before this client is billed",
    "assessment-only": "an Assessment Only client takes a place of its partner's bundles",
}
CHARGED = pl.col("rule_id").is_in(["full-spoke", "quote-1042", "assessment-bundle"])
PER_TIER = pl.col("rule_id").is_in(["full-spoke", "quote-1042"])


def make_events(rows: int, seed: int) -> pl.DataFrame:
    """Events as a large vendor would have them: every tier, bands and counts, three currencies, some gated."""
    rng = random.Random(seed)  # noqa: S311 - sample data
    bands = list(zip(STARTS, ENDS, strict=True))
    first = date(2025, 3, 1)
    combos = (
        ("created", "full_spoke"),
        ("created", "full_spoke"),
        ("upgraded", "full_spoke"),
        ("created", "assessment_only"),
        ("bundle", None),
    )
    entities = (("us", "USD"), ("us", "USD"), ("uk", "GBP"), ("us", "EUR"))
    picked = [(rng.choice(combos), rng.choice(entities), rng.choice(bands), rng.random()) for _ in range(rows)]
    declared = [band if NO_BAND_BELOW <= chance <= NO_BAND_ABOVE else (None, None) for *_, band, chance in picked]
    domains = [f"client-{number}.example" for number in range(5000)] + ["example.com", "hold.example"] * 20
    return pl.DataFrame(
        {
            "event_id": range(rows),
            "event": [combo[0] for combo, *_ in picked],
            "event_on": [first + timedelta(days=rng.randrange(700)) for _ in range(rows)],
            "plan": [combo[1] for combo, *_ in picked],
            "partner": [f"P-{rng.randrange(1000, 1060)}" for _ in range(rows)],
            "partner_kind": rng.choices(("advisor", "msp", "mssp"), k=rows),
            "selling_entity": [entity for _, (entity, _), *_ in picked],
            "currency": [currency for _, (_, currency), *_ in picked],
            "country": rng.choices(("US", "GB", None), k=rows),
            "domain": rng.choices(domains, k=rows),
            "template": [None] * rows,
            "count": [None if chance < BAND_ONLY else rng.randrange(1, 15000) for *_, chance in picked],
            "band_low": [low for low, _ in declared],
            "band_high": [high for _, high in declared],
            "quantity": [rng.randrange(1, 5) if combo[0] == "bundle" else 1 for combo, *_ in picked],
        },
        schema=dict(EVENTS),
    )


def price_list(name: str, label: str, book: str) -> pl.DataFrame:
    """One price book as a table, by tier; null is the bundle."""
    rows = []
    for number, line in enumerate((RULES / "price-books" / name).read_text().splitlines(), start=1):
        tier = re.fullmatch(r'\s+"([0-9+-]+)": ([0-9]+)', line)
        bundle = re.search(r"assessment_bundle: .*price: ([0-9]+)", line)
        if tier:
            rows.append((book, tier[1], label, f"rules/price-books/{name}:{number}", int(tier[2]) * 100))
        elif bundle:
            rows.append((book, "bundle", label, f"rules/price-books/{name}:{number}", int(bundle[1]) * 100))
    columns = ["book", "tier_key", "price_book", "price_place", "unit_minor"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def hand_written(events: pl.DataFrame, prices: pl.DataFrame, places: dict[str, str]) -> pl.DataFrame:
    """The shipped rules, as a person would write them for these very prices."""
    counted = pl.col("count").is_not_null()
    low = pl.coalesce("count", "band_low")
    high = (
        pl.when(counted).then("count").when(pl.col("band_low").is_not_null()).then(pl.col("band_high").fill_null(END))
    )
    frame = events.with_columns(rule_id=rule_of(), low_tier=tier_of(low), high_tier=tier_of(high))
    same = pl.col("low_tier") == pl.col("high_tier")
    frame = frame.with_columns(
        book=pl.when(CHARGED).then(book_of()),
        tier_key=pl.when(PER_TIER).then(pl.when(same).then("low_tier")).otherwise(pl.lit("bundle")),
    ).join(prices, on=["book", "tier_key"], how="left", maintain_order="left")
    problem = (
        pl.when(~CHARGED)
        .then(None)
        .when(pl.col("book").is_null())
        .then(pl.lit("rate-no-currency"))
        .when(PER_TIER & pl.col("low_tier").is_null())
        .then(pl.lit("rate-size-unknown"))
        .when(PER_TIER & ~same)
        .then(pl.lit("rate-band-spans-tiers"))
    )
    return shown(frame.with_columns(problem=problem), places)


def rule_of() -> pl.Expr:
    """Which rule decides: gates first, then charges."""
    client = pl.col("plan") == "full_spoke"
    quoted = (
        (pl.col("partner") == "P-1004")
        & (pl.col("selling_entity") == "us")
        & client
        & pl.col("event_on").is_between(date(2025, 7, 1), date(2026, 6, 30))
    )
    gate = (
        pl.when(pl.col("domain") == "hold.example")
        .then(pl.lit("ask-before-billing"))
        .when(pl.col("domain") == "example.com")
        .then(pl.lit("own-test-client"))
    )
    charge = (
        pl.when(pl.col("event") == "bundle")
        .then(pl.lit("assessment-bundle"))
        .when(quoted)
        .then(pl.lit("quote-1042"))
        .when(client.fill_null(value=False))
        .then(pl.lit("full-spoke"))
        .otherwise(pl.lit("assessment-only"))
    )
    return pl.coalesce(gate, charge)


def tier_of(size: pl.Expr) -> pl.Expr:
    """The tier of a headcount."""
    chain = pl.when(size >= STARTS[-1]).then(pl.lit(LABELS[-1]))
    for start, label in reversed(list(zip(STARTS[:-1], LABELS[:-1], strict=True))):
        chain = chain.when(size >= start).then(pl.lit(label))
    return chain


def book_of() -> pl.Expr:
    """The price book and version of a charge."""
    later = pl.col("event_on") >= date(2026, 1, 1)
    return (
        pl.when(pl.col("rule_id") == "quote-1042")
        .then(pl.when(pl.col("currency") == "USD").then(pl.lit("quote")))
        .when(pl.col("currency") == "GBP")
        .then(pl.lit("gbp"))
        .when(pl.col("currency") == "USD")
        .then(pl.when(later).then(pl.lit("usd-2026")).otherwise(pl.lit("usd-2025")))
    )


def shown(frame: pl.DataFrame, places: dict[str, str]) -> pl.DataFrame:
    """The columns of a rated frame."""
    rule = pl.col("rule_id")
    bundled = rule == "assessment-bundle"
    sized = PER_TIER & pl.col("book").is_not_null() & pl.col("low_tier").is_not_null()
    return frame.select(
        "event_id",
        pl.when(pl.col("problem").is_not_null())
        .then(pl.lit("blocked"))
        .when(CHARGED)
        .then(pl.lit("charge"))
        .when(rule == "assessment-only")
        .then(pl.lit("inside_bundle"))
        .when(rule == "ask-before-billing")
        .then(pl.lit("held"))
        .otherwise(pl.lit("not_billable"))
        .alias("outcome"),
        pl.coalesce("problem", "rule_id").replace_strict(TEXTS, default=None, return_dtype=pl.String).alias("reason"),
        "problem",
        "rule_id",
        rule.replace_strict(places, return_dtype=pl.String).alias("rule_place"),
        pl.when(bundled).then(rule).when(CHARGED).then(pl.lit("full-spoke")).alias("metric"),
        pl.when(bundled).then(pl.lit("SPOKE-AO-BUNDLE")).when(CHARGED).then(pl.lit("SPOKE-FULL")).alias("item"),
        pl.when(CHARGED).then(pl.lit("once")).alias("term"),
        pl.when(pl.col("unit_minor").is_not_null() & ~bundled).then("tier_key").alias("tier"),
        pl.when(sized)
        .then(pl.when(pl.col("count").is_not_null()).then(pl.lit("count")).otherwise(pl.lit("band")))
        .alias("size_source"),
        "price_book",
        "price_place",
        "currency",
        "unit_minor",
        (pl.col("unit_minor") * pl.col("quantity")).alias("amount_minor"),
    )


def timed(work: Callable[[], pl.DataFrame]) -> float:
    """Seconds of one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> int:
    """Compare and print; 1 when the rulebook takes more than twice as long."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seed", type=int, default=2025)
    chosen = arguments.parse_args()
    rulebook, problems = load(RULES)
    assert rulebook is not None, "\n".join(map(str, problems))
    prices = pl.concat(
        [
            price_list("standard-2025-03-usd.yaml", "standard@2025-03-01 USD", "usd-2025"),
            price_list("standard-2026-01-usd.yaml", "standard@2026-01-01 USD", "usd-2026"),
            price_list("standard-2025-03-gbp.yaml", "standard@2025-03-01 GBP", "gbp"),
            price_list("quote-1042.yaml", "quote-1042@2025-07-01 USD", "quote"),
        ]
    )
    lines = (RULES / "billing.yaml").read_text().splitlines()
    ids = {found[1]: number for number, line in enumerate(lines, 1) if (found := re.match(r"\s+- id: (\S+)", line))}
    places = {name: f"rules/billing.yaml:{number}" for name, number in ids.items()}
    events = make_events(chosen.rows, chosen.seed)
    got, expected = rulebook.rate(events), hand_written(events, prices, places)
    assert expected.schema == pl.Schema(dict(RATED))
    assert_frame_equal(got, expected)
    ours, theirs = [], []
    for _ in range(max(3, chosen.rounds)):
        ours.append(timed(lambda: rulebook.rate(events)))
        theirs.append(timed(lambda: hand_written(events, prices, places)))
    ratio = statistics.median(ours) / statistics.median(theirs)
    medians = f"rulebook {statistics.median(ours):.3f} s, hand-written {statistics.median(theirs):.3f} s"
    print(f"{medians}, {chosen.rows:,} rows")
    print(f"ratio {ratio:.2f} (at most {LARGEST_RATIO}), load average {os.getloadavg()[0]:.2f}")
    return 1 if ratio > LARGEST_RATIO else 0


if __name__ == "__main__":
    sys.exit(main())
