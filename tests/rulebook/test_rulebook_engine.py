"""The rule engine, tamed: asked directly, in its child process, and by a rulebook that it lets down."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.rulebook import load
from connector.rulebook.asking import Answers, NoAnswer, Question, ask_engine
from connector.rulebook.engine import EngineError, ask, main
from connector.rulebook.evaluator import firing
from connector.rulebook.spec import Conditions

Write = Callable[..., Path]

WORDS = ("a", "b", "a b", '"', "é", "1", "true", "null", "$nex", "~other")
RANGES = st.tuples(st.integers(1, 20) | st.none(), st.integers(1, 20) | st.none()).filter(
    lambda pair: pair != (None, None)
)
CONDITIONS = st.builds(
    Conditions,
    st.dictionaries(
        st.sampled_from(["event", "partner", "domain"]),
        st.lists(st.sampled_from(WORDS), min_size=1, unique=True).map(tuple),
        min_size=1,
    ),
    st.dictionaries(st.sampled_from(["employees", "day"]), RANGES),
)
FACTS = st.fixed_dictionaries(
    {"event": st.sampled_from(WORDS)},
    optional={
        "partner": st.sampled_from(WORDS),
        "domain": st.sampled_from(WORDS),
        "employees": st.integers(1, 21),
        "day": st.integers(0, 21),
    },
)


@settings(deadline=None, max_examples=60)
@given(rules=st.lists(CONDITIONS, min_size=1, max_size=60), facts=st.lists(FACTS, min_size=1, max_size=8))
def test_the_engine_and_the_independent_reading_agree(
    rules: list[Conditions], facts: list[dict[str, str | int]]
) -> None:
    named = {f"rule-{number}": rule for number, rule in enumerate(rules)}
    plain = {name: {"words": dict(rule.words), "ranges": dict(rule.ranges)} for name, rule in named.items()}
    assert [frozenset(fired) for fired in ask(plain, facts)] == [firing(named, fact) for fact in facts]


def test_rules_that_all_fire_are_asked_in_portions_the_engine_survives() -> None:
    rules = {f"r{number:03}": {"words": {"event": ["created"]}, "ranges": {}} for number in range(130)}
    assert ask(rules, [{"event": "created"}, {"event": "bundle"}]) == [sorted(rules), []]


def test_long_lists_are_asked_in_portions_the_engine_survives() -> None:
    rules = {
        name: {"words": {"partner": [f"{name}-{number}" for number in range(300)]}, "ranges": {}} for name in "abc"
    }
    assert ask(rules, [{"partner": "a-0"}, {"partner": "c-299"}, {"partner": "d-1"}]) == [["a"], ["c"], []]


def test_a_missing_attribute_fits_nothing() -> None:
    rules = {"r": {"words": {}, "ranges": {"employees": [1, None]}}}
    assert ask(rules, [{"event": "created"}, {"event": "created", "employees": 1}]) == [[], ["r"]]


@pytest.mark.parametrize(
    "rule",
    [
        {"words": {}, "ranges": {}},
        {"words": {}, "ranges": {"day": [None, 2**53]}},
        {"words": {"partner": [str(number) for number in range(401)]}, "ranges": {}},
    ],
    ids=["empty", "too large", "too long"],
)
def test_what_the_engine_would_misread_is_not_put_to_it(rule: dict[str, object]) -> None:
    with pytest.raises(EngineError):
        ask({"r": rule}, [{"event": "created"}])


QUESTION = Question({"r": Conditions({"event": ("created",)})}, [{"event": "created"}, {"event": "bundle"}])


def test_the_child_reads_questions_and_writes_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = {"words": {"event": ["created"]}, "ranges": {"day": [3, None]}}
    asked = [{"rules": {"r": rule}, "facts": [{"event": "created", "day": day} for day in (2, 3)]}]
    monkeypatch.setattr("sys.stdin", StringIO(json.dumps(asked)))
    main()
    assert json.loads(capsys.readouterr().out) == [[[], ["r"]]]


def test_the_child_answers_what_the_engine_answers() -> None:
    assert ask_engine([QUESTION, QUESTION]) == ((frozenset("r"), frozenset()),) * 2
    assert ask_engine([]) == ()


@pytest.mark.parametrize(
    ("child", "reason"),
    [
        ("import os; os.abort()", "the rule engine's process ended with signal 6"),
        ("import sys; sys.exit(3)", "the rule engine's process ended with code 3"),
        ("raise SystemExit('out of order')", "the rule engine's process ended with code 1: out of order"),
        ("print('{')", "the rule engine's process answered with something else than JSON lists"),
        ("print('[1]')", "the rule engine's process answered with something else than JSON lists"),
        ("print('[]')", "the rule engine's process did not answer every question"),
        ("print('[[[]]]')", "the rule engine's process did not answer every question"),
    ],
)
def test_a_child_that_fails_is_told_in_a_sentence(child: str, reason: str) -> None:
    assert ask_engine([QUESTION], child=("-c", child)) == NoAnswer(reason)


def test_a_child_that_hangs_is_ended() -> None:
    waiting = ("-c", "import time; time.sleep(60)")
    reason = "the rule engine gave no answer within 0.2 seconds"
    assert ask_engine([QUESTION], child=waiting, limit_seconds=0.2) == NoAnswer(reason)


def test_a_child_that_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/no/such/interpreter")
    reason = "the rule engine's process could not start: No such file or directory"
    assert ask_engine([QUESTION]) == NoAnswer(reason)


def test_a_rulebook_without_the_engine_is_refused(write: Write) -> None:
    crashing = partial(ask_engine, child=("-c", "import os; os.abort()"))
    rulebook, problems = load(write(), ask=crashing)
    assert rulebook is None
    assert [(problem.code, problem.message) for problem in problems] == [
        ("rules-engine-failed", "the rule engine's process ended with signal 6")
    ]


def test_an_engine_that_lets_too_much_fire_is_not_believed(write: Write) -> None:
    def eager(questions: Sequence[Question]) -> Answers:
        return tuple(tuple(frozenset(question.rules) for _ in question.facts) for question in questions)

    rulebook, problems = load(write(), ask=eager)
    assert rulebook is None
    told = "the engine says that {} fits, the independent check says otherwise: {}"
    assert [(problem.code, str(problem.place), problem.message) for problem in problems] == [
        ("rules-engine-disagrees", place, told.format(name, about))
        for place, name, about in (
            ("rules/billing.yaml:11:5", "full-spoke", "event created, partner ~other, plan assessment_only"),
            ("rules/billing.yaml:14:5", "bundle", "event created, partner ~other, plan assessment_only"),
            ("rules/billing.yaml:17:5", "assessment-only", "event created, partner ~other, plan full_spoke"),
            ("rules/tiers.yaml:2:9", "1", "employees 2"),
            ("rules/tiers.yaml:2:14", "2-10", "employees 1"),
            ("rules/tiers.yaml:2:22", "11+", "employees 1"),
        )
    ]


def test_without_a_rule_nothing_fires() -> None:
    assert ask({}, [{"plan": "full_spoke"}, {}]) == [[], []]
