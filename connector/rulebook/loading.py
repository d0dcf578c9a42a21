"""Loading a rulebook: read, check, prove, freeze; or take what was proved before, when nothing has changed.

Everything wrong is told at once, except that a rulebook whose files do not read well is not put before the engine.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from connector.declared import MapNode, ScalarNode
from connector.domain.places import Line
from connector.domain.problems import Problem, Severity
from connector.rulebook import cache as kept
from connector.rulebook import kinds
from connector.rulebook.adjusting import check_adjustments
from connector.rulebook.asking import Ask, ask_engine
from connector.rulebook.book import BundleSize, Frozen, Rulebook
from connector.rulebook.coverage import check_coverage, check_read, check_series, series
from connector.rulebook.decide import Decided, decide
from connector.rulebook.freeze import freeze
from connector.rulebook.prove import fire
from connector.rulebook.read_entities import read_entities, read_policies
from connector.rulebook.read_prices import read_prices
from connector.rulebook.read_rules import Known, read_rules
from connector.rulebook.read_tiers import read_tiers
from connector.rulebook.sources import Sources, digest_of, read_sources, rule_files
from connector.rulebook.spec import PER_BUNDLE, Declared


def load(
    folder: Path, *, label: str = "rules", cache: Path | None = None, ask: Ask = ask_engine
) -> tuple[Rulebook | None, tuple[Problem, ...]]:
    """The rulebook of a folder, or everything that is wrong with it.

    Args:
        folder: the folder with the rule files, searched with its subfolders.
        label: how places name the folder: `rules/billing.yaml:12`.
        cache: a folder where a proved rulebook is kept for the next time; None keeps none.
        ask: who answers which rules fire; the rule engine, unless a test of this very step says otherwise.

    Returns:
        the rulebook, or None when a problem is an error; and the problems in the order of their places.
    """
    files = rule_files(folder) if folder.is_dir() else ()
    if not files:
        what = f"{label}/ has no rule file" if folder.is_dir() else f"there is no folder {label}/"
        return None, (Problem(kinds.NO_RULES.code, Severity.ERROR, Line(label), what, kinds.NO_RULES.remedy),)
    digest = digest_of(folder, files)
    if cache is not None:
        frozen = kept.read(cache, digest, label)
        if frozen is not None:
            return Rulebook.of(digest, frozen), ()
    sources = read_sources(folder, files, label)
    checked = _checked(sources, label, ask)
    if checked.frozen is None:
        return None, sources.problems()
    problems: tuple[Problem, ...] = ()  # warnings are `examine`'s to tell: a kept rulebook has none either
    if cache is not None:
        problems = kept.write(cache, digest, label, checked.frozen)
    return Rulebook.of(digest, checked.frozen), problems


@dataclass(frozen=True)
class Examined:
    """A rulebook with everything that was found out while it was proved.

    Attributes:
        declared: what its files say; None when they do not read well.
        decided: the decision of every cell; None when one is missing or doubtful.
        rulebook: the rulebook; None when a problem is an error.
        problems: in the order of their places.
    """

    declared: Declared | None
    decided: Decided | None
    rulebook: Rulebook | None
    problems: tuple[Problem, ...]


def examine(folder: Path, *, label: str = "rules", ask: Ask = ask_engine) -> Examined:
    """Prove the rulebook of a folder anew, and keep what a reader of rules wants to see.

    Args:
        folder: the folder with the rule files, searched with its subfolders.
        label: how places name the folder.
        ask: as for `load`.
    """
    files = rule_files(folder) if folder.is_dir() else ()
    if not files:
        return Examined(None, None, *load(folder, label=label, ask=ask))
    sources = read_sources(folder, files, label)
    checked = _checked(sources, label, ask)
    rulebook = None if checked.frozen is None else Rulebook.of(digest_of(folder, files), checked.frozen)
    return Examined(checked.declared, checked.decided, rulebook, sources.problems())


@dataclass(frozen=True)
class _Checked:
    declared: Declared | None = None
    decided: Decided | None = None
    frozen: Frozen | None = None


def _checked(sources: Sources, label: str, ask: Ask) -> _Checked:
    declared = _declared(sources, label)
    if declared is None:
        return _Checked()
    whole = check_series(declared, sources)
    fired = fire(declared, sources, ask)
    decided = decide(fired, declared, sources) if fired is not None else None
    if decided is None:
        return _Checked(declared)
    check_adjustments(decided, declared, sources)
    if whole:  # a hole between two versions is told once, not again for each rule that falls into it
        check_coverage(decided.charges, declared, sources)
    if sources.problems():
        return _Checked(declared, decided)
    check_read(decided.charges, declared, sources)
    charges = [rule.charge for rule in declared.rules if rule.charge is not None]
    frozen = Frozen(
        entities=declared.entities,
        policies=declared.policies,
        items=frozenset(charge.item for charge in charges),
        metrics={charge.metric: "bundle" if charge.manner == PER_BUNDLE else "client" for charge in charges},
        terms={charge.metric: charge.term for charge in charges},
        cell_count=decided.cell_count,
        bundle_sizes=_bundle_sizes(declared),
        table=freeze(declared, decided),
    )
    return _Checked(declared, decided, frozen)


def _declared(sources: Sources, label: str) -> Declared | None:
    """What the files say; None when a fault was noted."""
    entities = read_entities(sources)
    policies = read_policies(sources)
    tiers = read_tiers(sources)
    named = _said(sources, "entities", entities)
    versions = read_prices(sources, tiers, _said(sources, "tiers", tiers), named)
    books = _said(sources, "price_book", [version.book for version in versions])
    bands = tuple(band for scheme in tiers.values() for band in scheme.bands)
    rules = read_rules(sources, Known(named, books, bands))
    if sources.problems() or policies is None:
        return None
    place = min((section.root.key_places["rules"] for section in sources.of("rules")), default=Line(label))
    return Declared(entities, policies, tiers, versions, rules, place)


def _said(sources: Sources, key: str, sound: Iterable[str]) -> tuple[str, ...]:
    """Every name that sections of this key declare, sound or not, so that one fault is not told twice."""
    names = dict.fromkeys(sound)
    for section in sources.of(key):
        node = section.root.entries[key]
        if isinstance(node, MapNode):
            names |= dict.fromkeys(node.entries)
        elif isinstance(node, ScalarNode):
            names[node.text] = None
    return tuple(names)


def _bundle_sizes(declared: Declared) -> tuple[BundleSize, ...]:
    """The bundles of the books that rules bill bundles from; `check_series` has seen to one size a day."""
    books = {rule.charge.book for rule in declared.rules if rule.charge and rule.charge.manner == PER_BUNDLE}
    pairs = sorted({(book, version.currency) for book in books for version in declared.versions})
    return tuple(
        BundleSize(entity, currency, version.first, version.last, version.bundle_size)
        for book, currency in pairs
        for entity in declared.entities
        for version in series(declared.versions, book, currency, entity)
        if version.bundle is not None
    )
