"""What is checked of rules beyond their proof: every bound by a second reading, names nothing reads, and the books.

The books are of another room: whether an item has an account and a tax code there can only be told here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from connector.billing.books import OTHER, Books, BookSet, load_books
from connector.domain.problems import Kind, Problem, Severity
from connector.rulebook import Examined, examine
from connector.rulebook.boundaries import Case, check_boundaries
from connector.rulebook.item_nodes import entity_places, item_nodes
from connector.rulebook.sources import Sources, read_sources, rule_files
from connector.rulebook.spec import Declared
from connector.rulebook.unused import check_unused

ITEM_UNMAPPED = Kind(
    "rules-item-unmapped",
    "A rule puts an item on lines for which the books have no account or no tax code",
    "Add it to the books of the selling entity; until then every document with it is blocked.",
    scope="rulebook",
)
ENTITY_UNBOUND = Kind(
    "rules-entity-unbound",
    "A selling entity without books",
    "Add mappings/books-ENTITY.yaml; until then none of its documents can be made.",
    Severity.WARNING,
    "rulebook",
)
KINDS: tuple[Kind, ...] = (ITEM_UNMAPPED, ENTITY_UNBOUND)


@dataclass(frozen=True)
class Checked:
    """A rulebook, examined from all sides.

    Attributes:
        files: the names of its files.
        examined: the rules themselves.
        cases: the boundary cases; none while the rules have errors.
        problems: of the rules, of the books, and between them.
        with_books: whether there were books to compare with.
    """

    files: tuple[str, ...]
    examined: Examined
    cases: tuple[Case, ...]
    problems: tuple[Problem, ...]
    with_books: bool


def check_rules(folder: Path, mappings: Path | None, *, label: str = "rules") -> Checked:
    """Prove a rulebook anew and look across to the books; every fault at once.

    Args:
        folder: the rules.
        mappings: the folder with the books; None where there is none to compare with.
        label: how places name the rules folder.
    """
    examined = examine(folder, label=label)
    paths = rule_files(folder) if folder.is_dir() else ()
    books, faults = load_books(mappings) if mappings is not None else (None, ())
    found: tuple[Problem, ...] = ()
    cases: tuple[Case, ...] = ()
    if examined.declared is not None:
        sources = read_sources(folder, paths, label)
        check_unused(examined.declared, sources)
        if books is not None:
            _check_books(examined.declared, books, sources)
        if examined.decided is not None and examined.rulebook is not None:
            cases = check_boundaries(examined.declared, examined.decided, examined.rulebook.rate, sources)
        found = sources.problems()
    names = tuple(path.relative_to(folder).as_posix() for path in paths)
    problems = (*examined.problems, *found, *faults)
    return Checked(names, examined, cases, problems, mappings is not None)


def lacking(folder: Path, mappings: Path, *, label: str = "rules") -> tuple[Problem, ...] | None:
    """What the rules bill and the books lack: an account, a tax code, or the file of a selling entity.

    None where the rules have faults, so that what they bill is not known.

    Args:
        folder: the rules.
        mappings: the folder with the books.
        label: how places name the rules folder.
    """
    checked, codes = check_rules(folder, mappings, label=label), {one.code for one in KINDS}
    if checked.examined.declared is None:
        return None
    return tuple(one for one in checked.problems if one.code in codes)


def _check_books(declared: Declared, books: BookSet, sources: Sources) -> None:
    places = entity_places(sources)
    for entity in declared.entities:
        if entity not in books.by_entity:
            message = f"no books mapping is for the selling entity {entity}"
            step = f"Add books-{entity}.yaml to the mappings; until then none of its documents can be made."
            places[entity].reader.fault(places[entity].node, message, step, ENTITY_UNBOUND)
    nodes = item_nodes(sources)
    told: set[tuple[str, str]] = set()
    for rule in declared.rules:
        if rule.charge is None:
            continue
        item, at = rule.charge.item, nodes[rule.id]
        for entity in rule.conditions.words.get("selling_entity", tuple(declared.entities)):
            own = books.by_entity.get(entity)
            lacks = None if own is None or (item, entity) in told else _lacks(item, own)
            if own is not None and lacks is not None:
                told.add((item, entity))
                file = own.place.split(":")[0]
                message = f"rule {rule.id} puts {item} on lines of entity {entity}, and {file} has {lacks}"
                at.reader.fault(at.node, message, f"Add it to {file}.", ITEM_UNMAPPED)


def _lacks(item: str, books: Books) -> str | None:
    """What the books lack for an item; a tax code, where they have one for another item in the same case."""
    if item not in books.items:
        return "no account for it"
    if not any(not row.items or item in row.items for row in books.tax):
        return "no tax code for it"
    for status, country in _cases(books):
        others = [other for other in books.items if books.tax_row(status, country, other) is not None]
        if others and item not in others:
            return f"no tax code for it where {others[0]} has one ({status}, country {country})"
    return None


def _cases(books: Books) -> Iterable[tuple[str, str]]:
    """Every tax status with every country that the books can tell apart."""
    statuses = dict.fromkeys(status for row in books.tax for status in row.statuses)
    named = dict.fromkeys(country for row in books.tax for country in row.countries)
    return product(statuses, [*(country for country in named if country != OTHER), OTHER])
