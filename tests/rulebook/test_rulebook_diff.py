"""What differs between two rulebooks: declarations, prices, decisions; and what is no difference."""

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import pytest
from declared_kit import (
    AT,
    FULL,
    LIST,
    MONTHLY,
    SHIPPED,
    WHOLE,
    YEARLY,
    adjust,
    charge,
    day,
    each,
    entity,
    rule,
    version,
)

from connector.domain.entities import Policies, SellingEntity
from connector.domain.money import Money
from connector.printed import text_of
from connector.rulebook import examine
from connector.rulebook.spec import Adjustment, Charge, Declared, Renewal, Rule, Term, TierScheme
from connector.rulebook.views import Comparison, compare, difference_tables, verdict
from connector.rulebook.views.comparing import Change, PriceChange
from connector.rulebook.views.deciding import Decision, Decisions
from connector.rulebook.views.facts import entity_facts, rule_facts

USD = "standard: USD from 2025-03-01"
FULL_SPOKE = rule("full-spoke", FULL, charge("full-spoke", "by_tier"), line=5)
BUNDLE = rule("bundle", {"event": ("bundle",)}, charge("bundle", "per_bundle"), line=8)
PLACE = rule("place", {"plan": ("assessment_only",)}, "inside_bundle", reason="a place", line=9)
ASK = rule("ask", {"domain": ("a.example",)}, "hold", reason="ask first", line=11)
WAIT = rule("wait", {"domain": ("a.example", "b.example")}, "hold", reason="wait", line=14)
OURS = rule("ours", {"country": ("US",)}, "not_billable", reason="ours", line=17)
BASE = replace(WHOLE, versions=(LIST,), rules=(FULL_SPOKE, BUNDLE, PLACE, ASK, WAIT, OURS))


def with_rules(*rules: Rule) -> Declared:
    return replace(BASE, rules=rules)


def changes(new: Declared, old: Declared = BASE) -> list[tuple[str, ...]]:
    found = compare(old, new)
    return [(one.part, one.name, one.change, one.field, one.old, one.new) for one in found.changes]


def prices(new: Declared, old: Declared = BASE) -> list[tuple[str, str, str, Money | None, Money | None]]:
    return [(one.version, one.against, one.size, one.old, one.new) for one in compare(old, new).prices]


def test_the_same_text_and_the_same_meaning() -> None:
    found = compare(BASE, BASE)
    assert (found.changes, found.prices, found.decisions.changed) == ((), (), ())
    assert verdict(found, same_text=True) == "The two rulebooks are the same."
    moved = replace(
        BASE,
        rules=tuple(replace(one, place=replace(one.place, line=one.place.line + 7)) for one in BASE.rules),
        versions=tuple(replace(one, place=AT) for one in BASE.versions),
        entities=dict(reversed(BASE.entities.items())),
    )
    assert verdict(compare(BASE, moved), same_text=False) == "The text differs, what it says does not."
    assert difference_tables(found) == ()


def test_rules_in_another_order_and_conditions_in_another_order_say_the_same() -> None:
    turned = replace(FULL_SPOKE, conditions=replace(FULL_SPOKE.conditions, words={
        "plan": ("full_spoke",), "event": ("upgraded", "created")}))  # fmt: skip
    assert compare(BASE, with_rules(PLACE, ASK, OURS, WAIT, BUNDLE, turned)).alike


def test_comments_and_layout_say_the_same_and_quoted_files_are_read(tmp_path: Path) -> None:
    copied = tmp_path / "rules"
    for path in SHIPPED.rglob("*.yaml"):
        copy = copied / path.relative_to(SHIPPED).with_name(f"my-{path.name}")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(
            "# mine\n" + path.read_text("utf-8").replace("metric: full-spoke", 'metric: "full-spoke"'), "utf-8"
        )
    old, new = examine(SHIPPED), examine(copied)
    assert old.declared is not None
    assert new.declared is not None
    found = compare(old.declared, new.declared)
    assert (found.alike, found.decisions.changed) == (True, ())
    assert verdict(found, same_text=False) == "The text differs, what it says does not."


