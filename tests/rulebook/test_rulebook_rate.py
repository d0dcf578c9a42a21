"""What rating does with single events: edges of days, of sizes, and of what an event may lack."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from connector.rulebook import Rulebook, load
from connector.tables import EVENTS, RATED, SchemaError, empty

Event = Callable[..., pl.DataFrame]
Write = Callable[..., Path]


def rulebook_of(folder: Path) -> Rulebook:
    rulebook, problems = load(folder)
    assert problems == ()
    assert rulebook is not None
    return rulebook


def test_a_charge_says_why(shipped: Rulebook, event: Event) -> None:
    assert shipped.rate(event(count=11)).row(0, named=True) == {
        "event_id": 7,
        "outcome": "charge",
        "reason": None,
        "problem": None,
        "rule_id": "full-spoke",
        "rule_place": "rules/billing.yaml:14",
        "metric": "full-spoke",
        "item": "SPOKE-FULL",
        "term": "once",
        "tier": "11-50",
        "size_source": "count",
        "price_book": "standard@2025-03-01 USD",
        "price_place": "rules/price-books/standard-2025-03-usd.yaml:12",
        "currency": "USD",
        "quantity": 1,
        "unit_minor": 180000,
        "amount_minor": 180000,
        "list_minor": 180000,
        "basis": None,
        "adjustments": None,
        "lost": None,
    }


def test_a_blocked_charge_still_names_its_rule_and_metric(shipped: Rulebook, event: Event) -> None:
    assert shipped.rate(event(count=None)).row(0, named=True) == {
        "event_id": 7,
        "outcome": "blocked",
        "reason": "The employee size is unknown, and the price depends on it",
        "problem": "rate-size-unknown",
        "rule_id": "full-spoke",
        "rule_place": "rules/billing.yaml:14",
        "metric": "full-spoke",
        "item": "SPOKE-FULL",
        "term": "once",
        "tier": None,
        "size_source": None,
        "price_book": None,
        "price_place": None,
        "currency": "USD",
        "quantity": None,
        "unit_minor": None,
        "amount_minor": None,
        "list_minor": None,
        "basis": None,
        "adjustments": None,
        "lost": None,
    }


@pytest.mark.parametrize(
    ("changes", "outcome", "problem"),
    [
        ({"event": "renewed"}, "blocked", "rate-event"),
        ({"event": None}, "blocked", "rate-event"),
        ({"event": "upgraded", "plan": "assessment_only"}, "blocked", "rate-event"),
        ({"event": "bundle"}, "blocked", "rate-event"),
        ({"plan": None}, "blocked", "rate-event"),
        ({"event_on": None}, "blocked", "rate-event"),
        ({"partner": None}, "blocked", "rate-event"),
        ({"partner_kind": "reseller"}, "blocked", "rate-event"),
        ({"partner_kind": None}, "blocked", "rate-event"),
        ({"selling_entity": "au"}, "blocked", "rate-entity-unknown"),
        ({"selling_entity": None}, "blocked", "rate-entity-unknown"),
        ({"currency": "EUR"}, "blocked", "rate-no-currency"),
        ({"currency": None}, "blocked", "rate-no-currency"),
        ({"event_on": date(2025, 2, 28)}, "blocked", "rate-no-price"),
        ({"count": 0}, "blocked", "rate-size-unknown"),
        ({"count": -5}, "blocked", "rate-size-unknown"),
        ({"count": None, "band_low": 50, "band_high": 2}, "blocked", "rate-band-spans-tiers"),
        ({"count": None, "band_low": 5001}, "blocked", "rate-band-spans-tiers"),
        ({"quantity": 0}, "blocked", "rate-quantity"),
        ({"quantity": 1_000_001}, "blocked", "rate-quantity"),
        ({"quantity": None}, "blocked", "rate-quantity"),
        ({"count": 10**15}, "charge", None),
        ({"domain": "hold.example", "count": None, "currency": "EUR"}, "held", None),
        ({"domain": "example.com", "event_on": date(2024, 1, 1)}, "not_billable", None),
        ({"plan": "assessment_only", "count": None}, "inside_bundle", None),
    ],
)
def test_an_event_that_lacks_something(
    shipped: Rulebook, event: Event, changes: dict[str, object], outcome: str, problem: str | None
) -> None:
    assert shipped.rate(event(**changes)).select("outcome", "problem").row(0) == (outcome, problem)


@pytest.mark.parametrize(
    ("day", "partner", "unit", "book"),
    [
        (date(2025, 12, 31), "P-1", 90000, "standard@2025-03-01 USD"),
        (date(2026, 1, 1), "P-1", 94500, "standard@2026-01-01 USD"),
        (date(2040, 1, 1), "P-1", 94500, "standard@2026-01-01 USD"),
        (date(2025, 6, 30), "P-1004", 90000, "standard@2025-03-01 USD"),
        (date(2025, 7, 1), "P-1004", 76500, "quote-1042@2025-07-01 USD"),
        (date(2026, 6, 30), "P-1004", 76500, "quote-1042@2025-07-01 USD"),
        (date(2026, 7, 1), "P-1004", 94500, "standard@2026-01-01 USD"),
    ],
)
def test_both_ends_of_books_and_quotes_belong_to_them(
    shipped: Rulebook, event: Event, day: date, partner: str, unit: int, book: str
) -> None:
    rated = shipped.rate(event(event_on=day, partner=partner))
    assert rated.select("unit_minor", "price_book").row(0) == (unit, book)


def test_a_day_after_the_last_version_has_no_price(write: Write, event: Event) -> None:
    canadian = """price_book: standard
