"""What of this stand-in can be steered.

Owns Xero's part of the control paths. What a stranger would get wrong: an unnamed lock date stays as it is; null takes
it back.
"""

import sqlite3
from collections.abc import Iterable

from connector.sandbox import control, faults, jsontext, store
from connector.sandbox.control import Steering
from connector.sandbox.faults import Orders
from connector.sandbox.jsontext import Record
from connector.sandbox.xero import settings
from connector.sandbox.xero.context import LOCK_FIELDS
from connector.sandbox.xero.gateway import SERVICE
from connector.sandbox.xero.objects import ALLOCATIONS, CONTACTS, CREDIT_NOTES, INVOICES
from connector.sandbox.xero.rates import THROTTLES
from connector.sandbox.xero.settings import Limits, Switches
from connector.sandbox.xero.tenants import Tenant

KINDS = (*faults.COMMON, *THROTTLES, "offline_503")


def steering(tenants: Iterable[Tenant]) -> Steering:
    """The control paths for those organisations."""
    codes = {tenant.code: tenant.tenant_id for tenant in tenants}

    def counts(db: sqlite3.Connection) -> Record:
        kinds = (CONTACTS, INVOICES, CREDIT_NOTES, ALLOCATIONS)
        return {tenant: {"code": code, **control.by_status(db, tenant, kinds)} for code, tenant in codes.items()}

    return Steering(
        orders=Orders(SERVICE, KINDS, THROTTLES, codes),
        path="",
        mark="",
        held={"limits": (settings.LIMITS, Limits()), "switches": (settings.SWITCHES, Switches())},
        declaration=settings.declaration,
        organisation=_set_locks,
        counts=counts,
    )


def _set_locks(db: sqlite3.Connection, tenant: str, asked: Record) -> Record:
    control.known(asked, LOCK_FIELDS)
    held = jsontext.as_record(store.get(db, f"locks {tenant}")) or {}
    held |= {name: control.day_of(asked, name, held.get(name)) for name in LOCK_FIELDS}
    store.put(db, f"locks {tenant}", held)
    return {"tenant": tenant, **held}
