"""How items become accounts and tax codes, per selling entity: `mappings/books-*.yaml`.

The tax code follows from the partner's tax status and country and the item. Nothing is assumed: what no row declares
blocks the document, and two rows that fit one case are refused when the file is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from itertools import combinations, product
from pathlib import Path

from connector.declared import MapNode, Node, Reader, parse_yaml, read_yaml
from connector.domain.places import Line
from connector.domain.problems import Kind, Problem, Severity
from connector.domain.words import TaxStatus

OTHER = "other"
_MOST_PERCENT = 100

OVERLAP = Kind("books-tax-overlap", "Two tax rows fit one case", "Narrow one of the two.", scope="mapping")
TWICE = Kind("books-twice", "The books of a selling entity are declared twice", "Keep one.", scope="mapping")
NONE = Kind("books-none", "No books are declared", "Add mappings/books-ENTITY.yaml.", scope="mapping")
KINDS: tuple[Kind, ...] = (OVERLAP, TWICE, NONE)


@dataclass(frozen=True)
class Item:
    """Where a line of this item is booked."""

    description: str
    account: str
    item_code: str | None


@dataclass(frozen=True)
class TaxRow:
    """One declared tax case; `countries` empty means every country, `items` empty means every item."""

    statuses: tuple[str, ...]
    countries: tuple[str, ...]
    items: tuple[str, ...]
    code: str
    percent: Decimal
    place: str

    def fits(self, status: str, country: str | None, item: str, named: frozenset[str]) -> bool:
        """Whether the row decides this case; `other` stands for the countries that no row names.

        A partner whose country is unknown is in none of them: it could be one that is named.
        """
        elsewhere = OTHER in self.countries and country is not None and country not in named
        here = not self.countries or country in self.countries or elsewhere
        return status in self.statuses and here and (not self.items or item in self.items)


@dataclass(frozen=True)
class Books:
    """Accounts and tax codes of one selling entity."""

    selling_entity: str
    items: Mapping[str, Item]
    tax: tuple[TaxRow, ...]
    place: str

    def tax_row(self, status: str, country: str | None, item: str) -> TaxRow | None:
        """The one row that fits, or None when no row declares the case."""
        named = _named(self.tax)
        return next((row for row in self.tax if row.fits(status, country, item, named)), None)


@dataclass(frozen=True)
class BookSet:
    """The books of all selling entities, and the digest of their files."""

    by_entity: Mapping[str, Books]
    digest: str


def load_books(folder: Path, label: str = "mappings") -> tuple[BookSet | None, tuple[Problem, ...]]:
    """Read every file of the folder whose top key is `books`."""
    problems: list[Problem] = []
    found: dict[str, Books] = {}
    digest = sha256()
    for path in sorted(folder.glob("*.y*ml")):
        name = f"{label}/{path.name}"
        node, text, faults = read_yaml(path, name)
        if faults and text and "books:" not in text:
            continue  # a fault in another kind of mapping is told by whoever reads that kind
        problems += faults
        if not isinstance(node, MapNode) or "books" not in node.entries:
            continue
        digest.update(f"{name}\n{text}\n".encode())
        reader = Reader(text)
        books = _books(reader, node)
        if books is not None and books.selling_entity in found:
            first = found[books.selling_entity].place
            reader.fault(node, f"the books of {books.selling_entity} stand in {first} already", TWICE.remedy, TWICE)
        elif books is not None:
            found[books.selling_entity] = books
        problems += reader.problems
    if not found and not problems:
        message = f"{label} declares no books (accounts and tax codes) for any selling entity"
        problems.append(Problem(NONE.code, Severity.ERROR, Line(label), message, NONE.remedy))
    return (None if problems else BookSet(found, digest.hexdigest())), tuple(problems)


def read_books(text: str, label: str) -> tuple[Books | None, tuple[Problem, ...]]:
    """The books that one text declares; None where it has faults, or declares none."""
    node, problems = parse_yaml(text, label)
    if not isinstance(node, MapNode) or "books" not in node.entries:
        return None, problems
    reader = Reader(text)
    books = _books(reader, node)
    return (None if reader.problems else books), tuple(reader.problems)


def _books(reader: Reader, node: Node) -> Books | None:
    entries = reader.mapping(node, "the file", ("books", "items", "tax")) or {}
    entity = reader.text(entries.get("books"), "books")
    items_node = entries.get("items")
    named = reader.mapping(items_node, "items", open_keys=True) or {}
    items = {name: item for name, at in named.items() if (item := _item(reader, at, name)) is not None}
    rows = tuple(
        row for at in reader.items(entries.get("tax"), "tax") if (row := _tax_row(reader, at, items)) is not None
    )
    if reader.problems or entity is None:
        return None
    _overlaps(reader, entries["tax"], rows, items)
    return Books(entity, items, rows, str(node.place))


def _item(reader: Reader, node: Node, name: str) -> Item | None:
    entries = reader.mapping(node, f"item {name}", ("description", "account"), ("item_code",)) or {}
    description = reader.text(entries.get("description"), "description")
    account = reader.text(entries.get("account"), "account")
    code = reader.text(entries.get("item_code"), "item_code")
    return None if description is None or account is None else Item(description, account, code)


def _tax_row(reader: Reader, node: Node, items: Mapping[str, Item]) -> TaxRow | None:
    entries = reader.mapping(node, "a tax row", ("tax_status", "code", "percent"), ("country", "item")) or {}
    statuses = reader.choices(entries.get("tax_status"), "tax_status", [status.value for status in TaxStatus])
    countries = reader.choices(entries.get("country"), "country")
    for country in countries:
        if country != OTHER and not (len(country) == len("US") and country.isascii() and country.isupper()):
            reader.fault(entries["country"], f"{country!r} is no country code", "Write two capital letters, or other.")
    chosen = reader.choices(entries.get("item"), "item", list(items))
    code = reader.text(entries.get("code"), "code")
    percent = reader.decimal(entries.get("percent"), "percent")
    if percent is not None and not 0 <= percent <= _MOST_PERCENT:
        reader.fault(entries["percent"], "percent must lie between 0 and 100", "Write the rate, such as 8.25.")
    if not statuses or code is None or percent is None:
        return None
    return TaxRow(statuses, countries, chosen, code, percent, str(node.place))


def _named(rows: tuple[TaxRow, ...]) -> frozenset[str]:
    return frozenset(country for row in rows for country in row.countries) - {OTHER}


def _overlaps(reader: Reader, at: Node, rows: tuple[TaxRow, ...], items: Mapping[str, Item]) -> None:
    named = _named(rows)
    nodes = {str(node.place): node for node in reader.items(at, "tax")}
    reported: set[tuple[str, str]] = set()
    for status, country, item in product(TaxStatus, sorted({*named, "any other country"}), items):
        fitting = [row for row in rows if row.fits(status, country, item, named)]
        for pair in combinations((row.place for row in fitting), 2):
            if pair not in reported:
                reported.add(pair)
                message = f"a {status} partner in {country} buying {item} fits the rows at {pair[0]} and {pair[1]}"
                reader.fault(nodes[pair[1]], message, OVERLAP.remedy, OVERLAP)
