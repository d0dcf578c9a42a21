"""What a company has set up: periods, currencies, taxes, accounts and products, and the ids by which lines name them.

What a stranger would get wrong: Tryton names everything by its own numbers, and neither a tax's name nor an account's
code is unique. What fits two of them fits none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from connector.accounting.answers import Account, Catalogue, RetryLater, TaxCode
from connector.accounting.settings import TrytonSettings
from connector.accounting.tryton import wire
from connector.accounting.tryton.client import Client
from connector.net.errors import SetupError

_NO_PERIOD = "no open period"
_SALES = ("sale", "both")
_PRODUCT = ("code", "active", "default_uom", "template.name")
_BOOKED = "template.account_category.account_revenue"

Element = wire.Element


@dataclass(frozen=True)
class Product:
    """A product that is sold: its id, the id of its unit, and that of its account; None where lines name accounts."""

    id: int
    unit: int
    account: int | None


@dataclass(frozen=True)
class Company:
    """What was read of a company: for the checks, and the ids by which a document names what it is made of.

    Attributes:
        id: the company.
        user_id: our user, who makes the drafts.
        catalogue: for the checks.
        currencies, taxes, accounts: id by code.
        products: by code.
        journal: of sales.
        receivable: account that parties owe on which have none of their own; None where there is none.
    """

    id: int
    user_id: int
    catalogue: Catalogue
    currencies: Mapping[str, int]
    taxes: Mapping[str, int]
    accounts: Mapping[str, int]
    products: Mapping[str, Product]
    journal: int
    receivable: int | None

    @property
    def context(self) -> dict[str, Any]:
        """What every call is made in."""
        return {"company": self.id}


def fetch(client: Client, settings: TrytonSettings) -> Company | RetryLater:
    """Read all of it, or say why not now.

    Raises:
        SetupError: the access is wrong, or the settings do not fit the company.
    """
    user_id = client.user_id()
    if isinstance(user_id, RetryLater):
        return user_id
    found = client.records("company.company", [["party.name", "=", settings.company]], ["currency.code"], {})
    if isinstance(found, RetryLater):
        return found
    if len(found) != 1:
        message = f"Tryton shows this user {len(found)} companies of the name {settings.company}"
        raise SetupError(message, "Correct company of the tenant, or give the user access to it in Tryton.")
    return _read(client, settings, user_id, found[0])


def _read(client: Client, settings: TrytonSettings, user_id: int, company: Element) -> Company | RetryLater:
    key = wire.whole(company, "id") or 0
    context, own = {"company": key}, ["company", "=", key]
    asked: dict[str, tuple[list[object], list[str]]] = {
        "account.period": ([own, ["type", "=", "standard"]], ["start_date", "end_date", "state"]),
        "currency.currency": ([], ["code", "active"]),
        "account.tax": ([own, ["parent", "=", None]], ["name", "active", "type", "rate", "group.kind"]),
        "account.account": ([own, ["code", "!=", None]], ["code", "name", "closed", "type.revenue"]),
        "account.journal": ([["type", "=", "revenue"]], ["code", "name", "active"]),
        "account.configuration": ([], ["default_account_receivable"]),
        "product.product": ([["code", "!=", None]], [*_PRODUCT, *([_BOOKED] if settings.by_products else [])]),
    }
    read: dict[str, list[Element]] = {}
    for model, (domain, fields) in asked.items():
        got = client.records(model, domain, fields, context)
        if isinstance(got, RetryLater):
            return got
        read[model] = got
    accounts = _alone(read["account.account"], "code")
    products = _products(read["product.product"], by_products=settings.by_products)
    taxes = _alone(_active(read["account.tax"]), "name")
    codes = {wire.whole(one, "id"): code for code, one in accounts.items()}
    configured = read["account.configuration"]
    catalogue = Catalogue(
        organisation=settings.company,
        base_currency=wire.text(wire.inner(company, "currency"), "code"),
        currencies=frozenset(wire.text(one, "code") for one in _active(read["currency.currency"])),
        lock_dates=_locks(read["account.period"]),
        tax_codes={name: _tax(one) for name, one in taxes.items()},
        accounts={code: _account(one) for code, one in accounts.items()},
        items={code: wire.text(wire.inner(one, "template"), "name") for code, (one, _) in products.items()},
        fetched_at=client.now(),
        item_accounts=_booked_to(products, codes) if settings.by_products else None,
    )
    return Company(
        id=key,
        user_id=user_id,
        catalogue=catalogue,
        currencies=_ids(_alone(_active(read["currency.currency"]), "code")),
        taxes=_ids(taxes),
        accounts=_ids(accounts),
        products={code: product for code, (_, product) in products.items()},
        journal=_journal(settings, _active(read["account.journal"])),
        receivable=wire.whole(configured[0], "default_account_receivable") if configured else None,
    )


def _active(found: Iterable[Element]) -> list[Element]:
    return [one for one in found if one.get("active") is not False and one.get("active") != 0]


def _alone(found: Iterable[Element], field: str) -> dict[str, Element]:
    """The records by a field that no law makes unique; those that share it are left out."""
    named: dict[str, list[Element]] = {}
    for one in found:
        named.setdefault(wire.text(one, field), []).append(one)
    return {name: alike[0] for name, alike in named.items() if name and len(alike) == 1}


def _ids(found: Mapping[str, Element]) -> dict[str, int]:
    read = {name: wire.whole(one, "id") for name, one in found.items()}
    return {name: key for name, key in read.items() if key is not None}


def _locks(periods: Iterable[Element]) -> dict[str, date]:
    """The last day before the first open period. What is closed behind that, Tryton itself refuses."""
    starts = [wire.day(one, "start_date") for one in periods if wire.text(one, "state") == "open"]
    open_ones = [one for one in starts if one is not None]
    return {_NO_PERIOD: min(open_ones) - timedelta(days=1) if open_ones else date.max}


def _tax(one: Element) -> TaxCode:
    """A tax of one rate. Others, of several taxes or a fixed amount, cannot be predicted and are for no line."""
    rate = wire.number(one, "rate")
    is_plain = wire.text(one, "type") == "percentage" and rate is not None
    for_sales = wire.text(wire.inner(one, "group"), "kind") in ("", *_SALES)
    percent = Decimal(0) if rate is None else rate * 100
    return TaxCode(percent, for_revenue=is_plain and for_sales, is_active=True)


def _account(one: Element) -> Account:
    is_revenue = bool(wire.inner(one, "type").get("revenue"))
    return Account(wire.text(one, "name"), is_active=not one.get("closed"), for_lines=is_revenue)


def _products(found: Iterable[Element], *, by_products: bool) -> dict[str, tuple[Element, Product]]:
    """The products that have what a line needs, by code."""
    made = {}
    for code, one in _alone(_active(found), "code").items():
        category = wire.inner(wire.inner(one, "template"), "account_category")
        key, unit, account = (
            wire.whole(one, "id"),
            wire.whole(one, "default_uom"),
            wire.whole(category, "account_revenue"),
        )
        if key is not None and unit is not None and (account is not None or not by_products):
            made[code] = (one, Product(key, unit, account))
    return made


def _booked_to(
    products: Mapping[str, tuple[Element, Product]], codes: Mapping[int | None, str]
) -> dict[str, tuple[str, ...]]:
    """The account of each product, by its code."""
    named = {code: codes.get(product.account) for code, (_, product) in products.items()}
    return {code: (name,) if name else () for code, name in named.items()}


def _journal(settings: TrytonSettings, journals: Iterable[Element]) -> int:
    fitting = [one for one in journals if settings.journal in ("", wire.text(one, "code"), wire.text(one, "name"))]
    key = wire.whole(fitting[0], "id") if len(fitting) == 1 else None
    if key is None:
        wanted = f"the journal {settings.journal}" if settings.journal else "one journal of sales"
        names = ", ".join(sorted(wire.text(one, "code") for one in fitting)) or "none"
        message = f"Tryton has not {wanted} for {settings.company}, but {names}"
        raise SetupError(message, "Name one by its code: journal of the tenant.")
    return key
