"""A stand-in for QuickBooks Online's accounting API, minor version 75.

Owns what only QuickBooks does. What a stranger would get wrong: a number is no identity here. The remote lets two
invoices have the same DocNumber, a voided invoice keeps its number and has no status, a batch answers in any order and
is not atomic.
"""

from connector.sandbox.quickbooks.companies import (
    DEFAULT_COMPANIES,
    UK_COMPANY,
    US_COMPANY,
    US_OLDER_COMPANY,
    Company,
)
from connector.sandbox.quickbooks.settings import Limits, Switches
from connector.sandbox.quickbooks.tokens import CLIENT_ID, CLIENT_SECRET, SCOPE

__all__ = [
    "CLIENT_ID",
    "CLIENT_SECRET",
    "DEFAULT_COMPANIES",
    "SCOPE",
    "UK_COMPANY",
    "US_COMPANY",
    "US_OLDER_COMPANY",
    "Company",
    "Limits",
    "Switches",
]
