"""`rate` against a plain reading of the shipped YAML, one event at a time, over random events."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.rulebook import Rulebook
from connector.tables import EVENTS, RATED

RULES = Path(__file__).resolve().parents[2] / "rules"
Row = Mapping[str, Any]


def read(pattern: str) -> list[Any]:
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(RULES.glob(pattern))]


BILLING = read("billing.yaml")[0]
BOOKS = read("price-books/*.yaml")
BANDS = read("tiers/*.yaml")[0]["bands"]
BOUNDS = [(int(label.rstrip("+").split("-")[0]), label) for label in BANDS]
LATER = date(9999, 1, 1)


def holds(rule: Row, row: Row) -> bool:
    when = rule["when"]
    for name in ("event", "plan", "partner", "selling_entity", "domain"):
        wanted = when.get(name)
        if wanted is not None and row[name] not in (wanted if isinstance(wanted, list) else [wanted]):
            return False
    charge = rule.get("charge", {})
    return bool(charge.get("from", date.min) <= row["event_on"] <= charge.get("to", LATER))


def tier(low: int | None, high: int | None) -> str | None:
    """The label, `several` for a band across tiers, None for an unknown size."""
    if low is None:
        return None
    labels = [[label for start, label in BOUNDS if start <= size][-1] for size in (low, high or 10**9)]
    return labels[0] if labels[0] == labels[1] else "several"


def plainly(row: Row) -> tuple[object, ...]:  # noqa: PLR0911 - one return for each way an event can end
    """Outcome, problem, rule, tier, size source, book, unit and amount."""
    rules = [rule for rule in BILLING["rules"] if holds(rule, row)]
    for gate, outcome in (("hold", "held"), ("not_billable", "not_billable")):
        for rule in rules:
            if gate in rule:
                return (outcome, None, rule["id"], None, None, None, None, None)
    charging = [rule for rule in rules if "charge" in rule or "inside_bundle" in rule]
    rule = charging[-1]
    if "inside_bundle" in rule:
        return ("inside_bundle", None, rule["id"], None, None, None, None, None)
    name = rule["charge"]["price"]["book"] if "overrides" in rule["charge"] else rule["charge"]["book"]
    books = [book for book in BOOKS if book["price_book"] == name and book["currency"] == row["currency"]]
    if not books:
        return ("blocked", "rate-no-currency", rule["id"], None, None, None, None, None)
    valid = [b for b in books if b["effective_from"] <= row["event_on"] <= b.get("effective_to", LATER)]
    if not valid:
        return ("blocked", "rate-no-price", rule["id"], None, None, None, None, None)
    book = valid[0]
    label, source, price = None, None, None
    if row["event"] == "bundle":
        price = book["prices"]["assessment_bundle"]["price"]
    else:
        counted = row["count"] is not None
        source = "count" if counted else "band"
        size = (row["count"], row["count"]) if counted else (row["band_low"], row["band_high"])
        label = tier(*size)
        if label is None:
            return ("blocked", "rate-size-unknown", rule["id"], None, None, None, None, None)
        if label == "several":
            return ("blocked", "rate-band-spans-tiers", rule["id"], None, source, None, None, None)
        price = book["prices"]["full_spoke"][label]
    version = f"{name}@{book['effective_from']} {row['currency']}"
    return ("charge", None, rule["id"], label, source, version, price * 100, price * 100 * row["quantity"])


EDGES = [date.fromisoformat(day) for day in ("2025-03-01", "2025-07-01", "2025-12-31", "2026-06-30")]
DAYS = st.sampled_from([day + timedelta(days=step) for day in EDGES for step in (-1, 0, 1)]) | st.dates(
    date(2025, 1, 1), date(2027, 12, 31)
)
SIZES = st.sampled_from([start + step for start, _ in BOUNDS for step in (-1, 0, 1) if start + step > 0])
BAND = st.sampled_from([(1, 1), (2, 10), (11, 50), (10001, None), (5, 60), (9000, None), (None, None)])


@st.composite
def rows(draw: st.DrawFn) -> Row:
    event, plan = draw(
        st.sampled_from(
            [("created", "full_spoke"), ("upgraded", "full_spoke"), ("created", "assessment_only"), ("bundle", None)]
        )
    )
    low, high = draw(BAND)
    return {
        "event_id": draw(st.integers(0, 2**32 - 1)),
        "event": event,
        "event_on": draw(DAYS),
        "plan": plan,
        "partner": draw(st.sampled_from(["P-1004", "P-1005", "~other"])),
        "partner_kind": draw(st.sampled_from(["advisor", "msp", "mssp"])),
        "selling_entity": draw(st.sampled_from(["us", "uk"])),
        "currency": draw(st.sampled_from(["USD", "GBP", "EUR"])),
        "country": draw(st.sampled_from(["US", None])),
        "domain": draw(st.sampled_from(["example.com", "hold.example", "~other", "a.example", None])),
        "template": None,
        "count": draw(SIZES | st.none()),
        "band_low": low,
        "band_high": high,
        "quantity": draw(st.integers(1, 1_000_000)) if event == "bundle" else 1,
    }


@settings(deadline=None, max_examples=100)
@given(events=st.lists(rows(), min_size=1, max_size=40))
def test_rate_says_what_the_files_say(shipped: Rulebook, events: list[Row]) -> None:
    rated = shipped.rate(pl.DataFrame(events, schema=dict(EVENTS)))
    shown = ("outcome", "problem", "rule_id", "tier", "size_source", "price_book", "unit_minor", "amount_minor")
    assert rated.select(shown).rows() == [plainly(row) for row in events]
    assert rated["event_id"].to_list() == [row["event_id"] for row in events]
    assert rated["currency"].to_list() == [row["currency"] for row in events]
    assert rated.schema == pl.Schema(dict(RATED))
