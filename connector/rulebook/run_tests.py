"""Running the tests of the rules: one rating of all of them, what differs, and which cells they reached.

A test that is met says nothing about the cells beside it; the coverage says which of them no test has reached.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.domain.money import Money
from connector.rulebook import kinds
from connector.rulebook.boundaries import Rate
from connector.rulebook.decide import Cell, Decided
from connector.rulebook.describe import client
from connector.rulebook.events import fact_of, frame_of, headcounts
from connector.rulebook.locating import Locator
from connector.rulebook.read_expect import COLUMNS, OUTCOMES, money_text
from connector.rulebook.read_tests import RuleTest, RuleTests
from connector.rulebook.spec import Declared

Rated = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """One expectation that is not met.

    Attributes:
        key: what the test names.
        expected: what it says.
        got: what the rules say; of another outcome, that outcome and its money or reason.
        got_key: what the rules name instead, where it is another outcome.
    """

    key: str
    expected: str
    got: str
    got_key: str

    def lines(self) -> tuple[str, str]:
        """The difference as two lines of a diff."""
        return f"- {self.key}: {self.expected}", f"+ {self.got_key}: {self.got}"


@dataclass(frozen=True)
class Result:
    """One test with what it came to; it is met when nothing differs."""

    test: RuleTest
    rated: Rated
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Reached:
    """How many of the cells of one stratum some test has reached, and the others in words."""

    reached: int
    cells: int
    missed: tuple[str, ...]


@dataclass(frozen=True)
class Coverage:
    """What the tests have reached.

    Attributes:
        gates, charges: the cells of each of the two.
        adjustments: rule id → the cells in which the adjustment applies or not.
        rules: rule id → tests that it decided or whose amount it changed.
        tiers: tier list → tier → tests that were priced by it.
        versions: price book version → tests that were priced by it.
    """

    gates: Reached
    charges: Reached
    adjustments: Mapping[str, Reached]
    rules: Mapping[str, int]
    tiers: Mapping[str, Mapping[str, int]]
    versions: Mapping[str, int]


def run_tests(tests: RuleTests, rate: Rate) -> tuple[Result, ...]:
    """Rate what all tests give in one go and compare; a difference is noted as a problem at its expectation.

    Args:
        tests: sound tests.
        rate: from `tables.EVENTS` to `tables.RATED`.
    """
    rated = rate(frame_of([test.given for test in tests.tests])).iter_rows(named=True)
    results = tuple(Result(test, row, _differences(test, row)) for test, row in zip(tests.tests, rated, strict=True))
    for result in results:
        if result.differences:
            _note(result, tests)
    return results


def _differences(test: RuleTest, row: Rated) -> tuple[Difference, ...]:
    found = []
    for one in test.expect:
        got_key = row["outcome"] if one.key in OUTCOMES else one.key
        got = told(got_key, row)
        if (one.key, one.text) != (got_key, got):
            found.append(Difference(one.key, one.text, got, got_key))
    return tuple(found)


def told(key: str, row: Rated) -> str:
    """What a rated event says of a key of an expectation, in the words of tests.

    Args:
        key: the outcome that it has, or one of `COLUMNS`.
        row: of `tables.RATED`.
    """
    if key in OUTCOMES:
        return _outcome(row)
    value = row[COLUMNS[key]]
    if value is None:
        return "none"
    if key in ("unit", "list"):
        return money_text(Money(value, row["currency"]))
    return ", ".join(one["rule"] for one in json.loads(value)) if key == "adjusted_by" else str(value)


def _outcome(row: Rated) -> str:
    if row["outcome"] == "charge":
        return money_text(Money(row["amount_minor"], row["currency"]))
    return str(row["problem"] or row["reason"])


def _note(result: Result, tests: RuleTests) -> None:
    test, first = result.test, result.differences[0]
    at = next(one.at for one in test.expect if one.key == first.key)
    diff = [line for one in result.differences for line in one.lines()]
    by = f"rule {result.rated['rule_id']} ({result.rated['rule_place']})" if result.rated["rule_id"] else "no rule"
    price = f", priced at {result.rated['price_place']}" if result.rated["price_place"] else ""
    step = "\n".join([*diff, f"Decided by {by}{price}. {kinds.TEST_FAILED.remedy}"])
    got = first.got if first.got_key == first.key else f"{first.got_key} {first.got}"
    message = f"{test.name!r} expects {first.key} {first.expected}; the rules say {got}"
    tests.readers[test.place.file].fault(at, message, step, kinds.TEST_FAILED)


def coverage_of(results: Sequence[Result], declared: Declared, decided: Decided) -> Coverage:
    """What the tests have reached; a test that was blocked before any rule decided has reached nothing."""
    band_first = declared.policies.employee_size == "band_first"
    reaching = [result for result in results if result.rated["rule_id"] is not None]
    counted = Counter(name for result in reaching for name in _rules(result.rated))
    priced = [result.rated for result in reaching if result.rated["price_book"] is not None]
    scheme_of = {version.label: version.tiers for version in declared.versions}
    tiers = Counter((scheme_of[row["price_book"]], row["tier"]) for row in priced)
    books = Counter(row["price_book"] for row in priced)
    gates = {rule.id for rule in declared.rules if rule.is_gate}
    charged = [one for one in reaching if one.rated["rule_id"] not in gates]
    return Coverage(
        _reached(decided.gates, reaching, band_first=band_first),
        _reached(decided.charges, charged, band_first=band_first),
        {rule.id: _reached(cells, charged, band_first=band_first) for rule, cells in decided.adjusts},
        {rule.id: counted[rule.id] for rule in declared.rules},
        {
            name: {band.label: tiers[name, band.label] for band in scheme.bands}
            for name, scheme in declared.tiers.items()
        },
        {version.label: books[version.label] for version in declared.versions},
    )


def _rules(row: Rated) -> Iterable[str]:
    changed = json.loads(row.get("adjustments") or "[]")
    return {row["rule_id"], *(one["rule"] for one in changed)}


def _reached(cells: Sequence[Cell], results: Iterable[Result], *, band_first: bool) -> Reached:
    located = Locator(cells)
    found = set()
    for result in results:
        low, high, _ = headcounts(result.test.given, band_first=band_first)
        found |= {located.find(fact_of(result.test.given, size)) for size in {low, high or low}}
    missed = tuple(client(cell.where, cell.values) for number, cell in enumerate(cells) if number not in found)
    return Reached(len(cells) - len(missed), len(cells), missed)
