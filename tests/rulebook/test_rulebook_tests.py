"""Tests beside the rules: what they may say, what is told of a wrong one, and what they have reached."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from connector.domain.problems import Problem
from connector.rulebook import Examined, examine
from connector.rulebook.read_tests import RuleTests, read_tests
from connector.rulebook.run_tests import Coverage, Reached, Result, coverage_of, run_tests, told

SHIPPED = Path(__file__).resolve().parents[2] / "rules"
GIVEN = "{created: 2025-04-01, plan: full_spoke, employees: 10, partner: P-1, partner_kind: msp, selling_entity: us}"
GATES = """  - id: internal
    when: {domain: [example.com]}
    not_billable: "our own"
  - id: large
    when: {employees: {from: 100}, plan: full_spoke}
    hold: "ask first"
"""
Run = tuple[RuleTests, tuple[Result, ...], Coverage]


def examined(folder: Path) -> Examined:
    """The rules of a folder that has nothing wrong with it."""
    found = examine(folder)
    assert found.problems == ()
    return found


def run(found: Examined, folder: Path) -> Run:
    """Run the tests of a folder on rules, which may stand elsewhere."""
    assert found.rulebook is not None
    assert found.declared is not None
    assert found.decided is not None
    tests = read_tests(folder, found.declared)
    results = run_tests(tests, found.rulebook.rate)
    return tests, results, coverage_of(results, found.declared, found.decided)


@pytest.fixture(scope="module")
def gated(small: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Examined:
    """The small rulebook with gates; examined once, since each test only reads it."""
    folder = tmp_path_factory.mktemp("rules")
    for name, text in small.items():
        (folder / name).write_text(text + (GATES if name == "billing.yaml" else ""), encoding="utf-8")
    return examined(folder)


def beside(folder: Path, text: str, name: str = "t.yaml") -> Path:
    path = folder / "tests" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def one(given: str = GIVEN, expect: str = '{charge: "USD 900.00"}') -> str:
    return f"rule_tests:\n  - name: one\n    given: {given}\n    expect: {expect}\n"


def told_of(found: Examined, folder: Path) -> tuple[Problem, ...]:
    return run(found, folder)[0].problems()


@pytest.fixture(scope="module")
def published() -> Run:
    return run(examined(SHIPPED), SHIPPED)


def test_the_shipped_tests_are_met(published: Run) -> None:
    tests, results, _ = published
    assert "\n".join(map(str, tests.problems())) == ""
    assert [result.test.name for result in results if result.differences] == []


def test_the_shipped_tests_name_each_published_rule(
    published: Run,
) -> None:
    named = {word for test in published[0].tests for word in test.name.partition(":")[0].split(", ")}
    assert {f"R{number}" for number in range(1, 10)} <= named


def test_the_shipped_tests_reach_every_rule_tier_and_price(
    published: Run,
) -> None:
    reached = published[2]
    counted: list[Mapping[str, int]] = [reached.rules, reached.versions, *reached.tiers.values()]
    assert [name for numbers in counted for name, number in numbers.items() if number == 0] == []


def test_a_test_is_the_event_it_gives(gated: Examined, tmp_path: Path) -> None:
    given = (
        "{upgraded: 2025-05-01, plan: full_spoke, employees: 7, band: 2-10, partner: P-1, partner_kind: mssp, "
        "selling_entity: us, country: GB, domain: a.example, template: T-1}"
    )
    tests, results, _ = run(
        gated, beside(tmp_path, one(given, '{charge: "USD 900", size_source: count, unit: "USD 900.0"}'))
    )
    assert tests.tests[0].given == {
        "event": "upgraded",
        "event_on": date(2025, 5, 1),
        "plan": "full_spoke",
        "partner": "P-1",
        "partner_kind": "mssp",
        "selling_entity": "us",
        "currency": "USD",
        "country": "GB",
        "domain": "a.example",
        "template": "T-1",
        "count": 7,
        "band_low": 2,
        "band_high": 10,
        "quantity": 1,
    }
    assert results[0].differences == ()


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        (GIVEN, '{charge: "USD 900.00", tier: 2-10, metric: full-spoke, item: SPOKE-FULL, rule: full-spoke}'),
        (GIVEN, '{charge: "USD 900.00", price_book: standard@2025-03-01 USD, term: once}'),
        (GIVEN.replace("employees: 10", 'band: "1"'), '{charge: "USD 600.00", size_source: band}'),
        (GIVEN.replace("employees: 10, ", ""), "{blocked: rate-size-unknown, rule: full-spoke, tier: none}"),
        (GIVEN.replace("employees: 10", "currency: EUR"), "{blocked: rate-no-currency}"),
        (GIVEN.replace("employees: 10", "domain: example.com"), '{not_billable: "our own", rule: internal}'),
        (GIVEN.replace("employees: 10", "employees: 100"), '{held: "ask first", rule: large}'),
        (GIVEN.replace("full_spoke", "assessment_only"), '{inside_bundle: "a place of a bundle"}'),
        ("{bundle: 2025-04-01, quantity: 3, partner: P-1, partner_kind: msp, selling_entity: us}",
         '{charge: "USD 4500.00", unit: "USD 1500.00", rule: bundle}'),
    ],
)  # fmt: skip
def test_what_can_be_expected(gated: Examined, tmp_path: Path, given: str, expect: str) -> None:
    expect = expect.replace(", tier: none", "")
    assert "\n".join(map(str, told_of(gated, beside(tmp_path, one(given, expect))))) == ""


@pytest.mark.parametrize(
    ("expect", "lines"),
    [
        ('{charge: "USD 900.01", item: SPOKE-FULL}', ["- charge: USD 900.01", "+ charge: USD 900.00"]),
        ('{charge: "GBP 900.00"}', ["- charge: GBP 900.00", "+ charge: USD 900.00"]),
        ('{held: "ask first"}', ["- held: ask first", "+ charge: USD 900.00"]),
        ("{blocked: rate-no-price}", ["- blocked: rate-no-price", "+ charge: USD 900.00"]),
        ('{charge: "USD 900.00", tier: 11+, rule: bundle}',
         ["- tier: 11+", "+ tier: 2-10", "- rule: bundle", "+ rule: full-spoke"]),
    ],
)  # fmt: skip
def test_a_wrong_expectation_is_shown_as_a_diff(gated: Examined, tmp_path: Path, expect: str, lines: list[str]) -> None:
    (problem,) = told_of(gated, beside(tmp_path, one(expect=expect)))
    *shown, last = problem.next_step.splitlines()
    assert shown == lines
    assert last.startswith("Decided by rule full-spoke (rules/billing.yaml:11), priced at rules/prices.yaml:6. ")
    assert (problem.code, str(problem.place).rpartition(":")[0]) == ("rules-test-failed", "rules/tests/t.yaml:4")


def test_what_no_rule_decided_says_so(gated: Examined, tmp_path: Path) -> None:
    given = GIVEN.replace("created: 2025-04-01, plan: full_spoke", "upgraded: 2025-04-01, plan: assessment_only")
    (problem,) = told_of(gated, beside(tmp_path, one(given)))
    assert problem.next_step.splitlines() == [
        "- charge: USD 900.00",
        "+ blocked: rate-event",
        "Decided by no rule. Mend the rule, the price or the expectation.",
    ]


@pytest.mark.parametrize(
    ("given", "message", "step"),
    [
        (GIVEN.replace("plan:", "plans:"), "given has no key 'plans'", "Did you mean 'plan'?"),
        (GIVEN.replace("2025-04-01", "2025-04-31"), "created is 2025-04-31, a day that does not exist", None),
        (GIVEN.replace("2025-04-01", "2025-04"), "created is '2025-04'", "Write a date such as 2025-03-01."),
        (GIVEN.replace("full_spoke", "full-spoke"), "plan cannot be 'full-spoke'", "Did you mean 'full_spoke'?"),
        (GIVEN.replace(": us", ": usa"), "selling_entity cannot be 'usa'", "Did you mean 'us'?"),
        (GIVEN.replace("employees: 10", "currency: USDT"),
         "currency is 'USDT', which is no currency of ISO 4217", None),
        (GIVEN.replace("employees: 10", "employees: 0"), "employees must lie between 1 and 10000000", None),
        (GIVEN.replace("employees: 10", "domain: none at all"), "domain cannot be 'none at all'",
         "Write it as example.com: records carry it so."),
        (GIVEN.replace("employees: 10", "band: [2-10]"), "band must be one text", None),
        (GIVEN.replace("employees: 10", "country: [US]"), "country must be one text", None),
        (GIVEN.replace("created", "bundle"), "given does not say 'quantity'", "Add quantity: …"),
        (GIVEN.replace("partner: P-1, ", ""), "given does not say 'partner'", "Add partner: …"),
        (GIVEN.replace("plan", "upgraded: 2025-05-01, plan"),
         "a test gives one event; this one gives created and upgraded", None),
        ("P-1", "given must be a mapping (key: value)", None),
    ],
)  # fmt: skip
def test_what_cannot_be_given(gated: Examined, tmp_path: Path, given: str, message: str, step: str | None) -> None:
    problems = told_of(gated, beside(tmp_path, one(given)))
    assert message in [problem.message for problem in problems]
    assert step is None or step in [problem.next_step for problem in problems]


@pytest.mark.parametrize(
    ("expect", "message", "step"),
    [
        ('{charge: "USD 900", rule: full-spokes}', "nothing declares the rule 'full-spokes'",
         "Did you mean 'full-spoke'?"),
        ('{charge: "USD 900", tier: 2-11}', "nothing declares the tier '2-11'", "Did you mean '2-10'?"),
        ('{charge: "USD 900", metric: spoke}', "nothing declares the metric 'spoke'", None),
        ('{charge: "USD 900", price_book: standard@2025-03-01}',
         "nothing declares the price book 'standard@2025-03-01'", "Did you mean 'standard@2025-03-01 USD'?"),
        ("{blocked: size-unknown}", "nothing declares the blocked 'size-unknown'", "Did you mean 'rate-size-unknown'?"),
        ('{charge: "USDT 900"}', "charge cannot be 'USDT 900'", None),
        ('{charge: "XXQ 900"}', "charge cannot be 'XXQ 900'", None),
        ('{charge: "JPY 9.5"}', "charge is JPY 9.5: JPY has no decimal digits", None),
        ("{charge: [1]}", "charge must be one text", None),
        ('{charge: "USD 900", tier: [2-10]}', "tier must be one text", None),
        ('{charge: "USD 900", colour: red}', "expect has no key 'colour'", None),
        ("{held: yes}", "held is 'yes', which YAML programs read as a truth value or as nothing", None),
    ],
)  # fmt: skip
def test_what_cannot_be_expected(gated: Examined, tmp_path: Path, expect: str, message: str, step: str | None) -> None:
    problems = told_of(gated, beside(tmp_path, one(expect=expect)))
    assert message in [problem.message for problem in problems]
    assert step is None or step in [problem.next_step for problem in problems]


def test_a_file_that_is_no_file_of_tests(gated: Examined, tmp_path: Path) -> None:
    folder = beside(tmp_path, "", "a.yaml")
    beside(folder, "rule_test: []\n", "b.yaml")
    beside(folder, "rule_tests: {}\n", "deep/c.yml")
    beside(folder, "rule_tests:\n - name: [\n", "d.yaml")
    beside(folder, "rule_tests: [one]\n", "e.yaml")
    beside(folder, "nonsense: [", ".hidden.yaml")
    beside(folder, "nonsense: [", "notes.txt")
    assert [(str(problem.place), problem.code) for problem in told_of(gated, folder)] == [
        ("rules/tests/a.yaml:1", "rules-test"),
        ("rules/tests/b.yaml:1:1", "yaml-missing-key"),
        ("rules/tests/b.yaml:1:1", "yaml-unknown-key"),
        ("rules/tests/d.yaml:2:10", "yaml-syntax"),
        ("rules/tests/deep/c.yml:1:13", "yaml-value"),
        ("rules/tests/e.yaml:1:14", "yaml-value"),
    ]


def test_no_test_at_all_is_a_warning(gated: Examined, tmp_path: Path) -> None:
    (problem,) = told_of(gated, tmp_path)
    assert str(problem).startswith("rules/tests: warning: no test stands in rules/tests [rules-test-none]")
    assert [problem.code for problem in told_of(gated, beside(tmp_path, "rule_tests: []\n"))] == ["rules-test-none"]


def test_a_fault_of_one_test_lets_the_others_run(gated: Examined, tmp_path: Path) -> None:
    text = one() + one().replace("rule_tests:\n", "").replace("name: one", "name: two").replace("employees", "staff")
    tests, results, _ = run(gated, beside(tmp_path, text))
    assert [problem.message for problem in tests.problems()] == ["given has no key 'staff'"]
    assert [result.test.name for result in results] == ["one"]


def test_coverage_counts_cells_rules_tiers_and_versions(gated: Examined, tmp_path: Path) -> None:
    reached = run(gated, beside(tmp_path, one()))[2]
    assert reached.gates.reached == 1
    assert (reached.gates.cells, len(reached.gates.missed)) == (24, 23)
    assert reached.charges == Reached(
        1, 4, ("an Assessment Only client created", "a full feature client upgraded", "a bundle bought")
    )
    assert reached.rules == {"full-spoke": 1, "bundle": 0, "assessment-only": 0, "internal": 0, "large": 0}
    assert reached.tiers == {"linkedin": {"1": 0, "2-10": 1, "11+": 0}}
    assert reached.versions == {"standard@2025-03-01 USD": 1}


def test_what_is_gated_or_blocked_reaches_no_charge(gated: Examined, tmp_path: Path) -> None:
    held = run(gated, beside(tmp_path, one(GIVEN.replace("employees: 10", "employees: 100"), '{held: "ask first"}')))
    assert (held[2].gates.reached, held[2].charges.reached, held[2].rules["large"]) == (1, 0, 1)
    spanning = GIVEN.replace("employees: 10", "band: 51-200")
    blocked = run(gated, beside(tmp_path, one(spanning, "{blocked: rate-band-spans-rule}")))
    assert (blocked[0].problems(), blocked[2].gates.reached) == ((), 0)


def test_a_band_reaches_the_cells_of_both_its_ends(gated: Examined, tmp_path: Path) -> None:
    within = GIVEN.replace("employees: 10", "band: 201-500")
    assert run(gated, beside(tmp_path, one(within, '{held: "ask first"}')))[2].gates.reached == 1
    open_end = GIVEN.replace("employees: 10", "band: 10001+")
    assert run(gated, beside(tmp_path, one(open_end, '{held: "ask first"}')))[2].gates.reached == 1


def test_what_is_rated_is_told_in_the_words_of_tests() -> None:
    row = {
        "outcome": "charge",
        "currency": "JPY",
        "list_minor": 900,
        "quantity": 2,
        "adjustments": '[{"rule": "launch"}, {"rule": "floor"}]',
        "tier": None,
    }
    keys = ("list", "quantity", "adjusted_by", "tier")
    assert [told(key, row) for key in keys] == ["JPY 900", "2", "launch, floor", "none"]
