"""The language beyond tiers and bundles: terms, months, ladders, adjustments, tags and counts, rated end to end."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from connector.domain.problems import Problem
from connector.rulebook import Rulebook, examine, load
from connector.rulebook.spec import Renewal, Term

Write = Callable[..., Path]
Event = Callable[..., pl.DataFrame]

ADVISORS = """  - id: advisors
    when: {event: month, plan: full_spoke}
    charge:
      metric: advisor-month
      item: ADVISOR
      price: per_unit
      units: advisors
      book: standard
      term: monthly
      proration: by_day
  - id: advisors-of-assessments
    when: {event: month, plan: assessment_only}
    no_charge: "advisors of Assessment Only clients are free"
"""
BUNDLE = "assessment_bundle: {size: 10, price: 1500}"
CREATED = {"when: {plan: assessment_only}": "when: {event: created, plan: assessment_only}"}
EACH = {**CREATED, BUNDLE: f"{BUNDLE}\n  per_unit: {{advisor-month: 25}}"}
GRADUATED = {
    **CREATED,
    BUNDLE: f'{BUNDLE}\n  per_unit: {{advisor-month: {{graduated: {{"1-5": 30, "6-20": 25, "21+": 20}}}}}}',
}
VOLUME = {"graduated": "volume"}
ANNUAL = {
    "event: [created, upgraded], plan": "event: [created, upgraded, renewed], plan",
    "term: once": "term: annual, renewal: {price: current, tier: kept}, proration: none",
}
MONTH: Mapping[str, object] = {"event": "month", "event_on": date(2025, 6, 1)}


def sound(folder: Path, cache: Path | None = None) -> Rulebook:
    rulebook, problems = load(folder, cache=cache)
    assert faults(problems) == []
    assert rulebook is not None
    return rulebook


def rated(rulebook: Rulebook, one: Event, *names: str, **changes: object) -> tuple[object, ...]:
    return rulebook.rate(one(**changes)).select(names).row(0)


def faults(problems: tuple[Problem, ...]) -> list[tuple[str, str, str]]:
    return [(problem.code, str(problem.place), problem.message) for problem in problems]


MONEY = ("outcome", "quantity", "unit_minor", "amount_minor", "basis")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"advisors": 4}, ("charge", 4, 2500, 10000, None)),
        ({"advisors": 1, "term_days": 10, "term_of": 30}, ("charge", 1, 833, 833, "1 × USD 25.00; 10 of 30 days")),
        ({"advisors": 3, "term_days": 1, "term_of": 2}, ("charge", 1, 3750, 3750, "3 × USD 25.00; 1 of 2 days")),
        ({"advisors": 2, "term_days": 30, "term_of": 30}, ("charge", 2, 2500, 5000, None)),
        ({"advisors": 0}, ("not_billable", None, None, None, None)),
        ({"advisors": None}, ("blocked", None, None, None, None)),
        ({"advisors": -1}, ("blocked", None, None, None, None)),
        ({"advisors": 2, "plan": "assessment_only"}, ("not_billable", None, None, None, None)),
    ],
)
def test_advisors_are_billed_by_the_month(
    write: Write, event: Event, changes: dict[str, object], said: tuple[object, ...]
) -> None:
    rulebook = sound(write(ADVISORS, EACH))
    assert rated(rulebook, event, *MONEY, **{**MONTH, **changes}) == said


def test_why_people_cannot_be_counted(write: Write, event: Event) -> None:
    rulebook = sound(write(ADVISORS, EACH))
    names = ("problem", "reason", "rule_id")
    unknown = (
        "rate-units-unknown",
        "The number of advisors or users is unknown, and the charge counts them",
        "advisors",
    )
    assert rated(rulebook, event, *names, **MONTH) == unknown
    assert rated(rulebook, event, *names, **{**MONTH, "advisors": 0}) == (None, "there is nothing to count", "advisors")


@pytest.mark.parametrize(
    ("advisors", "graduated", "volume"),
    [
        (1, 3000, 3000),
        (5, 15000, 15000),
        (6, 17500, 15000),
        (20, 52500, 50000),
        (21, 54500, 42000),
        (100, 212500, 200000),
    ],
)
def test_steps_are_graduated_or_by_volume(
    write: Write, event: Event, advisors: int, graduated: int, volume: int
) -> None:
    asked = {**MONTH, "advisors": advisors}
    assert rated(sound(write(ADVISORS, GRADUATED)), event, "amount_minor", **asked) == (graduated,)
    assert rated(sound(write(ADVISORS, {**GRADUATED, **VOLUME})), event, "amount_minor", **asked) == (volume,)


def test_a_graduated_amount_is_one_unit_that_tells_its_steps(write: Write, event: Event) -> None:
    said = rated(sound(write(ADVISORS, GRADUATED)), event, *MONEY, "list_minor", **{**MONTH, "advisors": 22})
    basis = "5 × USD 30.00 + 15 × USD 25.00 + 2 × USD 20.00"
    assert said == ("charge", 1, 56500, 56500, basis, 56500)
    said = rated(sound(write(ADVISORS, {**GRADUATED, **VOLUME})), event, *MONEY, **{**MONTH, "advisors": 22})
    assert said == ("charge", 22, 2000, 44000, "22 × USD 20.00")


def test_bundles_can_have_a_price_by_quantity(write: Write, event: Event) -> None:
    rulebook = sound(write(replace={"price: 1500}": 'price: {volume: {"1-9": 1500, "10+": 1400}}}'}))
    bundle = {"event": "bundle", "plan": None}
    assert rated(rulebook, event, "unit_minor", "amount_minor", **bundle, quantity=9) == (150000, 1350000)
    assert rated(rulebook, event, "unit_minor", "amount_minor", **bundle, quantity=10) == (140000, 1400000)


def test_a_flat_price_is_by_metric(write: Write, event: Event) -> None:
    prices = {"{size: 10, price: 1500}": "{size: 10, price: 1500}\n  flat: {full-spoke: 99.50}"}
    rulebook = sound(write(replace={**prices, "price: by_tier": "price: flat"}))
    assert rated(rulebook, event, "amount_minor", "tier", count=None) == (9950, None)


def test_a_term_is_renewed_where_a_charge_says_so(write: Write, event: Event) -> None:
    rulebook = sound(write(replace=ANNUAL))
    renewed = {"event": "renewed", "event_on": date(2026, 6, 15)}
    assert rated(rulebook, event, "outcome", "metric", "term", **renewed) == ("charge", "full-spoke", "annual")
    bundle = Term("once", None, "none")
    assert rulebook.terms == {"full-spoke": Term("annual", Renewal("current", "kept"), "none"), "bundle": bundle}
    assert rated(sound(write()), event, "outcome", "problem", **renewed) == ("blocked", "rate-event")
    assert rated(rulebook, event, "outcome", "problem", **MONTH) == ("blocked", "rate-event")


def test_a_renewal_that_no_rule_covers_is_a_gap(write: Write) -> None:
    _, problems = load(write(replace={"term: once": ANNUAL["term: once"]}))
    said = "no rule says what happens to a full feature client renewed"
    assert faults(problems) == [("rules-gap", "rules/billing.yaml:10:1", said)]


def test_a_month_that_no_rule_covers_is_a_gap(write: Write) -> None:
    rules = ADVISORS.partition("  - id: advisors-of")[0]
    _, problems = load(write(rules, EACH))
    said = "no rule says what happens to an Assessment Only client in any month"
    assert faults(problems) == [("rules-gap", "rules/billing.yaml:10:1", said)]


DISCOUNTS = """  - id: launch
    when: {partner: [P-1], plan: full_spoke}
    adjust: {percent: -10, reason: "launch offer"}
  - id: pilot
    when: {tags: [pilot], plan: full_spoke}
    adjust: {percent: -12.5, reason: "pilot clients"}
  - id: voucher
    when: {dates: {from: 2025-06-01, to: 2025-06-30}, partner: [P-2], event: created, plan: full_spoke}
    adjust: {amount: {USD: -50}, reason: "June voucher"}
  - id: floor
    when: {partner_kind: mssp, plan: full_spoke}
    adjust: {minimum: {USD: 800}, reason: "the least an MSSP pays"}
  - id: top
    when: {employees: {from: 11}, partner: [P-3], plan: full_spoke}
    adjust: {cap: {USD: 1500}, reason: "the most P-3 pays"}
  - id: many
    when: {clients_this_year: {from: 51}, plan: full_spoke}
    adjust: {percent: -5, reason: "more than 50 clients this year"}
