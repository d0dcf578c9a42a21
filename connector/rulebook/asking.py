"""Asking the rule engine in a child process, with a time limit. No answer is a value here, not an exception."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from connector.rulebook.evaluator import Fact
from connector.rulebook.spec import Conditions

LIMIT_SECONDS = 60.0
_CHILD = ("-P", str(Path(__file__).with_name("engine.py")))


@dataclass(frozen=True)
class Question:
    """Which of these rules fire for each of these facts?"""

    rules: Mapping[str, Conditions]
    facts: Sequence[Fact]


@dataclass(frozen=True)
class NoAnswer:
    """The engine could not be asked; `reason` says why, in one sentence without a full stop."""

    reason: str


Answers = tuple[tuple[frozenset[str], ...], ...]
Ask = Callable[[Sequence[Question]], Answers | NoAnswer]


def ask_engine(
    questions: Sequence[Question], *, limit_seconds: float = LIMIT_SECONDS, child: Sequence[str] = _CHILD
) -> Answers | NoAnswer:
    """For each question, and each of its facts, the ids of the rules that fire according to durable-rules.

    Args:
        questions: what to ask; all of them in one child process.
        limit_seconds: after this the child is ended.
        child: arguments to the Python interpreter.
    """
    asked = [
        {
            "rules": {
                name: {"words": dict(rule.words), "ranges": dict(rule.ranges)} for name, rule in question.rules.items()
            },
            "facts": [dict(fact) for fact in question.facts],
        }
        for question in questions
    ]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, by the running interpreter
            [sys.executable, *child],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=limit_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return NoAnswer(f"the rule engine gave no answer within {limit_seconds:g} seconds")
    except OSError as error:
        return NoAnswer(f"the rule engine's process could not start: {error.strerror}")
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        ended = f"signal {-done.returncode}" if done.returncode < 0 else f"code {done.returncode}"
        return NoAnswer(f"the rule engine's process ended with {ended}" + (f": {said[-1]}" if said else ""))
    return _read(done.stdout, questions)


def _read(text: str, questions: Sequence[Question]) -> Answers | NoAnswer:
    try:
        answers = tuple(tuple(frozenset(fired) for fired in answer) for answer in json.loads(text))
    except (ValueError, TypeError):
        return NoAnswer("the rule engine's process answered with something else than JSON lists")
    if [len(answer) for answer in answers] != [len(question.facts) for question in questions]:
        return NoAnswer("the rule engine's process did not answer every question")
    return answers
