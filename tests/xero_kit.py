"""Organisations of the sandbox's Xero that a person connects, as settings and as a working folder declares them."""

from pathlib import Path
from typing import Any

from consent_kit import REDIRECT, consent
from world import World

from connector.accounting.settings import TenantSettings
from connector.runs.config import FILE
from connector.sandbox import UK_BOOKS, US_BOOKS, Tenant
from connector.sandbox.xero.consents import PKCE_CLIENT_ID, WEB_CLIENT_ID, WEB_CLIENT_SECRET

TENANT = """\
  {name}:
    system: xero
    grant: code
    api_url: {url}/api.xro/2.0
    token_url: {url}/connect/token
    authorize_url: {url}/identity/connect/authorize
    tenant_id: {tenant_id}
    credentials: {credentials}
    redirect_uri: {redirect}
    invoice_status: AUTHORISED
    quiet_seconds: 1
    time_out_seconds: 10
"""
SETTINGS = """\
ledger: ledger.sqlite3
rules: rules
mappings: mappings
tenants:
{tenants}books:
  us: us-books
  uk: uk-books
"""


def settings(
    url: str, folder: Path, tenant: Tenant = US_BOOKS, *, has_secret: bool = True, **changes: Any
) -> TenantSettings:
    """Of an app with a secret, or of one for PKCE alone."""
    values = {
        "name": "xero-books",
        "system": "xero",
        "api_url": f"{url}/api.xro/2.0",
        "token_url": f"{url}/connect/token",
        "tenant_id": tenant.tenant_id,
        "client_id": WEB_CLIENT_ID if has_secret else PKCE_CLIENT_ID,
        "client_secret": WEB_CLIENT_SECRET if has_secret else "",
        "quiet_seconds": 1,
        "time_out_seconds": 5,
        "consent": consent(folder, f"{url}/identity/connect/authorize", "xero-books", has_secret=has_secret),
        **changes,
    }
    return TenantSettings(**values)


def bind(world: World, redirect: str = REDIRECT, credentials: str = "sandbox") -> None:
    """Bind both selling entities to organisations that a person connects."""
    assert world.server is not None
    tenants = "".join(
        TENANT.format(
            name=name, url=world.server.url, tenant_id=one.tenant_id, redirect=redirect, credentials=credentials
        )
        for name, one in (("us-books", US_BOOKS), ("uk-books", UK_BOOKS))
    )
    (world.folder / FILE).write_text(SETTINGS.format(tenants=tenants), encoding="utf-8")
