"""Adjustments together: which can meet on one line, and whether they could bring it below zero."""

from collections.abc import Callable
from pathlib import Path

import pytest

from connector.domain.problems import Problem
from connector.rulebook import load

Write = Callable[..., Path]
UK = """  uk:
    name: Example Vendor Ltd
    currency: GBP
    bill_from: 2025-03-01
    time_zone: Europe/London
    number_prefix: UK-
    locked_period: refuse
policies:"""
POUNDS = """price_book: standard
effective_from: 2025-03-01
currency: GBP
tiers: linkedin
prices:
  full_spoke: {"1": 50, "2-10": 90, "11+": 180}
  assessment_bundle: {size: 10, price: 150}
"""


def rule(name: str, when: str, adjust: str) -> str:
    return f'  - id: {name}\n    when: {{{when}}}\n    adjust: {{{adjust}, reason: "a reason"}}\n'


def negatives(problems: tuple[Problem, ...]) -> list[str]:
    assert {problem.code for problem in problems} <= {"rules-negative"}
    return [problem.message.partition(" would bring ")[0] for problem in problems]


HALF = rule("half", "plan: full_spoke", "percent: -50")
MOST = rule("most", "plan: full_spoke, partner: [P-1]", "percent: -60")


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (HALF, []),
        (HALF + MOST, ["half and most"]),
        (HALF + rule("other", "plan: assessment_only", "percent: -60"), None),
        (HALF + rule("bundles", "event: bundle", "percent: -60"), []),
        (HALF + MOST + rule("floor", "plan: full_spoke", "minimum: {USD: 0}"), []),
        (HALF + MOST + rule("floor", "plan: full_spoke, partner: [P-1]", "minimum: {USD: 0}"), []),
        (HALF + MOST + rule("floor", "plan: full_spoke, partner: [P-2]", "minimum: {USD: 0}"), ["half and most"]),
        (HALF + MOST + rule("more", "plan: full_spoke", "percent: 10"), []),
        (HALF + MOST + rule("more", "plan: full_spoke, country: [US]", "percent: 10"), ["half and most"]),
        (rule("a", "partner: [P-1]", "percent: -60") + rule("b", "partner: [P-2]", "percent: -60"), []),
        (rule("a", "employees: {to: 5}", "percent: -60") + rule("b", "employees: {from: 6}", "percent: -60"), []),
        (
            rule("a", "employees: {to: 6}", "percent: -60") + rule("b", "employees: {from: 6}", "percent: -60"),
            ["a and b"],
        ),
        (rule("a", "tags: [red]", "percent: -60") + rule("b", "tags: [blue]", "percent: -60"), ["a and b"]),
        (rule("a", "event: created, plan: full_spoke, band: [11+]", "amount: {USD: -1800}"), []),
        (rule("a", "event: created, plan: full_spoke, band: [11+]", "amount: {USD: -1800.01}"), ["a"]),
        (rule("a", "event: bundle", "amount: {USD: -1500.01}"), ["a"]),
        (rule("a", "event: bundle", "amount: {USD: -1500}"), []),
        (rule("a", "event: bundle, plan: full_spoke", "amount: {USD: -9}"), None),
    ],
)
def test_adjustments_that_can_meet(write: Write, rules: str, said: list[str] | None) -> None:
    rulebook, problems = load(write(rules))
    if said is None:
        assert [problem.code for problem in problems] == ["rules-unreachable"]
    else:
        assert negatives(problems) == said
        assert (rulebook is None) is bool(said)


def test_each_entity_has_its_own_prices_and_currency(write: Write) -> None:
    voucher = rule("voucher", "event: created, plan: full_spoke", "amount: {USD: -60, GBP: -60}")
    files = {"pounds.yaml": POUNDS}
    _, problems = load(write(voucher, {"policies:": UK}, files))
    assert negatives(problems) == ["voucher"]
    assert "entity uk created to GBP -10.00, from a list price of GBP 50.00" in problems[0].message
    home = rule("voucher", "event: created, plan: full_spoke, selling_entity: us", "amount: {USD: -60}")
    abroad = rule("abroad", "event: created, plan: full_spoke, selling_entity: [uk]", "amount: {GBP: -50}")
    assert load(write(home + abroad, {"policies:": UK}, files))[1] == ()


