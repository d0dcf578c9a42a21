"""What of this stand-in can be steered.

Owns QuickBooks' part of the control paths, ``/sandbox/quickbooks/…``. What a stranger would get wrong: the clock is the
one of all services.
"""

import sqlite3
from collections.abc import Iterable

from connector.sandbox import control
from connector.sandbox.control import Steering
from connector.sandbox.faults import Orders
from connector.sandbox.jsontext import Record
from connector.sandbox.quickbooks import context, settings
from connector.sandbox.quickbooks.companies import Company
from connector.sandbox.quickbooks.gateway import KINDS, SERVICE
from connector.sandbox.quickbooks.limits import MARK, THROTTLES
from connector.sandbox.quickbooks.objects import CUSTOMER, TRANSACTIONS
from connector.sandbox.quickbooks.settings import Limits, Switches


def steering(companies: Iterable[Company]) -> Steering:
    """The control paths for those companies."""
    codes = {company.code: company.realm for company in companies}

    def counts(db: sqlite3.Connection) -> Record:
        kinds = (CUSTOMER, *TRANSACTIONS)
        return {realm: {"code": code, **control.by_status(db, realm, kinds)} for code, realm in codes.items()}

    return Steering(
        orders=Orders(SERVICE, KINDS, THROTTLES, codes),
        path="quickbooks/",
        mark=MARK,
        held={"limits": (settings.LIMITS, Limits()), "switches": (settings.SWITCHES, Switches())},
        declaration=settings.declaration,
        organisation=context.set_preferences,
        counts=counts,
    )
