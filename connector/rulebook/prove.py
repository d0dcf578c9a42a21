"""Each cell, stratum by stratum, answered by the rule engine and by an independent reading that must agree.

What follows from the answers (winners, gaps, overlaps) is `decide`'s; here it is only established who fires where.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.domain.places import Line
from connector.rulebook import kinds
from connector.rulebook.asking import Ask, NoAnswer, Question
from connector.rulebook.axes import Value
from connector.rulebook.cells import Slice, reachable, slices
from connector.rulebook.evaluator import firing
from connector.rulebook.sources import Sources
from connector.rulebook.spec import EMPLOYEES, Conditions, Declared, Rule, TierScheme

MOST_CELLS = 20_000


@dataclass(frozen=True)
class FiredCell:
    """One cell, and the ids of the rules of its stratum that fire in it."""

    where: Slice
    values: tuple[Value, ...]
    fired: frozenset[str]


@dataclass(frozen=True)
class Fired:
    """Every stratum, slice by slice and cell by cell, and how many cells were asked about.

    Attributes:
        gates, charges: the cells of the two.
        adjusts: the cells of each adjustment, which is a stratum by itself, by the rule's id.
        combos: the combinations of event and plan that can occur, see `cells.reachable`.
        cell_count: how many cells were asked about.
    """

    gates: tuple[FiredCell, ...]
    charges: tuple[FiredCell, ...]
    adjusts: Mapping[str, tuple[FiredCell, ...]]
    combos: tuple[int, ...]
    cell_count: int


@dataclass(frozen=True)
class _Inquiry:
    """A question, and where each of its rules stands."""

    question: Question
    places: Mapping[str, Line]


def fire(declared: Declared, sources: Sources, ask: Ask) -> Fired | None:
    """Who fires in each cell; None when that is in doubt, which is noted."""
    entities = tuple(declared.entities)
    combos = reachable(declared.rules)
    strata = _strata(declared.rules)
    parts = [slices(rules, entities, combos) for rules in strata]
    every = [part for stratum in parts for part in stratum]
    cell_count = sum(part.size for part in every)
    if cell_count > MOST_CELLS:
        _too_many(cell_count, every, declared.rules_place, sources)
        return None
    tiers = [_tier_inquiry(scheme) for scheme in declared.tiers.values()]
    inquiries = [*tiers, *(_inquiry(rules, own) for rules, own in zip(strata, parts, strict=True))]
    answers = ask([inquiry.question for inquiry in inquiries])
    if isinstance(answers, NoAnswer):
        sources.fault(declared.rules_place, kinds.ENGINE_FAILED, answers.reason)
        return None
    agreed = [_agree(inquiry, answer, sources) for inquiry, answer in zip(inquiries, answers, strict=True)]
    if not all(agreed):
        return None
    cell_count += sum(len(inquiry.question.facts) for inquiry in tiers)
    cells = [_cells(own, answer) for own, answer in zip(parts, answers[len(tiers) :], strict=True)]
    adjusts = {rules[0].id: found for rules, found in zip(strata[2:], cells[2:], strict=True)}
    return Fired(cells[0], cells[1], adjusts, combos, cell_count)


def _strata(rules: Sequence[Rule]) -> list[tuple[Rule, ...]]:
    """The gates, the charges, and each adjustment by itself."""
    gates = tuple(rule for rule in rules if rule.is_gate)
    charges = tuple(rule for rule in rules if not rule.is_gate and not rule.is_adjust)
    return [gates, charges, *((rule,) for rule in rules if rule.is_adjust)]


def _inquiry(rules: Sequence[Rule], parts: Sequence[Slice]) -> _Inquiry:
    facts = [fact for part in parts for cell in part.cells() for fact in part.facts(cell)]
    return _Inquiry(
        Question({rule.id: rule.conditions for rule in rules}, facts), {rule.id: rule.place for rule in rules}
    )


def _tier_inquiry(scheme: TierScheme) -> _Inquiry:
    """Both sides of each bound of a tier scheme."""
    rules = {band.label: Conditions(ranges={EMPLOYEES: (band.low, band.high)}) for band in scheme.bands}
    ends = {end for band in scheme.bands for end in (band.low, band.high or band.low)}
    question = Question(rules, [{EMPLOYEES: end} for end in sorted(ends)])
    return _Inquiry(question, {band.label: band.place for band in scheme.bands})


def _agree(inquiry: _Inquiry, answer: Sequence[frozenset[str]], sources: Sources) -> bool:
    """Whether the independent reading gives the same; the first difference of each rule is noted."""
    told: set[str] = set()
    for fact, fired in zip(inquiry.question.facts, answer, strict=True):
        wrong = fired ^ firing(inquiry.question.rules, fact)
        for name in sorted(wrong & inquiry.places.keys() - told):
            told.add(name)
            says = "fits" if name in fired else "does not fit"
            about = ", ".join(f"{key} {value}" for key, value in fact.items())
            message = f"the engine says that {name} {says}, the independent check says otherwise: {about}"
            sources.fault(inquiry.places[name], kinds.ENGINE_DISAGREES, message)
    return not told


def _cells(parts: Sequence[Slice], answer: Sequence[frozenset[str]]) -> tuple[FiredCell, ...]:
    found: list[FiredCell] = []
    at = 0
    for part in parts:
        for values in part.cells():
            width = len(part.facts(values))
            fired = set(answer[at : at + width])
            at += width
            if len(fired) != 1:
                raise AssertionError(part, values)  # a cell is not elementary
            found.append(FiredCell(part, values, fired.pop()))
    return tuple(found)


def _too_many(count: int, parts: Sequence[Slice], place: Line, sources: Sources) -> None:
    largest = max(parts, key=lambda part: part.size)
    counts = {axis.attribute: len(axis.values) for axis in largest.axes}
    partners = len({part.partner for part in parts})
    factors = [f"{name} ({number} values)" for name, number in sorted(counts.items(), key=lambda pair: -pair[1])]
    factors += [f"partner ({partners} values)"] if partners > 1 else []
    message = f"the rules tell {count:,} cases apart, more than {MOST_CELLS:,}; {' times '.join(factors)} multiply"
    sources.fault(place, kinds.TOO_MANY_CELLS, message)