effective_from: 2025-03-01
effective_to: 2025-06-15
currency: CAD
tiers: linkedin
prices:
  full_spoke: {"1": 1, "2-10": 2, "11+": 3}
"""
    rulebook = rulebook_of(write(files={"cad.yaml": canadian}))
    shown = ("outcome", "problem", "unit_minor")
    last = event(currency="CAD", event_on=date(2025, 6, 15))
    assert rulebook.rate(last).select(shown).row(0) == ("charge", None, 200)
    after = event(currency="CAD", event_on=date(2025, 6, 16))
    assert rulebook.rate(after).select(shown).row(0) == ("blocked", "rate-no-price", None)
    bundle = event(currency="CAD", event="bundle", plan=None)
    assert rulebook.rate(bundle).select(shown).row(0) == ("blocked", "rate-no-currency", None)


def test_the_band_goes_first_where_the_policy_says_so(write: Write, event: Event) -> None:
    both = event(count=116, band_low=2, band_high=10)
    shown = ("tier", "size_source")
    count_first = rulebook_of(write())
    assert count_first.rate(both).select(shown).row(0) == ("11+", "count")
    band_first = rulebook_of(write(replace={"count_first": "band_first"}))
    assert band_first.rate(both).select(shown).row(0) == ("2-10", "band")
    assert band_first.rate(event(count=116)).select(shown).row(0) == ("11+", "count")


def test_rules_on_headcount_and_bands_across_their_bounds(write: Write, event: Event) -> None:
    rulebook = rulebook_of(
        write(
            rules="""  - id: small
    when: {plan: full_spoke, employees: {from: 3, to: 4}}
    not_billable: "too small"
  - id: ask
    when: {country: [GB], partner_kind: mssp, selling_entity: us, template: [Pilot]}
    hold: "ask first"
"""
        )
    )
    shown = ("outcome", "problem", "rule_id")
    cases = {
        (3, 3): ("not_billable", None, "small"),
        (4, 4): ("not_billable", None, "small"),
        (2, 2): ("charge", None, "full-spoke"),
        (5, 10): ("charge", None, "full-spoke"),
        (2, 10): ("blocked", "rate-band-spans-rule", None),
        (None, None): ("blocked", "rate-size-unknown", "full-spoke"),
        (11, None): ("charge", None, "full-spoke"),
    }
    got = {
        band: rulebook.rate(event(count=None, band_low=band[0], band_high=band[1])).select(shown).row(0)
        for band in cases
    }
    assert got == cases
    asked = event(country="GB", partner_kind="mssp", template="Pilot")
    assert rulebook.rate(asked).select(shown).row(0) == ("held", None, "ask")
    assert rulebook.rate(event(country="GB", partner_kind="mssp")).select(shown).row(0) == (
        "charge",
        None,
        "full-spoke",
    )


def test_charges_that_split_by_headcount(write: Write, event: Event) -> None:
    larger = """  - id: larger
    when: {plan: full_spoke, employees: {from: 6}}
    charge: {metric: full-spoke, item: SPOKE-LARGE, price: by_tier, book: standard, term: once%s}
"""
    first = "event: [created, upgraded], plan: full_spoke"
    folder = write(rules=larger % "", replace={first: f"{first}, employees: {{to: 5}}"})
    _, problems = load(folder)
    assert [(problem.code, problem.message) for problem in problems] == [
        ("rules-gap", "no rule says what happens to a full feature client created with an unknown number of employees"),
        (
            "rules-gap",
            "no rule says what happens to a full feature client upgraded with an unknown number of employees",
        ),
    ]
    rulebook = rulebook_of(write(rules=larger % ", overrides: full-spoke"))
    shown = ("item", "tier", "problem")
    assert rulebook.rate(event(count=5)).select(shown).row(0) == ("SPOKE-FULL", "2-10", None)
    assert rulebook.rate(event(count=6)).select(shown).row(0) == ("SPOKE-LARGE", "2-10", None)
    band = event(count=None, band_low=2, band_high=10)
    assert rulebook.rate(band).select(shown).row(0) == (None, None, "rate-band-spans-rule")


def test_hold_goes_before_not_billable_and_the_first_before_the_next(write: Write, event: Event) -> None:
    rulebook = rulebook_of(
        write(
            rules="""  - id: ours
    when: {domain: [northwind.example, a.example]}
    not_billable: "ours"
  - id: ask
    when: {domain: northwind.example, event: created}
    hold: "ask first"
  - id: also
    when: {country: US, event: created, plan: full_spoke}
    hold: "ask in any case"
