"""Every load-time code of this room has an example folder; what it says is in expected.txt, word for word."""

from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path

import pytest

from connector.domain.problems import Severity
from connector.rulebook import KINDS, examine, load
from connector.rulebook.asking import Answers, NoAnswer, Question, ask_engine
from connector.rulebook.kinds import CHECKS

PROBLEMS = Path(__file__).resolve().parents[1] / "problems"
CODES = sorted(kind.code for kind in KINDS if kind.scope == "rulebook" and kind not in CHECKS)

WARNINGS = {kind.code for kind in KINDS if kind.scope == "rulebook" and kind.severity is Severity.WARNING}


def deaf_to_bundles(questions: Sequence[Question]) -> Answers | NoAnswer:
    """An engine that never lets the rule `bundle` fire."""
    answers = ask_engine(questions)
    assert not isinstance(answers, NoAnswer)
    return tuple(tuple(fired - {"bundle"} for fired in answer) for answer in answers)


@cache
def shown(code: str) -> str:
    """What loading the example prints; three codes are no fault of the files, so something else must go wrong."""
    folder = PROBLEMS / code / "rules"
    if code == "rules-engine-failed":
        found = load(folder, ask=partial(ask_engine, limit_seconds=0.001))
    elif code == "rules-engine-disagrees":
        found = load(folder, ask=deaf_to_bundles)
    elif code == "rules-cache":
        found = load(folder, cache=folder / "billing.yaml")
    elif code in WARNINGS:
        examined = examine(folder)
        found = examined.rulebook, examined.problems
    else:
        found = load(folder)
    assert (found[0] is not None) is (code in WARNINGS)
    return "".join(f"{problem}\n" for problem in found[1])


@pytest.mark.parametrize("code", CODES)
def test_an_example_of_each_code_prints_what_is_expected(code: str) -> None:
    assert shown(code) == (PROBLEMS / code / "expected.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", CODES)
def test_an_example_shows_its_own_code(code: str) -> None:
    codes = {line.rsplit("[", 1)[1][:-1] for line in shown(code).splitlines() if line.endswith("]") and ": " in line}
    assert code in codes


def test_row_codes_are_what_rating_reports() -> None:
    assert {kind.code.split("-")[0] for kind in KINDS if kind.scope == "row"} == {"rate"}
