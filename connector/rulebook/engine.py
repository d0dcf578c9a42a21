"""durable-rules, tamed. Only this file knows it, and only a child process runs it: its C code can crash or hang.

The file is run by itself, questions on standard input and answers on standard output, so that the child imports nothing
but the engine: importing the package would cost it more than its answers.

Its host starts timer threads that steal events, swallows exceptions and fails silently beyond 64 true conditions; here
it has no thread, one live fact under one fixed id, allow-listed operators, and few enough rules in one call.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from durable.engine import Host

LARGEST_CALL = 48
# With 512 conditions side by side the engine never ends; each value of a list is one.
MOST_CONDITIONS = 400
_LARGEST_NUMBER = 2**53
_SID, _ID, _NAME = "s", "f", "cells"
# One rule of each call fires on every fact: a fact that no rule takes is an error to the engine, and a call in which
# this one does not fire has lost the fact.
_ALWAYS = "~always"

Fact = Mapping[str, str | int]


class EngineError(Exception):
    """A rule that the engine would misread, or not survive."""


class _Threadless(Host):  # type: ignore[misc]  # durable-rules has no types
    def _run(self) -> None:
        """Start no timer threads: they take posts away from the caller."""


def ask(rules: Mapping[str, Mapping[str, Any]], facts: Iterable[Fact]) -> list[list[str]]:
    """For each fact the ids of the rules that fire, sorted.

    Args:
        rules: id → `{"words": {attribute: [value, …]}, "ranges": {attribute: [low or None, high or None]}}`.
        facts: attribute → text or whole number below 2^53; an absent attribute is missing.

    Raises:
        EngineError: a rule has no condition, too many, or a bound that the engine does not compare exactly.
    """
    facts = list(facts)
    answers: list[list[str]] = [[] for _ in facts]
    for portion in _portions(rules):
        for answer, fired in zip(answers, _call(portion, facts), strict=True):
            answer.extend(fired)
    return [sorted(answer) for answer in answers]


def _portions(rules: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Mapping[str, Any]]]:
    """The rules in as many calls as the engine needs to survive them."""
    portion: dict[str, Mapping[str, Any]] = {}
    total = 0
    for name, rule in rules.items():
        size = sum(len(words) for words in rule["words"].values()) + 2 * len(rule["ranges"])
        if size > MOST_CONDITIONS:
            message = f"one rule names {size} values, more than the engine survives"
            raise EngineError(message)
        if portion and (len(portion) == LARGEST_CALL - 1 or total + size > MOST_CONDITIONS):
            yield portion
            portion, total = {}, 0
        portion[name] = rule
        total += size
    if portion:
        yield portion


def _call(rules: Mapping[str, Mapping[str, Any]], facts: Iterable[Fact]) -> list[list[str]]:
    # Numbers stand for the rules' ids, which are a person's words and could mean something to the engine.
    names = dict(enumerate(rules))
    fired: set[int] = set()
    host = _Threadless()
    conditions = {f"r{number}": (number, _condition(rule)) for number, rule in enumerate(rules.values())}
    conditions["always"] = (len(names), {_ALWAYS: _ALWAYS})
    host.set_rulesets(
        {
            _NAME: {
                name: {"all": [{"m": condition}], "pri": number + 1, "run": _note(number, fired)}
                for name, (number, condition) in conditions.items()
            }
        }
    )
    answers = []
    for fact in facts:
        fired.clear()
        asked = {**fact, _ALWAYS: _ALWAYS, "sid": _SID, "id": _ID}
        state = host.assert_fact(_NAME, asked)
        if not isinstance(state, dict) or "exception" in state or len(names) not in fired:
            raise AssertionError(dict(fact), state)  # the engine lost a fact, or what an action said
        answers.append([names[number] for number in fired if number in names])
        host.retract_fact(_NAME, asked)
    return answers


def _note(number: int, fired: set[int]) -> Callable[[Any], None]:
    def run(_context: Any) -> None:  # noqa: ANN401 - durable-rules has no types
        fired.add(number)

    return run


def _condition(rule: Mapping[str, Any]) -> dict[str, Any]:
    terms: list[dict[str, Any]] = []
    for attribute, words in rule["words"].items():
        equal = [{attribute: word} for word in words]
        terms.append(equal[0] if len(equal) == 1 else {"$or": equal})
    for attribute, (low, high) in rule["ranges"].items():
        for operator, bound in (("$gte", low), ("$lte", high)):
            if bound is not None:
                if abs(bound) >= _LARGEST_NUMBER:
                    message = f"{bound} is beyond what the engine compares exactly"
                    raise EngineError(message)
                terms.append({operator: {attribute: bound}})
    if not terms:
        message = "a rule without a condition would fire on the engine's own state"
        raise EngineError(message)
    return terms[0] if len(terms) == 1 else {"$and": terms}


def main() -> None:
    """Answer every question; anything that goes wrong ends the process with its reason on standard error."""
    questions = json.load(sys.stdin)
    json.dump([ask(question["rules"], question["facts"]) for question in questions], sys.stdout)


if __name__ == "__main__":
    main()
