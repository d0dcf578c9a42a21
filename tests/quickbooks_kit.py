"""Companies of the sandbox's QuickBooks, as settings and as a working folder declares them."""

from pathlib import Path
from typing import Any

from consent_kit import REDIRECT, consent
from world import World

from connector.accounting.settings import QuickBooksSettings, TenantSettings
from connector.runs.config import FILE
from connector.sandbox.quickbooks import CLIENT_ID, CLIENT_SECRET, UK_COMPANY, US_COMPANY, Company

TENANT = """\
  {name}:
    system: quickbooks
    api_url: {url}
    token_url: {url}/oauth2/v1/tokens/bearer
    authorize_url: {url}/connect/oauth2
    tenant_id: "{realm}"
    credentials: sandbox
    taxation: {taxation}
    redirect_uri: {redirect}
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
BOOKS = """\
books: {entity}
items:
  SPOKE-FULL: {{description: Full feature Spoke, account: Sales, item_code: SPOKE-FULL}}
  SPOKE-AO-BUNDLE: {{description: Assessment Only bundle, account: Sales, item_code: SPOKE-AO-BUNDLE}}
tax:
{tax}
"""
TAX = {
    "us": "  - {tax_status: taxable, code: TAX, percent: 0}\n  - {tax_status: [exempt, export], code: NON, percent: 0}",
    "uk": "  - {tax_status: taxable, code: 20.0% S, percent: 20}\n"
    "  - {tax_status: [exempt, export, reverse_charge], code: 0.0% Z, percent: 0}",
}
US, UK = ("us-books", US_COMPANY), ("uk-books", UK_COMPANY)


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


def bind(world: World, redirect: str = REDIRECT) -> None:
    """Bind both selling entities to QuickBooks."""
    assert world.server is not None
    tenants = "".join(
        TENANT.format(name=name, url=world.server.url, realm=one.realm, taxation=one.tax, redirect=redirect)
        for name, one in (US, UK)
    )
    (world.folder / FILE).write_text(SETTINGS.format(tenants=tenants), encoding="utf-8")
    for entity, tax in TAX.items():
        text = BOOKS.format(entity=entity, tax=tax)
        (world.folder / "mappings" / f"books-{entity}.yaml").write_text(text, encoding="utf-8")
