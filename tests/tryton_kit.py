"""Companies of the prepared Tryton, as settings and as a working folder declares them."""

import json
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tryton_server import DATABASE, HOME, PASSWORD
from world import World

from connector.accounting.connect import connect
from connector.accounting.port import AccountingSystem
from connector.accounting.settings import TenantSettings, TrytonSettings
from connector.runs.config import FILE

TENANT = """\
  {name}:
    system: tryton
    api_url: {url}
    database: {database}
    company: {company}
    lines: {lines}
    credentials: {{user_from: {user}, password_from: TRYTON_PASSWORD}}
    quiet_seconds: {quiet}
    time_out_seconds: {time_out}
    calls_per_minute: 6000
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
US, UK = "Sample US Books", "Sample UK Books"
LOGINS = {US: "billing-us", UK: "billing-uk"}


def settings(url: str, company: str = US, *, own: dict[str, Any] | None = None, **changes: Any) -> TenantSettings:
    values = {
        "name": "books",
        "system": "tryton",
        "api_url": url,
        "client_id": LOGINS[company],
        "client_secret": PASSWORD,
        "quiet_seconds": 600,
        "time_out_seconds": 60,
        "calls_per_minute": 10_000,
        "tryton": TrytonSettings(**{"database": DATABASE, "company": company, **(own or {})}),
        **changes,
    }
    return TenantSettings(**values)


def now() -> datetime:
    return datetime.now(UTC)


def connected(made: TenantSettings) -> AccountingSystem:
    return connect(made, now, time.sleep)


def bind(world: World, url: str, patch: pytest.MonkeyPatch, lines: str = "accounts", quiet: int = 180) -> None:
    """Bind both selling entities to companies of a Tryton."""
    for company in (US, UK):
        patch.setenv(_user(company), LOGINS[company])
    patch.setenv("TRYTON_PASSWORD", PASSWORD)
    (world.folder / FILE).write_text(SETTINGS.format(tenants=declared(url, lines, quiet)), encoding="utf-8")


def declared(url: str, lines: str = "accounts", quiet: int = 180) -> str:
    """Both companies as tenants."""
    tenants = ""
    for name, company in (("us-books", US), ("uk-books", UK)):
        values = {"name": name, "url": url, "database": DATABASE, "company": company, "lines": lines}
        tenants += TENANT.format(**values, user=_user(company), quiet=quiet, time_out=quiet // 3)
    return tenants


def _user(company: str) -> str:
    """The variable that holds who logs in for a company."""
    return f"TRYTON_{LOGINS[company][-2:].upper()}_USER"


def read_books(url: str, company: str = US) -> Any:
    """The invoices and balances of a company, read by proteus: nothing of it is our code."""
    script, address = Path(__file__).with_name("tryton_reader.py"), f"{url}/{DATABASE}/rpc/"
    command = [str(HOME / "bin" / "python"), str(script), address, LOGINS[company], PASSWORD]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)
