"""A provider in a simulation: the sandbox under switches that a seed chooses, and the settings to reach it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import push_kit
import quickbooks_kit
from simulated_stage import SimulatedTime
from simulated_wire import URL

from connector.accounting.connect import TenantSettings
from connector.domain.documents import CREDIT_NOTE, INVOICE
from connector.sandbox import US_BOOKS, Limits, QuickBooks, Switches
from connector.sandbox import quickbooks as qb
from connector.sandbox.core import Core, Xero
from connector.sandbox.quickbooks.gateway import KINDS as QUICKBOOKS_KINDS
from connector.sandbox.xero.steering import KINDS as XERO_KINDS

XERO, QUICKBOOKS = "xero", "quickbooks"
LATE_MS = 8000
_LAGS = ("0", "0", "1.5", "4")
_MANY = 1_000_000


@dataclass(frozen=True)
class Books:
    """One provider's side: how it is set up for a history, and what its state file calls things."""

    core: Callable[[Path, SimulatedTime, Random], Core]
    settings: Callable[[Path], TenantSettings]
    line: Mapping[str, Any]
    currency: str
    kinds: tuple[str, ...]
    paths: tuple[str, str]
    names: Mapping[str, str]
    total: str


def _xero_core(state: Path, time: SimulatedTime, random: Random) -> Core:
    switches = Switches(
        element_order=random.choice(("request", "reversed")),
        rate_window=random.choice(("rolling", "fixed")),
        reuse_voided_numbers=random.random() < 0.5,
        late_commit_seconds=Decimal(LATE_MS) / 1000,
        search_lag_seconds=Decimal(random.choice(_LAGS)),
    )
    limits = Limits(minute=_MANY, day=_MANY, concurrent=_MANY, app_minute=_MANY)
    return Core(state, Xero((US_BOOKS,), limits, switches), QuickBooks(()), time)


def _quickbooks_core(state: Path, time: SimulatedTime, random: Random) -> Core:
    switches = qb.Switches(
        duplicate_numbers=random.choice(("allow", "allow", "refuse")),
        requestid_batch=random.choice(("replay", "ignore", "fault")),
        requestid_changed_body=random.choice(("replay", "refuse", "execute")),
        requestid_lifetime_seconds=random.choice((1, 86_400)),
        batch_order=random.choice(("request", "reversed")),
        throttle_form=random.choice(("json", "lower_json", "xml")),
        throttle_status=random.choice((429, 403)),
        retry_after_seconds=random.choice((0, 7)),
        tax_rounding=random.choice(("per_rate", "per_line")),
        auto_apply_credit=random.random() < 0.3,
        late_commit_seconds=Decimal(LATE_MS) / 1000,
        search_lag_seconds=Decimal(random.choice(_LAGS)),
    )
    limits = qb.Limits(_MANY, _MANY, _MANY, _MANY, 30, _MANY)
    return Core(state, Xero(()), QuickBooks((qb.UK_COMPANY,), limits, switches), time)


BOOKS = {
    XERO: Books(
        _xero_core,
        lambda _folder: push_kit.settings(URL, calls_per_minute=_MANY),
        {},
        "USD",
        XERO_KINDS,
        ("faults", "/api.xro/"),
        {INVOICE: "Invoices", CREDIT_NOTE: "CreditNotes", "contact": "Contacts"},
        "Total",
    ),
    QUICKBOOKS: Books(
        _quickbooks_core,
        lambda folder: quickbooks_kit.settings(URL, folder, qb.UK_COMPANY, calls_per_minute=_MANY),
        {"account": "Sales", "tax_code": "15.0% sample", "tax_percent": Decimal(15)},
        "GBP",
        QUICKBOOKS_KINDS,
        ("quickbooks/faults", "/v3/"),
        {INVOICE: "Invoice", CREDIT_NOTE: "CreditMemo", "contact": "Customer"},
        "TotalAmt",
    ),
}
