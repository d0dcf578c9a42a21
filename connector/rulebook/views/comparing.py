"""What differs between two rulebooks: what is declared, what it costs, and what is decided.

Places, comments, order and file names are no difference, except the order of gates, which decides between them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connector.domain.money import Money
from connector.rulebook.spec import Declared, PriceVersion, Rule
from connector.rulebook.views import facts, words
from connector.rulebook.views.deciding import Decisions, compare_decisions
from connector.rulebook.views.facts import Facts
from connector.rulebook.views.pricing import PriceLine, heading, lines_of, side_by_side

ADDED, REMOVED, CHANGED, RENAMED = "added", "removed", "changed", "renamed"


@dataclass(frozen=True)
class Change:
    """One declaration that differs, or one value of it.

    Attributes:
        part: `entity`, `policies`, `tiers`, `price book` or `rule`.
        name: which one.
        change: `added`, `removed`, `changed` or `renamed`.
        field: which value, for `changed`; else empty.
        old, new: what it said, what it says; the whole of what was added or removed.
        place: file and line, in the new rulebook if it is there.
    """

    part: str
    name: str
    change: str
    field: str
    old: str
    new: str
    place: str


@dataclass(frozen=True)
class PriceChange:
    """One price that differs; None where there is none.

    Attributes:
        version: of the new rulebook, else of the old: `standard: USD from 2026-01-01`.
        against: what it is compared with, where that is another version; else empty.
        what, size: as `pricing.PriceLine` has them.
        place: file and line, in the new rulebook if it is there.
    """

    version: str
    against: str
    what: str
    size: str
    old: Money | None
    new: Money | None
    place: str


@dataclass(frozen=True)
class Comparison:
    """What differs, by kind."""

    changes: tuple[Change, ...]
    prices: tuple[PriceChange, ...]
    decisions: Decisions

    @property
    def alike(self) -> bool:
        """Whether both say the same."""
        return not self.changes and not self.prices


@dataclass(frozen=True)
class _Item:
    facts: Facts
    place: str


def compare(old: Declared, new: Declared) -> Comparison:
    """Compare two rulebooks that load.

    Args:
        old: what is compared against.
        new: what differs from it.
    """
    pairs = _paired(old.versions, new.versions)
    changes = (
        *_items("entity", _entities(old), _entities(new)),
        *_changed(
            "policies", "policies", facts.policy_facts(old), facts.policy_facts(new), words.place_of(new.rules_place)
        ),
        *_items("tiers", _tiers(old), _tiers(new)),
        *_versions(pairs),
        *_rules(old.rules, new.rules),
    )
    return Comparison(changes, tuple(_prices(pairs, old, new)), compare_decisions(old, new))


def _entities(declared: Declared) -> Mapping[str, _Item]:
    return {name: _Item(facts.entity_facts(one), one.place) for name, one in declared.entities.items()}


def _tiers(declared: Declared) -> Mapping[str, _Item]:
    return {name: _Item(facts.tier_facts(one), words.place_of(one.place)) for name, one in declared.tiers.items()}


def _items(part: str, old: Mapping[str, _Item], new: Mapping[str, _Item]) -> Iterator[Change]:
    for name in dict.fromkeys((*old, *new)):
        if name not in new:
            yield Change(part, name, REMOVED, "", facts.summary(old[name].facts), "", old[name].place)
        elif name not in old:
            yield Change(part, name, ADDED, "", "", facts.summary(new[name].facts), new[name].place)
        else:
            yield from _changed(part, name, old[name].facts, new[name].facts, new[name].place)


def _changed(part: str, name: str, old: Facts, new: Facts, place: str) -> Iterator[Change]:
    for field in dict.fromkeys((*old, *new)):
        before, after = old.get(field, ()), new.get(field, ())
        if before != after:
            yield Change(part, name, CHANGED, field, facts.text(before), facts.text(after), place)


def _rules(old: Sequence[Rule], new: Sequence[Rule]) -> Iterator[Change]:
    before = {rule.id: _Item(facts.rule_facts(rule), words.place_of(rule.place)) for rule in old}
    after = {rule.id: _Item(facts.rule_facts(rule), words.place_of(rule.place)) for rule in new}
    names: dict[str, str] = {}  # new id: the id it had
    for name in (name for name in after if name not in before):
        left = (had for had in before if had not in after and had not in names.values())
        had = next((had for had in left if before[had].facts == after[name].facts), None)
        if had is not None:
            names[name] = had
            yield Change("rule", name, RENAMED, "id", had, name, after[name].place)
    yield from _items(
        "rule",
        {name: item for name, item in before.items() if name not in names.values()},
        {name: item for name, item in after.items() if name not in names},
    )
    for outcome in ("hold", "not_billable"):
        orders = [[names.get(rule.id, rule.id) for rule in rules if rule.outcome == outcome] for rules in (old, new)]
        kept = [[name for name in order if all(name in other for other in orders)] for order in orders]
        if kept[0] != kept[1]:
            place = next(words.place_of(rule.place) for rule in new if rule.outcome == outcome)
            field = "order, which decides where several fit"
            was, now = (", ".join(order) for order in kept)
            yield Change("rule", f"all {words.OUTCOMES[outcome]}", CHANGED, field, was, now, place)


@dataclass(frozen=True)
class _Paired:
    """Versions that are in both rulebooks, and those that are in one only."""

    kept: tuple[tuple[PriceVersion, PriceVersion], ...]
    removed: tuple[PriceVersion, ...]
    added: tuple[PriceVersion, ...]


def _paired(old: Iterable[PriceVersion], new: Iterable[PriceVersion]) -> _Paired:
    """Each version with itself in the other rulebook: the one from the same day on, else the one with equal prices."""
    left, right = list(old), list(new)
    kept: list[tuple[PriceVersion, PriceVersion]] = []
    for same in (_same_start, _same_prices):
        for version in tuple(left):
            other = next((one for one in right if same(version, one)), None)
            if other is not None:
                left.remove(version)
                right.remove(other)
                kept.append((version, other))
    return _Paired(tuple(kept), tuple(left), tuple(right))


def _same_start(one: PriceVersion, other: PriceVersion) -> bool:
    return _series(one) == _series(other) and (one.first, set(one.entities)) == (other.first, set(other.entities))


def _same_prices(one: PriceVersion, other: PriceVersion) -> bool:
    return _series(one) == _series(other) and _amounts(one) == _amounts(other)


def _series(version: PriceVersion) -> tuple[str, str]:
    return version.book, version.currency


def _amounts(version: PriceVersion) -> object:
    ladders = {"": version.bundle, **version.units} if version.bundle else version.units
    return (
        {tier: price.minor for tier, price in version.by_tier.items()},
        version.bundle_size,
        {metric: price.minor for metric, price in version.flat.items()},
        {name: (one.kind, [(s.low, s.high, s.price.minor) for s in one.steps]) for name, one in ladders.items()},
    )


def _versions(pairs: _Paired) -> Iterator[Change]:
    for old, new in pairs.kept:
        both = facts.version_facts(old), facts.version_facts(new)
        yield from _changed("price book", name_of(new), *both, words.place_of(new.place))
    yield from (_whole(version, REMOVED) for version in pairs.removed)
    yield from (_whole(version, ADDED) for version in pairs.added)


def _whole(version: PriceVersion, change: str) -> Change:
    said = facts.summary(facts.version_facts(version))
    both = (said, "") if change == REMOVED else ("", said)
    return Change("price book", name_of(version), change, "", *both, words.place_of(version.place))


def name_of(version: PriceVersion) -> str:
    """A version for people: `standard: USD from 2026-01-01`."""
    return f"{version.book}: {heading(version)}"


def _prices(pairs: _Paired, old: Declared, new: Declared) -> Iterator[PriceChange]:
    """The prices that differ; those of an added or removed version against what the other says for its first day."""
    for was, now in pairs.kept:
        yield from _lines(name_of(now), "", lines_of(was, old.tiers), lines_of(now, new.tiers))
    for version in pairs.removed:
        other = _on(new.versions, version)
        against, lines = ("", ()) if other is None else (name_of(other), lines_of(other, new.tiers))
        yield from _lines(name_of(version), against, lines_of(version, old.tiers), lines)
    for version in pairs.added:
        other = _on(old.versions, version)
        against, lines = ("", ()) if other is None else (name_of(other), lines_of(other, old.tiers))
        yield from _lines(name_of(version), against, lines, lines_of(version, new.tiers))


def _lines(name: str, against: str, old: Iterable[PriceLine], new: Iterable[PriceLine]) -> Iterator[PriceChange]:
    for key, (was, now) in side_by_side((old, new)).items():
        amounts = (None if was is None else was.money, None if now is None else now.money)
        if amounts[0] != amounts[1]:
            place = next(words.place_of(line.place) for line in (now, was) if line is not None)
            yield PriceChange(name, against, *key, *amounts, place)


def _on(versions: Iterable[PriceVersion], other: PriceVersion) -> PriceVersion | None:
    """The version of the same book and currency that is valid on the first day of another."""
    for version in versions:
        shared = not version.entities or not other.entities or bool(set(version.entities) & set(other.entities))
        open_then = version.first <= other.first and (version.last is None or other.first <= version.last)
        if _series(version) == _series(other) and shared and open_then:
            return version
    return None