def test_entities_policies_and_tiers() -> None:
    new = replace(
        BASE,
        entities={"us": replace(BASE.entities["us"], number_prefix="N-"), "ca": entity("ca", "CAD")},
        policies=Policies("band_first", "keeps_bundle_place", "hold", "stop", "hold", "allow"),
        tiers={"linkedin": replace(BASE.tiers["linkedin"], bands=BASE.tiers["linkedin"].bands[:1])},
        versions=(),
    )
    ca = (
        "name: Example ca; currency: CAD; bills from: 2025-03-01; time zone: Europe/London; number prefix: CA-; "
        "locked period: refuse"
    )
    assert changes(new, replace(BASE, versions=())) == [
        ("entity", "us", "changed", "number prefix", "US-", "N-"),
        ("entity", "uk", "removed", "", ca.replace("CAD", "GBP").replace("ca", "uk").replace("CA-", "UK-"), ""),
        ("entity", "ca", "added", "", "", ca),
        ("policies", "policies", "changed", "employee_size", "count_first", "band_first"),
        ("tiers", "linkedin", "changed", "tiers", "1, 2+", "1"),
    ]


def test_a_changed_price_is_told_in_money_and_percent() -> None:
    new = replace(
        BASE, versions=(replace(LIST, by_tier={**LIST.by_tier, "1": replace(LIST.by_tier["1"], minor=63000)}),)
    )
    found = compare(BASE, new)
    assert found.changes == ()
    assert found.prices == (
        PriceChange(USD, "", "full feature Spoke", "1 employee", Money(60000, "USD"), Money(63000, "USD"),
                    "rules/prices.yaml:7"),
    )  # fmt: skip
    (table,) = difference_tables(found)
    assert [[text_of(value) for value in row] for row in table.rows] == [
        [USD, "full feature Spoke", "1 employee", "USD 600.00", "USD 630.00", "+USD 30.00", "+5.0 %",
         "rules/prices.yaml:7"],
    ]  # fmt: skip
    assert verdict(found, same_text=False).startswith("No decision changes: each of the ")


def test_a_new_version_is_compared_with_the_prices_it_takes_the_place_of() -> None:
    closed = replace(LIST, last=day("2025-12-31"))
    later = replace(LIST, first=day("2026-01-01"), flat={}, units={"seat": each(60)}, label="later")
    new = replace(BASE, versions=(closed, later))
    assert changes(new) == [
        ("price book", "standard: USD 2025-03-01 to 2025-12-31", "changed", "valid", "from 2025-03-01",
         "2025-03-01 to 2025-12-31"),
        ("price book", "standard: USD from 2026-01-01", "added", "", "", "valid: from 2026-01-01; tiers: linkedin"),
    ]  # fmt: skip
    now = "standard: USD from 2026-01-01"
    assert prices(new) == [
        (now, USD, "one price", Money(25000, "USD"), None),
        (now, USD, "1-5 units", Money(3000, "USD"), None),
        (now, USD, "6+ units", Money(2500, "USD"), None),
        (now, USD, "each unit", Money(50, "USD"), Money(60, "USD")),
    ]
    assert [(version, against) for version, against, *_ in prices(BASE, new)] == [
        (now, USD),
        (now, USD),
        (now, USD),
        (now, USD),
    ]
    assert [change[:3] for change in changes(BASE, new)] == [
        ("price book", USD, "changed"),
        ("price book", now, "removed"),
    ]


