"""Tenants of either accounting system whose consent is asked for, and a sandbox whose refresh tokens are good once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import quickbooks_kit
import requests
import xero_kit
from consent_kit import Ahead, provider, store

from connector.accounting.oauth.tokenfile import Tokens
from connector.accounting.settings import TenantSettings
from connector.sandbox import US_BOOKS, QuickBooks, SandboxServer, Tenant
from connector.sandbox import Switches as XeroSwitches
from connector.sandbox.quickbooks import US_COMPANY, Company, Switches

TOKEN = "https://login.example/token"  # noqa: S105  # an address
CANARY = "canary-refresh-9c1e"


@dataclass(frozen=True)
class Asked:
    """A tenant whose consent is asked for, and what a person chooses."""

    settings: TenantSettings
    chosen: Company | Tenant
    name: str

    @property
    def control(self) -> str:
        return "/sandbox/quickbooks" if self.name == "QuickBooks" else "/sandbox"

    @property
    def run(self) -> str:
        return f"Run 'connector connect {self.settings.system} {self.settings.name}'"

    def revoke(self, token: str) -> None:
        root, client = self.settings.token_url.partition("/oauth2")[0].partition("/connect")[0], self.settings.client_id
        path = "/v2/oauth2/tokens/revoke" if self.name == "QuickBooks" else "/connect/revocation"
        signed = (client, self.settings.client_secret) if self.settings.client_secret else None
        form = {"token": token, "client_id": client}
        assert requests.post(root + path, data=form, auth=signed, timeout=10).status_code == 200

    def grants(self, url: str) -> int:
        """How often tokens were asked for."""
        path = f"POST {urlsplit(self.settings.token_url).path}"
        return int(requests.get(f"{url}{self.control}/counts", timeout=10).json()["requests"]["by_path"][path])


SYSTEMS = ["quickbooks", "xero", "xero without a secret"]


@contextmanager
def strict_sandbox(folder: Path) -> Iterator[str]:
    """A sandbox whose refresh tokens are good for one use; its address."""
    books = QuickBooks(switches=Switches(refresh_rotates_after_seconds=0))
    server = SandboxServer(folder / "sandbox.sqlite3", switches=XeroSwitches(refresh_grace_seconds=0), quickbooks=books)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


def asked_of(system: str, url: str, folder: Path, **changes: Any) -> Asked:
    if system == "quickbooks":
        return Asked(quickbooks_kit.settings(url, folder, **changes), US_COMPANY, "QuickBooks")
    made = xero_kit.settings(url, folder, has_secret=system == "xero", **changes)
    return Asked(made, US_BOOKS, "Xero")


def with_tokens(folder: Path, time: Ahead, system: str = "quickbooks") -> TenantSettings:
    """Tokens whose time is over, for a token address that the test writes."""
    made = asked_of(system, "https://books.example", folder, token_url=TOKEN).settings
    store(made, Tokens(made.tenant_id, "canary-access-31", time.clock(), CANARY, scopes=provider(made).scopes))
    return made
