"""Price books as series: one version on each day, and a price wherever a rule charges.

A series is the versions of one book in one currency for one selling entity. Without effective_to a version has no end,
so a later one of the same series overlaps it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from connector.domain.entities import SellingEntity
from connector.domain.places import Line
from connector.rulebook import kinds
from connector.rulebook.axes import Value
from connector.rulebook.cells import Slice
from connector.rulebook.decide import Cell
from connector.rulebook.describe import client
from connector.rulebook.meeting import overlap
from connector.rulebook.sources import Sources
from connector.rulebook.spec import BY_TIER, DAY, FLAT, PER_BUNDLE, PER_UNIT, Charge, Declared, PriceVersion, Range


def series(versions: Iterable[PriceVersion], book: str, currency: str, entity: str) -> tuple[PriceVersion, ...]:
    """The versions of one book, currency and selling entity, by their first day."""
    own = [
        version
        for version in versions
        if version.book == book
        and version.currency == currency
        and (not version.entities or entity in version.entities)
    ]
    return tuple(sorted(own, key=lambda version: (version.first, version.place)))


def sells(version: PriceVersion, manner: str, metric: str) -> bool:
    """Whether the version has a price of this manner for this metric."""
    if manner == BY_TIER:
        return bool(version.by_tier)
    if manner == PER_BUNDLE:
        return version.bundle is not None
    return metric in (version.flat if manner == FLAT else version.units)


def check_series(declared: Declared, sources: Sources) -> bool:
    """Whether no versions of one series overlap or leave days out; if they do, it is noted.

    Bundles that would have two sizes on one day are noted as well.
    """
    before = len(sources.problems())
    told: set[tuple[str, str]] = set()
    kept = sorted({(version.book, version.currency) for version in declared.versions})
    for book, currency in kept:
        for entity in declared.entities:
            run = series(declared.versions, book, currency, entity)
            for left, right in pairwise(run):
                pair = (str(left.place), str(right.place))
                if pair not in told:
                    told.add(pair)
                    _neighbours(left, right, entity, sources)
    _bundle_sizes(declared, sources)
    return len(sources.problems()) == before


def _neighbours(left: PriceVersion, right: PriceVersion, entity: str, sources: Sources) -> None:
    where = f"{left.last_place.file}:{left.last_place.line}"
    if left.last is None or left.last >= right.first:
        on = date.fromordinal(right.first)
        message = f"for entity {entity}, {left.label} ({where}) and {right.label} are both valid on {on}"
        sources.fault(right.first_place, kinds.PRICE_OVERLAP, message)
    elif left.last + 1 < right.first:
        on = date.fromordinal(left.last + 1)
        message = f"for entity {entity}, nothing is valid on {on}, between {left.label} ({where}) and {right.label}"
        sources.fault(right.first_place, kinds.PRICE_GAP, message)


def _bundle_sizes(declared: Declared, sources: Sources) -> None:
    used = {rule.charge.book for rule in declared.rules if rule.charge and rule.charge.manner == PER_BUNDLE}
    sold = [version for version in declared.versions if version.book in used and version.bundle is not None]
    for number, right in enumerate(sold):
        for left in sold[:number]:
            if left.bundle_size != right.bundle_size and left.currency == right.currency and _meet(left, right):
                message = f"{right.label} sells bundles of {right.bundle_size}, {left.label} of {left.bundle_size}"
                sources.fault(right.place, kinds.BUNDLE_SIZE, message)
                break


def _meet(left: PriceVersion, right: PriceVersion) -> bool:
    shared = not left.entities or not right.entities or bool(set(left.entities) & set(right.entities))
    early = left.last is None or left.last >= right.first
    return shared and early and (right.last is None or right.last >= left.first)


@dataclass(frozen=True)
class _Need:
    """A charge rule that reaches an entity, and the cell in which it does."""

    rule_id: str
    charge: Charge
    entity: SellingEntity
    where: Slice
    values: tuple[Value, ...]


def check_coverage(cells: Sequence[Cell], declared: Declared, sources: Sources) -> None:
    """Note every charge rule that reaches, from go-live on, an entity and a day without a price."""
    for intervals in _needs(cells, declared).values():
        for days in sorted(intervals, key=lambda span: (span[0] or 0, span[1] or 0)):
            day = _uncovered(intervals[days], days, declared.versions)
            if day is not None:
                _missing(intervals[days], day, declared, sources)
                break


def _needs(cells: Sequence[Cell], declared: Declared) -> Mapping[tuple[str, str], Mapping[Range, _Need]]:
    """By rule and entity the intervals of days on which a price is needed."""
    needs: dict[tuple[str, str], dict[Range, _Need]] = {}
    for cell in cells:
        if cell.rule is None or cell.rule.charge is None:
            continue
        said = {axis.attribute: value for axis, value in zip(cell.where.axes, cell.values, strict=True)}
        days: Range = (said[DAY].span if DAY in said else None) or (None, None)
        for entity in declared.entities.values():
            if "selling_entity" not in said or said["selling_entity"].word == entity.id:
                need = _Need(cell.rule.id, cell.rule.charge, entity, cell.where, cell.values)
                needs.setdefault((cell.rule.id, entity.id), {}).setdefault(days, need)
    return needs


def _uncovered(need: _Need, days: Range, versions: Iterable[PriceVersion]) -> int | None:
    """The first day from go-live on, within `days`, on which the rule has no price."""
    day = max(days[0] or 0, need.entity.bill_from.toordinal())
    for version in series(versions, need.charge.book, need.entity.currency, need.entity.id):
        if version.last is not None and version.last < day:
            continue
        if version.first > day or not sells(version, need.charge.manner, need.charge.metric):
            break
        if version.last is None:
            return None
        day = version.last + 1
    return None if days[1] is not None and day > days[1] else day


def check_read(cells: Sequence[Cell], declared: Declared, sources: Sources) -> None:
    """Note where the rules that read a version of a book leave out the version's first or last day, from go-live on."""
    reads: dict[tuple[str, str], dict[Range, _Need]] = {}
    for (_, entity), intervals in _needs(cells, declared).items():
        for days, need in intervals.items():
            reads.setdefault((need.charge.book, entity), {}).setdefault(days, need)
    for version in declared.versions:
        owners = [
            entity
            for entity in declared.entities.values()
            if entity.currency == version.currency and (not version.entities or entity.id in version.entities)
        ]
        spans = {days: need for entity in owners for days, need in reads.get((version.book, entity.id), {}).items()}
        near = [need for days, need in spans.items() if overlap(days, (version.first, version.last)) is not None]
        go_live = min((entity.bill_from.toordinal() for entity in owners), default=0)
        for day, place, first in (
            (version.first, version.first_place, True),
            (version.last, version.last_place, False),
        ):
            if near and day is not None and day >= go_live and not any(_within(day, span) for span in spans):
                on = date.fromordinal(day)
                bound = (near[0].charge.from_place if first else near[0].charge.to_place) or near[0].charge.book_place
                who = f"{near[0].rule_id} ({_at(bound)})"
                message = f"{version.label} is valid on {on}, but no rule reads it on that day: {who} does on others"
                sources.fault(place, kinds.PRICE_UNREAD, message)