def test_a_version_with_no_other_on_its_day_and_one_that_only_moved() -> None:
    other = version("other", "2025-03-01", entities=("us",), flat={"x": 100})
    moved = replace(other, first=day("2025-04-01"), entities=("us", "uk"))
    extra = replace(BASE, versions=(LIST, other))
    assert prices(extra) == [("other: USD from 2025-03-01 (us)", "", "one price", None, Money(100, "USD"))]
    assert prices(BASE, extra) == [("other: USD from 2025-03-01 (us)", "", "one price", Money(100, "USD"), None)]
    assert changes(replace(BASE, versions=(LIST, moved)), extra) == [
        ("price book", "other: USD from 2025-04-01 (uk, us)", "changed", field, old, new)
        for field, old, new in (
            ("valid", "from 2025-03-01", "from 2025-04-01"),
            ("selling entities", "us", "uk, us"),
        )
    ]
    abroad = version("other", "2025-05-01", entities=("uk",), flat={"x": 200})
    assert prices(replace(BASE, versions=(LIST, abroad)), extra) == [
        ("other: USD from 2025-03-01 (us)", "", "one price", Money(100, "USD"), None),
        ("other: USD from 2025-05-01 (uk)", "", "one price", None, Money(200, "USD")),
    ]


def test_rules_added_removed_renamed_and_changed() -> None:
    renamed = replace(FULL_SPOKE, id="spokes")
    wider = replace(OURS, conditions=replace(OURS.conditions, words={"country": ("US", "CA")}), reason="ours too")
    fresh = rule("fresh", {"country": ("GB",)}, "hold", reason="new")
    assert changes(with_rules(renamed, BUNDLE, PLACE, ASK, wider, fresh)) == [
        ("rule", "spokes", "renamed", "id", "full-spoke", "spokes"),
        (
            "rule",
            "wait",
            "removed",
            "",
            "outcome: hold; when domain: a.example, b.example; days: always; reason: wait",
            "",
        ),
        ("rule", "ours", "changed", "when country", "US", "CA, US"),
        ("rule", "ours", "changed", "reason", "ours", "ours too"),
        ("rule", "fresh", "added", "", "", "outcome: hold; when country: GB; days: always; reason: new"),
    ]


def test_an_id_is_renamed_once() -> None:
    twins = [replace(ASK, id=name) for name in ("one", "two")]
    assert changes(with_rules(*twins), with_rules(ASK)) == [
        ("rule", "one", "renamed", "id", "ask", "one"),
        ("rule", "two", "added", "", "", "outcome: hold; when domain: a.example; days: always; reason: ask first"),
    ]


def test_the_order_of_gates_decides_and_is_a_difference() -> None:
    new = with_rules(FULL_SPOKE, BUNDLE, PLACE, replace(WAIT, place=ASK.place), replace(ASK, place=WAIT.place), OURS)
    found = compare(BASE, new)
    assert changes(new) == [
        ("rule", "all hold", "changed", "order, which decides where several fit", "ask, wait", "wait, ask"),
    ]
    assert [(one.old, one.new) for one in found.decisions.changed] == [("hold (ask first)", "hold (wait)")]