"""


@pytest.mark.parametrize(
    ("changes", "amount", "rules"),
    [
        ({"partner": "P-9"}, 90000, []),
        ({"partner": "P-1"}, 81000, ["launch"]),
        ({"partner": "P-9", "tags": ["vip", "pilot"]}, 78750, ["pilot"]),
        ({"partner": "P-1", "tags": ["pilot"]}, 69750, ["launch", "pilot"]),
        ({"partner": "P-2"}, 85000, ["voucher"]),
        ({"partner": "P-2", "event_on": date(2025, 7, 1)}, 90000, []),
        ({"partner": "P-9", "partner_kind": "mssp", "count": 1}, 80000, ["floor"]),
        ({"partner": "P-3", "count": 11}, 150000, ["top"]),
        ({"partner": "P-3", "count": 10}, 90000, []),
        ({"partner": "P-9", "clients_this_year": 50}, 90000, []),
        ({"partner": "P-9", "clients_this_year": 51}, 85500, ["many"]),
        ({"partner": "P-1", "partner_kind": "mssp", "clients_this_year": 51, "tags": ["pilot"], "count": 5}, 80000,
         ["launch", "pilot", "floor", "many"]),
    ],
)  # fmt: skip
def test_adjustments_are_summed_on_the_list_price_and_rounded_once(
    write: Write, event: Event, changes: dict[str, object], amount: int, rules: list[str]
) -> None:
    found = sound(write(DISCOUNTS)).rate(event(**changes)).row(0, named=True)
    told = [one["rule"] for one in json.loads(found["adjustments"] or "[]")]
    assert (found["amount_minor"], found["unit_minor"], found["quantity"], told) == (amount, amount, 1, rules)


def test_an_adjustment_tells_rule_place_what_and_reason(write: Write, event: Event) -> None:
    found = sound(write(DISCOUNTS)).rate(event(partner="P-2", tags=["pilot"], partner_kind="mssp"))
    assert json.loads(found["adjustments"][0]) == [
        {"rule": "pilot", "place": "rules/billing.yaml:23", "what": "-12.5 %", "reason": "pilot clients"},
        {"rule": "voucher", "place": "rules/billing.yaml:26", "what": "amount USD -50.00", "reason": "June voucher"},
        {"rule": "floor", "place": "rules/billing.yaml:29", "what": "minimum USD 800.00",
         "reason": "the least an MSSP pays"},
    ]  # fmt: skip
    assert found["list_minor"][0] == 90000


def test_a_band_across_the_bound_of_an_adjustment_blocks(write: Write, event: Event) -> None:
    rulebook = sound(write(DISCOUNTS, {"employees: {from: 11}": "employees: {from: 30}"}))
    asked = {"partner": "P-3", "count": None, "band_low": 11, "band_high": 50}
    assert rated(rulebook, event, "outcome", "problem", **asked) == ("blocked", "rate-band-spans-rule")
    assert rated(rulebook, event, "outcome", **{**asked, "partner": "P-4"}) == ("charge",)


def test_many_adjustments_of_one_charge_are_all_told_in_the_order_of_the_rules(write: Write, event: Event) -> None:
    rules = "".join(
        f'  - id: raise-{n}\n    when: {{tags: [t{n}], plan: full_spoke}}\n    adjust: {{percent: 1, reason: "x"}}\n'
        for n in range(70)
    )
    rulebook = sound(write(rules))
    tagged = [0, 31, 32, 63, 64, 69]
    frame = pl.concat([event(tags=[f"t{n}" for n in reversed(tagged)]), event(tags=["t33"]), event(tags=["other"])])
    found = rulebook.rate(frame)
    told = [[one["rule"] for one in json.loads(text or "[]")] for text in found["adjustments"]]
    assert told == [[f"raise-{n}" for n in tagged], ["raise-33"], []]
    assert found["amount_minor"].to_list() == [95400, 90900, 90000]


def test_an_adjustment_of_a_bundle_is_of_its_whole_amount(write: Write, event: Event) -> None:
    rule = '  - id: b\n    when: {event: bundle}\n    adjust: {percent: -33.3333, reason: "a third"}\n'
    found = sound(write(rule)).rate(event(event="bundle", plan=None, quantity=2)).row(0, named=True)
    assert (found["list_minor"], found["quantity"], found["amount_minor"]) == (300000, 1, 200000)


def test_rules_that_lose_are_named(write: Write, event: Event) -> None:
    quote = """  - id: quote
    when: {partner: [P-1], plan: full_spoke, event: created}
    charge: {metric: full-spoke, item: SPOKE-FULL, price: {book: standard}, term: once, overrides: full-spoke}
