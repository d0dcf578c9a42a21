"""A QuickBooks company of the sandbox, connected as a person would connect it, and documents that it takes."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from connector.accounting.consent import Exchange, Provider
from connector.accounting.quickbooks.opening import provider_of
from connector.accounting.settings import QuickBooksSettings, TenantSettings
from connector.accounting.tokenfile import TokenFile, Tokens
from connector.net.http import Transport
from connector.sandbox.quickbooks import CLIENT_ID, CLIENT_SECRET, US_COMPANY, Company

REDIRECT = "http://127.0.0.1:9/callback"


def now() -> datetime:
    return datetime.now(UTC)


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
        "quickbooks": QuickBooksSettings(
            authorize_url=f"{url}/connect/oauth2",
            token_file=folder / "tokens" / "qb-books.json",
            redirect_uri=REDIRECT,
            batches_per_minute=5000,
            calls_per_second=5000,
            **own,
        ),
        **changes,
    }
    return TenantSettings(**values)


def provider(made: TenantSettings) -> Provider:
    return provider_of(made)


def agree_by_hand(page: str, company: Company) -> str:
    """Open the page and agree; where the browser is sent back to."""
    reply = requests.get(f"{page}&sandbox_company={company.code}", allow_redirects=False, timeout=10)
    return reply.headers["Location"]


def agree(made: TenantSettings, company: Company, clock: Callable[[], datetime] = now) -> Tokens:
    """Agree as a person would, and store the tokens."""
    assert made.quickbooks is not None
    back = parse_qs(urlsplit(agree_by_hand(provider(made).page(REDIRECT, "s"), company)).query)
    exchange = Exchange(Transport(5), provider(made), clock)
    tokens = exchange.first(back["code"][0], REDIRECT, back["realmId"][0])
    assert isinstance(tokens, Tokens)
    file = TokenFile(made.quickbooks.token_file)
    with file.locked():
        file.write(tokens)
    return tokens


class Ahead:
    """A clock that is ahead of the real one, and moves when someone sleeps long."""

    def __init__(self) -> None:
        self.by = timedelta()

    def clock(self) -> datetime:
        return now() + self.by

    def sleep(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.01))
        self.by += timedelta(seconds=seconds)
