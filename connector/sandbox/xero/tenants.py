"""The books a sandbox starts with. Every name, rate and code in them is invented.

Owns the shape of an organisation and its settings. What a stranger would get wrong: the lock dates here are only the
start; the state file remembers what ``POST /sandbox/organisation`` set later.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class TaxRate:
    """One tax rate; ``for_sales`` is the remote's CanApplyToRevenue."""

    tax_type: str
    name: str
    percent: Decimal
    for_sales: bool = True
    status: str = "ACTIVE"


@dataclass(frozen=True, slots=True)
class Account:
    """One account of the chart."""

    code: str
    name: str
    kind: str
    tax_type: str
    status: str = "ACTIVE"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing sold, with the account its lines go to when they name none."""

    code: str
    name: str
    account_code: str


@dataclass(frozen=True, slots=True)
class TrackingCategory:
    """One way of sorting lines, and the options it has."""

    name: str
    options: tuple[str, ...]
    status: str = "ACTIVE"


@dataclass(frozen=True, slots=True)
class Tenant:
    """One organisation: who it is, and its rates, accounts and items.

    ``time_zone`` is an IANA name, ``xero_time_zone`` the remote's word for the same zone.
    """

    code: str
    tenant_id: str
    name: str
    currency: str
    country: str
    time_zone: str
    xero_time_zone: str
    sales_tax_basis: str
    tax_rates: tuple[TaxRate, ...]
    accounts: tuple[Account, ...]
    items: tuple[Item, ...]
    other_currencies: tuple[str, ...] = ()
    period_lock_date: date | None = None
    end_of_year_lock_date: date | None = None
    tracking: tuple[TrackingCategory, ...] = ()


_ITEMS = (
    Item("SPOKE-FULL", "Full spoke", "200"),
    Item("SPOKE-AO-BUNDLE", "Assessment bundle", "201"),
)


def _accounts(sales_tax: str) -> tuple[Account, ...]:
    return (
        Account("090", "Sample bank", "BANK", "NONE"),
        Account("200", "Sales", "REVENUE", sales_tax),
        Account("201", "Assessment bundles", "REVENUE", sales_tax),
        Account("310", "Old sales", "REVENUE", sales_tax, "ARCHIVED"),
    )


US_BOOKS = Tenant(
    code="US-BOOKS",
    tenant_id="11111111-1111-4111-8111-111111111111",
    name="Sample US Books (sandbox)",
    currency="USD",
    country="US",
    time_zone="America/New_York",
    xero_time_zone="EASTERNSTANDARDTIME",
    sales_tax_basis="ACCRUALS",
    tax_rates=(
        TaxRate("NONE", "Tax Exempt", Decimal(0)),
        TaxRate("OUTPUT", "Tax on Sales", Decimal("8.25")),
    ),
    accounts=_accounts("OUTPUT"),
    items=_ITEMS,
    tracking=(
        TrackingCategory("Region", ("North", "South")),
        TrackingCategory("Channel", ("Partners", "Direct")),
        TrackingCategory("Old region", ("North",), "ARCHIVED"),
    ),
)

UK_BOOKS = Tenant(
    code="UK-BOOKS",
    tenant_id="22222222-2222-4222-8222-222222222222",
    name="Sample UK Books (sandbox)",
    currency="GBP",
    country="GB",
    time_zone="Europe/London",
    xero_time_zone="GMTSTANDARDTIME",
    sales_tax_basis="ACCRUAL",
    tax_rates=(
        TaxRate("NONE", "No VAT", Decimal(0)),
        TaxRate("OUTPUT2", "20% (VAT on Income)", Decimal(20)),
        TaxRate("ZERORATEDOUTPUT", "Zero Rated Income", Decimal(0)),
        TaxRate("EXEMPTOUTPUT", "Exempt Income", Decimal(0)),
        TaxRate("INPUT2", "20% (VAT on Expenses)", Decimal(20), for_sales=False),
    ),
    accounts=_accounts("OUTPUT2"),
    items=_ITEMS,
    other_currencies=("EUR",),
)

DEFAULT_TENANTS = (US_BOOKS, UK_BOOKS)
