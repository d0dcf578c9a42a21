"""From settings to a connected accounting system. Connecting sends nothing: the first call does."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector.accounting.limits import Limiter
from connector.accounting.oauth import TokenSource
from connector.accounting.port import AccountingSystem, CredentialsError
from connector.accounting.xero.adapter import XeroSystem
from connector.accounting.xero.client import Client
from connector.accounting.xero.invoices import Style
from connector.net.errors import SetupError
from connector.net.http import Transport

# How a tenant is reached: its settings, the time in UTC, and what waits for seconds.
Connect = Callable[["TenantSettings", Callable[[], datetime], Callable[[float], None]], AccountingSystem]

XERO = "xero"
IN_FLIGHT = 5
SCOPES = "accounting.contacts accounting.invoices accounting.settings.read"


@dataclass(frozen=True)
class TenantSettings:
    """One accounting tenant and how to reach it.

    Attributes:
        name: our name of it, as the ledger's outbox has it.
        system: `xero`.
        api_url: base address of the interface, without a slash at the end.
        token_url: where access tokens come from.
        tenant_id: the system's id of the organisation.
        client_id, client_secret: of the connection; the secret is in no repr.
        invoice_status: `AUTHORISED` (invoices are approved as they arrive) or `DRAFT`.
        quiet_seconds: how long after an unanswered call the system may still act on it, or not yet find what it did.
        time_out_seconds: how long a call waits for its answer.
        branding_themes: payment method → the theme whose payment services it shows (R9).
        calls_per_minute: a little under the system's limit, which other programs may share.
    """

    name: str
    system: str
    api_url: str
    token_url: str
    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)
    invoice_status: str = "AUTHORISED"
    quiet_seconds: int = 120
    time_out_seconds: int = 100
    branding_themes: Mapping[str, str] = field(default_factory=dict)
    calls_per_minute: int = 55


def connect(
    settings: TenantSettings,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    monotonic: Callable[[], float] = time.monotonic,
) -> AccountingSystem:
    """The accounting system of one tenant.

    Args:
        settings: how to reach it.
        clock: the time in UTC.
        sleep: takes seconds; called to keep within the calls of a minute.
        monotonic: seconds that only grow, to end an answer that does not.

    Raises:
        CredentialsError: client id or secret are missing.
        SetupError: the system is not known.
    """
    if settings.system != XERO:
        message = f"{settings.name}: the accounting system {settings.system!r} is not known"
        raise SetupError(message, f"Write system: {XERO}.")
    if not settings.client_id or not settings.client_secret:
        message = f"{settings.name}: the client id or the client secret is missing"
        raise CredentialsError(message, "Set the environment variables that its credentials name.")
    transport = Transport(settings.time_out_seconds, monotonic)
    pair = (settings.client_id, settings.client_secret)
    tokens = TokenSource(transport, settings.token_url, pair, SCOPES, clock)
    limiter = Limiter(settings.calls_per_minute, IN_FLIGHT, clock, sleep)
    client = Client(settings.api_url, settings.tenant_id, transport, tokens, limiter, clock)
    style = Style(settings.invoice_status, settings.branding_themes)
    times = (timedelta(seconds=settings.quiet_seconds), timedelta(seconds=settings.time_out_seconds))
    return XeroSystem(settings.name, settings.tenant_id, client, style, times)
