"""Bounds and tests of rules over the whole language: months, ladders, adjustments, tags, counts, terms cut short."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from connector.rulebook import Examined, examine
from connector.rulebook.boundaries import Case, check_boundaries
from connector.rulebook.read_tests import RuleTests, read_tests
from connector.rulebook.run_tests import Coverage, Result, coverage_of, run_tests
from connector.rulebook.sources import Sources

RULES = """  - id: advisors
    when: {event: month, plan: full_spoke}
    charge: {metric: advisor-month, item: ADVISOR, price: per_unit, units: advisors, book: standard, term: monthly, proration: by_day}
  - id: advisors-of-assessments
    when: {event: month, plan: assessment_only}
    no_charge: "advisors of Assessment Only clients are free"
  - id: school
    when: {tags: [school], plan: full_spoke, event: [created, upgraded, renewed]}
    adjust: {percent: -12.5, reason: "schools"}
  - id: many
    when: {clients_this_year: {from: 51}, event: created}
    adjust: {percent: -5, reason: "more than 50 clients this year"}
  - id: floor
    when: {partner_kind: msp, event: created}
    adjust: {minimum: {USD: 850}, reason: "minimum of the MSP agreement"}
  - id: top
    when: {band: "11+", partner: [P-9], event: created}
    adjust: {cap: {USD: 1700}, reason: "a promise"}
  - id: fee
    when: {country: GB, event: created, plan: full_spoke}
    adjust: {amount: {USD: 12.34}, reason: "set-up"}
  - id: no-places
    when: {places_left: {to: 0}, plan: assessment_only, event: created}
    hold: "no place is left"