MEANT: list[tuple[str, Rule]] = [
    ("id", replace(FULL_SPOKE, id="x")),
    ("words", rule("full-spoke", {**FULL, "partner": ("a", "b")}, charge("full-spoke", "by_tier"))),
    ("comma", rule("full-spoke", {**FULL, "partner": ("a, b",)}, charge("full-spoke", "by_tier"))),
    ("ranges", rule("full-spoke", FULL, charge("full-spoke", "by_tier"), ranges={"employees": (1, 5)})),
    ("days", rule("full-spoke", FULL, charge("full-spoke", "by_tier"), ranges={"day": (day("2025-07-01"), None)})),
    ("metric", rule("full-spoke", FULL, charge("other", "by_tier"))),
    ("item", replace(FULL_SPOKE, charge=replace(charge("full-spoke", "by_tier"), item="X"))),
    ("manner", rule("full-spoke", FULL, charge("full-spoke", "flat"))),
    ("book", rule("full-spoke", FULL, charge("full-spoke", "by_tier", "other"))),
    ("term", rule("full-spoke", FULL, charge("full-spoke", "by_tier", term=MONTHLY))),
    ("renewal", rule("full-spoke", FULL, charge("full-spoke", "by_tier", term=YEARLY))),
    ("kept", rule("full-spoke", FULL, charge("full-spoke", "by_tier", term=Term("annual", Renewal("kept", "kept"))))),
    (
        "tier",
        rule("full-spoke", FULL, charge("full-spoke", "by_tier", term=Term("annual", Renewal("kept", "current")))),
    ),
    ("proration", rule("full-spoke", FULL, charge("full-spoke", "by_tier", term=Term("once", None, "by_day")))),
    ("overrides", rule("full-spoke", FULL, charge("full-spoke", "by_tier", overrides="full-spoke"))),
    ("units", rule("full-spoke", FULL, charge("full-spoke", "by_tier", units="users"))),
    ("reason", replace(FULL_SPOKE, reason="because")),
    ("percent", rule("full-spoke", FULL, adjust("percent", "5"))),
    ("amount", rule("full-spoke", FULL, adjust("amount", USD=5))),
    ("money", rule("full-spoke", FULL, adjust("amount", USD=6))),
    ("cap", rule("full-spoke", FULL, adjust("cap", USD=5))),
    ("outcome", rule("full-spoke", FULL, "no_charge", reason="because")),
]


PLACES = ("metric_place", "book_place", "from_place", "to_place")


def test_every_part_of_a_rule_makes_a_difference() -> None:
    said = [changes(with_rules(one), with_rules(FULL_SPOKE)) for _, one in MEANT]
    assert [name for (name, _), found in zip(MEANT, said, strict=True) if not found] == []
    facts = [tuple(sorted(rule_facts(one).items())) for name, one in MEANT if name != "id"]
    assert len(set(facts)) == len(facts)
    # A field that is added to these must be compared too.
    known = {
        one: [field.name for field in fields(one)] for one in (Rule, Charge, Term, Renewal, Adjustment, TierScheme)
    }
    assert known == {
        Rule: ["id", "conditions", "outcome", "reason", "charge", "place", "adjustment"],
        Charge: [*("metric", "item", "manner", "book", "term", "overrides", "units"), *PLACES],
        Term: ["length", "renewal", "proration"],
        Renewal: ["price", "tier"],
        Adjustment: ["kind", "percent", "money", "place"],
        TierScheme: ["name", "bands", "place"],
    }
    whole = replace(BASE.entities["us"], credit_note_prefix="CN-")
    assert len(entity_facts(whole)) == len(fields(SellingEntity)) - 2  # its id and its place


def test_percentages_are_compared_as_numbers() -> None:
    assert (
        changes(
            with_rules(rule("x", FULL, adjust("percent", "-10.0"))),
            with_rules(rule("x", FULL, adjust("percent", "-10"))),
        )
        == []
    )


def decided(new: Declared, old: Declared = BASE) -> Decisions:
    return compare(old, new).decisions


def test_rules_written_otherwise_that_decide_alike_change_no_decision() -> None:
    halves = [
        rule(f"half-{name}", {**FULL, "event": (name,)}, charge("full-spoke", "by_tier")) for name in FULL["event"]
    ]
    new = with_rules(*halves, *BASE.rules[1:])
    found = compare(BASE, new)
    assert [change[2] for change in changes(new)] == ["removed", "added", "added"]
    assert found.decisions.changed == ()
    cases = found.decisions.cases
    assert verdict(found, same_text=False) == (
        f"No decision changes: each of the {cases:,} cases that the rules tell apart is decided as before."
    )


