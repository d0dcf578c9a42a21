"""Whether two rulebooks decide alike: both are asked about every case that the rules of either can tell apart.

Prices and policies are compared apart: a case decided alike can still cost something else.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from connector.rulebook.axes import Value
from connector.rulebook.cells import Slice, reachable, slices
from connector.rulebook.describe import client
from connector.rulebook.evaluator import Fact, fits
from connector.rulebook.prove import MOST_CELLS
from connector.rulebook.spec import HOLD, Declared, Rule
from connector.rulebook.views.facts import charge_facts, rule_facts, text

_SLICED = {"event", "plan", "partner"}

Meaning = tuple[str, ...]
Reading = Callable[[Fact], Meaning]


@dataclass(frozen=True)
class Decision:
    """Cases that are decided otherwise, all from the same to the same.

    Attributes:
        example: one of them, in words.
        old, new: what is decided; empty for nothing.
        cases: how many of the cases compared.
    """

    example: str
    old: str
    new: str
    cases: int


@dataclass(frozen=True)
class Decisions:
    """What comparing the decisions came to.

    Attributes:
        cases: how many were compared; 0 when they could not be.
        changed: those decided otherwise.
        unknown: why nothing is said about decisions; empty when something is.
    """

    cases: int
    changed: tuple[Decision, ...] = ()
    unknown: str = ""


@dataclass(frozen=True)
class _Stratum:
    rules: tuple[Rule, ...]
    old: Reading
    new: Reading


def compare_decisions(old: Declared, new: Declared) -> Decisions:
    """Ask both about every case of both."""
    entities = tuple(sorted(set(old.entities) & set(new.entities)))
    if not entities:
        return Decisions(0, unknown="they have no selling entity in common")
    strata = tuple(_strata(old.rules, new.rules))
    combos = sorted({*reachable(old.rules), *reachable(new.rules)})
    parts = [slices(stratum.rules, entities, combos) for stratum in strata]
    cases = sum(part.size for own in parts for part in own)
    if cases > MOST_CELLS:
        return Decisions(0, unknown=f"together they tell {cases:,} cases apart, more than {MOST_CELLS:,}")
    found: dict[tuple[Meaning, Meaning], list[str]] = {}
    for stratum, own in zip(strata, parts, strict=True):
        unseen = _unseen(stratum.rules, own)
        if unseen:
            return Decisions(0, unknown=f"no case was found for {', '.join(sorted(unseen))}")
        for part in own:
            for values in part.cells():
                pair = _asked(stratum, part, values)
                if pair[0] != pair[1]:
                    found.setdefault(pair, []).append(client(part, values))
    changed = (Decision(who[0], _said(pair[0]), _said(pair[1]), len(who)) for pair, who in found.items())
    return Decisions(cases, tuple(changed))


def _strata(old: Sequence[Rule], new: Sequence[Rule]) -> Iterator[_Stratum]:
    for chosen, reading in ((_is_gate, _gate), (_is_charge, _charge), (_is_adjust, _adjusted)):
        own = [tuple(rule for rule in rules if chosen(rule)) for rules in (old, new)]
        if own[0] or own[1]:
            yield _Stratum((*own[0], *own[1]), reading(own[0]), reading(own[1]))


def _unseen(rules: Sequence[Rule], parts: Sequence[Slice]) -> set[str]:
    """The attributes that rules name and no case knows: about them nothing could be claimed."""
    named = {name for rule in rules for name in (*rule.conditions.words, *rule.conditions.ranges)}
    return named - {axis.attribute for part in parts for axis in part.axes} - _SLICED


def _asked(stratum: _Stratum, part: Slice, values: tuple[Value, ...]) -> tuple[Meaning, Meaning]:
    """What both decide in a case."""
    answers = {(stratum.old(fact), stratum.new(fact)) for fact in part.facts(values)}
    if len(answers) != 1:
        raise AssertionError(part, values)  # a cell is not elementary
    return answers.pop()


def _is_gate(rule: Rule) -> bool:
    return rule.is_gate


def _is_adjust(rule: Rule) -> bool:
    return rule.is_adjust


def _is_charge(rule: Rule) -> bool:
    return not rule.is_gate and not rule.is_adjust


def _gate(rules: Sequence[Rule]) -> Reading:
    """The gate that closes: a hold before a not_billable, then the one that stands first."""
    ranked = sorted(rules, key=lambda rule: (rule.outcome != HOLD, rule.place))

    def closing(fact: Fact) -> Meaning:
        return next((_meaning(rule) for rule in ranked if fits(rule.conditions, fact)), ())

    return closing


def _charge(rules: Sequence[Rule]) -> Reading:
    """The one rule that is left when those that override have taken the others of their metric out."""

    def winning(fact: Fact) -> Meaning:
        fired = [rule for rule in rules if fits(rule.conditions, fact)]
        taken = {rule.charge.overrides for rule in fired if rule.charge is not None and rule.charge.overrides}
        left = [
            rule for rule in fired if rule.charge is None or rule.charge.overrides or rule.charge.metric not in taken
        ]
        return tuple(part for rule in left for part in _meaning(rule))

    return winning


def _adjusted(rules: Sequence[Rule]) -> Reading:
    """Every adjustment that fits; their order does not matter."""

    def adjusting(fact: Fact) -> Meaning:
        return tuple(sorted(part for rule in rules if fits(rule.conditions, fact) for part in _meaning(rule)))

    return adjusting


def _meaning(rule: Rule) -> Meaning:
    """What a rule decides, whatever it is called and whenever it fits."""
    if rule.charge is not None:
        said = [f"{name} {text(values)}" for name, values in charge_facts(rule.charge).items() if values]
        return (f"charge: {', '.join(said)}",)
    unsaid = ("outcome", "days", "reason")
    facts = {name: values for name, values in rule_facts(rule).items() if values and not name.startswith("when ")}
    said = [f"{name} {text(values)}" for name, values in facts.items() if name not in unsaid]
    reason = f" ({rule.reason})" if rule.reason else ""
    return (f"{text(facts['outcome'])}{': ' if said else ''}{', '.join(said)}{reason}",)


def _said(meaning: Meaning) -> str:
    return "; ".join(meaning)