"""
    rulebook = sound(write(quote))
    assert rated(rulebook, event, "rule_id", "lost") == ("quote", "full-spoke (rules/billing.yaml:11)")
    assert rated(rulebook, event, "rule_id", "lost", partner="P-2") == ("full-spoke", None)


@pytest.mark.parametrize(
    ("condition", "changes", "fits"),
    [
        ("tags: [pilot, vip]", {"tags": ["vip", "pilot"]}, True),
        ("tags: [pilot, vip]", {"tags": ["vip"]}, False),
        ("tags: pilot", {"tags": None}, False),
        ("places_left: {to: 0}", {"places_left": 0}, True),
        ("places_left: {to: 0}", {"places_left": -4}, True),
        ("places_left: {to: 0}", {"places_left": 1}, False),
        ("places_left: {to: 0}", {"places_left": None}, False),
        ("clients_this_year: {from: 2, to: 3}", {"clients_this_year": 1}, False),
        ("clients_this_year: {from: 2, to: 3}", {"clients_this_year": 2}, True),
        ("clients_this_year: {from: 2, to: 3}", {"clients_this_year": 3}, True),
        ("clients_this_year: {from: 2, to: 3}", {"clients_this_year": 4}, False),
        ('band: ["1", 2-10]', {"count": 10}, True),
        ('band: ["1", 2-10]', {"count": 11}, False),
        ("band: 2-10", {"count": 1}, False),
    ],
)
def test_a_gate_on_what_is_counted_beforehand(
    write: Write, event: Event, condition: str, changes: dict[str, object], *, fits: bool
) -> None:
    rulebook = sound(write(f'  - id: gate\n    when: {{{condition}}}\n    hold: "ask first"\n'))
    assert (rated(rulebook, event, "outcome", **changes) == ("held",)) is fits


ONCE = "{metric: full-spoke, item: X, price: by_tier, book: standard, term: monthly, renewal: none, proration: none}"
OTHER_TERM = (
    "rule again bills 'full-spoke' monthly, without renewal, proration none; "
    "rule full-spoke annual, renewed at the current price and kept tier, proration none"
)


@pytest.mark.parametrize(
    ("rules", "replace", "said"),
    [
        (
            '  - id: x\n    when: {tags: [Pilot]}\n    hold: "ask"\n',
            {},
            ("rules-condition", "rules/billing.yaml:21:19", "tags cannot be 'Pilot'"),
        ),
        (
            '  - id: x\n    when: {band: ["1", "11+"]}\n    hold: "ask"\n',
            {},
            ("rules-condition", "rules/billing.yaml:21:18", "tiers 1 and 11+ do not lie side by side"),
        ),
        (
            '  - id: x\n    when: {band: 2-11}\n    hold: "ask"\n',
            {},
            ("rules-name-unknown", "rules/billing.yaml:21:18", "band cannot be '2-11'"),
        ),
        (
            '  - id: x\n    when: {band: 2-10, employees: {from: 3}}\n    hold: "ask"\n',
            {},
            ("rules-condition", "rules/billing.yaml:21:18", "the rule names both a band and employees"),
        ),
        (
            '  - id: x\n    when: {event: [month, created]}\n    hold: "ask"\n',
            {},
            ("rules-condition", "rules/billing.yaml:21:19", "month stands beside other events"),
        ),
        (
            '  - id: x\n    when: {plan: full_spoke}\n    adjust: {percent: 5, cap: {USD: 3}, reason: "x"}\n',
            {},
            (
                "rules-outcome",
                "rules/billing.yaml:22:13",
                "an adjustment does one thing; this one says percent and cap",
            ),
        ),
        (
            '  - id: x\n    when: {plan: full_spoke}\n    adjust: {cap: {USD: 3.005}, reason: "x"}\n',
            {},
            ("prices-amount", "rules/billing.yaml:22:25", "cap in USD is 3.005: USD has 2 decimal digits"),
        ),
        (
            '  - id: x\n    when: {plan: full_spoke}\n    adjust: {cap: {USD: -3}, reason: "x"}\n',
            {},
            ("prices-amount", "rules/billing.yaml:22:25", "cap in USD is -3: it cannot be negative"),
        ),
        (
            '  - id: x\n    when: {plan: full_spoke}\n    adjust: {cap: {ZZZ: 3}, reason: "x"}\n',
            {},
            ("rules-currency", "rules/billing.yaml:22:20", "'ZZZ' is no currency of ISO 4217"),
        ),
        (
            '  - id: x\n    when: {plan: full_spoke}\n    adjust: {cap: {GBP: 3}, reason: "x"}\n',
            {},
            ("rules-adjustment", "rules/billing.yaml:22:14", "x says no cap in USD, in which entity us bills"),
        ),
        (
            '  - id: x\n    when: {event: created, plan: assessment_only}\n    adjust: {percent: 5, reason: "x"}\n',
            {},
            ("rules-unreachable", "rules/billing.yaml:20:5", "x never changes anything: it meets no charge"),
        ),
        (
            "",
            {"price: by_tier, book: standard, term: once": "price: per_unit, book: standard, term: once"},
            ("rules-outcome", "rules/billing.yaml:13:52", "the charge does not say which units it counts"),
        ),
        (
            "",
            {"price: by_tier, book": "price: by_tier, units: users, book"},
            ("rules-outcome", "rules/billing.yaml:13:68", "units are counted by per_unit only"),
        ),
        (
            "",
            {"price: per_bundle, book: standard": "price: per_bundle, book: standard, term: annual"},
            ("yaml-value", "rules/billing.yaml:16:85", "the term of a bundle cannot be 'annual'"),
        ),
        (
            f"  - id: again\n    when: {{event: renewed}}\n    charge: {ONCE}\n",
            ANNUAL,
            ("rules-metric", "rules/billing.yaml:22:14", OTHER_TERM),
        ),
    ],
)
def test_what_the_language_refuses(
    write: Write, rules: str, replace: dict[str, str], said: tuple[str, str, str]
) -> None:
    rulebook, problems = load(write(rules, replace))
    assert rulebook is None
    assert said in faults(problems)


def test_a_rulebook_of_everything_is_kept_and_taken_up_again(write: Write, event: Event) -> None:
    folder = write(ADVISORS + DISCOUNTS, {**GRADUATED, **ANNUAL})
    cache = folder.parent / "cache"
    proved, kept = sound(folder, cache), sound(folder, cache)
    asked = [
        event(partner="P-1", tags=["pilot"], clients_this_year=60),
        event(**{**MONTH, "advisors": 7, "term_days": 3, "term_of": 31}),
        event(event="renewed", partner="P-3", count=500),
    ]
    assert [kept.rate(one).rows() for one in asked] == [proved.rate(one).rows() for one in asked]
    assert (kept.terms, kept.counted) == (proved.terms, ("clients_this_year",))


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        ("per_unit: {}", ("prices-tier", "per_unit names no metric")),
        ("flat: {x: 1.005}", ("prices-amount", "the price of x is 1.005: USD has 2 decimal digits")),
        ("per_unit: {x: {volume: 5}}", ("yaml-value", "the price of x must be a mapping (key: value)")),
        (
            'per_unit: {x: {volume: {"1+": -1}}}',
            ("prices-amount", "the price of x for 1+ is -1: a price cannot be negative"),
        ),
    ],
)
def test_prices_that_do_not_read_well(write: Write, prices: str, said: tuple[str, str]) -> None:
    _, problems = load(write(replace={BUNDLE: f"{BUNDLE}\n  {prices}"}))
    assert [(problem.code, problem.message) for problem in problems] == [said]


def test_one_metric_counts_one_kind_of_people(write: Write) -> None:
    """Also where a rule overrides another; a charge that names no manner takes that of the metric over."""
    users = """  - id: users
    when: {event: month, plan: full_spoke, partner: [P-1]}
    charge:
      metric: advisor-month
      item: ADVISOR
      price: per_unit
      units: users
      book: standard
      term: monthly
      proration: by_day
      overrides: advisor-month
