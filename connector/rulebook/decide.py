"""From the rules that fire in each cell to the one that decides it: gates by rank, charges by `overrides`.

Gates and charges are decided apart: a gated client still needs exactly one charge rule, so that taking a gate out never
opens a hole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.domain.words import EventKind, Plan
from connector.rulebook import kinds
from connector.rulebook.axes import Value
from connector.rulebook.cells import COMBOS, Slice
from connector.rulebook.describe import client
from connector.rulebook.prove import Fired, FiredCell
from connector.rulebook.sources import Sources
from connector.rulebook.spec import HOLD, INSIDE_BUNDLE, PER_BUNDLE, Declared, Rule


@dataclass(frozen=True)
class Cell:
    """One cell with the rule that decides it; None where no gate closes, or an adjustment does not apply.

    Attributes:
        where, values: which cell.
        rule: what decides it.
        lost: the rules that fit it too and lose, in the order of their places.
    """

    where: Slice
    values: tuple[Value, ...]
    rule: Rule | None
    lost: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Decided:
    """Every stratum, slice by slice, the cells of a slice in the order of `Slice.cells`.

    Attributes:
        gates, charges: the cells of the two.
        adjusts: the cells of each adjustment, in the order of the rules.
        combos: the combinations of event and plan that can occur, see `cells.reachable`.
        cell_count: how many cells were decided.
    """

    gates: tuple[Cell, ...]
    charges: tuple[Cell, ...]
    adjusts: tuple[tuple[Rule, tuple[Cell, ...]], ...]
    combos: tuple[int, ...]
    cell_count: int


def decide(fired: Fired, declared: Declared, sources: Sources) -> Decided | None:
    """The decision of every cell; None when one is missing or doubtful, which is noted."""
    rules = {rule.id: rule for rule in declared.rules}
    gates = tuple(Cell(cell.where, cell.values, _closing(cell, rules)) for cell in fired.gates)
    candidates = [_candidates([rules[name] for name in cell.fired]) for cell in fired.charges]
    before = len(sources.problems())
    _gaps(fired.charges, candidates, declared, sources)
    _overlaps(fired.charges, candidates, sources)
    _subjects(fired.charges, candidates, sources)
    deciding = {cell.rule.id for cell in gates if cell.rule} | {rule.id for found in candidates for rule in found}
    _unreachable(fired, rules, deciding, sources)
    if len(sources.problems()) > before:
        return None
    charges = tuple(
        Cell(cell.where, cell.values, found[0], _losers(cell, found[0], rules))
        for cell, found in zip(fired.charges, candidates, strict=True)
    )
    adjusts = tuple(
        (rules[name], tuple(Cell(cell.where, cell.values, rules[name] if cell.fired else None) for cell in cells))
        for name, cells in fired.adjusts.items()
    )
    return Decided(gates, charges, adjusts, fired.combos, fired.cell_count)


def _losers(cell: FiredCell, winner: Rule, rules: Mapping[str, Rule]) -> tuple[Rule, ...]:
    return tuple(sorted((rules[name] for name in cell.fired - {winner.id}), key=lambda rule: rule.place))


def _closing(cell: FiredCell, rules: Mapping[str, Rule]) -> Rule | None:
    """The gate that closes: a hold before a not_billable, then the one that stands first."""
    closing = sorted((rules[name] for name in cell.fired), key=lambda rule: (rule.outcome != HOLD, rule.place))
    return closing[0] if closing else None


def _candidates(fired: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules left after those that override have taken the plain ones of their metric out; one, if all is well."""
    overridden = {rule.charge.overrides for rule in fired if rule.charge is not None and rule.charge.overrides}
    left = [
        rule
        for rule in fired
        if rule.charge is None or rule.charge.overrides is not None or rule.charge.metric not in overridden
    ]
    return tuple(sorted(left, key=lambda rule: rule.place))


def _gaps(
    cells: Sequence[FiredCell], candidates: Sequence[tuple[Rule, ...]], declared: Declared, sources: Sources
) -> None:
    told: set[int] = set()
    for cell, found in zip(cells, candidates, strict=True):
        if not found and cell.where.combo not in told:
            told.add(cell.where.combo)
            message = f"no rule says what happens to {client(cell.where, cell.values)}"
            sources.fault(declared.rules_place, kinds.GAP, message)


def _overlaps(cells: Sequence[FiredCell], candidates: Sequence[tuple[Rule, ...]], sources: Sources) -> None:
    told: set[tuple[str, ...]] = set()
    for cell, found in zip(cells, candidates, strict=True):
        pair = tuple(rule.id for rule in found)
        if len(found) > 1 and pair not in told:
            told.add(pair)
            who = client(cell.where, cell.values)
            others = " and ".join(f"{rule.id} ({rule.place.file}:{rule.place.line})" for rule in found[:-1])
            message = f"{found[-1].id} decides {who}, and so does {others}"
            sources.fault(found[-1].place, kinds.OVERLAP, message)


def _subjects(cells: Sequence[FiredCell], candidates: Sequence[tuple[Rule, ...]], sources: Sources) -> None:
    told: set[str] = set()
    for cell, found in zip(cells, candidates, strict=True):
        event, plan = COMBOS[cell.where.combo]
        for rule in found:
            if rule.id not in told and not _suits(rule, event, plan):
                told.add(rule.id)
                message = f"{rule.id} {_says(rule, event)}, but it also covers {client(cell.where, cell.values)}"
                sources.fault(rule.place, kinds.SUBJECT, message)


def _suits(rule: Rule, event: EventKind, plan: Plan | None) -> bool:
    if rule.outcome == INSIDE_BUNDLE:
        return plan is Plan.ASSESSMENT_ONLY
    if rule.charge is None:
        return True
    renews = rule.charge.term.renewal is not None
    return (
        (rule.charge.manner == PER_BUNDLE) == (plan is None)
        and (event is EventKind.MONTH) == _by_month(rule)
        and (renews or event is not EventKind.RENEWED)
    )


def _by_month(rule: Rule) -> bool:
    return rule.conditions.words.get("event") == (EventKind.MONTH.value,)


def _says(rule: Rule, event: EventKind) -> str:
    if rule.charge is None:
        return f"says {INSIDE_BUNDLE}"
    if event is EventKind.RENEWED and rule.charge.term.renewal is None:
        return "has no renewal"
    return "is about months" if _by_month(rule) else f"says {rule.charge.manner}"


def _unreachable(fired: Fired, rules: Mapping[str, Rule], deciding: set[str], sources: Sources) -> None:
    for name, rule in rules.items():
        if name in deciding or rule.is_adjust:  # whether an adjustment meets a charge is `adjusting`'s to find out
            continue
        cells = fired.gates if rule.is_gate else fired.charges
        others = sorted({other for cell in cells if name in cell.fired for other in cell.fired if other != name})
        if others:
            message = f"{name} never decides anything: wherever it fits, {' or '.join(others)} decides"
        else:
            message = f"{name} fits no client and no bundle that can occur"
        sources.fault(rule.place, kinds.UNREACHABLE, message)
