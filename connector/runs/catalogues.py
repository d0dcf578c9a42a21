"""What an organisation has set up, kept as JSON values between the look that found it and whoever asks."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connector.accounting.answers import Account, Catalogue, TaxCode


def to_plain(one: Catalogue) -> dict[str, Any]:
    """A catalogue as JSON values."""
    by_item = one.item_accounts
    return {
        "organisation": one.organisation,
        "base_currency": one.base_currency,
        "currencies": None if one.currencies is None else sorted(one.currencies),
        "lock_dates": {name: day.isoformat() for name, day in one.lock_dates.items()},
        "tax_codes": {code: _tax_to_plain(tax) for code, tax in one.tax_codes.items()},
        "accounts": {code: asdict(account) for code, account in one.accounts.items()},
        "items": dict(one.items),
        "fetched_at": one.fetched_at.isoformat(),
        "item_accounts": None if by_item is None else {code: list(names) for code, names in by_item.items()},
        "kinds": sorted(one.kinds),
        "in_cells": one.in_cells,
    }


def from_plain(plain: Mapping[str, Any]) -> Catalogue:
    """The catalogue that `to_plain` was given."""
    currencies, by_item = plain["currencies"], plain["item_accounts"]
    return Catalogue(
        organisation=plain["organisation"],
        base_currency=plain["base_currency"],
        currencies=None if currencies is None else frozenset(currencies),
        lock_dates={name: date.fromisoformat(day) for name, day in plain["lock_dates"].items()},
        tax_codes={code: _tax_from_plain(tax) for code, tax in plain["tax_codes"].items()},
        accounts={code: Account(**account) for code, account in plain["accounts"].items()},
        items=plain["items"],
        fetched_at=datetime.fromisoformat(plain["fetched_at"]),
        item_accounts=None if by_item is None else {code: tuple(names) for code, names in by_item.items()},
        kinds=frozenset(plain["kinds"]),
        in_cells=plain["in_cells"],
    )


def _tax_to_plain(tax: TaxCode) -> dict[str, Any]:
    return {**asdict(tax), "percent": None if tax.percent is None else str(tax.percent)}


def _tax_from_plain(plain: Mapping[str, Any]) -> TaxCode:
    percent = plain["percent"]
    return TaxCode(**{**plain, "percent": None if percent is None else Decimal(percent)})
