"""From settings to a connected accounting system. Connecting sends nothing: the first call does."""

import time
from collections.abc import Callable
from datetime import datetime

from connector.accounting.answers import CredentialsError
from connector.accounting.files import opening as files
from connector.accounting.files.opening import QUICKBOOKS_CSV, XERO_CSV
from connector.accounting.oauth.provider import Provider
from connector.accounting.port import AccountingSystem
from connector.accounting.quickbooks import opening as quickbooks
from connector.accounting.settings import ConsentSettings, TenantSettings
from connector.accounting.tryton import opening as tryton
from connector.accounting.xero import opening as xero
from connector.net.errors import SetupError

# How a tenant is reached: its settings, the time in UTC, and what waits for seconds.
Connect = Callable[[TenantSettings, Callable[[], datetime], Callable[[float], None]], AccountingSystem]

__all__ = [
    "QUICKBOOKS",
    "QUICKBOOKS_CSV",
    "TRYTON",
    "XERO",
    "XERO_CSV",
    "Connect",
    "TenantSettings",
    "connect",
    "provider_of",
]

XERO, QUICKBOOKS, TRYTON = "xero", "quickbooks", "tryton"


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
    if settings.files is not None:
        return files.open_outbox(settings.name, settings.system, settings.files, clock)
    if settings.system not in (XERO, QUICKBOOKS, TRYTON):
        message = f"{settings.name}: the accounting system {settings.system!r} is not known"
        raise SetupError(message, f"Write system: {XERO}, {QUICKBOOKS}, {TRYTON}, {XERO_CSV} or {QUICKBOOKS_CSV}.")
    if settings.lacks_credentials:
        raise _lacking(settings)
    if settings.tryton is not None:
        return tryton.open_company(settings, settings.tryton, clock, sleep, monotonic)
    if settings.system == QUICKBOOKS:
        return quickbooks.open_company(settings, clock, sleep, monotonic)
    return xero.open_organisation(settings, clock, sleep, monotonic)


def provider_of(settings: TenantSettings, consent: ConsentSettings) -> Provider:
    """Where and how the consent of a tenant is asked for.

    Raises:
        CredentialsError: client id or secret are missing.
    """
    if settings.lacks_credentials:
        raise _lacking(settings)
    declared = quickbooks.provider_of if settings.system == QUICKBOOKS else xero.provider_of
    return declared(settings, consent)


def _lacking(settings: TenantSettings) -> CredentialsError:
    """The fault of a tenant whose client id or secret is missing."""
    what = "the client id or the client secret" if settings.system != TRYTON else "the user or the password"
    message = f"{settings.name}: {what} is missing"
    return CredentialsError(message, "Set the environment variables that its credentials name.")
