"""One below, at, and one above each bound: which cases are made, and that the second reading is right by itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connector.domain.places import Line
from connector.rulebook import Examined, examine
from connector.rulebook.boundaries import Case, check_boundaries
from connector.rulebook.decide import Cell, Decided
from connector.rulebook.plain import Plain, Verdict
from connector.rulebook.sources import Sources
from connector.rulebook.spec import (
    ADJUST,
    Adjustment,
    Charge,
    Conditions,
    Declared,
    Price,
    PriceVersion,
    Range,
    Rule,
    Step,
    Term,
    UnitPrice,
)
from connector.tables import RATED

SHIPPED = Path(__file__).resolve().parents[2] / "rules"

HERE = Line("rules/billing.yaml", 11, 5)
STEPS = (
    Step(1, 5, Price(3000, HERE)),
    Step(6, 20, Price(2500, HERE)),
    Step(21, None, Price(2000, HERE)),
)
CLIENT: Mapping[str, Any] = {
    "event": "created",
    "event_on": date(2025, 6, 15),
    "plan": "full_spoke",
    "partner": "P-1",
    "partner_kind": "msp",
    "selling_entity": "us",
    "currency": "USD",
    "count": 5,
    "quantity": 1,
}
BUNDLES: Mapping[str, Any] = {**CLIENT, "event": "bundle", "plan": None, "count": None}


@pytest.fixture(scope="module")
def base(small: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Examined:
    folder = tmp_path_factory.mktemp("rules")
    for name, text in small.items():
        (folder / name).write_text(text, encoding="utf-8")
    return examine(folder)


def parts(found: Examined) -> tuple[Declared, Decided, Callable[[pl.DataFrame], pl.DataFrame]]:
    assert found.declared is not None
    assert found.decided is not None
    assert found.rulebook is not None
    return found.declared, found.decided, found.rulebook.rate


def with_rules(found: Examined, *rules: Rule) -> Declared:
    declared, _, _ = parts(found)
    return replace(declared, rules=(*declared.rules, *rules))


def with_version(declared: Declared, **changes: object) -> Declared:
    """The book with other prices."""
    (version,) = declared.versions
    changed: PriceVersion = replace(version, **changes)  # type: ignore[arg-type]  # each test names fields of it
    return replace(declared, versions=(changed,))


def adjust(name: str, kind: str, value: Any, ranges: Mapping[str, Range] | None = None) -> Rule:
    percent = Decimal(value) if kind == "percent" else None
    money = {} if kind == "percent" else value
    conditions = Conditions({"plan": ("full_spoke",)}, ranges or {})
    return Rule(name, conditions, ADJUST, "sample", None, HERE, Adjustment(kind, percent, money, HERE))


def charging(name: str, manner: str, *, units: str | None = None, overrides: str | None = None) -> Rule:
    charge = Charge(name, "ITEM", manner, "standard", Term(), overrides, units, HERE, HERE)
    return Rule(name, Conditions({"partner": ("P-7",)}), "charge", None, charge, HERE)


def amount(declared: Declared, event: Mapping[str, Any]) -> int | None:
    return Plain(declared).verdict(event).amount_minor


def points(cases: Sequence[Case], column: str, **fixed: object) -> list[Any]:
    """The values tried in one column, of the events in which others are as named."""
    kept = [case.event for case in cases if all(case.event.get(name) == value for name, value in fixed.items())]
    return sorted({event[column] for event in kept if event.get(column) is not None})


@pytest.fixture(scope="module")
def shipped_cases() -> tuple[Case, ...]:
    declared, decided, rate = parts(examine(SHIPPED))
    sources = Sources({}, (), [])
    cases = check_boundaries(declared, decided, rate, sources)
    assert sources.problems() == ()
    return cases


def test_the_shipped_rules_come_out_as_their_files_say(shipped_cases: tuple[Case, ...]) -> None:
    assert [str(case) for case in shipped_cases if case.rated != case.plainly] == []
    assert len({repr(case.event) for case in shipped_cases}) == len(shipped_cases)


def test_each_tier_has_its_cases(shipped_cases: tuple[Case, ...]) -> None:
    bounds = [1, 2, 10, 11, 50, 51, 200, 201, 500, 501, 1000, 1001, 5000, 5001, 10000, 10001]
    around = sorted({bound + step for bound in bounds for step in (-1, 0, 1)} - {0})
    assert points(shipped_cases, "count", partner="P-1004", event="upgraded") == around


def test_each_version_and_each_quote_has_the_days_about_its_ends(shipped_cases: tuple[Case, ...]) -> None:
    days = points(shipped_cases, "event_on", partner="P-1004", selling_entity="us", event="created")
    ends = ("2025-03-01", "2025-07-01", "2025-12-31", "2026-01-01", "2026-06-30", "2026-07-01")
    about = {date.fromordinal(date.fromisoformat(end).toordinal() + step) for end in ends for step in (-1, 0, 1)}
    assert days == sorted(about - {date(2026, 7, 2)})


def test_a_case_says_what_it_is_about(shipped_cases: tuple[Case, ...]) -> None:
    shown = {str(case) for case in shipped_cases}
    assert {
        "created full_spoke us P-1004 2025-07-01, 51 employees",
        "upgraded full_spoke us P-1004 2025-07-01, 50-51 employees",
        "created assessment_only us of another partner 2025-03-01",
        "bundle uk of another partner 2025-03-01, 2 bundles",
        "bundle us of another partner 2025-03-01, domain hold.example",
    } <= shown


def test_a_case_names_tags_and_counts() -> None:
    event = {**BUNDLES, "plan": "full_spoke", "tags": ["pilot", "school"], "users": 7, "template": "T-1"}
    assert str(Case(event, "users", Verdict("charge"), Verdict("charge"))) == (
        "bundle full_spoke us P-1 2025-06-15, template T-1, tags pilot, school, 7 users"
    )


def test_conditions_on_headcount_and_days_have_their_cases(small: Mapping[str, str], tmp_path: Path) -> None:
    rules = """  - id: middle
    when: {employees: {from: 30, to: 40}, dates: {from: 2025-09-01}, plan: full_spoke}
    hold: "ask"
