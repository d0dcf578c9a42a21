"""The JSON Schema of rule files: fresh, right about the shipped files, of the product's words, and never too strict."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from declared_kit import SHIPPED

from connector.declared import ListNode, MapNode, Node, ScalarNode, parse_yaml
from connector.domain.words import EventKind, PartnerKind, Plan
from connector.rulebook import load
from connector.rulebook.asking import NoAnswer
from connector.rulebook.read_adjust import ADJUSTMENTS
from connector.rulebook.read_charge import CHARGE_KEYS, PRORATIONS, TERMS, UNITS
from connector.rulebook.read_entities import LOCKED_PERIOD, POLICIES
from connector.rulebook.read_expect import COLUMNS
from connector.rulebook.read_expect import OUTCOMES as EXPECTED
from connector.rulebook.read_rules import OUTCOMES
from connector.rulebook.read_tests import TOP_KEY
from connector.rulebook.read_when import CONDITIONS
from connector.rulebook.schema import FILE, rules_schema, schema_text
from connector.rulebook.schema_rules import conditions, outcomes
from connector.rulebook.sources import TOP_KEYS
from connector.rulebook.spec import MANNERS

Write = Callable[..., Path]
PROBLEMS = Path(__file__).parents[1] / "problems"
FILES = sorted(SHIPPED.rglob("*.yaml"))
SCHEMA = jsonschema.Draft202012Validator(rules_schema())


def plain(node: Node | None) -> Any:
    """The values as an editor's YAML has them: bare numbers, truth values and nothing are typed, days are text."""
    if isinstance(node, MapNode):
        return {name: plain(value) for name, value in node.entries.items()}
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    if not isinstance(node, ScalarNode) or node.quoted:
        return node.text if isinstance(node, ScalarNode) else None
    known = {"true": True, "false": False, "null": None, "": None}
    if node.text in known:
        return known[node.text]
    return json.loads(node.text) if re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", node.text) else node.text


def valid(text: str) -> bool:
    node, problems = parse_yaml(text, "r.yaml")
    assert problems == ()
    return SCHEMA.is_valid(plain(node))


def rule(body: str) -> str:
    return "rules:\n  - id: x\n" + "".join(f"    {line}\n" for line in body.splitlines())


def charge(more: str, event: str = "created") -> str:
    return rule(f"when: {{event: {event}}}\ncharge: {{metric: m, item: I, {more}}}")


def test_the_schema_file_is_fresh_and_a_schema() -> None:
    assert (SHIPPED / FILE).read_text("utf-8") == schema_text()
    jsonschema.Draft202012Validator.check_schema(rules_schema())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_shipped_file_is_valid_and_names_the_schema(path: Path) -> None:
    text = path.read_text("utf-8")
    up = "../" * (len(path.relative_to(SHIPPED).parts) - 1)
    assert text.splitlines()[0] == f"# yaml-language-server: $schema={up}{FILE}"
    assert valid(text)


def test_every_key_has_a_text_for_editors() -> None:
    def untold(schema: Any, at: str) -> list[str]:
        if isinstance(schema, list):
            return [found for one in schema for found in untold(one, at)]
        if not isinstance(schema, dict):
            return []
        named = schema.get("properties", {}) if schema.get("additionalProperties") is False else {}
        lacking = [f"{at}/{name}" for name, one in named.items() if "description" not in one]
        return lacking + [found for name, one in schema.items() for found in untold(one, f"{at}/{name}")]

    assert untold(rules_schema(), "") == []


