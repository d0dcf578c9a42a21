"""What the organisation has set up: lock dates, currencies, tax rates, accounts and items. Five reads.

One more where the settings sort lines under tracking categories, which Xero must know.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from connector.accounting.answers import Account, Catalogue, RetryLater, TaxCode
from connector.accounting.xero import wire
from connector.accounting.xero.client import Client
from connector.net.errors import SetupError

_RESOURCES = {
    "Organisation": "Organisations",
    "TaxRates": "TaxRates",
    "Accounts": "Accounts",
    "Items": "Items",
    "Currencies": "Currencies",
}
_TRACKING = "TrackingCategories"
_MAY_BE_MISSING = "Currencies"
_LOCKS = {"PeriodLockDate": "period lock date", "EndOfYearLockDate": "end of year lock date"}
_ACTIVE = "ACTIVE"
_NO_LINES = ("BANK", "PAYGLIABILITY", "SUPERANNUATIONLIABILITY", "WAGESEXPENSE")


def fetch(client: Client, clock: Callable[[], datetime], tracking: Mapping[str, str]) -> Catalogue | RetryLater:
    """Read all of it, or say why not now.

    Args:
        client: the organisation.
        clock: the time in UTC.
        tracking: category → option, which lines are to be sorted under.

    Raises:
        SetupError: the address or the access is wrong, or the organisation does not sort lines so.
    """
    read: dict[str, list[dict[str, Any]]] = {}
    resources = {**_RESOURCES, **({_TRACKING: _TRACKING} if tracking else {})}
    for path, name in resources.items():
        reply = client.read(path)
        if isinstance(reply, RetryLater):
            return reply
        if reply is not None:
            read[path] = wire.elements(reply, name)
        elif path != _MAY_BE_MISSING:
            message = f"The address has no {path}, so it is not that of Xero's accounting interface"
            raise SetupError(message, "Correct api_url of the tenant.")
    if not read["Organisation"]:
        message = "Xero shows no organisation to this connection"
        raise SetupError(message, "Connect an organisation in Xero.")
    _check_tracking(tracking, read.get(_TRACKING, []))
    return _assembled(read, clock())


def _check_tracking(wanted: Mapping[str, str], categories: Sequence[dict[str, Any]]) -> None:
    active = {wire.text(one, "Name"): one for one in categories if wire.text(one, "Status") == _ACTIVE}
    for category, option in wanted.items():
        if category not in active:
            message = f"Xero has no active tracking category {category}"
            raise SetupError(message, "Correct tracking of the tenant, or make the category in Xero.")
        options = wire.elements(active[category], "Options")
        if option not in [wire.text(one, "Name") for one in options if wire.text(one, "Status") == _ACTIVE]:
            message = f"The tracking category {category} of Xero has no active option {option}"
            raise SetupError(message, "Correct tracking of the tenant, or add the option in Xero.")


def _assembled(read: dict[str, list[dict[str, Any]]], now: datetime) -> Catalogue:
    organisation = read["Organisation"][0]
    base = wire.text(organisation, "BaseCurrency")
    locks = {name: wire.day(organisation, field) for field, name in _LOCKS.items()}
    others = read.get(_MAY_BE_MISSING)
    return Catalogue(
        organisation=wire.text(organisation, "Name"),
        base_currency=base,
        currencies=None if others is None else frozenset([base, *(wire.text(one, "Code") for one in others)]),
        lock_dates={name: day for name, day in locks.items() if day is not None},
        tax_codes={wire.text(rate, "TaxType"): _tax_code(rate) for rate in read["TaxRates"]},
        accounts={wire.text(account, "Code"): _account(account) for account in read["Accounts"]},
        items={
            wire.text(item, "Code"): wire.text(item, "Name")
            for item in read["Items"]
            if item.get("IsSold") is not False
        },
        fetched_at=now,
    )


def _tax_code(rate: dict[str, Any]) -> TaxCode:
    percent = wire.number(rate, "EffectiveRate")
    return TaxCode(
        percent=percent or Decimal(0),
        for_revenue=rate.get("CanApplyToRevenue") is True,
        is_active=percent is not None and wire.text(rate, "Status") == _ACTIVE,
    )


def _account(account: dict[str, Any]) -> Account:
    return Account(
        name=wire.text(account, "Name"),
        is_active=wire.text(account, "Status") == _ACTIVE,
        for_lines=wire.text(account, "Type") not in _NO_LINES,
    )
