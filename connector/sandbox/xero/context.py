"""What the work of one request may look at.

Owns the bundle of database, tenant, switches and time. What a stranger would get wrong: time is taken once per
request, so all elements of a bulk call carry one stamp.
"""

import sqlite3
import uuid
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from connector.sandbox import dates, jsontext, store
from connector.sandbox.jsontext import text
from connector.sandbox.xero.settings import Switches
from connector.sandbox.xero.tenants import Account, TaxRate, Tenant

LOCK_FIELDS = ("PeriodLockDate", "EndOfYearLockDate")


@dataclass(frozen=True, slots=True)
class Locks:
    """The two lock dates of an organisation."""

    period: date | None
    end_of_year: date | None


@dataclass(frozen=True, slots=True)
class Context:
    """One request's view of one tenant's books."""

    db: sqlite3.Connection
    tenant: Tenant
    locks: Locks
    switches: Switches
    now_ms: int
    app: str
    unit_digits: int

    @property
    def today(self) -> date:
        """The day it is where the organisation is."""
        return dates.instant(self.now_ms).astimezone(ZoneInfo(self.tenant.time_zone)).date()

    def account(self, code: str, account_id: str = "") -> Account | None:
        """The account of a code, or of an id."""
        for account in self.tenant.accounts:
            if account.code == code or (account_id and reference_id(self.tenant, account.code) == account_id.lower()):
                return account
        return None

    def tax_rate(self, tax_type: str) -> TaxRate | None:
        """The tax rate of a tax type."""
        return next((rate for rate in self.tenant.tax_rates if rate.tax_type == tax_type), None)

    def lock_fault(self, day: date) -> list[str]:
        """The message when the day lies in a locked period."""
        found = []
        for name, lock in (("period", self.locks.period), ("end of year", self.locks.end_of_year)):
            if lock is not None and (day < lock or (self.switches.lock_date_inclusive and day == lock)):
                words = f"The document date cannot be before the {name} lock date, currently set at"
                found.append(f"{words} {dates.in_words(lock)}")
        return found


def reference_id(tenant: Tenant, code: str) -> str:
    """A stable id for an account or item of a tenant."""
    return str(uuid.uuid5(uuid.UUID(tenant.tenant_id), code))


def locks_of(db: sqlite3.Connection, tenant: Tenant) -> Locks:
    """The lock dates in force: those set later, else those of the seed."""
    held = jsontext.as_record(store.get(db, f"locks {tenant.tenant_id}"))
    if held is None:
        return Locks(tenant.period_lock_date, tenant.end_of_year_lock_date)
    period, end_of_year = (dates.parse_day(text(held, name)) for name in LOCK_FIELDS)
    return Locks(period, end_of_year)
