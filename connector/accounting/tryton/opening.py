"""From settings to a connected company. Nothing is sent here."""

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote

from connector.accounting.limits import Limiter
from connector.accounting.settings import TenantSettings, TrytonSettings
from connector.accounting.tryton.adapter import IN_FLIGHT, TrytonSystem
from connector.accounting.tryton.client import Client
from connector.net.http import Transport


def open_company(
    settings: TenantSettings,
    own: TrytonSettings,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    monotonic: Callable[[], float],
) -> TrytonSystem:
    """The company of these settings."""
    url = f"{settings.api_url.rstrip('/')}/{quote(own.database, safe='')}/rpc/"
    transport = Transport(settings.time_out_seconds, monotonic)
    limiter = Limiter(settings.calls_per_minute, IN_FLIGHT, clock, sleep)
    client = Client(url, (settings.client_id, settings.client_secret), transport, limiter, clock)
    times = (timedelta(seconds=settings.quiet_seconds), timedelta(seconds=settings.time_out_seconds))
    return TrytonSystem(settings.name, client, own, times)