BOOK = "price_book: b\neffective_from: 2025-03-01\ncurrency: USD\nprices: {flat: {m: 1}}\n"
GOOD = [
    (
        "policies: {employee_size: band_first, upgrade: frees_bundle_place, archived_client: bill, "
        "archived_renewal: stop, undated_upgrade: hold, overdraw: allow}\nrules: []"
    ),
    "price_book: 2025\neffective_from: 2025-03-01\ncurrency: USD\nprices: {flat: {onboarding: 250}}",
    (
        "price_book: b\neffective_from: 2025-03-01\ncurrency: USD\nselling_entity: [us, us]\n"
        'prices: {per_unit: {a: 12.50, b: {graduated: {"1-5": 30, "6+": 25}}, c: {volume: {"1": 30, "2+": "2.5"}}}}'
    ),
    'price_book: b\neffective_from: 2025-03-01\ncurrency: USD\nprices: {assessment_bundle: {size: "10", price: 1500}}',
    'tiers: t\nbands: [1, 2-10, "11+"]',
    charge("price: by_tier, book: b, term: once"),
    charge("price: per_bundle, book: b", "bundle"),
    charge("price: {book: q}, term: once, overrides: m, from: 2025-07-01, to: 2026-06-30, price_at: event"),
    charge("price: by_tier, book: b, term: annual, renewal: {price: current, tier: kept}, proration: none"),
    charge("price: by_tier, book: b, term: monthly, renewal: none, proration: by_day"),
    charge("price: per_unit, book: b, units: users, term: once", "[created, upgraded]"),
    rule("when: {tags: [pilot, vip], band: [2-10, 11-50]}\nadjust: {percent: -10, reason: launch}"),
    rule("when: {clients_this_year: {from: 51}, places_left: {to: 0}}\nadjust: {amount: {USD: -50}, reason: r}"),
    rule("when: {partner_kind: msp}\nadjust: {minimum: {USD: 500, GBP: 400}, reason: agreed}"),
    rule('when: {dates: {from: 2025-01-01, to: 2025-12-31}, employees: {to: "50"}}\nno_charge: "free"'),
    rule('when: {domain: [example.com, xn--bcher-kva.example], country: US, partner: 1042}\nhold: "ask"'),
    (
        "rule_tests:\n  - name: R3\n    given: {created: 2025-04-01, plan: full_spoke, employees: 5, partner: P-1, "
        'partner_kind: msp, selling_entity: us}\n    expect: {charge: "USD 900.00", tier: 2-10, adjusted_by: [a, b]}'
    ),
    (
        "rule_tests:\n  - name: R7\n    given: {bundle: 2025-04-01, quantity: 3, partner: P-1, partner_kind: msp, "
        "selling_entity: us}\n    expect: {blocked: rate-quantity}"
    ),
]
BAD = [
    "unknown: 1",
    "entities: {us: {name: x}}",
    "entities: {}",
    (
        "policies: {employee_size: counts_first, upgrade: keeps_bundle_place, archived_client: hold, "
        "archived_renewal: stop, undated_upgrade: hold, overdraw: allow}"
    ),
    "policies: {employee_size: count_first}",
    "price_book: b\neffective_from: 2025-13-01\ncurrency: USD\nprices: {flat: {x: 1}}",
    "price_book: b\neffective_from: 2025-03-01\ncurrency: usd\nprices: {flat: {x: 1}}",
    "price_book: b\neffective_from: 2025-03-01\ncurrency: USD\nprices: {}",
    "price_book: b\neffective_from: 2025-03-01\ncurrency: USD\nprices: {flat: {x: -1}}",
    "price_book: b\neffective_from: 2025-03-01\ncurrency: USD\nprices: {flat: {x: 1,000}}",
    "price_book: b\neffective_from: 2025-03-01\ncurrency: USD\nprices: {flat: {x: true}}",
    'price_book: b\neffective_from: 2025-03-01\ncurrency: USD\nprices: {full_spoke: {"1": 5, "2+": 7}}',
    'price_book: b\neffective_from: 2025-03-01\ncurrency: USD\nprices: {per_unit: {a: {graduated: {"0-5": 1}}}}',
    'price_book: b\neffective_from: 2025-03-01\ncurrency: USD\nprices: {per_unit: {a: {gradual: {"1+": 1}}}}',
    "price_book: b\neffective_from: 2025-03-01\ncurrency: USD\nprices: {assessment_bundle: {size: 0, price: 5}}",
    "tiers: t\nbands: []",
    'tiers: t\nbands: ["01-10"]',
    "rules: none",
    rule("when: {event: created}"),
    rule("when: {}\nhold: ask"),
    rule("when: {event: create}\nhold: ask"),
    rule("when: {event: [created, created]}\nhold: ask"),
    rule("when: {evnt: created}\nhold: ask"),
    rule("when: {country: Canada}\nhold: ask"),
    rule("when: {domain: https://example.com}\nhold: ask"),
    rule("when: {employees: {}}\nhold: ask"),
    rule("when: {employees: {from: 0}}\nhold: ask"),
    rule("when: {dates: {from: 1 March}}\nhold: ask"),
    rule("when: {plan: full_spoke}\nhold: true"),
    rule("when: {plan: full_spoke}\nhold: ask\nnot_billable: no"),
    rule("when: {plan: full_spoke}\nadjust: {percent: 5}"),
    rule("when: {plan: full_spoke}\nadjust: {percent: 5, amount: {USD: 5}, reason: r}"),
    rule("when: {plan: full_spoke}\nadjust: {cap: {USD: -5}, reason: r}"),
    rule("when: {plan: full_spoke}\nadjust: {cap: 5, reason: r}"),
    charge("price: by_tier, term: once"),
    charge("price: by_tier, book: b"),
    charge("price: by_size, book: b, term: once"),
    charge("price: {book: q}, term: once"),
    charge("price: {book: q}, book: q, term: once, overrides: m"),
    charge("price: by_tier, book: b, term: yearly"),
    charge("price: by_tier, book: b, term: annual, proration: none"),
    charge("price: by_tier, book: b, term: annual, renewal: none"),
    charge("price: by_tier, book: b, term: once, renewal: none"),
    charge("price: by_tier, book: b, term: once, units: users"),
    charge("price: per_unit, book: b, term: once"),
    charge("price: by_tier, book: b, term: once, proration: none"),
    charge("price: per_bundle, book: b, term: annual, proration: none, renewal: none", "bundle"),
    charge("price: by_tier, book: b, term: annual, proration: none", "month"),
    charge("price: by_tier, book: b, term: monthly, proration: none, renewal: none", "month"),
    rule("when: {band: 2-10, employees: {from: 2}}\nhold: ask"),
    rule("when: {plan: full_spoke}\nadjust: {percent: -101, reason: r}"),
    charge("price: by_tier, book: b, term: once, price_at: billing"),
    "rule_tests:\n  - name: x\n    given: {created: 2025-04-01}\n    expect: {charge: 5}",
    (
        "rule_tests:\n  - name: x\n    given: {created: 2025-04-01, upgraded: 2025-04-01, plan: full_spoke, "
        "partner: P-1, partner_kind: msp, selling_entity: us}\n    expect: {held: x}"
    ),
]


