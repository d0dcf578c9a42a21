"""The books a sandbox starts with. Every name, rate and code in them is invented.

Owns the shape of a company and its lists. What a stranger would get wrong: in the United States a line says only TAX or
NON; the rate comes from the customer's address (automated sales tax) or from the document's own code (manual).
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate of tax."""

    id: str
    name: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Code:
    """One tax code and the rates it stands for."""

    id: str
    name: str
    rates: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True)
class Item:
    """One thing sold."""

    id: str
    name: str
    sku: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Term:
    """One payment term."""

    id: str
    name: str
    due_days: int


@dataclass(frozen=True, slots=True)
class Label:
    """One class or department (which the pages call location)."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Company:
    """One company: who it is, and its lists.

    Attributes:
        tax: ``automated`` and ``manual`` are the United States; ``global`` is everywhere else.
        area_rates: for automated tax, the rate of each state by its two letters.
        exchange: home units of one unit of each other currency; none means multi-currency is off.
        custom_numbers: the start of the preference that leaves a missing DocNumber missing.
        takes_payments: whether the online payment flags act.
        card, bank: what the two flags are when an invoice does not say.
        other_names: names of vendors and employees, which no customer may have.
    """

    code: str
    realm: str
    name: str
    country: str
    currency: str
    time_zone: str
    tax: Literal["automated", "manual", "global"]
    rates: tuple[Rate, ...]
    codes: tuple[Code, ...]
    items: tuple[Item, ...]
    terms: tuple[Term, ...] = (Term("1", "Due on receipt", 0), Term("2", "Net 15", 15), Term("3", "Net 30", 30))
    classes: tuple[Label, ...] = ()
    departments: tuple[Label, ...] = ()
    area_rates: tuple[tuple[str, Decimal], ...] = ()
    exchange: tuple[tuple[str, Decimal], ...] = ()
    custom_numbers: bool = False
    takes_payments: bool = False
    card: bool = False
    bank: bool = False
    other_names: tuple[str, ...] = ("Sample Vendor",)


_ITEMS = (
    Item("21", "Full spoke", "SPOKE-FULL"),
    Item("22", "Assessment bundle", "SPOKE-AO-BUNDLE"),
    Item("23", "Old spoke", "SPOKE-OLD", active=False),
)
_TAXABLE = (Code("TAX", "TAX"), Code("NON", "NON"))

US_COMPANY = Company(
    code="US-COMPANY",
    realm="9130350000000001",
    name="Sample US Company (sandbox)",
    country="US",
    currency="USD",
    time_zone="America/New_York",
    tax="automated",
    rates=(Rate("1", "Automated sales tax", Decimal(0)),),
    codes=_TAXABLE,
    items=_ITEMS,
    classes=(Label("201", "Partners"), Label("202", "Direct")),
    departments=(Label("301", "East"), Label("302", "West")),
    area_rates=(("NY", Decimal("8.875")), ("CA", Decimal("7.25"))),
    takes_payments=True,
    card=True,
    bank=True,
)

US_OLDER_COMPANY = Company(
    code="US-OLDER-COMPANY",
    realm="9130350000000002",
    name="Sample older US Company (sandbox)",
    country="US",
    currency="USD",
    time_zone="America/Los_Angeles",
    tax="manual",
    rates=(Rate("1", "California", Decimal("7.25")), Rate("2", "Tucson City", Decimal(2))),
    codes=(*_TAXABLE, Code("2", "California", ("1",)), Code("3", "Two agencies", ("1", "2"))),
    items=_ITEMS,
    custom_numbers=True,
)

UK_COMPANY = Company(
    code="UK-COMPANY",
    realm="9130350000000003",
    name="Sample UK Company (sandbox)",
    country="GB",
    currency="GBP",
    time_zone="Europe/London",
    tax="global",
    rates=(
        Rate("11", "VAT 20.0% S", Decimal(20)),
        Rate("12", "VAT 5.0% R", Decimal(5)),
        Rate("13", "VAT 0.0% Z", Decimal(0)),
        Rate("14", "Sample 15.0%", Decimal(15)),
    ),
    codes=(
        Code("6", "20.0% S", ("11",)),
        Code("7", "5.0% R", ("12",)),
        Code("8", "0.0% Z", ("13",)),
        Code("9", "15.0% sample", ("14",)),
        Code("10", "17.5% old", ("11",), active=False),
    ),
    items=_ITEMS,
    exchange=(("EUR", Decimal("0.85")), ("USD", Decimal("0.78"))),
    custom_numbers=True,
)

DEFAULT_COMPANIES = (US_COMPANY, US_OLDER_COMPANY, UK_COMPANY)
