"""The tests that stand beside the rules, run: what each door shows of them."""

from dataclasses import dataclass
from pathlib import Path

from connector.domain.problems import Problem
from connector.rulebook import Examined
from connector.rulebook.read_tests import read_tests
from connector.rulebook.run_tests import Coverage, Result, coverage_of, run_tests


@dataclass(frozen=True)
class Tested:
    """What the tests say.

    Attributes:
        results: of each test, in the order of the files.
        coverage: what of the rules they reach.
        problems: tests that failed, and faults of their files.
    """

    results: tuple[Result, ...]
    coverage: Coverage
    problems: tuple[Problem, ...]

    @property
    def failed(self) -> int:
        """How many tests found another charge than they expect."""
        return sum(bool(result.differences) for result in self.results)


def run_rule_tests(rules: Path, examined: Examined, *, label: str = "rules") -> Tested | None:
    """Run the tests beside the rules; None where the rules have faults, so that there is nothing to run.

    Args:
        rules: the folder.
        examined: its rules.
        label: how places name the folder.
    """
    if examined.declared is None or examined.decided is None or examined.rulebook is None:
        return None
    tests = read_tests(rules, examined.declared, label=label)
    results = run_tests(tests, examined.rulebook.rate)
    reached = coverage_of(results, examined.declared, examined.decided)
    return Tested(results, reached, tests.problems())