@pytest.mark.parametrize("text", GOOD)
def test_what_the_language_has_is_valid(text: str) -> None:
    assert valid(text)


@pytest.mark.parametrize("text", BAD)
def test_what_is_wrong_is_refused(text: str) -> None:
    assert not valid(text)


MONTHLY = [
    charge("price: per_unit, book: b, units: advisors, term: monthly, proration: by_day", "month"),
    charge("price: per_unit, book: b, units: advisors, term: monthly, proration: none", "[month]"),
    charge("price: by_tier, book: b, term: annual, renewal: none, proration: none", "[renewed, created]"),
    rule("when: {event: month, plan: assessment_only}\nno_charge: free"),
]
NEVER = [
    rule("when: {event: [month, created]}\nhold: ask"),
    charge("price: per_unit, book: b, units: advisors, term: annual, proration: none", "month"),
    charge("price: per_unit, book: b, units: advisors, term: monthly, renewal: none, proration: none", "month"),
]
FORMS = {"yaml-value", "yaml-unknown-key", "yaml-missing-key", "rules-outcome", "rules-condition", "rules-term",
         "rules-metric", "rules-adjustment", "rules-not-in-this-version", "prices-amount"}  # fmt: skip


@pytest.mark.parametrize("text", [text for text in (*GOOD, *BAD, *MONTHLY, *NEVER) if text.startswith("rules:\n")])
def test_a_rule_that_the_schema_refuses_reading_refuses_and_one_it_takes_reading_takes(write: Write, text: str) -> None:
    folder = write(
        text.removeprefix("rules:\n"), files={"b.yaml": BOOK, "q.yaml": BOOK.replace("price_book: b", "price_book: q")}
    )
    # How a rule reads is known before the engine is asked.
    found = {one.code for one in load(folder, ask=lambda _: NoAnswer("not asked"))[1]} & FORMS
    alone = {"rules-metric"} if "overrides: m" in text else set()  # nothing else bills m
    assert bool(found - alone) != valid(text)
    assert valid(text) == (text in (*GOOD, *MONTHLY))


