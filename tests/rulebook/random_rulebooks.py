"""Random rulebooks that are sound, and random clients for them, as hypothesis draws them.

Sound by construction: plain rules cover everything once, quotes of one partner never share a day, and everything that
lowers a price takes off less than the whole of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import yaml
from hypothesis import strategies as st

FIRST = date(2025, 3, 1)
_BOUNDS = (2, 11, 51, 201, 501, 1001, 5001, 10001)
_PARTNERS = tuple(f"P-{number}" for number in range(8))
_COUNTRIES, _DOMAINS, _TAGS = ("US", "GB", "AU"), ("a.example", "b.example", "c.example"), ("pilot", "vip", "edu")
_COMBOS = (
    ("created", "full_spoke"), ("created", "full_spoke"), ("upgraded", "full_spoke"), ("created", "assessment_only"),
    ("bundle", None), ("renewed", "full_spoke"), ("month", "full_spoke"), ("month", "assessment_only"),
)  # fmt: skip
_BANDS = ((None, None), (1, 1), (2, 10), (11, 50), (51, 200), (10001, None))
_MOST_OFF = 90  # percent, of all discounts together
_STEPS = ("1-3", "4-10", "11+")


@dataclass(frozen=True)
class Book:
    """The files of one rulebook, by name."""

    files: Mapping[str, Mapping[str, Any]]

    def write(self, folder: Path) -> None:
        """Write them."""
        folder.mkdir(parents=True)
        for name, content in self.files.items():
            text = yaml.dump(dict(content), Dumper=_Plainly, sort_keys=False)
            (folder / name).write_text(text, encoding="utf-8")


@st.composite
def rulebooks(draw: st.DrawFn) -> Book:
    """One rulebook of up to 40 rules and nine tiers."""
    starts = [1, *sorted(draw(st.sets(st.sampled_from(_BOUNDS), max_size=8)))]
    labels = [_label(low, high) for low, high in zip(starts, [*(start - 1 for start in starts[1:]), None], strict=True)]
    advisors = draw(st.booleans())
    renews = draw(st.booleans())
    count = draw(st.integers(0, 10))
    quotes = [quote for number in range(count) for quote in draw(_quotes(number, renews=renews))]
    more = [*quotes, *draw(_adjusts(labels)), *draw(_gates(labels))]
    rules = draw(st.permutations([*_plain(advisors=advisors, renews=renews), *more[:33]]))
    used = {rule["charge"]["price"]["book"] for rule in rules if "overrides" in rule.get("charge", {})}
    files: dict[str, Mapping[str, Any]] = {
        "entities.yaml": {"entities": {"us": _entity("USD", "US-"), "uk": _entity("GBP", "UK-")}},
        "tiers.yaml": {"tiers": "sizes", "bands": labels},
        "billing.yaml": {"policies": draw(_policies()), "rules": list(rules)},
    }
    change = FIRST + timedelta(days=draw(st.integers(1, 500)))
    for currency in ("USD", "GBP"):
        early = draw(_prices("standard", currency, labels, FIRST))
        files[f"{currency}-1.yaml"] = {**early, "effective_to": change - timedelta(days=1)}
        files[f"{currency}-2.yaml"] = draw(_prices("standard", currency, labels, change))
        for name in sorted(used):
            files[f"{currency}-{name}.yaml"] = draw(_prices(name, currency, labels, FIRST))
    return Book(files)


def client(chance: Random) -> dict[str, Any]:
    """One client or bundle, with the days and headcounts that rules cut at among its likely ones."""
    event, plan = chance.choice(_COMBOS)
    entity, currency = chance.choice((("us", "USD"), ("us", "USD"), ("uk", "GBP"), ("us", "GBP"), ("us", "EUR")))
    band = chance.choice(_BANDS)
    term = chance.choice(((None, None), (10, 31), (31, 31)))
    near = [bound + step for bound in (1, *_BOUNDS) for step in (-1, 0, 1) if bound + step > 0]
    return {
        "event": event,
        "event_on": FIRST + timedelta(days=chance.randrange(700)),
        "plan": plan,
        "partner": chance.choice((*_PARTNERS, "P-other")),
        "partner_kind": chance.choice(("advisor", "msp", "mssp")),
        "selling_entity": entity,
        "currency": currency,
        "country": chance.choice((*_COUNTRIES, "DE", None)),
        "domain": chance.choice((*_DOMAINS, "other.example", None)),
        "template": chance.choice(("gold", "plain", "plain", None)),
        "count": chance.choice((None, chance.choice(near), chance.randint(1, 20000), chance.randint(1, 300))),
        "band_low": band[0],
        "band_high": band[1],
        "quantity": chance.choice((1, 3, 4, 10, 11, 40)) if event == "bundle" else 1,
        "advisors": chance.choice((None, 0, 1, 3, 4, 10, 11, 25)),
        "users": chance.choice((None, 5)),
        "tags": chance.choice((None, [], chance.sample((*_TAGS, "other"), 2), chance.sample(_TAGS, 3))),
        "clients_this_year": chance.choice((None, chance.randint(1, 60))),
        "places_left": chance.choice((None, chance.randint(-3, 30))),
        "term_days": term[0],
        "term_of": term[1],
    }


def _plain(*, advisors: bool, renews: bool) -> list[dict[str, Any]]:
    first = ["created", "upgraded", *(["renewed"] if renews else [])]
    rules: list[dict[str, Any]] = [
        {"id": "full-spoke", "when": {"event": first, "plan": "full_spoke"},
         "charge": {"metric": "full-spoke", "item": "SPOKE", "price": "by_tier", "book": "standard",
                    **_term(renews=renews)}},
        {"id": "bundle", "when": {"event": "bundle"},
         "charge": {"metric": "bundle", "item": "BUNDLE", "price": "per_bundle", "book": "standard"}},
        {"id": "assessment-only", "when": {"event": "created", "plan": "assessment_only"}, "inside_bundle": "a place"},
    ]  # fmt: skip
    if advisors:
        charge = {"metric": "advisor-month", "item": "ADVISOR", "price": "per_unit", "units": "advisors",
                  "book": "standard", "term": "monthly", "proration": "by_day"}  # fmt: skip
        rules.append({"id": "advisors", "when": {"event": "month", "plan": "full_spoke"}, "charge": charge})
        free = {"event": "month", "plan": "assessment_only"}
        rules.append({"id": "free-advisors", "when": free, "no_charge": "free"})
    return rules


def _term(*, renews: bool) -> dict[str, Any]:
    if not renews:
        return {"term": "once"}
    return {"term": "annual", "renewal": {"price": "current", "tier": "current"}, "proration": "none"}


@st.composite
def _quotes(draw: st.DrawFn, number: int, *, renews: bool) -> list[dict[str, Any]]:
    """The quotes of one partner, one after the other."""
    if number >= len(_PARTNERS):
        return []
    day = FIRST
    quotes = []
    for turn in range(draw(st.integers(0, 2))):
        start = day + timedelta(days=draw(st.integers(0, 200)))
        day = start + timedelta(days=draw(st.integers(1, 200)))
        events = ["created", "upgraded", *(["renewed"] if renews else [])]
        kept = draw(st.lists(st.sampled_from(events), min_size=1, unique=True))
        charge = {"metric": "full-spoke", "item": "SPOKE", "price": {"book": f"quote-{number}"}, **_term(renews=renews),
                  "overrides": "full-spoke", "from": start, "to": day - timedelta(days=1)}  # fmt: skip
        when = {"partner": [_PARTNERS[number]], "event": kept, "plan": "full_spoke"}
        quotes.append({"id": f"quote-{number}-{turn}", "when": when, "charge": charge})
    return quotes


@st.composite
def _adjusts(draw: st.DrawFn, labels: list[str]) -> list[dict[str, Any]]:
    off = 0
    rules = []
    for number in range(draw(st.integers(0, 10))):
        percent = draw(st.integers(-20, 20).filter(bool))
        off += -percent if percent < 0 else 0
        change: dict[str, Any] = {"percent": percent / 2 if draw(st.booleans()) else percent}
        kind = draw(st.sampled_from(("percent", "percent", "amount", "minimum", "cap")))
        if kind != "percent" or off > _MOST_OFF:
            kind = "minimum" if kind == "percent" else kind
            change = {kind: {"USD": draw(st.integers(1, 900)), "GBP": draw(st.integers(1, 900)) + 0.55}}
        when = {"plan": "full_spoke", "event": ["created", "upgraded"], **draw(_conditions(labels))}
        rules.append({"id": f"adjust-{number}", "when": when, "adjust": {**change, "reason": "a reason"}})
    return rules


@st.composite
def _gates(draw: st.DrawFn, labels: list[str]) -> list[dict[str, Any]]:
    rules = []
    for number in range(draw(st.integers(0, 3))):
        outcome = draw(st.sampled_from(("hold", "not_billable")))
        when = draw(_conditions(labels, most=1)) or {"domain": ["a.example"]}
        rules.append({"id": f"gate-{number}", "when": {**when, "template": [f"t-{number}", "gold"]}, outcome: "ask"})
    return rules


@st.composite
def _conditions(draw: st.DrawFn, labels: list[str], most: int = 2) -> dict[str, Any]:
    """A few conditions: gates share their cells, so that with more of them the cells would multiply."""
    low = draw(st.integers(1, 300))
    start = FIRST + timedelta(days=draw(st.integers(0, 300)))
    at = draw(st.integers(0, len(labels) - 1))
    options: dict[str, Any] = {
        "partner": draw(st.lists(st.sampled_from(_PARTNERS), min_size=1, max_size=3, unique=True)),
        "partner_kind": draw(st.sampled_from(("advisor", "msp"))),
        "selling_entity": draw(st.sampled_from(("us", "uk"))),
        "country": draw(st.lists(st.sampled_from(_COUNTRIES), min_size=1, max_size=2, unique=True)),
        "domain": [draw(st.sampled_from(_DOMAINS))],
        "tags": draw(st.lists(st.sampled_from(_TAGS), min_size=1, max_size=2, unique=True)),
        "employees": {"from": low, "to": low + draw(st.integers(0, 500))},
        "band": labels[at : at + 2],
        "dates": {"from": start, "to": start + timedelta(days=draw(st.integers(0, 200)))},
        "clients_this_year": {"from": draw(st.integers(1, 40))},
        "places_left": {"to": draw(st.integers(0, 20))},
    }
    names = draw(st.lists(st.sampled_from(sorted(options)), max_size=most, unique=True))
    chosen = [name for name in names if name != "band" or "employees" not in names]
    return {name: options[name] for name in chosen}


@st.composite
def _prices(draw: st.DrawFn, name: str, currency: str, labels: list[str], first: date) -> dict[str, Any]:
    cents = st.integers(1, 500000).map(lambda minor: f"{minor // 100}.{minor % 100:02}")
    amount = cents.map(_Number)
    ladder = st.sampled_from(("graduated", "volume"))
    steps = st.tuples(amount, amount, amount).map(lambda prices: dict(zip(_STEPS, prices, strict=True)))
    by_quantity = st.one_of(amount, st.tuples(ladder, steps).map(lambda pair: {pair[0]: pair[1]}))
    prices: dict[str, Any] = {"full_spoke": {label: draw(amount) for label in labels}}
    if name == "standard":
        prices["assessment_bundle"] = {"size": 10, "price": draw(by_quantity)}
        prices["per_unit"] = {"advisor-month": draw(by_quantity)}
    return {"price_book": name, "effective_from": first, "currency": currency, "tiers": "sizes", "prices": prices}


class _Number(str):
    """An amount that is written as it is, without quotes and without being a float on the way."""

    __slots__ = ()


class _Plainly(yaml.SafeDumper):
    """Writes every value out: rule files know no aliases."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


_Plainly.add_representer(_Number, lambda dumper, number: dumper.represent_scalar("tag:yaml.org,2002:float", number))


def _policies() -> st.SearchStrategy[dict[str, str]]:
    size = st.sampled_from(("count_first", "band_first"))
    others = {
        "upgrade": "keeps_bundle_place",
        "archived_client": "hold",
        "archived_renewal": "stop",
        "undated_upgrade": "hold",
        "overdraw": "allow",
    }
    return size.map(lambda first: {"employee_size": first, **others})


def _entity(currency: str, prefix: str) -> dict[str, Any]:
    return {"name": "Example Vendor", "currency": currency, "bill_from": FIRST, "time_zone": "UTC",
            "number_prefix": prefix, "locked_period": "refuse"}  # fmt: skip


def _label(low: int, high: int | None) -> str:
    return f"{low}+" if high is None else str(low) if low == high else f"{low}-{high}"
