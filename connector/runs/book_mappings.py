"""How items become accounts and tax codes in one selling entity's books, beside what the organisation has set up.

The files on disk are the truth: `mappings/books-ENTITY.yaml` is read anew each time. What is chosen is written into it
value by value, so that comments and order stay. A stranger's trap: a form is made of a text, and counts for that text
alone: where the file has another digest by then, nothing is written.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from difflib import unified_diff
from hashlib import sha256
from pathlib import Path
from typing import cast

from connector import ledger
from connector.accounting.answers import Catalogue
from connector.accounting.preflight import booking_faults, tax_faults
from connector.accounting.settings import TenantSettings
from connector.billing.books import Books, Item, TaxRow, load_books, read_books
from connector.declared import ListNode, MapNode, Node, ScalarNode, parse_yaml, with_value
from connector.domain.documents import Line
from connector.runs.config import Config
from connector.runs.errors import INPUT, USAGE, StopError
from connector.runs.wholefile import replace_whole

_LOCK, _WAIT_SECONDS = "books-mapping", 10
_AROUND = 3


@dataclass(frozen=True)
class MappedItem:
    """An item with its account.

    Attributes:
        name: our name of it.
        item: where it is booked.
        account_name, item_name: what the organisation calls the account and its own item; empty where not known.
        faults: what the organisation would refuse; empty without a catalogue.
    """

    name: str
    item: Item
    account_name: str = ""
    item_name: str = ""
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class MappedTax:
    """A tax case: its row, counted from 0, and what the organisation would refuse of it."""

    number: int
    row: TaxRow
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mapped:
    """The mapping of one selling entity.

    Attributes:
        entity: the selling entity.
        tenant: where its books are; empty for nowhere.
        file: the name of the file.
        text: what it holds.
        items, tax: what it says, in its order.
        accounts, tax_codes, sold: what can be chosen, code → name or rate in words; empty without a catalogue.
        tracking: category → option that lines are sorted under, by the settings of the tenant; of QuickBooks its class
            and department.
    """

    entity: str
    tenant: str
    file: str
    text: str
    items: tuple[MappedItem, ...]
    tax: tuple[MappedTax, ...]
    accounts: Mapping[str, str]
    tax_codes: Mapping[str, str]
    sold: Mapping[str, str]
    tracking: Mapping[str, str]

    @property
    def digest(self) -> str:
        """One word for the text."""
        return sha256(self.text.encode()).hexdigest()

    @property
    def is_known(self) -> bool:
        """Whether it is known what the organisation has set up."""
        return bool(self.tax_codes)

    @property
    def faults(self) -> int:
        """How many faults there are."""
        return sum(len(one.faults) for one in self.items) + sum(len(one.faults) for one in self.tax)


@dataclass(frozen=True)
class Change:
    """A mapping as it would be: its text, and the lines that differ as `diff -u` writes them, without its head."""

    text: str
    lines: tuple[str, ...]


def mapped(config: Config, catalogues: Mapping[str, Catalogue]) -> tuple[Mapped, ...]:
    """The mapping of every selling entity, in the order of their names.

    Args:
        config: the settings.
        catalogues: what each tenant has set up, where that is known.

    Raises:
        StopError: with every fault of the files.
    """
    found, problems = load_books(config.mappings)
    if found is None:
        raise StopError("the books of the mappings have faults", "Mend each at the place named.", USAGE, problems)
    return tuple(
        _mapped(config, books, catalogues.get(config.books.get(entity, "")))
        for entity, books in sorted(found.by_entity.items())
    )


def one(config: Config, entity: str, catalogues: Mapping[str, Catalogue]) -> Mapped | None:
    """The mapping of a selling entity; None where none is declared.

    Raises:
        StopError: as `mapped`.
    """
    return next((own for own in mapped(config, catalogues) if own.entity == entity), None)


def _mapped(config: Config, books: Books, catalogue: Catalogue | None) -> Mapped:
    tenant = config.books.get(books.selling_entity, "")
    file = books.place.partition("/")[2].partition(":")[0]
    return Mapped(
        entity=books.selling_entity,
        tenant=tenant,
        file=file,
        text=_text(config.mappings / file),
        items=tuple(_item(name, item, catalogue) for name, item in books.items.items()),
        tax=tuple(MappedTax(number, row, _tax(row, catalogue)) for number, row in enumerate(books.tax)),
        accounts=_accounts(catalogue) if catalogue else {},
        tax_codes=_codes(catalogue) if catalogue else {},
        sold=dict(catalogue.items) if catalogue else {},
        tracking=_tracking(config.tenants.get(tenant)),
    )


def _tracking(settings: TenantSettings | None) -> Mapping[str, str]:
    if settings is None:
        return {}
    own = settings.quickbooks
    labels = {"class": own.line_class, "department": own.department} if own is not None else {}
    by_file = dict(settings.files.tracking) if settings.files is not None else {}
    return {**settings.tracking, **by_file, **{name: word for name, word in labels.items() if word}}


def _text(path: Path) -> str:
    """What a file holds, its line ends and a mark of its encoding too, as they are."""
    return path.read_bytes().decode("utf-8")


def _item(name: str, item: Item, catalogue: Catalogue | None) -> MappedItem:
    if catalogue is None:
        return MappedItem(name, item)
    account = catalogue.accounts.get(item.account)
    line = replace(_LINE, item=name, account=item.account, item_code=item.item_code)
    sold = catalogue.items.get(item.item_code or "", "")
    return MappedItem(name, item, account.name if account else "", sold, tuple(booking_faults(line, catalogue)))


def _tax(row: TaxRow, catalogue: Catalogue | None) -> tuple[str, ...]:
    if catalogue is None:
        return ()
    whose = ", ".join(row.items) or "the items"
    return tuple(tax_faults(replace(_LINE, item=whose, tax_code=row.code, tax_percent=row.percent), catalogue))


def _accounts(catalogue: Catalogue) -> Mapping[str, str]:
    """The accounts that lines may be booked to; where items decide, those that they are booked to."""
    if catalogue.item_accounts is None:
        return {code: one.name for code, one in catalogue.accounts.items() if one.is_active and one.for_lines}
    return {names[0]: "" for names in catalogue.item_accounts.values() if names}


def _codes(catalogue: Catalogue) -> Mapping[str, str]:
    """The tax codes that sales may use, each with its rate."""
    return {
        code: "computed by the books" if one.percent is None else f"{_plain(one.percent)} %"
        for code, one in catalogue.tax_codes.items()
        if one.is_active and one.for_revenue
    }


def _plain(percent: Decimal) -> str:
    return f"{percent.normalize():f}"


def change(own: Mapped, catalogue: Catalogue, chosen: Mapping[str, str], digest: str) -> Change:
    """A mapping with other accounts, items and tax codes; nothing is written.

    Args:
        own: the mapping as it stands on disk.
        catalogue: what the organisation has set up: nothing else can be chosen.
        chosen: what was chosen: `account.ITEM`, `item_code.ITEM` and `tax.NUMBER`, each with a code; a tax code brings
            its rate along. An empty code leaves what stands there.
        digest: that of the text which the choice was made from.

    Raises:
        StopError: the file is another by now, or something is chosen that cannot be.
    """
    if own.digest != digest:
        raise StopError(f"{own.file} was changed meanwhile", "Look at it as it is now, then choose again.", INPUT)
    text = own.text
    for path, value in _wanted(own, catalogue, chosen):
        text = with_value(text, _at(_tree(text, own.file), path), value)
    books, problems = read_books(text.removeprefix("\ufeff"), f"mappings/{own.file}")
    if books is None:
        raise StopError(f"{own.file} would have faults", "Choose otherwise, or mend the file.", INPUT, problems)
    lines = unified_diff(own.text.splitlines(), text.splitlines(), n=_AROUND, lineterm="")
    return Change(text, tuple(lines)[2:])


def save(config: Config, own: Mapped, made: Change) -> None:
    """Write a mapping, if its file is still what the change was made from.

    Raises:
        StopError: the file is another by now, or it cannot be written.
    """
    path = config.mappings / own.file
    with ledger.process_lock(config.ledger, _LOCK, _WAIT_SECONDS):
        if _text(path) != own.text:
            raise StopError(f"{own.file} was changed meanwhile", "Look at it as it is now, then choose again.", INPUT)
        replace_whole(path, made.text.encode())


def _wanted(
    own: Mapped, catalogue: Catalogue, chosen: Mapping[str, str]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where in the file which value shall stand."""
    for item in own.items:
        for key, there, choices in (
            ("account", item.item.account, own.accounts),
            ("item_code", item.item.item_code, own.sold),
        ):
            value = chosen.get(f"{key}.{item.name}", "")
            if value and there is not None and value != there:
                yield ("items", item.name, key), _allowed(value, choices, own)
    for tax in own.tax:
        value = chosen.get(f"tax.{tax.number}", "")
        if value and value != tax.row.code:
            yield ("tax", tax.number, "code"), _allowed(value, own.tax_codes, own)
        percent = catalogue.tax_codes[value].percent if value in own.tax_codes else None
        if percent is not None and percent != tax.row.percent:
            yield ("tax", tax.number, "percent"), _plain(percent)


def _allowed(value: str, choices: Mapping[str, str], own: Mapped) -> str:
    if value not in choices:
        raise StopError(f"{value} cannot be chosen in the books of {own.entity}", "Choose one of those listed.", INPUT)
    return value


def _tree(text: str, file: str) -> Node:
    node, _ = parse_yaml(text, f"mappings/{file}")
    return cast("Node", node)  # it was read without a fault just now


def _at(node: Node, path: tuple[str | int, ...]) -> ScalarNode:
    for part in path:
        node = node.entries[str(part)] if isinstance(node, MapNode) else cast("ListNode", node).items[int(part)]
    return cast("ScalarNode", node)


_LINE = Line("", "", "", None, "", "", Decimal(0), 1, 0, 0, 0)
