"""Tenants of `connector.yaml` whose books are reached by files: what nobody can be asked stands there, declared.

A stranger's trap: a name that is written otherwise than in the books does not fail; the import makes a second contact,
or takes a generic item. So every name is declared once, and what is not declared is refused.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

from connector.accounting.cells import cell_fault
from connector.accounting.connect import QUICKBOOKS_CSV, XERO_CSV, TenantSettings
from connector.accounting.settings import FileSettings
from connector.declared import ListNode, MapNode, Node, Reader
from connector.domain.currency import is_currency

OUTBOX = "outbox"
SYSTEMS = (XERO_CSV, QUICKBOOKS_CSV)
_COMMON = ("system", "organisation", "base_currency", "date_format", "tax_codes", "contacts")
_OWN = {XERO_CSV: ("accounts",), QUICKBOOKS_CSV: ("items", "taxation")}
_OPTIONAL = {
    XERO_CSV: ("currencies", "items", "branding_themes", "tracking", "locked_until"),
    QUICKBOOKS_CSV: ("locked_until",),
}
_MONTH_FIRST, _DAY_FIRST = "MM/DD/YYYY", "DD/MM/YYYY"
_NO_TAX, _BY_LINE = "none", "by_line"
_MOST_PERCENT, _MOST_TRACKING = 100, 2
_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def read_file_tenant(reader: Reader, node: Node, name: str, system: str, folder: Path) -> TenantSettings | None:
    """One tenant; None where something of it is missing, which the reader then tells."""
    required = (*_COMMON, *_OWN[system])
    entries = reader.mapping(node, f"tenant {name}", required, _OPTIONAL[system])
    if entries is None or any(key not in entries for key in required):
        return None
    if not _FOLDER.fullmatch(name):
        reader.fault(node, f"{name!r} cannot be a folder's name", "Call the tenant by letters, digits, - and _.")
        return None
    base = _currency(reader, entries["base_currency"], "base_currency")
    more = [_currency(reader, at, "currencies") for at in reader.items(entries.get("currencies"), "currencies")]
    settings = FileSettings(
        outbox=folder / OUTBOX / name,
        organisation=reader.text(entries["organisation"], "organisation") or "",
        base_currency=base,
        currencies=frozenset((base, *more)),
        month_first=reader.choice(entries["date_format"], "date_format", [_MONTH_FIRST, _DAY_FIRST]) == _MONTH_FIRST,
        tax_codes=_tax_codes(reader, entries, system),
        contacts=_contacts(reader, entries["contacts"]),
        accounts=_cells(reader, _texts(reader, entries.get("accounts"), "accounts")),
        items=_items(reader, entries.get("items"), system),
        locked_until=reader.day(entries.get("locked_until"), "locked_until"),
        has_tax=system == XERO_CSV or _has_tax(reader, entries["taxation"]),
        branding_themes=_themes(reader, entries.get("branding_themes")),
        tracking=_tracking(reader, entries.get("tracking")),
    )
    return TenantSettings(name=name, system=system, files=settings)


def _has_tax(reader: Reader, node: Node) -> bool:
    return reader.choice(node, "taxation", [_NO_TAX, _BY_LINE]) != _NO_TAX


def _currency(reader: Reader, node: Node, what: str) -> str:
    code = reader.text(node, what) or ""
    if code and not is_currency(code):
        reader.fault(node, f"{code!r} is not an ISO 4217 currency code", "Write it as three capital letters.")
    return code


def _tax_codes(reader: Reader, entries: Mapping[str, Node], system: str) -> dict[str, Decimal]:
    """How each rate is called in the books, and its percent."""
    named = reader.mapping(entries["tax_codes"], "tax_codes", open_keys=True) or {}
    untaxed = system == QUICKBOOKS_CSV and getattr(entries["taxation"], "text", "") == _NO_TAX
    most = 0 if untaxed else _MOST_PERCENT
    read = {}
    for code, at in named.items():
        _cell(reader, at, code)
        percent = reader.decimal(at, f"the percent of {code}")
        if percent is not None and not 0 <= percent <= most:
            words = "must be 0, as taxation is none" if untaxed else "must lie between 0 and 100"
            reader.fault(at, f"the percent of {code} {words}", "Write the rate that the books have, such as 8.25.")
        read[code] = percent or Decimal(0)
    return read


def _contacts(reader: Reader, node: Node) -> dict[str, str]:
    """The name of each partner's contact. No two partners have one: the import could not tell them apart."""
    named = reader.mapping(node, "contacts", open_keys=True) or {}
    owners: dict[str, str] = {}
    read: dict[str, str] = {}
    for partner, at in named.items():
        name = read[partner] = reader.text(at, f"the contact of {partner}") or ""
        _cell(reader, at, name)
        first = owners.setdefault(name.casefold(), partner) if name else partner
        if first != partner:
            words = f"{name!r} is the contact of {first} and of {partner}"
            reader.fault(at, words, "Name each partner's own contact: the import goes by names alone.")
    return read


def _texts(reader: Reader, node: Node | None, what: str) -> list[tuple[Node, str]]:
    items = reader.items(node, what)
    if isinstance(node, ListNode) and not items:
        reader.fault(node, f"{what} is an empty list", "Name at least one, or take the key out.")
    return [(at, reader.text(at, what) or "") for at in items]


def _items(reader: Reader, node: Node | None, system: str) -> dict[str, str]:
    """Items by their code; of QuickBooks with the account that each is booked to."""
    if system == XERO_CSV:
        return dict.fromkeys(_cells(reader, _texts(reader, node, "items")), "")
    named = reader.mapping(node, "items", open_keys=True) or {}
    for code, at in named.items():
        _cell(reader, at, code)
    return {code: reader.text(at, f"the account of {code}") or "" for code, at in named.items()}


def _themes(reader: Reader, node: Node | None) -> dict[str, str]:
    named = reader.mapping(node, "branding_themes", (), ("bank_transfer", "card")) or {}
    read = {method: reader.text(at, method) or "" for method, at in named.items()}
    _cells(reader, ((named[method], name) for method, name in read.items()))
    return read


def read_tracking(reader: Reader, node: Node | None) -> dict[str, str]:
    """Tracking categories of Xero and the option of each, for every line."""
    named = reader.mapping(node, "tracking", open_keys=True) or {}
    if isinstance(node, MapNode) and len(named) > _MOST_TRACKING:
        reader.fault(node, "tracking names more than two categories", "Xero takes two of a line.")
    return {name: reader.text(at, name) or "" for name, at in named.items()}


def _tracking(reader: Reader, node: Node | None) -> tuple[tuple[str, str], ...]:
    read = read_tracking(reader, node)
    if node is not None:
        _cells(reader, ((node, text) for pair in read.items() for text in pair))
    return tuple(read.items())


def _cells(reader: Reader, texts: Iterable[tuple[Node, str]]) -> tuple[str, ...]:
    read = list(texts)
    for at, text in read:
        _cell(reader, at, text)
    return tuple(text for _, text in read)


def _cell(reader: Reader, node: Node, text: str) -> None:
    """What is declared is written into cells, so it must be able to stand in one."""
    fault = cell_fault(text)
    if fault:
        reader.fault(node, f"{text!r} {fault}", "Rename it in the books, then here.")
