"""What the work of one request may look at.

Owns the bundle of database, company, switches and time. What a stranger would get wrong: a company's preferences are
its seed until ``POST /sandbox/quickbooks/organisation`` sets them.
"""

import sqlite3
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from connector.sandbox import control, dates, jsontext, rounding, store
from connector.sandbox.jsontext import Record, text
from connector.sandbox.quickbooks import stamps
from connector.sandbox.quickbooks.companies import Company
from connector.sandbox.quickbooks.settings import Switches
from connector.sandbox.settings import SettingError

_FLAGS = ("CustomTxnNumbers", "ETransactionPaymentEnabled", "Suspended")
SETTINGS = ("BookCloseDate", *_FLAGS)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a company has chosen: the day its books are closed to, its numbering, its payments, its subscription."""

    closed_to: date | None
    custom_numbers: bool
    takes_payments: bool
    is_suspended: bool


@dataclass(frozen=True, slots=True)
class Context:
    """One request's view of one company's books."""

    db: sqlite3.Connection
    company: Company
    preferences: Preferences
    switches: Switches
    now_ms: int

    @property
    def today(self) -> date:
        """The day it is where the company is."""
        return dates.instant(self.now_ms).astimezone(ZoneInfo(self.company.time_zone)).date()

    @property
    def digits(self) -> int:
        """Decimal places of the home currency; the sandbox's other currencies have as many."""
        return rounding.digits_of(self.company.currency)

    def is_closed(self, day: str) -> bool:
        """Whether the books are closed on that day."""
        to, found = self.preferences.closed_to, stamps.parse_day(day)
        return to is not None and found is not None and found <= to


def preferences_of(db: sqlite3.Connection, company: Company) -> Preferences:
    """The preferences in force."""
    held = _held(db, company.realm)
    return Preferences(
        stamps.parse_day(text(held, "BookCloseDate")),
        bool(held.get("CustomTxnNumbers", company.custom_numbers)),
        bool(held.get("ETransactionPaymentEnabled", company.takes_payments)),
        bool(held.get("Suspended", False)),
    )


def _held(db: sqlite3.Connection, realm: str) -> Record:
    return jsontext.as_record(store.get(db, f"company {realm}")) or {}


def set_preferences(db: sqlite3.Connection, realm: str, asked: Record) -> Record:
    """Set some of them; what is not named stays.

    Raises:
        SettingError: a name or a value is not known.
    """
    control.known(asked, SETTINGS)
    held = _held(db, realm)
    held["BookCloseDate"] = control.day_of(asked, "BookCloseDate", held.get("BookCloseDate"))
    for name in _FLAGS:
        value = asked.get(name, held.get(name))
        if value is not None and not isinstance(value, bool):
            message = f"{name} is true or false, not {value!r}"
            raise SettingError(message)
        held |= {} if value is None else {name: value}
    store.put(db, f"company {realm}", held)
    return {"tenant": realm, **held}
