"""Holds of a whole tenant: a rate limit or an outage is no fault of one document.

A stranger's trap: a hold is not deleted when its time is over; compare `not_before` with the time at hand.
"""

from datetime import datetime

from connector.ledger import database
from connector.ledger.times import time_of, time_text


def hold_tenant(tenant: str, not_before: datetime, reason: str) -> None:
    """Stop everything for a tenant until a time; the latest hold counts."""
    with database.joined():
        database.execute(
            "INSERT INTO tenant_hold (tenant, not_before, reason) VALUES (?, ?, ?)"
            " ON CONFLICT (tenant) DO UPDATE SET not_before = excluded.not_before, reason = excluded.reason",
            (tenant, time_text(not_before), reason),
        )


def tenant_hold(tenant: str) -> tuple[datetime, str] | None:
    """The latest hold of a tenant and why, whether or not its time is over; None when there never was one."""
    sql = f"SELECT {database.moment('not_before')}, reason FROM tenant_hold WHERE tenant = ?"  # noqa: S608 - a column
    found = database.fetch(sql, (tenant,))
    return (time_of(found[0][0]), str(found[0][1])) if found else None