def test_a_cell_that_charges_tell_apart_is_asked_by_its_own_values(write: Write) -> None:
    """A quote for US clients of large partners: what meets there need not meet elsewhere."""
    quote = """  - id: quote
    when: {country: [US], partner: [P-1], plan: full_spoke, employees: {from: 11}, event: created}
    charge: {metric: full-spoke, item: SPOKE-FULL, price: {book: standard}, term: once, overrides: full-spoke}
"""
    far = rule("far", "country: [DE], partner: [P-1], plan: full_spoke", "amount: {USD: -600}")
    none = rule("us", "country: [US], partner: [P-1], employees: {from: 11}, plan: full_spoke", "amount: {USD: -1800}")
    assert load(write(quote + far + none))[1] == ()
    low = rule("us", "country: [US], partner: [P-1], plan: full_spoke", "amount: {USD: -601}")
    assert negatives(load(write(quote + low))[1]) == ["us"]
    missing = rule("size", "employees: {from: 1}, partner: [P-1], plan: full_spoke", "amount: {USD: -600}")
    assert load(write(quote + missing))[1] == ()


def test_flat_and_unit_prices_are_asked_too(write: Write) -> None:
    flat = {"price: 1500}": "price: 1500}\n  flat: {full-spoke: 99}", "price: by_tier": "price: flat"}
    assert negatives(load(write(rule("a", "plan: full_spoke, event: created", "amount: {USD: -100}"), flat))[1]) == [
        "a"
    ]
    ladder = {"price: 1500}": 'price: {volume: {"1-9": 1500, "10+": 1400}}}'}
    assert negatives(load(write(rule("a", "event: bundle", "amount: {USD: -1450}"), ladder))[1]) == ["a"]


def test_too_many_that_may_meet_are_taken_as_all_meeting(write: Write) -> None:
    many = "".join(rule(f"r{number}", f"tags: [t{number}], plan: full_spoke", "percent: -9") for number in range(12))
    assert len(negatives(load(write(many))[1])) == 1
    assert load(write(many.replace("-9", "-8")))[1] == ()


@pytest.mark.parametrize(
    ("adjust", "said"),
    [
        ("[percent, -5]", ("yaml-value", "adjust must be a mapping (key: value)")),
        ('{percent: ten, reason: "x"}', ("yaml-value", "percent is 'ten'")),
        ('{percent: 0.00001, reason: "x"}', ("rules-adjustment", "percent cannot be 0.00001")),
        ('{cap: 5, reason: "x"}', ("yaml-value", "cap must be a mapping (key: value)")),
        ('{cap: {USD: five}, reason: "x"}', ("yaml-value", "cap in USD is 'five'")),
        ("{percent: -5}", ("yaml-missing-key", "adjust does not say 'reason'")),
    ],
)
def test_an_adjustment_that_does_not_read_well(write: Write, adjust: str, said: tuple[str, str]) -> None:
    _, problems = load(write(f"  - id: a\n    when: {{plan: full_spoke}}\n    adjust: {adjust}\n"))
    assert said in [(problem.code, problem.message) for problem in problems]


def test_only_prices_of_days_on_which_adjustments_meet_are_looked_at(write: Write) -> None:
    """600 a client until the end of 2025, then 100: a voucher of 2025 is not taken off the price of 2026."""
    later = """price_book: standard
effective_from: 2026-01-01
currency: USD
tiers: linkedin
prices:
  full_spoke: {"1": 100, "2-10": 100, "11+": 100}
  assessment_bundle: {size: 10, price: 1500}
"""
    ends = {"effective_from: 2025-03-01\n": "effective_from: 2025-03-01\neffective_to: 2025-12-31\n"}
    when = "plan: full_spoke, event: created, dates: {{to: {}}}"
    for day, said in (("2025-12-31", []), ("2026-01-01", ["voucher"])):
        rules = rule("voucher", when.format(day), "amount: {USD: -600}")
        folder = write(rules, ends)
        (folder / "later.yaml").write_text(later, encoding="utf-8")
        assert negatives(load(folder)[1]) == said