"""  # noqa: E501 - a rule in one line
CHANGES = {
    "event: [created, upgraded], plan": "event: [created, upgraded, renewed], plan",
    "term: once": "term: annual, renewal: {price: current, tier: kept}, proration: by_day",
    "when: {plan: assessment_only}": "when: {event: created, plan: assessment_only}",
    "price: 1500}": """price: {volume: {"1-9": 1500, "10+": 1400}}}
  per_unit: {advisor-month: {graduated: {"1-5": 30, "6-20": 25, "21+": 20}}}""",
}
CLIENT = "plan: full_spoke, employees: 5, partner: P-1, partner_kind: advisor, selling_entity: us"
TESTS = [
    ("month: 2025-05, advisors: 6, " + CLIENT, 'charge: "USD 175.00", list: "USD 175", quantity: 1, rule: advisors'),
    ("month: 2025-05-31, advisors: 5, term_days: 1, term_of: 2, " + CLIENT, 'charge: "USD 75.00", term: monthly'),
    ("month: 2025-05-01, advisors: 0, " + CLIENT, 'not_billable: "there is nothing to count", rule: advisors'),
    ("month: 2025-05-01, " + CLIENT, "blocked: rate-units-unknown"),
    ("created: 2025-05-01, tags: [school, north], " + CLIENT, 'charge: "USD 787.50", adjusted_by: school'),
    ("created: 2025-05-01, tags: school, clients_this_year: 51, " + CLIENT,
     'charge: "USD 742.50", list: "USD 900.00", adjusted_by: [school, many]'),
    ("created: 2025-05-01, clients_this_year: 50, " + CLIENT, 'charge: "USD 900.00"'),
    ("renewed: 2026-05-01, term_days: 73, term_of: 365, " + CLIENT, 'charge: "USD 180.00", unit: "USD 180"'),
    ("bundle: 2025-05-01, quantity: 10, partner: P-1, partner_kind: advisor, selling_entity: us",
     'charge: "USD 14000", unit: "USD 1400", quantity: 10'),
    ("created: 2025-05-01, places_left: 0, " + CLIENT.replace("full_spoke", "assessment_only"),
     'held: "no place is left"'),
]  # fmt: skip


@pytest.fixture(scope="module")
def whole(small: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Examined:
    folder = tmp_path_factory.mktemp("rules")
    for name, text in small.items():
        written = text + (RULES if name == "billing.yaml" else "")
        for old, new in CHANGES.items():
            written = written.replace(old, new)
        (folder / name).write_text(written, encoding="utf-8")
    found = examine(folder)
    assert "\n".join(map(str, found.problems)) == ""
    return found


@pytest.fixture(scope="module")
def cases(whole: Examined) -> tuple[Case, ...]:
    assert whole.declared is not None
    assert whole.decided is not None
    assert whole.rulebook is not None
    sources = Sources({}, (), [])
    found = check_boundaries(whole.declared, whole.decided, whole.rulebook.rate, sources)
    assert "\n".join(map(str, sources.problems())) == ""
    return found


def run(found: Examined, folder: Path, tests: list[tuple[str, str]]) -> tuple[RuleTests, tuple[Result, ...], Coverage]:
    lines = [
        f'  - {{name: "{number}", given: {{{one}}}, expect: {{{two}}}}}\n' for number, (one, two) in enumerate(tests)
    ]
    (folder / "tests").mkdir()
    (folder / "tests" / "t.yaml").write_text("rule_tests:\n" + "".join(lines), encoding="utf-8")
    assert found.declared is not None
    assert found.decided is not None
    assert found.rulebook is not None
    read = read_tests(folder, found.declared)
    results = run_tests(read, found.rulebook.rate)
    return read, results, coverage_of(results, found.declared, found.decided)


def tried(cases: tuple[Case, ...], about: str, **fixed: object) -> list[int]:
    kept = [case.event for case in cases if all(case.event.get(name) == value for name, value in fixed.items())]
    return sorted({event[about] for event in kept if event.get(about) is not None})


@pytest.mark.parametrize(
    ("about", "fixed", "values"),
    [
        ("advisors", {"event": "month"}, [0, 1, 2, 4, 5, 6, 7, 19, 20, 21, 22, 999_999, 1_000_000, 1_000_001]),
        ("quantity", {"event": "bundle"}, [0, 1, 2, 8, 9, 10, 11, 999_999, 1_000_000, 1_000_001]),
        ("clients_this_year", {"event": "created", "plan": "full_spoke"}, [1, 50, 51, 52]),
        ("places_left", {"plan": "assessment_only", "event": "created"}, [0, 1]),
        ("term_days", {"event": "upgraded"}, [1, 15, 27, 364, 365]),
    ],
)
def test_every_sort_of_bound_has_its_cases(
    cases: tuple[Case, ...], about: str, fixed: dict[str, object], values: list[int]
) -> None:
    assert tried(cases, about, **fixed) == values


def test_every_rule_decides_or_changes_some_case(cases: tuple[Case, ...], whole: Examined) -> None:
    assert whole.declared is not None
    deciding = {case.rated.rule for case in cases}
    assert {rule.id for rule in whole.declared.rules if not rule.is_adjust} <= deciding
    amounts = {case.rated.amount_minor for case in cases if case.rated.tier == "11+"}
    assert {180_000, 170_000, 157_500, 171_000, 181_234} <= amounts


def test_a_case_of_a_short_term_says_so(cases: tuple[Case, ...]) -> None:
    shown = {str(case) for case in cases}
    assert "upgraded full_spoke us of another partner 2025-03-01, 1 employees, 364 of 365 days" in shown


def test_tests_can_give_and_expect_all_of_it(whole: Examined, tmp_path: Path) -> None:
    read, results, reached = run(whole, tmp_path, TESTS)
    assert "\n".join(map(str, read.problems())) == ""
    assert results[0].test.given["event_on"] == date(2025, 5, 1)
    counted = {name: number for name, number in reached.rules.items() if number}
    assert counted == {"full-spoke": 4, "bundle": 1, "advisors": 4, "school": 2, "many": 1, "no-places": 1}
    assert {name: (one.reached, one.cells) for name, one in reached.adjustments.items()}["many"] == (6, 11)


@pytest.mark.parametrize(
    ("given", "expect", "message"),
    [
        ("created: 2025-05-01, tags: [School], ", 'charge: "USD 1"', "tags cannot be 'School'"),
        ("created: 2025-05, ", 'charge: "USD 1"', "created is '2025-05'"),
        ("month: 2025-13, ", 'charge: "USD 1"', "month is 2025-13-01, a day that does not exist"),
        ("created: 2025-05-01, ", 'charge: "USD 1", adjusted_by: [school, scholl]',
         "nothing declares the adjusted by 'scholl'"),
        ("created: 2025-05-01, ", 'charge: "USD 1", quantity: few', "quantity is 'few'"),
    ],
)  # fmt: skip
def test_what_cannot_be_given_or_expected(
    whole: Examined, tmp_path: Path, given: str, expect: str, message: str
) -> None:
    assert [problem.message for problem in run(whole, tmp_path, [(given + CLIENT, expect)])[0].problems()] == [message]


def test_adjustments_that_differ_are_told_by_name(whole: Examined, tmp_path: Path) -> None:
    given = "created: 2025-05-01, tags: school, " + CLIENT
    read, _, _ = run(whole, tmp_path, [(given, 'charge: "USD 787.50", adjusted_by: many')])
    assert read.problems()[0].next_step.splitlines()[:2] == ["- adjusted_by: many", "+ adjusted_by: school"]
