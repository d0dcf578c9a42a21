"""What the rating bench rates: a large vendor's events, and the shipped price books and rules as its peers need them.

The peers take prices and places from the same files as the rulebook; the rules themselves each peer has written out in
its own way.
"""

import random
import re
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl

from connector.tables import EVENTS

RULES = Path(__file__).resolve().parents[1] / "rules"
# Of the rows, this part has a declared band only, and these parts no band.
BAND_ONLY, NO_BAND_ABOVE, NO_BAND_BELOW = 0.5, 0.9, 0.02
LABELS = ("1", "2-10", "11-50", "51-200", "201-500", "501-1000", "1001-5000", "5001-10000", "10001+")
STARTS = (1, 2, 11, 51, 201, 501, 1001, 5001, 10001)
ENDS = (*(start - 1 for start in STARTS[1:]), None)
END = 10**9
NEW_PRICES = date(2026, 1, 1)
QUOTED = (date(2025, 7, 1), date(2026, 6, 30))
TEXTS = {
    "rate-no-currency": "The selling entity has no prices in this currency",
    "rate-size-unknown": "The employee size is unknown, and the price depends on it",
    "rate-band-spans-tiers": "The declared size band lies across two tiers",
    "own-test-client": "our own test client",
    "ask-before-billing": "ask the partner manager before this client is billed",
    "assessment-only": "an Assessment Only client takes a place of its partner's bundles",
}
_BOOKS = (
    ("usd-2025", "standard-2025-03-usd.yaml", "standard@2025-03-01 USD"),
    ("usd-2026", "standard-2026-01-usd.yaml", "standard@2026-01-01 USD"),
    ("gbp", "standard-2025-03-gbp.yaml", "standard@2025-03-01 GBP"),
    ("quote", "quote-1042.yaml", "quote-1042@2025-07-01 USD"),
)


class Price(NamedTuple):
    """One price: the peers' short name of its book, its tier or `bundle`, and what is shown of it."""

    book: str
    tier_key: str
    price_book: str
    price_place: str
    unit_minor: int


def prices() -> list[Price]:
    """Every price of the shipped books."""
    found = []
    for book, name, label in _BOOKS:
        for number, line in enumerate((RULES / "price-books" / name).read_text().splitlines(), start=1):
            tier = re.fullmatch(r'\s+"([0-9+-]+)": ([0-9]+)', line)
            bundle = re.search(r"assessment_bundle: .*price: ([0-9]+)", line)
            key, whole = (tier[1], tier[2]) if tier else ("bundle", bundle[1]) if bundle else (None, None)
            if key is not None and whole is not None:
                found.append(Price(book, key, label, f"rules/price-books/{name}:{number}", int(whole) * 100))
    return found


def places() -> dict[str, str]:
    """Rule → file:line."""
    lines = (RULES / "billing.yaml").read_text().splitlines()
    ids = {found[1]: number for number, line in enumerate(lines, 1) if (found := re.match(r"\s+- id: (\S+)", line))}
    return {name: f"rules/billing.yaml:{number}" for name, number in ids.items()}


def lost(place: Mapping[str, str]) -> str:
    """What a client of the quote shows of the rule that fitted too."""
    return f"full-spoke ({place['full-spoke']})"


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
            "advisors": rng.choices((None, 1, 2, 5), k=rows),
            "users": rng.choices((None, 10, 20, 50), k=rows),
            "tags": rng.choices((None, [], ["launch"], ["launch", "school"]), k=rows),
            "clients_this_year": rng.choices(range(1, 400), k=rows),
            "places_left": rng.choices(range(20), k=rows),
            "term_days": [None] * rows,
            "term_of": [None] * rows,
        },
        schema=dict(EVENTS),
    )
