"""A QuickBooks company of the sandbox, as settings."""

from pathlib import Path
from typing import Any

from consent_kit import consent

from connector.accounting.settings import QuickBooksSettings, TenantSettings
from connector.sandbox.quickbooks import CLIENT_ID, CLIENT_SECRET, US_COMPANY, Company


def settings(url: str, folder: Path, company: Company = US_COMPANY, **changes: Any) -> TenantSettings:
    own = {"taxation": company.tax, "document_tax_code": "California" if company.tax == "manual" else ""}
    values = {
        "name": "qb-books",
        "system": "quickbooks",
        "api_url": url,
        "token_url": f"{url}/oauth2/v1/tokens/bearer",
        "tenant_id": company.realm,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "quiet_seconds": 1,
        "time_out_seconds": 5,
        "calls_per_minute": 5000,
        "consent": consent(folder, f"{url}/connect/oauth2", "qb-books"),
        "quickbooks": QuickBooksSettings(batches_per_minute=5000, calls_per_second=5000, **own),
        **changes,
    }
    return TenantSettings(**values)
