"""From settings to a connected organisation, and where its consent is asked for. Nothing is sent here."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from connector.accounting.limits import Limiter
from connector.accounting.oauth.consent import ConsentTokens, Exchange
from connector.accounting.oauth.credentials import TokenSource
from connector.accounting.oauth.provider import Provider
from connector.accounting.settings import ConsentSettings, TenantSettings
from connector.accounting.xero import connections
from connector.accounting.xero.adapter import IN_FLIGHT, XeroSystem
from connector.accounting.xero.client import Client
from connector.accounting.xero.invoices import Style
from connector.net.http import Transport

SCOPES = "accounting.contacts accounting.invoices accounting.settings.read"
# Without it there is no refresh token.
_LASTING = "offline_access"
# The token address does not say it; every use begins it anew.
_REFRESH_LIFE = timedelta(days=60)


def provider_of(settings: TenantSettings, consent: ConsentSettings) -> Provider:
    """Where a person agrees, and what exchanges the code for tokens."""
    return Provider(
        name="Xero",
        authorize_url=consent.authorize_url,
        token_url=settings.token_url,
        redirect_uri=consent.redirect_uri,
        client=(settings.client_id, settings.client_secret),
        scopes=f"{_LASTING} {SCOPES}",
        needed=frozenset(SCOPES.split()),
        again=settings.again,
        proves=True,
        listed=partial(connections.fetch, _beside(settings.api_url)),
        refresh_life=_REFRESH_LIFE,
    )


def open_organisation(
    settings: TenantSettings,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    monotonic: Callable[[], float],
) -> XeroSystem:
    """The organisation of these settings."""
    transport = Transport(settings.time_out_seconds, monotonic)
    limiter = Limiter(settings.calls_per_minute, IN_FLIGHT, clock, sleep)
    client = Client(
        settings.api_url, settings.tenant_id, transport, _tokens(settings, transport, clock), limiter, clock
    )
    style = Style(settings.invoice_status, settings.branding_themes, settings.tracking)
    times = (timedelta(seconds=settings.quiet_seconds), timedelta(seconds=settings.time_out_seconds))
    return XeroSystem(settings.name, settings.tenant_id, client, style, times)


def _tokens(
    settings: TenantSettings, transport: Transport, clock: Callable[[], datetime]
) -> TokenSource | ConsentTokens:
    consent = settings.consent
    if consent is None:
        pair = (settings.client_id, settings.client_secret)
        return TokenSource(transport, settings.token_url, pair, SCOPES, clock)
    exchange = Exchange(transport, provider_of(settings, consent), clock)
    return ConsentTokens(exchange, settings.token_file(consent), settings.tenant_id)


def _beside(api_url: str) -> str:
    """The list of connections: on the host of the accounting interface, outside its path."""
    return urlsplit(api_url)._replace(path="/connections", query="", fragment="").geturl()
