"""The shipped rules record by record: a plain Python loop, and durable-rules asked for each record.

Both show what they decided by the same function, which counts for the loop and not for durable-rules.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from rating_rows import END, ENDS, LABELS, NEW_PRICES, QUOTED, STARTS, TEXTS, Price, lost

Prices = Mapping[tuple[str, str], Price]
Record = Mapping[str, Any]
Places = Mapping[str, str]
_GATES = {"own-test-client": "not_billable", "ask-before-billing": "held", "assessment-only": "inside_bundle"}
_METRICS = {"assessment-bundle": ("assessment-bundle", "SPOKE-AO-BUNDLE")}
_USUAL = ("full-spoke", "SPOKE-FULL")


class Conclusion(NamedTuple):
    """The rule that decides, the peers' name of the book, and the tiers of the smallest and largest headcount."""

    rule: str
    book: str | None = None
    low_tier: str | None = None
    high_tier: str | None = None


def loop(records: Iterable[Record], prices: Prices, places: Places) -> list[tuple[Any, ...]]:
    """One row of `tables.RATED` for each record."""
    return [_rated(record, prices, places) for record in records]


def _rated(record: Record, prices: Prices, places: Places) -> tuple[Any, ...]:
    rule = _rule(record)
    if rule in _GATES:
        return shown(record, Conclusion(rule), prices, places)
    low, high = sizes(record)
    low_tier = None if low is None else LABELS[bisect_right(STARTS, low) - 1]
    high_tier = None if high is None else LABELS[bisect_right(STARTS, high) - 1]
    return shown(record, Conclusion(rule, _book(record, rule), low_tier, high_tier), prices, places)


def _rule(record: Record) -> str:
    """Which rule decides: gates first, then charges."""
    if record["domain"] == "hold.example":
        return "ask-before-billing"
    if record["domain"] == "example.com":
        return "own-test-client"
    if record["event"] == "bundle":
        return "assessment-bundle"
    if record["plan"] != "full_spoke":
        return "assessment-only"
    own = record["partner"] == "P-1004" and record["selling_entity"] == "us"
    return "quote-1042" if own and QUOTED[0] <= record["event_on"] <= QUOTED[1] else "full-spoke"


def sizes(record: Record) -> tuple[int | None, int | None]:
    """The smallest and the largest headcount a record can mean."""
    if record["count"] is not None:
        return record["count"], record["count"]
    if record["band_low"] is None:
        return None, None
    return record["band_low"], END if record["band_high"] is None else record["band_high"]


def _book(record: Record, rule: str) -> str | None:
    if rule == "quote-1042":
        return "quote" if record["currency"] == "USD" else None
    if record["currency"] == "GBP":
        return "gbp"
    if record["currency"] == "USD":
        return "usd-2026" if record["event_on"] >= NEW_PRICES else "usd-2025"
    return None


def shown(record: Record, found: Conclusion, prices: Prices, places: Places) -> tuple[Any, ...]:
    """The row of `tables.RATED` of what was decided."""
    rule, book, low_tier, high_tier = found
    head = (record["event_id"],)
    if rule in _GATES:
        told = (_GATES[rule], TEXTS[rule], None, rule, places[rule], None, None, None)
        return (*head, *told, None, None, None, None, record["currency"], *[None] * 7)
    bundled = rule == "assessment-bundle"
    problem = None
    if book is None:
        problem = "rate-no-currency"
    elif not bundled and low_tier is None:
        problem = "rate-size-unknown"
    elif not bundled and low_tier != high_tier:
        problem = "rate-band-spans-tiers"
    source = None
    if not bundled and book is not None and low_tier is not None:
        source = "band" if record["count"] is None else "count"
    fitted = lost(places) if rule == "quote-1042" else None
    decided = (rule, places[rule], *_METRICS.get(rule, _USUAL), "once")
    if problem is not None or book is None:
        told = ("blocked", TEXTS[problem or ""], problem, *decided)
        return (*head, *told, None, source, None, None, record["currency"], *[None] * 6, fitted)
    price = prices[book, "bundle" if bundled else low_tier or ""]
    quantity, amount = record["quantity"], record["quantity"] * price.unit_minor
    tier = None if bundled else price.tier_key
    where = (tier, source, price.price_book, price.price_place, record["currency"])
    return (
        *head,
        "charge",
        None,
        None,
        *decided,
        *where,
        quantity,
        price.unit_minor,
        amount,
        amount,
        None,
        None,
        fitted,
    )


def engine_rules() -> dict[str, dict[str, Any]]:
    """The rules as `connector.rulebook.engine` asks them: decisions, price books, tiers of both sizes."""
    client = {"event": ["created", "upgraded"], "plan": ["full_spoke"]}
    quote = {"partner": ["P-1004"], "selling_entity": ["us"], **client}
    rules: dict[str, dict[str, Any]] = {
        "own-test-client": {"words": {"domain": ["example.com"]}, "ranges": {}},
        "ask-before-billing": {"words": {"domain": ["hold.example"]}, "ranges": {}},
        "quote-1042": {"words": quote, "ranges": {"day": [day.toordinal() for day in QUOTED]}},
        "assessment-bundle": {"words": {"event": ["bundle"]}, "ranges": {}},
        "full-spoke": {"words": client, "ranges": {}},
        "assessment-only": {"words": {"event": ["created"], "plan": ["assessment_only"]}, "ranges": {}},
        "book gbp": {"words": {"currency": ["GBP"]}, "ranges": {}},
        "book usd-2025": {"words": {"currency": ["USD"]}, "ranges": {"day": [None, NEW_PRICES.toordinal() - 1]}},
        "book usd-2026": {"words": {"currency": ["USD"]}, "ranges": {"day": [NEW_PRICES.toordinal(), None]}},
    }
    for end in ("low", "high"):
        for label, start, last in zip(LABELS, STARTS, ENDS, strict=True):
            rules[f"{end} {label}"] = {"words": {}, "ranges": {end: [start, last]}}
    return rules


def fact(record: Record) -> dict[str, str | int]:
    """What the engine is told of a record."""
    low, high = sizes(record)
    day: date = record["event_on"]
    names = ("event", "plan", "partner", "selling_entity", "currency", "domain")
    told = {**{name: record[name] for name in names}, "low": low, "high": high, "day": day.toordinal()}
    return {name: value for name, value in told.items() if value is not None}


_DECIDING = tuple(name for name in engine_rules() if " " not in name)
_KINDS = ("book", "low", "high")


def concluded(record: Record, fired: list[str], prices: Prices, places: Places) -> tuple[Any, ...]:
    """The row of `tables.RATED` by the ids that fired: the first in the order of `engine_rules` decides."""
    rule = next(name for name in _DECIDING if name in fired)
    found = dict(name.split(" ") for name in fired if " " in name)
    book, low, high = map(found.get, _KINDS)
    if rule == "quote-1042":
        book = "quote" if record["currency"] == "USD" else None
    return shown(record, Conclusion(rule, book, low, high), prices, places)
