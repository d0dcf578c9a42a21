"""A small whole rulebook to break in one place, and events to rate."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from connector.rulebook import Rulebook, load
from connector.tables import EVENTS

SHIPPED = Path(__file__).resolve().parents[2] / "rules"

POLICIES = (
    "policies: {employee_size: count_first, upgrade: keeps_bundle_place, archived_client: hold, "
    "archived_renewal: stop, undated_upgrade: hold, overdraw: allow}"
)
BASE: Mapping[str, str] = {
    "billing.yaml": """entities:
  us:
    name: Example Vendor Inc.
    currency: USD
    bill_from: 2025-03-01
    time_zone: America/New_York
    number_prefix: US-
    locked_period: refuse
"""
    + POLICIES
    + """
rules:
  - id: full-spoke
    when: {event: [created, upgraded], plan: full_spoke}
    charge: {metric: full-spoke, item: SPOKE-FULL, price: by_tier, book: standard, term: once}
  - id: bundle
    when: {event: bundle}
    charge: {metric: bundle, item: BUNDLE, price: per_bundle, book: standard}
  - id: assessment-only
    when: {plan: assessment_only}
    inside_bundle: "a place of a bundle"
""",
    "tiers.yaml": 'tiers: linkedin\nbands: ["1", "2-10", "11+"]\n',
    "prices.yaml": """price_book: standard
effective_from: 2025-03-01
currency: USD
tiers: linkedin
prices:
  full_spoke: {"1": 600, "2-10": 900, "11+": 1800}
  assessment_bundle: {size: 10, price: 1500}
""",
}

Write = Callable[..., Path]
Event = Callable[..., pl.DataFrame]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the small rulebook: more rules at its end, replacements in any file, further files."""

    def written(
        rules: str = "", replace: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None
    ) -> Path:
        folder = tmp_path / "rules"
        folder.mkdir(exist_ok=True)
        texts = {**BASE, **(files or {})}
        texts["billing.yaml"] += rules
        for name, text in texts.items():
            for old, new in (replace or {}).items():
                text = text.replace(old, new)  # noqa: PLW2901 - each replacement builds on the one before
            (folder / name).write_text(text, encoding="utf-8")
        return folder

    return written


@pytest.fixture(scope="session")
def small() -> Mapping[str, str]:
    """The texts of the small rulebook, by file name."""
    return BASE


@pytest.fixture(scope="session")
def shipped() -> Rulebook:
    return sound(SHIPPED)


@pytest.fixture(scope="session")
def event() -> Event:
    """A frame of one event: a full feature client of entity us, created on 2025-06-15 with 5 employees, changed."""
    return one_event


def one_event(**changes: object) -> pl.DataFrame:
    usual = {
        "event_id": 7,
        "event": "created",
        "event_on": date(2025, 6, 15),
        "plan": "full_spoke",
        "partner": "P-1",
        "partner_kind": "msp",
        "selling_entity": "us",
        "currency": "USD",
        "country": "US",
        "domain": "northwind.example",
        "template": None,
        "count": 5,
        "band_low": None,
        "band_high": None,
        "quantity": 1,
        **dict.fromkeys(("advisors", "users", "tags", "clients_this_year", "places_left", "term_days", "term_of")),
    }
    return pl.DataFrame([{**usual, **changes}], schema=dict(EVENTS))


def sound(folder: Path, cache: Path | None = None) -> Rulebook:
    """The rulebook of a folder that has nothing wrong with it."""
    rulebook, problems = load(folder, cache=cache)
    assert "\n".join(map(str, problems)) == ""
    assert rulebook is not None
    return rulebook
