"""What the company has set up: closing date, currencies, tax codes, items and the accounts they book to.

Five reads, and one for each kind of label that the settings name.

What a stranger would get wrong: a tax code has no rate of its own but names rates, which are another list; an item is
known by its SKU, else by its name, and a code that fits two active items fits none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from connector.accounting.answers import Account, Catalogue, RetryLater, TaxCode
from connector.accounting.quickbooks import labels, queries
from connector.accounting.quickbooks.client import Client
from connector.accounting.quickbooks.documents import Labels, References, Style
from connector.accounting.settings import Taxation
from connector.net.errors import SetupError

_SINGLE = ("CompanyInfo", "Preferences")
_LISTS = ("TaxCode", "TaxRate", "Item")
_HOME = "US"
_TAXABLE, _NOT_TAXABLE = "TAX", "NON"
_NOT_SOLD = ("Category", "Bundle")

Element = dict[str, Any]


@dataclass(frozen=True)
class Company:
    """What was read of a company: for the checks, for the ids of references, and how it bills."""

    catalogue: Catalogue
    references: References
    style: Style


def fetch(client: Client, style: Style) -> Company | RetryLater:
    """Read all of it, or say why not now.

    Raises:
        SetupError: the access is wrong, or the settings do not fit the company.
    """
    read: dict[str, list[Element]] = {}
    for entity in (*_SINGLE, *_LISTS):
        got = client.query(queries.the_one(entity), entity) if entity in _SINGLE else _pages(client, entity)
        if isinstance(got, RetryLater):
            return got
        read[entity] = got
    if not read["CompanyInfo"] or not read["Preferences"]:
        raise SetupError("QuickBooks shows no company to this connection", "Connect the company again.")
    found = labels.fetch(style, lambda entity: _pages(client, entity))
    if isinstance(found, RetryLater):
        return found
    return _assembled(client, style, read, found)


def _pages(client: Client, entity: str) -> list[Element] | RetryLater:
    held: list[Element] = []
    while True:
        read = client.query(queries.everything(entity, len(held) + 1), entity)
        if isinstance(read, RetryLater):
            return read
        held += read
        if len(read) < queries.MOST_RESULTS:
            return held


def _assembled(client: Client, style: Style, read: Mapping[str, Sequence[Element]], found: Labels) -> Company:
    info, preferences = read["CompanyInfo"][0], read["Preferences"][0]
    name = _text(info, "CompanyName")
    _check_taxation(name, style.taxation, _text(info, "Country"), _part(preferences, "TaxPrefs"))
    rates = _percents(read["TaxRate"])
    codes = _by_name_and_id(read["TaxCode"])
    if style.taxation == "manual" and style.document_tax_code:
        style = replace(style, document_tax_code=_document_code(name, style.document_tax_code, codes))
    money = _part(preferences, "CurrencyPrefs")
    home = _text(_part(money, "HomeCurrency"), "value")
    closed = _day(_part(preferences, "AccountingInfoPrefs"), "BookCloseDate")
    items = _sold(read["Item"])
    catalogue = Catalogue(
        organisation=name,
        base_currency=home,
        currencies=None if money.get("MultiCurrencyEnabled") is True else frozenset([home]),
        lock_dates={} if closed is None else {"closing date": closed},
        tax_codes=_tax_codes(style, codes, rates),
        accounts=_accounts(items.values()),
        items={code: _text(item, "Name") for code, item in items.items()},
        fetched_at=client.now(),
        item_accounts={code: _names(item) for code, item in items.items()},
    )
    ids = {code: _text(one, "Id") for code, one in codes.items() if one.get("Active") is not False}
    return Company(catalogue, References({code: _text(item, "Id") for code, item in items.items()}, ids, found), style)


def _check_taxation(name: str, taxation: Taxation, country: str, tax: Element) -> None:
    """What the settings say of the company must be so, or every document would be taxed otherwise than planned."""
    actual: Taxation = "global"
    if country == _HOME:
        actual = "automated" if tax.get("PartnerTaxEnabled") is True else "manual"
    if taxation != actual:
        message = f"The settings say taxation: {taxation}, and that of {name} is {actual}"
        raise SetupError(message, f"Write taxation: {actual}, and see that the mapping's tax codes fit it.")


def _document_code(company: str, wanted: str, codes: Mapping[str, Element]) -> str:
    found = codes.get(wanted)
    if found is None or found.get("Active") is False:
        message = f"{company} has no tax code {wanted}, by which its documents are to be taxed"
        raise SetupError(message, "Correct document_tax_code of the tenant.")
    return _text(found, "Id")


def _percents(rates: Iterable[Element]) -> dict[str, Decimal]:
    """The percentage of each rate, by its id."""
    found = {}
    for one in rates:
        value = one.get("RateValue")
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            found[_text(one, "Id")] = Decimal(value)
    return found


def _by_name_and_id(codes: Iterable[Element]) -> dict[str, Element]:
    """Each tax code by its id and by its name; an id goes before a name."""
    listed = list(codes)
    active_last = sorted(listed, key=lambda one: one.get("Active") is not False)
    return {_text(one, "Name"): one for one in active_last} | {_text(one, "Id"): one for one in listed}


def _tax_codes(style: Style, codes: Mapping[str, Element], rates: Mapping[str, Decimal]) -> dict[str, TaxCode]:
    if style.taxation == "global":
        return {code: _tax_code(one, rates) for code, one in codes.items()}
    nothing = TaxCode(Decimal(0), for_revenue=True, is_active=True)
    if style.taxation == "automated":
        return {_TAXABLE: TaxCode(None, for_revenue=True, is_active=True), _NOT_TAXABLE: nothing}
    own = codes.get(style.document_tax_code)
    return {_TAXABLE: nothing if own is None else _tax_code(own, rates), _NOT_TAXABLE: nothing}


def _tax_code(code: Element, rates: Mapping[str, Decimal]) -> TaxCode:
    """What a code's rates for sales come to."""
    listed = _part(code, "SalesTaxRateList").get("TaxRateDetail")
    details = listed if isinstance(listed, list) else []
    named = [_text(_part(one, "TaxRateRef"), "value") for one in details if isinstance(one, dict)]
    is_whole = all(rate in rates for rate in named)
    percent = sum((rates.get(rate, Decimal(0)) for rate in named), Decimal(0))
    return TaxCode(percent, for_revenue=bool(named) and is_whole, is_active=code.get("Active") is not False)