def small_texts(small: Mapping[str, str], old: str, new: str) -> list[str]:
    return [text.replace(old, new) for text in small.values()]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("currency: USD", "currency: usd"),
        ("bill_from: 2025-03-01", "bill_from: soon"),
        ("number_prefix: US-", "number_prefix: us-"),
        ("locked_period: refuse", "locked_period: open"),
        ("count_first", "first"),
        ("    name: Example Vendor Inc.\n", ""),
        ("event: bundle", "event: bundles"),
        ("price: by_tier", "price: by_size"),
        ("term: once", "term: yearly"),
        (", book: standard, term: once", ", term: once"),
        ("inside_bundle:", "inside:"),
        ("  full_spoke: {", "  full_spokes: {"),
        ("tiers: linkedin\nprices", "prices"),
        ("size: 10", "size: ten"),
        ('"1": 600', '"1": 6oo'),
        ('["1", "2-10", "11+"]', '["one", "2-10", "11+"]'),
        ("effective_from: 2025-03-01", "effective: 2025-03-01"),
    ],
)
def test_what_the_schema_refuses_loading_refuses_too(
    write: Write, small: Mapping[str, str], old: str, new: str
) -> None:
    assert all(valid(text) for text in small.values())
    assert load(write())[0] is not None
    assert not all(valid(text) for text in small_texts(small, old, new))
    assert load(write(replace={old: new}))[0] is None


def words_of(schema: Any) -> set[str]:
    """Every word that the schema allows where it lists them."""
    if isinstance(schema, list):
        return set().union(*map(words_of, schema))
    if not isinstance(schema, dict):
        return set()
    listed = {word for word in schema.get("enum", ()) if isinstance(word, str)}
    listed |= {schema["const"]} if isinstance(schema.get("const"), str) else set()
    return listed | set().union(*map(words_of, schema.values()))


def test_words_are_those_of_the_product() -> None:
    named = conditions()
    assert words_of(named["event"]) == set(EventKind)
    assert words_of(named["plan"]) == set(Plan)
    assert words_of(named["partner_kind"]) == set(PartnerKind)
    sections = rules_schema()["$defs"]["rules_file"]["properties"]
    assert {name: words_of(one) for name, one in sections["policies"]["properties"].items()} == {
        name: set(options) for name, options in POLICIES.items()
    }
    entity = sections["entities"]["additionalProperties"]["properties"]
    assert words_of(entity["locked_period"]) == set(LOCKED_PERIOD)
    charged, adjusted = outcomes()["charge"]["properties"], outcomes()["adjust"]["properties"]
    assert words_of(charged["price"]) == set(MANNERS)
    assert words_of(charged["term"]) == set(TERMS)
    assert words_of(charged["units"]) == set(UNITS)
    assert words_of(charged["proration"]) == set(PRORATIONS)
    assert (set(charged), set(adjusted)) == ({*CHARGE_KEYS, "price_at"}, {*ADJUSTMENTS, "reason"})
    assert (set(conditions()), set(outcomes())) == (set(CONDITIONS), set(OUTCOMES))
    assert set(rules_schema()["properties"]) == {*TOP_KEYS, TOP_KEY}
    test = rules_schema()["$defs"]["rule_tests_file"]["properties"][TOP_KEY]["items"]["properties"]
    assert set(test["expect"]["properties"]) == {*EXPECTED, *COLUMNS}


FAULTY = ["rules-outcome", "tiers-band", "rules-entity", "prices-amount"]


@pytest.mark.parametrize("code", FAULTY)
def test_the_examples_of_problems_that_a_schema_can_see_are_refused(code: str) -> None:
    texts = [path.read_text("utf-8") for path in sorted((PROBLEMS / code).rglob("rules/**/*.yaml"))]
    assert texts
    assert not all(valid(text) for text in texts)
