"""Price books as series: one version on each day, and a price wherever a rule charges.

A series is the versions of one book in one currency for one selling entity. Without effective_to a version has no end, so
a later one of the same series overlaps it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from connector.domain.entities import SellingEntity
from connector.rulebook import kinds
from connector.rulebook.cells import Slice, Value
from connector.rulebook.decide import Cell
from connector.rulebook.describe import client
from connector.rulebook.sources import Sources
from connector.rulebook.spec import BY_TIER, DAY, PER_BUNDLE, Declared, PriceVersion, Range, Rule

Need = tuple[Rule, SellingEntity]


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


def sells(version: PriceVersion, manner: str) -> bool:
    """Whether the version has prices of this manner."""
    return bool(version.by_tier) if manner == BY_TIER else version.bundle is not None


def check_series(declared: Declared, sources: Sources) -> None:
    """Note versions of one series that overlap or leave days out, and bundles of two sizes on one day."""
    told: set[tuple[str, str]] = set()
    kept = sorted({(version.book, version.currency) for version in declared.versions})
    for book, currency in kept:
        for entity in declared.entities:
            run = series(declared.versions, book, currency, entity)
            for left, right in zip(run, run[1:], strict=False):
                pair = (str(left.place), str(right.place))
                if pair not in told:
                    told.add(pair)
                    _neighbours(left, right, entity, sources)
    _bundle_sizes(declared, sources)


def _neighbours(left: PriceVersion, right: PriceVersion, entity: str, sources: Sources) -> None:
    where = f"{left.place.file}:{left.place.line}"
    if left.last is None or left.last >= right.first:
        on = date.fromordinal(right.first)
        message = f"for entity {entity}, {left.label} ({where}) and {right.label} are both valid on {on}"
        sources.fault(right.place, kinds.PRICE_OVERLAP, message)
    elif left.last + 1 < right.first:
        on = date.fromordinal(left.last + 1)
        message = f"for entity {entity}, nothing is valid on {on}, between {left.label} ({where}) and {right.label}"
        sources.fault(right.place, kinds.PRICE_GAP, message)


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


def check_coverage(cells: Sequence[Cell], declared: Declared, sources: Sources) -> None:
    """Note every charge rule that reaches, from go-live on, an entity and a day without a price."""
    needs: dict[tuple[str, str], dict[Range, tuple[Rule, Slice, tuple[Value, ...]]]] = {}
    for cell in cells:
        if cell.rule is None or cell.rule.charge is None:
            continue
        said = {axis.attribute: value for axis, value in zip(cell.where.axes, cell.values, strict=True)}
        named = said.get("selling_entity")
        days: Range = (said[DAY].span if DAY in said else None) or (None, None)
        for entity in declared.entities if named is None else [named.word or ""]:
            asked = needs.setdefault((cell.rule.id, entity), {})
            asked.setdefault(days, (cell.rule, cell.where, cell.values))
    for (_, name), intervals in needs.items():
        for days in sorted(intervals, key=lambda span: (span[0] or 0, span[1] or 0)):
            rule, where, values = intervals[days]
            day = _uncovered(rule, declared.entities[name], days, declared.versions)
            if day is not None:
                _missing(rule, declared.entities[name], day, (where, values), declared, sources)
                break


def _uncovered(rule: Rule, entity: SellingEntity, days: Range, versions: Iterable[PriceVersion]) -> int | None:
    """The first day from go-live on, within `days`, on which the rule has no price."""
    if rule.charge is None:
        return None
    day = max(days[0] or 0, entity.bill_from.toordinal())
    for version in series(versions, rule.charge.book, entity.currency, entity.id):
        if version.last is not None and version.last < day:
            continue
        if version.first > day or not sells(version, rule.charge.manner):
            break
        if version.last is None:
            return None
        day = version.last + 1
    return None if days[1] is not None and day > days[1] else day


def _missing(
    rule: Rule,
    entity: SellingEntity,
    day: int,
    cell: tuple[Slice, tuple[Value, ...]],
    declared: Declared,
    sources: Sources,
) -> None:
    charge = rule.charge
    if charge is None:
        return
    tiers: Mapping[str, str] = {name: scheme.bands[0].label for name, scheme in declared.tiers.items()}
    size = next(iter(tiers.values()), None) if charge.manner == BY_TIER else None
    who = client(*cell, entity=entity.id, day=day, size=size)
    what = "prices by tier" if charge.manner == BY_TIER else "a bundle price"
    message = f"{rule.id} charges {who}, but book {charge.book} has no {what} in {entity.currency} on that day"
    sources.fault(charge.book_place, kinds.PRICE_MISSING, message)