"""
        )
    )
    shown = ("outcome", "reason", "rule_id")
    assert rulebook.rate(event()).select(shown).row(0) == ("held", "ask first", "ask")
    assert rulebook.rate(event(country=None, domain="a.example")).select(shown).row(0) == (
        "not_billable",
        "ours",
        "ours",
    )
    assert rulebook.rate(event(domain=None)).select(shown).row(0) == ("held", "ask in any case", "also")


def test_prices_of_one_entity_only(write: Write, event: Event) -> None:
    folder = write(
        replace={
            "policies:": """  ca:
    name: Example Vendor Canada
    currency: USD
    bill_from: 2025-06-01
    time_zone: America/Toronto
    number_prefix: CA-
    locked_period: refuse
policies:""",
            "currency: USD\ntiers": "currency: USD\nselling_entity: us\ntiers",
        },
        files={
            "ca.yaml": """price_book: standard
effective_from: 2025-06-01
currency: USD
selling_entity: [ca]
tiers: plain
prices:
  full_spoke: {"1-99": 10, "100-9999999": 20, "10000000+": 30.50}
  assessment_bundle: {size: 20, price: 7}
""",
            "plain.yaml": 'tiers: plain\nbands: ["1-99", "100-9999999", "10000000+"]\n',
        },
    )
    rulebook = rulebook_of(folder)
    shown = ("tier", "unit_minor", "price_place")
    assert rulebook.rate(event()).select(shown).row(0) == ("2-10", 90000, "rules/prices.yaml:7")
    assert rulebook.rate(event(selling_entity="ca")).select(shown).row(0) == ("1-99", 1000, "rules/ca.yaml:7")
    largest = event(selling_entity="ca", count=10_000_000)
    assert rulebook.rate(largest).select(shown).row(0) == ("10000000+", 3050, "rules/ca.yaml:7")
    assert rulebook.rate(event(selling_entity="ca", count=None)).row(0, named=True)["problem"] == "rate-size-unknown"
    sizes = {
        (entity, day): rulebook.bundle_size(entity, "USD", day)
        for entity in ("us", "ca", "au")
        for day in (date(2025, 2, 28), date(2025, 3, 1), date(2025, 6, 1))
    }
    assert list(sizes.values()) == [None, 10, 10, None, None, 20, None, None, None]


def test_bundle_size_ends_with_its_book(shipped: Rulebook) -> None:
    days = (date(2025, 2, 28), date(2025, 3, 1), date(2025, 12, 31), date(2026, 1, 1))
    assert [shipped.bundle_size("us", "USD", day) for day in days] == [None, 10, 10, 10]
    assert shipped.bundle_size("us", "EUR", days[1]) is None


def test_a_value_named_like_the_stand_in_for_all_others(write: Write, event: Event) -> None:
    rule = """  - id: ours
    when: {partner: ["~other", "~other~"], template: "~other"}
    not_billable: "ours"
"""
    rulebook = rulebook_of(write(rules=rule))
    named = [rulebook.rate(event(partner=name, template="~other")) for name in ("~other", "~other~", "~other~~")]
    assert [rated.row(0)[1] for rated in named] == ["not_billable", "not_billable", "charge"]


def test_more_named_partners_than_a_chain_of_comparisons(write: Write, event: Event) -> None:
    names = ", ".join(f"P-{number}" for number in range(40))
    rulebook = rulebook_of(write(rules=f'  - id: ours\n    when: {{partner: [{names}]}}\n    not_billable: "ours"\n'))
    got = [rulebook.rate(event(partner=name)).row(0)[1] for name in ("P-0", "P-39", "P-40")]
    assert got == ["not_billable", "not_billable", "charge"]


def test_no_events_and_wrong_frames(shipped: Rulebook) -> None:
    assert shipped.rate(empty(EVENTS)).schema == pl.Schema(dict(RATED))
    with pytest.raises(SchemaError):
        shipped.rate(empty(RATED))


def test_what_the_rulebook_declares(shipped: Rulebook) -> None:
    assert shipped.items == {"SPOKE-FULL", "SPOKE-AO-BUNDLE"}
    assert shipped.metrics == {"full-spoke": "client", "assessment-bundle": "bundle"}
    assert [(entity.id, entity.currency, entity.number_prefix) for entity in shipped.entities.values()] == [
        ("us", "USD", "US-"),
        ("uk", "GBP", "UK-"),
    ]
    assert shipped.cell_count == 48
