"""Each cell, stratum by stratum, answered by the rule engine and by an independent reading that must agree.

What follows from the answers (winners, gaps, overlaps) is `decide`'s; here it is only established who fires where.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.domain.places import Line
from connector.rulebook import kinds
from connector.rulebook.asking import Ask, NoAnswer, Question
from connector.rulebook.cells import Slice, Value, slices
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
    """Both strata, slice by slice and cell by cell, and how many cells were asked about."""

    gates: tuple[FiredCell, ...]
    charges: tuple[FiredCell, ...]
    cell_count: int


@dataclass(frozen=True)
class _Inquiry:
    """A question, and where each of its rules stands."""

    question: Question
    places: Mapping[str, Line]


def fire(declared: Declared, sources: Sources, ask: Ask) -> Fired | None:
    """Who fires in each cell; None when that is in doubt, which is noted."""
    entities = tuple(declared.entities)
    gate_rules = tuple(rule for rule in declared.rules if rule.is_gate)
    charge_rules = tuple(rule for rule in declared.rules if not rule.is_gate)
    gates, charges = slices(gate_rules, entities), slices(charge_rules, entities)
    cell_count = sum(part.size for part in (*gates, *charges))
    if cell_count > MOST_CELLS:
        _too_many(cell_count, (*gates, *charges), declared.rules_place, sources)
        return None
    tiers = [_tier_inquiry(scheme) for scheme in declared.tiers.values()]
    inquiries = [*tiers, _inquiry(gate_rules, gates), _inquiry(charge_rules, charges)]
    answers = ask([inquiry.question for inquiry in inquiries])
    if isinstance(answers, NoAnswer):
        sources.fault(declared.rules_place, kinds.ENGINE_FAILED, answers.reason)
        return None
    agreed = [_agree(inquiry, answer, sources) for inquiry, answer in zip(inquiries, answers, strict=True)]
    if not all(agreed):
        return None
    cell_count += sum(len(inquiry.question.facts) for inquiry in tiers)
    return Fired(_cells(gates, answers[-2]), _cells(charges, answers[-1]), cell_count)


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
