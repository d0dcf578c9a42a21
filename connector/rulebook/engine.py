"""durable-rules, tamed. Only this file knows it, and only a child process runs it.

Its host starts timer threads that steal events, swallows exceptions and fails silently beyond 64 true conditions; here
it has no thread, one live fact under one fixed id, allow-listed operators, and at most 48 rules in one call.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from durable.engine import Host

LARGEST_CALL = 48
_LARGEST_NUMBER = 2**53
_SID, _ID, _NAME = "s", "f", "cells"
# One rule of each call fires on every fact: a fact that no rule takes is an error to the engine, and a call in which
# this one does not fire has lost the fact.
_ALWAYS = "~always"

Fact = Mapping[str, str | int]


class EngineError(Exception):
    """The engine answered in a way that cannot be trusted."""


class _Threadless(Host):  # type: ignore[misc]  # durable-rules has no types
    def _run(self) -> None:
        """Start no timer threads: they take posts away from the caller."""


def ask(rules: Mapping[str, Mapping[str, Any]], facts: Iterable[Fact]) -> list[list[str]]:
    """For each fact the ids of the rules that fire, sorted.

    Args:
        rules: id → `{"words": {attribute: [value, …]}, "ranges": {attribute: [low or None, high or None]}}`.
        facts: attribute → text or whole number below 2^53; an absent attribute is missing.

    Raises:
        EngineError: the engine returned no state, or one with an exception.
    """
    facts = list(facts)
    names = sorted(rules)
    answers: list[list[str]] = [[] for _ in facts]
    for start in range(0, len(names), LARGEST_CALL - 1):
        chunk = {name: rules[name] for name in names[start : start + LARGEST_CALL - 1]}
        for answer, fired in zip(answers, _call(chunk, facts), strict=True):
            answer.extend(fired)
    return answers


def _call(rules: Mapping[str, Mapping[str, Any]], facts: Iterable[Fact]) -> list[list[str]]:
    fired: set[str] = set()
    host = _Threadless()
    conditions = {name: _condition(rule) for name, rule in rules.items()} | {_ALWAYS: {_ALWAYS: _ALWAYS}}
    host.set_rulesets(
        {
            _NAME: {
                name: {"all": [{"m": condition}], "pri": number, "run": _note(name, fired)}
                for number, (name, condition) in enumerate(conditions.items(), start=1)
            }
        }
    )
    answers = []
    for fact in facts:
        fired.clear()
        asked = {**fact, _ALWAYS: _ALWAYS, "sid": _SID, "id": _ID}
        state = host.assert_fact(_NAME, asked)
        if not isinstance(state, dict) or "exception" in state or _ALWAYS not in fired:
            message = f"no sound state for {dict(fact)}: {state}"
            raise EngineError(message)
        answers.append(sorted(fired - {_ALWAYS}))
        host.retract_fact(_NAME, asked)
    return answers


def _note(name: str, fired: set[str]) -> Callable[[Any], None]:
    def run(_context: Any) -> None:  # noqa: ANN401 - durable-rules has no types
        fired.add(name)

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
