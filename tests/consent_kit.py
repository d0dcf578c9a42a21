"""Agreeing to the connector as a person would, in either system of the sandbox, and a clock that is ahead."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests

from connector.accounting.connect import provider_of
from connector.accounting.oauth.consent import ConsentTokens, Exchange
from connector.accounting.oauth.provider import Attempt, Provider
from connector.accounting.oauth.tokenfile import TokenFile, Tokens
from connector.accounting.oauth.tokenkeys import TokenKeys
from connector.accounting.settings import ConsentSettings, TenantSettings
from connector.net.http import Transport
from connector.sandbox import Tenant
from connector.sandbox.quickbooks import Company

REDIRECT = "http://localhost:9/callback"
ATTEMPT = Attempt("s" * 32, "v" * 64)


def now() -> datetime:
    return datetime.now(UTC)


def consent(folder: Path, authorize_url: str, name: str = "books", **changes: bool) -> ConsentSettings:
    keys = TokenKeys(None, folder / ".token-key")
    return ConsentSettings(authorize_url, REDIRECT, folder / "tokens" / f"{name}.json", keys, **changes)


def provider(made: TenantSettings) -> Provider:
    assert made.consent is not None
    return provider_of(made, made.consent)


def file_of(made: TenantSettings) -> TokenFile:
    assert made.consent is not None
    return made.token_file(made.consent)


def stored(made: TenantSettings) -> Tokens:
    with file_of(made).locked():
        found = file_of(made).read()
    assert found is not None
    return found


def store(made: TenantSettings, tokens: Tokens) -> None:
    with file_of(made).locked():
        file_of(made).write(tokens)


def agree_by_hand(page: str, chosen: Company | Tenant) -> str:
    """Open the page and agree; where the browser is sent back to."""
    choice = f"&sandbox_company={chosen.code}&sandbox_organisation={chosen.code}"
    reply = requests.get(page + choice, allow_redirects=False, timeout=10)
    assert reply.status_code == 302, reply.text
    return reply.headers["Location"]


def agree(made: TenantSettings, chosen: Company | Tenant, clock: Callable[[], datetime] = now) -> Tokens:
    """Agree as a person would, and store the tokens."""
    back = parse_qs(urlsplit(agree_by_hand(provider(made).page(ATTEMPT), chosen)).query)
    tenant_id = chosen.realm if isinstance(chosen, Company) else chosen.tenant_id
    tokens = Exchange(Transport(5), provider(made), clock).first(back["code"][0], ATTEMPT, tenant_id)
    assert isinstance(tokens, Tokens)
    store(made, tokens)
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


def source(made: TenantSettings, clock: Ahead) -> ConsentTokens:
    """The access tokens of a tenant, as one process has them."""
    return ConsentTokens(Exchange(Transport(5), provider(made), clock.clock), file_of(made), made.tenant_id)