"""
    said = "rule users counts users for 'advisor-month'; rule advisors counts advisors"
    assert [problem.message for problem in load(write(ADVISORS + users, EACH))[1]] == [said]
    taken = users.replace("price: per_unit\n      units: users\n      book: standard", "price: {book: standard}")
    assert load(write(ADVISORS + taken, EACH))[1] == ()


FEE = "    charge: {metric: fee, item: FEE, price: flat, book: standard, term: once}\n"
RENEWED_FEE = f"  - id: fee\n    when: {{event: renewed, partner: [P-1]}}\n{FEE}"
MONTHLY_FEE = f"""  - id: fee
    when: {{plan: full_spoke}}
{FEE}  - id: free
    when: {{event: month, plan: assessment_only}}
    no_charge: free
"""


@pytest.mark.parametrize(
    ("rules", "replace", "said"),
    [
        (RENEWED_FEE, ANNUAL, "fee has no renewal, but it also covers a full feature client of partner P-1 renewed"),
        (MONTHLY_FEE, CREATED, "fee says flat, but it also covers a full feature client in any month"),
    ],
)
def test_a_charge_that_covers_what_it_cannot_bill(write: Write, rules: str, replace: dict[str, str], said: str) -> None:
    folder = write(replace={**replace, BUNDLE: f"{BUNDLE}\n  flat: {{fee: 5}}"})
    billing = folder / "billing.yaml"
    billing.write_text(billing.read_text(encoding="utf-8") + rules, encoding="utf-8")
    assert said in [problem.message for problem in load(folder)[1]]


def test_an_empty_folder_is_examined_too(tmp_path: Path) -> None:
    assert [problem.code for problem in examine(tmp_path).problems] == ["rules-none"]


def test_each_price_knows_the_tiers_beside_it(write: Write) -> None:
    prices = "rules/prices.yaml:6"
    assert sound(write()).near_tiers == {
        f"{prices} 1": "2-10 at USD 900.00",
        f"{prices} 2-10": "1 at USD 600.00, 11+ at USD 1,800.00",
        f"{prices} 11+": "2-10 at USD 900.00",
    }