def _sold(items: Iterable[Element]) -> dict[str, Element]:
    """The items that can be sold, by SKU or name. A code that fits two of them is left out: it names neither."""
    usable = [
        one
        for one in items
        if one.get("Active") is not False and _text(one, "Type") not in _NOT_SOLD and _part(one, "IncomeAccountRef")
    ]
    found: dict[str, Element] = {}
    for field in ("Name", "FullyQualifiedName", "Sku"):
        named: dict[str, list[Element]] = {}
        for one in usable:
            named.setdefault(_text(one, field), []).append(one)
        for code, alike in named.items():
            if code and len(alike) == 1:
                found[code] = alike[0]
            else:
                found.pop(code, None)
    return found


def _names(item: Element) -> tuple[str, ...]:
    """How the account of an item may be called: by its name, the last part of it, or its id."""
    account = _part(item, "IncomeAccountRef")
    name, key = _text(account, "name"), _text(account, "value")
    return tuple(dict.fromkeys(one for one in (name, name.rpartition(":")[2], key) if one))


def _accounts(items: Iterable[Element]) -> dict[str, Account]:
    names = {name for item in items for name in _names(item)}
    return {name: Account(name, is_active=True, for_lines=True) for name in sorted(names)}


def _text(one: Element, name: str) -> str:
    value = one.get(name)
    return value if isinstance(value, str) else ""


def _part(one: Element, name: str) -> Element:
    value = one.get(name)
    return value if isinstance(value, dict) else {}


def _day(one: Element, name: str) -> date | None:
    try:
        return date.fromisoformat(_text(one, name)[:10])
    except ValueError:
        return None