def test_cases_decided_otherwise_are_told_with_an_example() -> None:
    quote = rule(
        "quote", {**FULL, "partner": ("P-1",)}, charge("full-spoke", "by_tier", "quote", overrides="full-spoke")
    )
    new = replace(BASE, rules=(*BASE.rules[:-1], quote))
    found = compare(BASE, new)
    listed = "charge: metric full-spoke, item FULL-SPOKE, price by tier, book standard, term once, proration none"
    ours = [one for one in found.decisions.changed if one.old == "not billable (ours)"]
    quoted = Decision("a full feature client of partner P-1 created", listed, listed.replace("standard", "quote"), 2)
    assert found.decisions.changed == (*ours, quoted)
    assert [one.new for one in ours] == [""]
    table = difference_tables(found)[-1]
    assert [text_of(value) for value in table.rows[-1]] == [quoted.example, "2", quoted.old, quoted.new]
    total = sum(one.cases for one in found.decisions.changed)
    assert verdict(found, same_text=False) == (
        f"{total} of {found.decisions.cases} cases that the rules tell apart are decided otherwise."
    )


def test_adjustments_are_decisions_too() -> None:
    less = rule("less", {"partner": ("P-1",)}, adjust("percent", "-10"), reason="offer")
    more = rule("more", {"partner_kind": ("msp",)}, adjust("amount", USD=100), reason="more")
    old, new = with_rules(*BASE.rules, less), with_rules(*BASE.rules, less, more)
    said = {(one.old, one.new) for one in decided(new, old).changed}
    assert said == {
        ("", "adjust: amount USD 1.00 (more)"),
        ("adjust: percent -10 % (offer)", "adjust: amount USD 1.00 (more); adjust: percent -10 % (offer)"),
    }
    assert decided(with_rules(*BASE.rules, more, less), new).changed == ()


def test_tags_counts_and_months_are_cases_too() -> None:
    month = rule("month", {"event": ("month",), "plan": ("full_spoke",)}, charge("m", "flat", term=MONTHLY))
    old = with_rules(*BASE.rules, month)
    said = [
        rule("vip", {"tag:vip": ("yes",)}, adjust("percent", "-5"), reason="vip"),
        rule("few", {"event": ("created",)}, "hold", reason="few left", ranges={"places_left": (None, 1)}, line=99),
    ]
    found = decided(with_rules(*BASE.rules, month, *said), old)
    assert {(one.old, one.new) for one in found.changed} == {
        ("", "adjust: percent -5 % (vip)"),
        ("", "hold (few left)"),
        ("not billable (ours)", "hold (few left)"),
    }
    assert {one.new for one in decided(old).changed} == {
        "charge: metric m, item M, price one price, book standard, term monthly, proration by_day",
    }


@pytest.mark.parametrize(
    ("new", "unknown"),
    [
        (lambda: replace(BASE, entities={"ca": entity("ca", "CAD")}), "they have no selling entity in common"),
        (
            lambda: with_rules(*BASE.rules, rule("red", {"colour": ("red",)}, "hold", reason="red")),
            "no case was found for colour",
        ),
        (
            lambda: with_rules(*BASE.rules, rule("many", {
                "country": tuple(f"{a}{b}" for a in "ABCDEFGH" for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
                "template": tuple(map(str, range(200)))}, "hold", reason="many")),
            "more than 20,000",
        ),
    ],
)  # fmt: skip
def test_what_was_not_compared_is_not_claimed(new: Callable[[], Declared], unknown: str) -> None:
    found: Comparison = compare(BASE, new())
    assert (found.decisions.cases, found.decisions.changed) == (0, ())
    assert found.decisions.unknown.endswith(unknown)
    assert verdict(found, same_text=False) == (
        f"Whether clients are decided otherwise was not compared: {found.decisions.unknown}."
    )


def test_a_removed_stratum_is_compared_too() -> None:
    assert decided(with_rules(*BASE.rules[:3])).changed[0].new == ""
    assert isinstance(compare(BASE, with_rules(*BASE.rules[:3])).changes[0], Change)