def _within(day: int, span: Range) -> bool:
    return (span[0] is None or span[0] <= day) and (span[1] is None or day <= span[1])


_WHAT = {
    BY_TIER: "price by tier",
    PER_BUNDLE: "bundle price",
    FLAT: "flat price of {}",
    PER_UNIT: "price per unit of {}",
}


def _missing(need: _Need, day: int, declared: Declared, sources: Sources) -> None:
    charge, entity = need.charge, need.entity
    by_tier = charge.manner == BY_TIER
    size = next(scheme.bands[0].label for scheme in declared.tiers.values()) if by_tier else None
    who = client(need.where, need.values, entity=entity.id, day=day, size=size)
    lacks = f"book {charge.book} has no {_WHAT[charge.manner].format(charge.metric)} in {entity.currency} on that day"
    if day == entity.bill_from.toordinal():
        lacks += f", the first that {entity.id} bills ({entity.place})"
    sold = [
        version
        for version in series(declared.versions, charge.book, entity.currency, entity.id)
        if sells(version, charge.manner, charge.metric)
    ]
    later = next((version for version in sold if version.first > day), None)
    place = charge.book_place
    if later is not None:
        lacks += f"; {later.label} begins later ({_at(later.first_place)})"
        place = charge.from_place or place
    elif sold:
        lacks += f"; {sold[-1].label} has ended ({_at(sold[-1].last_place)})"
        place = charge.to_place or place
    sources.fault(place, kinds.PRICE_MISSING, f"{need.rule_id} charges {who}, but {lacks}")


def _at(place: Line) -> str:
    return f"{place.file}:{place.line}"
