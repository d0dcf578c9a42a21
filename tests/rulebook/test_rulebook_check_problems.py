"""Every code that `rules check` and `rules test` add has an example folder; what it says is in expected.txt."""

from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl
import pytest

from connector.domain.problems import Problem
from connector.rulebook import examine, kinds
from connector.rulebook.boundaries import check_boundaries
from connector.rulebook.read_tests import read_tests
from connector.rulebook.run_tests import run_tests
from connector.rulebook.sources import read_sources, rule_files
from connector.rulebook.unused import check_unused

PROBLEMS = Path(__file__).resolve().parents[1] / "problems"


def of_tests(folder: Path) -> tuple[Problem, ...]:
    found = examine(folder)
    assert found.rulebook is not None
    assert found.declared is not None
    tests = read_tests(folder, found.declared)
    run_tests(tests, found.rulebook.rate)
    return tests.problems()


def unused(folder: Path) -> tuple[Problem, ...]:
    found = examine(folder)
    assert found.rulebook is not None
    assert found.declared is not None
    sources = read_sources(folder, rule_files(folder), "rules")
    check_unused(found.declared, sources)
    return sources.problems()


def rated_one_too_low(folder: Path) -> tuple[Problem, ...]:
    """A rating that takes every headcount for one fewer."""
    found = examine(folder)
    rulebook = found.rulebook
    assert rulebook is not None
    assert found.declared is not None
    assert found.decided is not None
    sources = read_sources(folder, rule_files(folder), "rules")

    def rate(events: pl.DataFrame) -> pl.DataFrame:
        return rulebook.rate(events.with_columns(pl.col("count") - 1))

    check_boundaries(found.declared, found.decided, rate, sources)
    return sources.problems()


SHOWN: Mapping[str, Callable[[Path], tuple[Problem, ...]]] = {
    kinds.BOUNDARY.code: rated_one_too_low,
    kinds.UNUSED_BOOK.code: unused,
    kinds.UNUSED_TIERS.code: unused,
    kinds.TEST.code: of_tests,
    kinds.TEST_FAILED.code: of_tests,
    kinds.TEST_NONE.code: of_tests,
}


def test_each_code_that_loading_does_not_tell_has_an_example() -> None:
    assert set(SHOWN) == {kind.code for kind in kinds.CHECKS}


@pytest.mark.parametrize("code", SHOWN)
def test_an_example_of_each_code_prints_what_is_expected(code: str) -> None:
    problems = SHOWN[code](PROBLEMS / code / "rules")
    assert code in {problem.code for problem in problems}
    shown = "".join(f"{problem}\n" for problem in problems)
    assert shown == (PROBLEMS / code / "expected.txt").read_text(encoding="utf-8")