"""
    for name, text in small.items():
        (tmp_path / name).write_text(text + (rules if name == "billing.yaml" else ""), encoding="utf-8")
    sources = Sources({}, (), [])
    cases = check_boundaries(*parts(examine(tmp_path)), sources)
    assert sources.problems() == ()
    counts = points(cases, "count", event="created")
    assert counts == [1, 2, 3, 9, 10, 11, 12, 29, 30, 31, 39, 40, 41]
    held = [str(case) for case in cases if case.rated.outcome == "held" and case.event["event"] == "created"]
    assert "created full_spoke us of another partner 2025-09-01, 30 employees" in held
    assert not any("29 employees" in text or "41 employees" in text or "2025-08-31" in text for text in held)
    spanning = [case for case in cases if case.rated.problem == "rate-band-spans-rule"]
    assert {(case.event["band_low"], case.event["band_high"]) for case in spanning} >= {(29, 30), (40, 41)}


@pytest.mark.parametrize(
    ("kind", "quantity", "minor"),
    [
        *[("graduated", 1, 3000), ("graduated", 5, 15000), ("graduated", 6, 17500), ("graduated", 20, 52500)],
        *[("graduated", 21, 54500), ("graduated", 22, 56500), ("volume", 5, 15000), ("volume", 6, 15000)],
        *[("volume", 20, 50000), ("volume", 21, 42000), ("each", 4, 12000)],
    ],
)
def test_a_ladder_costs_what_it_says(base: Examined, kind: str, quantity: int, minor: int) -> None:
    steps = STEPS if kind != "each" else (Step(1, None, Price(3000, HERE)),)
    declared = with_version(parts(base)[0], bundle=UnitPrice(kind, steps, HERE))
    assert amount(declared, {**BUNDLES, "quantity": quantity}) == minor


def test_adjustments_are_summed_and_bounded(base: Examined) -> None:
    minus = adjust("minus", "percent", "-10")
    more = adjust("more", "percent", "2.5")
    assert amount(with_rules(base, minus), CLIENT) == 81_000
    assert amount(with_rules(base, minus, more), CLIENT) == 83_250
    assert amount(with_rules(base, minus, adjust("fee", "amount", {"USD": 500})), CLIENT) == 81_500
    assert amount(with_rules(base, adjust("fee", "amount", {"GBP": 500})), CLIENT) == 90_000
    floors = [adjust("a", "minimum", {"USD": 95_000}), adjust("b", "minimum", {"USD": 99_000})]
    assert amount(with_rules(base, *floors), CLIENT) == 99_000
    assert amount(with_rules(base, *floors, adjust("c", "cap", {"USD": 80_000})), CLIENT) == 80_000
    assert amount(with_rules(base, adjust("d", "percent", "-33.335")), CLIENT) == 59_999  # 59,998.5: a half goes up
    big = adjust("big", "percent", "-50", {"employees": (6, None)})
    assert [amount(with_rules(base, big), {**CLIENT, "count": count}) for count in (5, 6)] == [90_000, 45_000]


def test_a_flat_price_and_a_price_per_unit(base: Examined) -> None:
    declared = with_rules(
        base,
        charging("full-spoke", "flat", overrides="full-spoke"),
    )
    declared = with_version(declared, flat={"full-spoke": Price(25_000, HERE)})
    assert amount(declared, {**CLIENT, "partner": "P-7"}) == 25_000
    units = with_rules(base, charging("full-spoke", "per_unit", units="advisors", overrides="full-spoke"))
    units = with_version(units, units={"full-spoke": UnitPrice("graduated", STEPS, HERE)})
    assert amount(units, {**CLIENT, "partner": "P-7", "advisors": 6}) == 17_500


def test_a_band_across_a_condition_or_a_tier_is_blocked(base: Examined) -> None:
    band = {**CLIENT, "count": None, "band_low": 2, "band_high": 10}
    declared = parts(base)[0]
    assert Plain(declared).verdict(band).tier == "2-10"
    assert Plain(declared).verdict({**band, "band_high": None}).problem == "rate-band-spans-tiers"
    assert Plain(declared).verdict({**band, "band_low": 11, "band_high": None}).tier == "11+"
    hold = Rule("hold", Conditions(ranges={"employees": (5, None)}), "hold", "ask", None, HERE)
    discount = adjust("discount", "percent", "-10", {"employees": (None, 4)})
    inside = replace(charging("full-spoke", "by_tier", overrides="full-spoke"), conditions=hold.conditions)
    for rule, name in ((hold, None), (discount, "full-spoke"), (inside, None)):
        assert Plain(with_rules(base, rule)).verdict(band) == Verdict("blocked", "rate-band-spans-rule", name)
        assert Plain(with_rules(base, rule)).verdict({**band, "band_high": 4}).outcome == "charge"


def test_the_declared_policy_says_which_size_counts(base: Examined) -> None:
    both = {**CLIENT, "band_low": 11, "band_high": 50}
    declared = parts(base)[0]
    assert Plain(declared).verdict(both).tier == "2-10"
    by_band = replace(declared, policies=replace(declared.policies, employee_size="band_first"))
    assert Plain(by_band).verdict(both).tier == "11+"


def test_what_has_no_price_says_why(base: Examined) -> None:
    plain = Plain(parts(base)[0])
    assert plain.verdict({**CLIENT, "currency": "EUR"}) == Verdict("blocked", "rate-no-currency", "full-spoke")
    assert plain.verdict({**CLIENT, "event_on": date(2025, 2, 28)}) == Verdict("blocked", "rate-no-price", "full-spoke")
    assert plain.verdict({**CLIENT, "count": None}) == Verdict("blocked", "rate-size-unknown", "full-spoke")
    elsewhere = Plain(with_version(parts(base)[0], entities=("uk",)))
    assert elsewhere.verdict(CLIENT) == Verdict("blocked", "rate-no-currency", "full-spoke")


def test_ladders_have_their_cases(base: Examined) -> None:
    """Of the rules this is about, only the plain reading knows the prices here: it rates them itself."""
    declared, decided, _ = parts(base)
    ladder = UnitPrice("volume", STEPS, HERE)
    declared = with_version(declared, bundle=ladder, units={"full-spoke": ladder})
    sources = Sources({}, (), [])
    tried = [0, 1, 2, 4, 5, 6, 7, 19, 20, 21, 22, 999_999, 1_000_000, 1_000_001]
    cases = check_boundaries(declared, decided, plainly(declared), sources)
    assert points(cases, "quantity", event="bundle") == tried
    full_spoke, *others = declared.rules
    assert full_spoke.charge is not None
    by_unit = replace(full_spoke, charge=replace(full_spoke.charge, manner="per_unit", units="quantity"))
    declared = replace(declared, rules=(by_unit, *others))
    cases = check_boundaries(declared, decided, plainly(declared), sources)
    assert points(cases, "quantity", event="upgraded") == tried
    ends = {case.event["quantity"]: case.rated for case in cases if case.event["event"] == "upgraded"}
    assert ends[0] == Verdict("not_billable", rule="full-spoke")
    assert ends[1_000_001] == Verdict("blocked", "rate-quantity", "full-spoke")
    unsold = with_version(declared, units={})
    unpriced = check_boundaries(unsold, decided, plainly(unsold), sources)
    assert points(unpriced, "quantity", event="upgraded") == [1]
    assert sources.problems() == ()


def test_each_rule_is_met_by_a_case_that_fits_it(base: Examined) -> None:
    conditions = Conditions({"partner": ("P-7", "P-8"), "domain": ("a.example",)}, {"employees": (None, 4)})
    discount = replace(adjust("discount", "percent", "-10"), conditions=conditions)
    declared = with_rules(base, discount)
    cases = check_boundaries(declared, parts(base)[1], plainly(declared), Sources({}, (), []))
    met = {
        case.event["count"]: case.rated.amount_minor
        for case in cases
        if case.event.get("domain") and case.event["event"] == "upgraded" and case.event["event_on"] == date(2025, 3, 1)
    }
    assert (met[3], met[4], met[5]) == (81_000, 81_000, 90_000)
    assert {case.event["partner"] for case in cases} == {"~other", "P-7"}


def test_a_difference_is_told_once_for_each_rule_and_column(base: Examined) -> None:
    declared, decided, rate = parts(base)
    sources = Sources({}, (), [])

    def dearer(events: pl.DataFrame) -> pl.DataFrame:
        return rate(events).with_columns(amount_minor=pl.col("amount_minor") + 1)

    check_boundaries(declared, decided, dearer, sources)
    places = [(str(problem.place), problem.code) for problem in sources.problems()]
    assert places == [
        *[("rules/billing.yaml:11:5", "rules-boundary-disagrees")] * 3,
        *[("rules/billing.yaml:14:5", "rules-boundary-disagrees")] * 2,
    ]
    assert sources.problems()[0].message.endswith(
        "rated, it is charge USD 600.01 1 standard@2025-03-01 USD by rule full-spoke; "
        "read plainly, it is charge USD 600.00 1 standard@2025-03-01 USD by rule full-spoke"
    )


def test_a_difference_that_no_rule_decides_stands_on_the_rules(base: Examined) -> None:
    declared, decided, rate = parts(base)
    hold = Rule("hold", Conditions(ranges={"employees": (5, None)}), "hold", "ask", None, HERE)
    sources = Sources({}, (), [])

    def lost(events: pl.DataFrame) -> pl.DataFrame:
        return rate(events).with_columns(rule_id=pl.lit(None, pl.String))

    gates = (Cell(decided.gates[1].where, decided.gates[1].values, None), *decided.gates[1:])
    check_boundaries(replace(declared, rules=(*declared.rules, hold)), replace(decided, gates=gates), lost, sources)
    assert "rules/billing.yaml:10:1" in {str(problem.place) for problem in sources.problems()}


def plainly(declared: Declared) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """A rating that is the plain reading itself."""
    plain = Plain(declared)

    def rate(events: pl.DataFrame) -> pl.DataFrame:
        rows = []
        for event in events.iter_rows(named=True):
            verdict = plain.verdict(event)
            told = {"rule_id": verdict.rule, **{name: getattr(verdict, name) for name in _SAME}}
            rows.append({**dict.fromkeys(RATED), "event_id": event["event_id"], **told})
        return pl.DataFrame(rows, schema=dict(RATED))

    return rate


_SAME = ("outcome", "problem", "tier", "price_book", "amount_minor")
