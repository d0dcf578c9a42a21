"""Books that are reached by files, as settings and as a working folder declares them; and who imports the files."""

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

from world import World

from connector.accounting.settings import FileSettings, TenantSettings
from connector.runs.config import FILE

XERO_TENANT = """\
  us-books:
    system: xero-csv
    organisation: Example Vendor Inc.
    base_currency: USD
    date_format: MM/DD/YYYY
    tax_codes: {Tax on Sales (8.25%): 8.25, Tax Exempt (0%): 0}
    accounts: ["200", "201"]
    items: [SPOKE-FULL, SPOKE-AO-BUNDLE]
    contacts:
      P-1: One Partner Incorporated
      P-2: "Two, the Partner"
    branding_themes: {card: Card payments}
    tracking: {Region: North}
"""
QUICKBOOKS_TENANT = """\
  us-books:
    system: quickbooks-csv
    organisation: Example Vendor Inc.
    base_currency: USD
    date_format: MM/DD/YYYY
    taxation: none
    tax_codes: {NON: 0}
    items: {SPOKE-FULL: Sales, SPOKE-AO-BUNDLE: Sales}
    contacts: {P-1: One Partner Incorporated, P-2: "Two, the Partner"}
"""
SETTINGS = """\
ledger: ledger.sqlite3
rules: rules
mappings: mappings
tenants:
{tenant}books:
  us: us-books
"""
BOOKS = """\
books: us
items:
  SPOKE-FULL: {{description: Full feature Spoke, account: "{sales}", item_code: SPOKE-FULL}}
  SPOKE-AO-BUNDLE: {{description: Assessment Only bundle, account: "{sales}", item_code: SPOKE-AO-BUNDLE}}
tax:
  - {{tax_status: taxable, code: {code}}}
  - {{tax_status: [exempt, export], code: {free}, percent: 0}}
"""


def settings(folder: Path, system: str = "xero-csv", **changes: Any) -> TenantSettings:
    by_item = system == "quickbooks-csv"
    values = {
        "outbox": folder / "outbox" / "us-books",
        "organisation": "Example Vendor Inc.",
        "base_currency": "USD",
        "currencies": frozenset({"USD"}),
        "month_first": True,
        "tax_codes": {"OUTPUT": Decimal("8.25"), "NONE": Decimal(0)},
        "contacts": {"P-1": "Harbor Advisory", "P-2": "Two, the Partner"},
        "accounts": () if by_item else ("200",),
        "items": {"SPOKE-FULL": "200" if by_item else ""},
        **changes,
    }
    return TenantSettings(name="us-books", system=system, files=FileSettings(**values))


def bind(world: World, tenant: str = XERO_TENANT) -> None:
    """Have the books of the US reached by files."""
    (world.folder / FILE).write_text(SETTINGS.format(tenant=tenant), encoding="utf-8")
    by_item = tenant == QUICKBOOKS_TENANT
    taxed = ("NON, percent: 0", "NON") if by_item else ("Tax on Sales (8.25%), percent: 8.25", "Tax Exempt (0%)")
    text = BOOKS.format(sales="Sales" if by_item else "200", code=taxed[0], free=taxed[1])
    (world.folder / "mappings" / "books-us.yaml").write_text(text, encoding="utf-8")
    (world.folder / "mappings" / "books-uk.yaml").unlink()
    entities = world.folder / "rules" / "entities.yaml"
    entities.write_text(entities.read_text(encoding="utf-8").partition("  uk:")[0], encoding="utf-8")


class Person:
    """Whoever imports the files, without any code of the product."""

    def __init__(self, folder: Path) -> None:
        self.outbox = folder / "outbox" / "us-books"

    def files(self) -> list[Path]:
        """The files that wait, and those that were moved to the imported ones."""
        return sorted([*self.outbox.glob("*.csv"), *self.outbox.glob("imported/*.csv")])

    def numbers(self, stem: str = "") -> list[str]:
        """The numbers of all documents in files, each as often as it stands in one."""
        found = []
        for path in self.files():
            if path.name.startswith(stem):
                with path.open(encoding="utf-8", newline="") as text:
                    rows = list(csv.DictReader(text))
                found += dict.fromkeys(row.get("*InvoiceNumber") or row["*InvoiceNo"] for row in rows)
        return sorted(found)

    def move(self) -> None:
        """Move every file that waits to the imported ones."""
        for path in self.outbox.glob("*.csv"):
            path.rename(self.outbox / "imported" / path.name)
