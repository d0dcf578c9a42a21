"""The independent reading of conditions, in plain Python. It shares no code with the rule engine, on purpose."""

from collections.abc import Mapping

from connector.rulebook.spec import Conditions

Fact = Mapping[str, str | int]


def fits(conditions: Conditions, fact: Fact) -> bool:
    """Whether every condition holds for the fact; a missing attribute fits nothing."""
    for attribute, words in conditions.words.items():
        if fact.get(attribute) not in words:
            return False
    for attribute, (low, high) in conditions.ranges.items():
        value = fact.get(attribute)
        if not isinstance(value, int) or (low is not None and value < low) or (high is not None and value > high):
            return False
    return True


def firing(rules: Mapping[str, Conditions], fact: Fact) -> frozenset[str]:
    """The ids of the rules whose conditions all hold."""
    return frozenset(name for name, conditions in rules.items() if fits(conditions, fact))
