"""From settings to a connected company, and where its consent is asked for. Nothing is sent here."""

from collections.abc import Callable
from datetime import datetime, timedelta

from connector.accounting.limits import Limit, Limiter
from connector.accounting.oauth.consent import ConsentTokens, Exchange
from connector.accounting.oauth.provider import Provider
from connector.accounting.quickbooks.adapter import IN_FLIGHT, QuickBooksSystem
from connector.accounting.quickbooks.client import BATCH, Client
from connector.accounting.quickbooks.documents import Style
from connector.accounting.settings import ConsentSettings, QuickBooksSettings, TenantSettings
from connector.net.errors import SetupError
from connector.net.http import Transport

SCOPES = "com.intuit.quickbooks.accounting"
# Without it the token address does not say when the five years of a consent are over.
_ASK_FOR_THE_END = {"x-include-refresh-token-hard-expires-in": "true"}


def provider_of(settings: TenantSettings, consent: ConsentSettings) -> Provider:
    """Where a person agrees, and what exchanges the code for tokens."""
    return Provider(
        name="QuickBooks",
        authorize_url=consent.authorize_url,
        token_url=settings.token_url,
        redirect_uri=consent.redirect_uri,
        client=(settings.client_id, settings.client_secret),
        scopes=SCOPES,
        needed=frozenset({SCOPES}),
        again=settings.again,
        headers=_ASK_FOR_THE_END,
        tenant_in="realmId",
    )


def _own(settings: TenantSettings) -> tuple[ConsentSettings, QuickBooksSettings]:
    """The settings that every QuickBooks company has.

    Raises:
        SetupError: the tenant has none.
    """
    if settings.consent is None or settings.quickbooks is None:
        message = f"{settings.name} is no QuickBooks company"
        raise SetupError(message, "Name a tenant of connector.yaml whose system is quickbooks.")
    return settings.consent, settings.quickbooks


def open_company(
    settings: TenantSettings,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    monotonic: Callable[[], float],
) -> QuickBooksSystem:
    """The company of these settings."""
    consent, more = _own(settings)
    transport = Transport(settings.time_out_seconds, monotonic)
    exchange = Exchange(transport, provider_of(settings, consent), clock)
    tokens = ConsentTokens(exchange, settings.token_file(consent), settings.tenant_id)
    limits = [Limit(more.calls_per_second, seconds=1), Limit(more.batches_per_minute, kind=BATCH)]
    limiter = Limiter(settings.calls_per_minute, IN_FLIGHT, clock, sleep, limits)
    client = Client(settings.api_url, settings.tenant_id, transport, tokens, limiter, clock)
    style = Style(
        more.taxation,
        document_tax_code=more.document_tax_code,
        line_class=more.line_class,
        department=more.department,
        sales_terms=more.sales_terms,
    )
    times = (timedelta(seconds=settings.quiet_seconds), timedelta(seconds=settings.time_out_seconds))
    return QuickBooksSystem(settings.name, settings.tenant_id, client, style, times)
