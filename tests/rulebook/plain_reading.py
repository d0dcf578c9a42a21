"""A second reading of a rulebook: the YAML by `yaml.safe_load`, one event at a time, no cells, no tables, no engine.

It shares no code with the product, so that agreeing with it means something. It presumes a rulebook that is sound.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

Row = Mapping[str, Any]
LATER, EARLIER = date(9999, 1, 1), date(1, 1, 1)
_GATES = {"hold": "held", "not_billable": "not_billable"}
_OTHERS = {"inside_bundle": "inside_bundle", "no_charge": "not_billable"}


@dataclass(frozen=True)
class Files:
    """The parts of a rulebook as plain values."""

    entities: Row
    policies: Row
    bands: Mapping[str, Sequence[str]]
    books: Sequence[Row]
    rules: Sequence[Row]


@dataclass(frozen=True)
class Said:
    """What becomes of one event; `None` where it says nothing."""

    outcome: str
    problem: str | None = None
    rule: str | None = None
    metric: str | None = None
    tier: str | None = None
    book: str | None = None
    quantity: int | None = None
    amount: int | None = None
    adjusted_by: tuple[str, ...] = ()


def read(folder: Path) -> Files:
    """The rulebook of a folder."""
    loaded = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.yaml"))]
    parts = [part for part in loaded if "rule_tests" not in part]
    return Files(
        entities=next(part["entities"] for part in parts if "entities" in part),
        policies=next(part["policies"] for part in parts if "policies" in part),
        bands={part["tiers"]: part["bands"] for part in parts if "bands" in part},
        books=[part for part in parts if "price_book" in part],
        rules=[rule for part in parts for rule in part.get("rules", ())],
    )


def say(files: Files, event: Row) -> Said:
    """What becomes of an event by these rules."""
    sizes = _sizes(files, event)
    fitting = [rule for rule in files.rules if _fits(rule, event, sizes[0])]
    # A band: a rule whose bound lies inside it cannot be answered.
    deciders = {_decider([rule for rule in files.rules if _fits(rule, event, size)]) for size in _inside(files, sizes)}
    if len(deciders) > 1:
        return Said("blocked", "rate-band-spans-rule")
    for key, outcome in _GATES.items():
        for rule in fitting:
            if key in rule:
                return Said(outcome, rule=rule["id"])
    rule = _winner(fitting)
    for key, outcome in _OTHERS.items():
        if key in rule:
            return Said(outcome, rule=rule["id"])
    return _charged(files, rule, event, sizes)


def _decider(fitting: Sequence[Row]) -> tuple[str, str]:
    gates = [rule["id"] for key in _GATES for rule in fitting if key in rule]
    return (gates[0] if gates else "", _winner(fitting)["id"])


def _winner(fitting: Sequence[Row]) -> Row:
    left = [rule for rule in fitting if not set(rule) & {*_GATES, "adjust"}]
    beaten = {rule["charge"]["overrides"] for rule in left if "overrides" in rule.get("charge", {})}
    [winner] = [
        rule
        for rule in left
        if "charge" not in rule or "overrides" in rule["charge"] or rule["charge"]["metric"] not in beaten
    ]
    return winner


def _charged(  # noqa: PLR0911 - one return for each way in which it cannot be charged
    files: Files, rule: Row, event: Row, sizes: tuple[int | None, int | None]
) -> Said:
    charge = rule["charge"]
    model = charge
    if "overrides" in charge:
        model = next(
            one["charge"]
            for one in files.rules
            if one.get("charge", {}).get("metric") == charge["overrides"] and "overrides" not in one["charge"]
        )
    known: dict[str, Any] = {"rule": rule["id"], "metric": charge["metric"]}
    name = charge["price"]["book"] if isinstance(charge["price"], dict) else charge["book"]
    books = [book for book in files.books if book["price_book"] == name and book["currency"] == event["currency"]]
    books = [book for book in books if event["selling_entity"] in _list(book.get("selling_entity")) or
             "selling_entity" not in book]  # fmt: skip
    books = [book for book in books if _price(book, model) is not None]
    if not books:
        return Said("blocked", "rate-no-currency", **known)
    valid = [book for book in books if book["effective_from"] <= event["event_on"] <= book.get("effective_to", LATER)]
    if not valid:
        return Said("blocked", "rate-no-price", **known)
    [book] = valid
    price = _price(book, model)
    tier = None
    if model["price"] == "by_tier":
        low, high = (_label(files.bands[book["tiers"]], size) for size in sizes)
        if low is None or high is None:
            return Said("blocked", "rate-size-unknown", **known)
        if low != high:
            return Said("blocked", "rate-band-spans-tiers", **known)
        tier, price = low, price[low]
    quantity = event[model["units"]] if model["price"] == "per_unit" else event["quantity"]
    if model["price"] == "per_unit" and quantity is None:
        return Said("blocked", "rate-units-unknown", **known)
    if model["price"] == "per_unit" and quantity == 0:
        return Said("not_billable", **known)
    if quantity is None or not 1 <= quantity <= 1_000_000:
        return Said("blocked", "rate-quantity", **known)
    return _amount(files, event, sizes, price, quantity, model.get("proration"), {**known, "tier": tier, "book": book})


def _amount(  # noqa: PLR0917 - all that an amount depends on
    files: Files,
    event: Row,
    sizes: tuple[int | None, int | None],
    price: Any,
    quantity: int,
    proration: str | None,
    known: dict[str, Any],
) -> Said:
    changes = [rule for rule in files.rules if "adjust" in rule and _fits(rule, event, sizes[0])]
    book = known.pop("book")
    adjusts = [rule for rule in files.rules if "adjust" in rule]
    if any([rule for rule in adjusts if _fits(rule, event, size)] != changes for size in _inside(files, sizes)):
        known.pop("tier")
        return Said("blocked", "rate-band-spans-rule", **known)
    known["book"] = f"{book['price_book']}@{book['effective_from']} {book['currency']}"
    listed, one = _listed(price, quantity)
    exact = Fraction(listed) * (100 + sum(_percent(rule) for rule in changes)) / 100
    currency = event["currency"]
    money = {kind: [_cents(rule["adjust"][kind][currency]) for rule in changes if kind in rule["adjust"]]
             for kind in ("amount", "minimum", "cap")}  # fmt: skip
    exact += sum(money["amount"])
    exact = min([max([exact, *money["minimum"]]), *money["cap"]])
    days, whole = event["term_days"], event["term_of"]
    cut = proration == "by_day" and days is not None and days < whole
    if cut:
        exact = exact * days / whole
    plain = not changes and not cut and one
    rounded = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal(1), ROUND_HALF_UP)
    told = tuple(rule["id"] for rule in changes)
    return Said("charge", quantity=quantity if plain else 1, amount=int(rounded), adjusted_by=told, **known)


def _percent(rule: Row) -> Fraction:
    return Fraction(str(rule["adjust"].get("percent", 0)))


def _cents(amount: object) -> int:
    return int(Decimal(str(amount)) * 100)


def _listed(price: Any, quantity: int) -> tuple[int, bool]:
    """The list amount, and whether every unit costs the same."""
    if not isinstance(price, dict):
        return _cents(price) * quantity, True
    [(kind, steps)] = price.items()
    bounds = [(int(label.rstrip("+").split("-")[0]), _cents(amount)) for label, amount in steps.items()]
    if kind == "volume":
        return [cents for low, cents in bounds if low <= quantity][-1] * quantity, True
    total = 0
    for unit in range(1, quantity + 1):
        total += [cents for low, cents in bounds if low <= unit][-1]
    return total, False


def _price(book: Row, model: Row) -> Any:
    prices, metric = book["prices"], model["metric"]
    if model["price"] == "by_tier":
        return prices.get("full_spoke")
    if model["price"] == "per_bundle":
        return prices.get("assessment_bundle", {}).get("price")
    return prices.get(model["price"], {}).get(metric)


def _sizes(files: Files, event: Row) -> tuple[int | None, int | None]:
    banded = event["band_low"] is not None
    if banded and (files.policies["employee_size"] == "band_first" or event["count"] is None):
        return event["band_low"], event["band_high"] or 10**12
    return event["count"], event["count"]


def _inside(files: Files, sizes: tuple[int | None, int | None]) -> list[int | None]:
    """The ends of a band, and every headcount inside it from which some rule may say otherwise."""
    low, high = sizes
    if low is None or high is None:
        return [low]
    spans = [_span(rule["when"]) for rule in files.rules]
    return [low, high, *(start for span in spans for start in (span[0], span[1] + 1) if low < start <= high)]


def _span(when: Row) -> tuple[int, int]:
    if "band" in when:
        bounds = [label.rstrip("+").split("-") for label in _list(when["band"])]
        open_end = any("+" in label for label in _list(when["band"]))
        return min(int(one[0]) for one in bounds), 10**13 if open_end else max(int(one[-1]) for one in bounds)
    employees = when.get("employees", {})
    return employees.get("from", 1), employees.get("to", 10**13)


def _label(labels: Sequence[str], size: int | None) -> str | None:
    if size is None or size < 1:
        return None
    return [label for label in labels if int(label.rstrip("+").split("-")[0]) <= size][-1]


def _fits(rule: Row, event: Row, size: int | None) -> bool:
    when = rule["when"]
    for name in ("event", "plan", "partner", "partner_kind", "selling_entity", "country", "domain", "template"):
        if name in when and event[name] not in _list(when[name]):
            return False
    if not set(_list(when.get("tags"))) <= set(event["tags"] or ()):
        return False
    charge = rule.get("charge", {})
    days = {"from": charge.get("from", EARLIER), "to": charge.get("to", LATER)}
    numbers = [(size, when.get("employees")), (event["event_on"], when.get("dates")), (event["event_on"], days)]
    numbers += [(event[name], when.get(name)) for name in ("clients_this_year", "places_left")]
    if "band" in when:
        numbers.append((size, dict(zip(("from", "to"), _span(when), strict=True))))
    return all(bounds is None or _between(number, bounds) for number, bounds in numbers)


def _between(number: Any, bounds: Row) -> bool:
    low, high = bounds.get("from"), bounds.get("to")
    return number is not None and (low is None or number >= low) and (high is None or number <= high)


def _list(words: Any) -> list[Any]:
    return words if isinstance(words, list) else [] if words is None else [words]
