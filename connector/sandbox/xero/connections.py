"""``GET /connections``: which organisations a token reaches.

Owns the one call of the real service that names no tenant. What a stranger would get wrong: it carries only the
app-wide limit header.
"""

import sqlite3
from collections.abc import Iterable

from connector.sandbox import replies
from connector.sandbox.replies import Reply, Request
from connector.sandbox.xero import consents, rates, settings, tokens
from connector.sandbox.xero.tenants import Tenant

_CREATED = "2025-01-01T00:00:00.0000000"


def answer(db: sqlite3.Connection, request: Request, tenants: Iterable[Tenant]) -> Reply:
    """The list of connections, or the refusal."""
    grant = tokens.check(db, request)
    if isinstance(grant, Reply):
        return grant
    remaining = rates.admit(db, grant.app, "", settings.limits(db), settings.switches(db))
    if isinstance(remaining, Reply):
        return remaining
    if request.method != "GET":
        return replies.plain(405, f"{request.method} is not allowed here")
    found = [
        {
            "id": tenant.tenant_id,
            "authEventId": tenant.tenant_id,
            "tenantId": tenant.tenant_id,
            "tenantType": "ORGANISATION",
            "tenantName": tenant.name,
            "createdDateUtc": _CREATED,
            "updatedDateUtc": _CREATED,
        }
        for tenant in consents.reached(db, grant.app, tenants)
    ]
    return replies.as_json(200, found).adding(remaining.headers)
