"""Connecting an accounting system that a person must agree to: the page, the answer, the tokens, and a first look.

A stranger's trap: whatever comes back from the browser could be anybody's; only an answer that repeats our secret word
and is for the company that is declared is taken.
"""

import secrets
import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from connector.accounting.connect import QUICKBOOKS, connect
from connector.accounting.consent import Exchange
from connector.accounting.port import Catalogue, RetryLater
from connector.accounting.quickbooks.opening import own, provider_of
from connector.accounting.settings import TenantSettings
from connector.accounting.tokenfile import TokenFile
from connector.net.http import Transport
from connector.runs.asking import Clock
from connector.runs.config import Config
from connector.runs.errors import REMAINS, StopError

# What shows a person the page and returns the address they were sent back to; empty when nothing came.
Ask = Callable[[str, str], str]


def quickbooks_of(config: Config, name: str) -> TenantSettings:
    """The QuickBooks company of that name; without a name the only one there is.

    Raises:
        StopError: there is none, or there are several.
    """
    known = sorted(one.name for one in config.tenants.values() if one.system == QUICKBOOKS)
    if not known:
        message = "connector.yaml declares no QuickBooks company"
        raise StopError(message, "Declare it under tenants: docs/operations.md.")
    if name not in known and (name or len(known) > 1):
        said = f"{name} is none of them" if name else "it is not said which"
        raise StopError(f"connector.yaml has QuickBooks companies, and {said}", f"Name one: {', '.join(known)}.")
    return config.tenants[name or known[0]]


def connect_quickbooks(settings: TenantSettings, ask: Ask, clock: Clock) -> Catalogue:
    """Let a person agree, store the tokens, and read what the company has set up.

    Args:
        settings: the company.
        ask: shows the page; gets it and the address to be sent back to.
        clock: the time, and waiting.

    Raises:
        StopError: nobody agreed, or the answer is not for us.
        SetupError: QuickBooks does not accept the connection.
    """
    more, provider = own(settings), provider_of(settings)
    if not settings.client_id or not settings.client_secret:
        message = f"{settings.name}: the client id or the client secret is missing"
        raise StopError(message, "Set the environment variables that its credentials name.")
    state = secrets.token_urlsafe(24)
    answer = ask(provider.page(more.redirect_uri, state), more.redirect_uri)
    code = _code(answer, state, settings)
    exchange = Exchange(Transport(settings.time_out_seconds, time.monotonic), provider, clock.now)
    tokens = exchange.first(code, more.redirect_uri, settings.tenant_id)
    if isinstance(tokens, RetryLater):
        raise StopError(tokens.reason.rstrip("."), f"Run '{provider.again}' again.", REMAINS)
    file = TokenFile(more.token_file)
    with file.locked():
        file.write(tokens)
    read = connect(settings, clock.now, clock.sleep).catalogue()
    if isinstance(read, RetryLater):
        raise StopError(f"connected, but not read yet: {read.reason.rstrip('.')}", "Run 'connector doctor'.", REMAINS)
    return read


def _code(answer: str, state: str, settings: TenantSettings) -> str:
    """The code of an answer that is for us and for this company."""
    told = {name: values[-1] for name, values in parse_qs(urlsplit(answer.strip()).query).items()}
    again = f"Run 'connector connect quickbooks {settings.name}' again"
    if not told:
        raise StopError("no answer came back from QuickBooks", f"{again}, and agree in the browser; or try --paste.")
    if not secrets.compare_digest(told.get("state", "").encode(), state.encode()):
        raise StopError("the answer belongs to another attempt to connect", f"{again}, and use the newest page.")
    if "code" not in told:
        raise StopError("QuickBooks was not agreed to", f"{again}, as an administrator of the company.")
    if told.get("realmId", "") != settings.tenant_id:
        message = f"the company that was chosen has the id {told.get('realmId', '')[:40]}, not {settings.tenant_id}"
        raise StopError(message, f"{again} and choose the other; or correct tenant_id in connector.yaml.")
    return told["code"]
