"""An organisation of the sandbox's Xero that a person connects, as settings."""

from pathlib import Path
from typing import Any

from consent_kit import consent

from connector.accounting.settings import TenantSettings
from connector.sandbox import US_BOOKS, Tenant
from connector.sandbox.xero.consents import PKCE_CLIENT_ID, WEB_CLIENT_ID, WEB_CLIENT_SECRET


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
