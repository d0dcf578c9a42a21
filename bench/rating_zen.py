"""The shipped rules as one JDM decision table for zen-engine, and the program that asks it for each record.

One table that passes nothing through was the fastest of the shapes tried; the rules as a chain of small tables took
twice as long. It is given to the engine's own loader, which compiles it once: `create_decision` of version 2.1.3 is
twenty times slower at each call. Contexts are JSON texts, which the engine takes faster than dicts.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rating_rows import END, ENDS, LABELS, NEW_PRICES, QUOTED, STARTS, TEXTS, Price, lost

# Arguments: the table, the contexts and where the answers go, all JSON; only the calls are measured.
ZEN = """
import json, sys, time
from pathlib import Path
import zen
table, contexts = (json.loads(Path(path).read_text()) for path in sys.argv[1:3])
engine = zen.ZenEngine({"loader": {"type": "static", "content": {"billing": table}}})
engine.evaluate("billing", contexts[0])
start = time.process_time()
answers = [engine.evaluate("billing", context)["result"] for context in contexts]
spent = time.process_time() - start
Path(sys.argv[3]).write_text(json.dumps({"cpu": spent, "answers": answers}))
"""
_WORDS = ("event", "plan", "partner", "selling_entity", "currency", "domain")
_SIZES = ("count", "band_low", "band_high", "quantity")
_FIELDS = {
    **{name: name for name in (*_WORDS, "day")},
    "low": "count ?? band_low",
    "high": f"count ?? (band_low == null ? null : band_high ?? {END})",
}
_DECIDED = ("rule_id", "rule_place", "outcome", "reason", "problem", "metric", "item", "term", "lost")
_PRICED = ("tier", "size_source", "price_book", "price_place", "quantity", "unit_minor", "amount_minor", "list_minor")
_OUTPUTS = (*_DECIDED, *_PRICED)
_SOURCE = 'count == null ? "band" : "count"'
Tests, Values = dict[str, str], dict[str, str]


def context(record: Mapping[str, Any]) -> str:
    """What the engine is told of a record, as JSON; its day as a number, which it compares fastest."""
    told = {name: record[name] for name in (*_WORDS, *_SIZES)}
    return json.dumps({**told, "day": record["event_on"].toordinal()})


def decision(prices: Mapping[tuple[str, str], Price], places: Mapping[str, str]) -> dict[str, Any]:
    """The JDM graph: the table between an input and an output."""
    rows = [
        {
            "_id": f"row-{number}",
            **{f"in-{name}": tests.get(name, "") for name in _FIELDS},
            **{f"out-{name}": values.get(name, "") for name in _OUTPUTS},
        }
        for number, (tests, values) in enumerate(_rows(prices, places))
    ]
    content = {
        "hitPolicy": "first",
        "passThrough": False,
        "executionMode": "single",
        "inputs": [{"id": f"in-{name}", "name": name, "field": field} for name, field in _FIELDS.items()],
        "outputs": [{"id": f"out-{name}", "name": name, "field": name} for name in _OUTPUTS],
        "rules": rows,
    }
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "input", "name": "input", "type": "inputNode"},
            {"id": "table", "name": "table", "type": "decisionTableNode", "content": content},
            {"id": "output", "name": "output", "type": "outputNode"},
        ],
        "edges": [
            {"id": "first", "type": "edge", "sourceId": "input", "targetId": "table"},
            {"id": "last", "type": "edge", "sourceId": "table", "targetId": "output"},
        ],
    }


def _rows(prices: Mapping[tuple[str, str], Price], places: Mapping[str, str]) -> Iterator[tuple[Tests, Values]]:
    """The first row that fits decides: gates, bundles, places of a bundle, the quote, all other clients."""

    def ruled(rule: str, **values: str) -> Values:
        return {"rule_id": _text(rule), "rule_place": _text(places[rule]), **values}

    for domain, rule, outcome in (
        ("hold.example", "ask-before-billing", "held"),
        ("example.com", "own-test-client", "not_billable"),
    ):
        yield {"domain": _text(domain)}, ruled(rule, outcome=_text(outcome), reason=_text(TEXTS[rule]))
    new, quoted = NEW_PRICES.toordinal(), "[{}..{}]".format(*(day.toordinal() for day in QUOTED))
    usual = {
        "gbp": {"currency": '"GBP"'},
        "usd-2025": {"currency": '"USD"', "day": f"< {new}"},
        "usd-2026": {"currency": '"USD"', "day": f">= {new}"},
    }
    charged = _charged("assessment-bundle", "SPOKE-AO-BUNDLE")
    bundle = ruled("assessment-bundle", **charged)
    for book, when in usual.items():
        yield {"event": '"bundle"', **when}, {**bundle, **_price(prices[book, "bundle"])}
    yield {"event": '"bundle"'}, {**bundle, **_blocked("rate-no-currency")}
    inside = ruled("assessment-only", outcome='"inside_bundle"', reason=_text(TEXTS["assessment-only"]))
    yield {"event": '"created"', "plan": '"assessment_only"'}, inside
    client = {"event": '"created", "upgraded"', "plan": '"full_spoke"'}
    own = {**client, "partner": '"P-1004"', "selling_entity": '"us"', "day": quoted}
    charged = _charged("full-spoke", "SPOKE-FULL")
    fitted = ruled("quote-1042", **charged, lost=_text(lost(places)))
    yield from _clients(own, fitted, {"quote": {"currency": '"USD"'}}, prices)
    yield from _clients(client, ruled("full-spoke", **charged), usual, prices)


def _clients(
    who: Tests, decided: Values, books: Mapping[str, Tests], prices: Mapping[tuple[str, str], Price]
) -> Iterator[tuple[Tests, Values]]:
    """A row for each price of a client, and why a client has none."""
    for book, when in books.items():
        for label, start, end in zip(LABELS, STARTS, ENDS, strict=True):
            size = {"low": f">= {start}", "high": "" if end is None else f"<= {end}"}
            told = {"tier": _text(label), "size_source": _SOURCE}
            yield {**who, **when, **size}, {**decided, **told, **_price(prices[book, label])}
    known = ", ".join(sorted({when["currency"] for when in books.values()}))
    yield {**who, "currency": known, "low": "null"}, {**decided, **_blocked("rate-size-unknown")}
    spanning = {**_blocked("rate-band-spans-tiers"), "size_source": _SOURCE}
    yield {**who, "currency": known}, {**decided, **spanning}
    yield who, {**decided, **_blocked("rate-no-currency")}


def _charged(metric: str, item: str) -> Values:
    return {"outcome": '"charge"', "metric": _text(metric), "item": _text(item), "term": '"once"'}


def _price(price: Price) -> Values:
    amount = f"{price.unit_minor} * quantity"
    return {
        "price_book": _text(price.price_book),
        "price_place": _text(price.price_place),
        "quantity": "quantity",
        "unit_minor": str(price.unit_minor),
        "amount_minor": amount,
        "list_minor": amount,
    }


def _blocked(problem: str) -> Values:
    return {"outcome": '"blocked"', "problem": _text(problem), "reason": _text(TEXTS[problem])}


def _text(word: str) -> str:
    return f'"{word}"'
