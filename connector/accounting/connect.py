"""From settings to a connected accounting system. Connecting sends nothing: the first call does."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from connector.accounting.limits import Limiter
from connector.accounting.oauth import TokenSource
from connector.accounting.port import AccountingSystem, CredentialsError
from connector.accounting.quickbooks.opening import open_company
from connector.accounting.settings import TenantSettings
from connector.accounting.xero.adapter import XeroSystem
from connector.accounting.xero.client import Client
from connector.accounting.xero.invoices import Style
from connector.net.errors import SetupError
from connector.net.http import Transport

# How a tenant is reached: its settings, the time in UTC, and what waits for seconds.
Connect = Callable[[TenantSettings, Callable[[], datetime], Callable[[float], None]], AccountingSystem]

__all__ = ["Connect", "TenantSettings", "connect"]

XERO, QUICKBOOKS = "xero", "quickbooks"
IN_FLIGHT = 5
SCOPES = "accounting.contacts accounting.invoices accounting.settings.read"


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
    if settings.system not in (XERO, QUICKBOOKS):
        message = f"{settings.name}: the accounting system {settings.system!r} is not known"
        raise SetupError(message, f"Write system: {XERO}, or system: {QUICKBOOKS}.")
    if not settings.client_id or not settings.client_secret:
        message = f"{settings.name}: the client id or the client secret is missing"
        raise CredentialsError(message, "Set the environment variables that its credentials name.")
    if settings.system == QUICKBOOKS:
        return open_company(settings, clock, sleep, monotonic)
    transport = Transport(settings.time_out_seconds, monotonic)
    pair = (settings.client_id, settings.client_secret)
    tokens = TokenSource(transport, settings.token_url, pair, SCOPES, clock)
    limiter = Limiter(settings.calls_per_minute, IN_FLIGHT, clock, sleep)
    client = Client(settings.api_url, settings.tenant_id, transport, tokens, limiter, clock)
    style = Style(settings.invoice_status, settings.branding_themes)
    times = (timedelta(seconds=settings.quiet_seconds), timedelta(seconds=settings.time_out_seconds))
    return XeroSystem(settings.name, settings.tenant_id, client, style, times)
