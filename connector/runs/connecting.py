"""Connecting an accounting system that a person must agree to: the page, the answer, the tokens, and a first look.

A stranger's trap: whatever comes back from the browser could be anybody's; only an answer that repeats our secret word
and is for the organisation that is declared is taken. Every system goes this one way; what differs is its `Provider`.
"""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import parse_qs, urlsplit

from connector.accounting.answers import Catalogue, RetryLater
from connector.accounting.connect import QUICKBOOKS, TRYTON, XERO, connect, provider_of
from connector.accounting.oauth.consent import Exchange
from connector.accounting.oauth.provider import Attempt, Organisation, Provider
from connector.accounting.settings import ConsentSettings, TenantSettings
from connector.net.http import Transport
from connector.runs.asking import Clock
from connector.runs.config import Config
from connector.runs.errors import REMAINS, StopError

# What shows a person the page and returns the address they were sent back to; empty when nothing came.
Ask = Callable[[str, str], str]
_NAMES = {XERO: "Xero", QUICKBOOKS: "QuickBooks", TRYTON: "Tryton"}
# What the standard calls a page that could not ask; whatever else is said may be anybody's words.
_FAULTS = {"invalid_request", "invalid_scope", "unauthorized_client", "unsupported_response_type", "server_error"}
_STATE_BYTES, _VERIFIER_BYTES = 24, 48


def consented(config: Config, system: str, name: str) -> TenantSettings:
    """The tenant of that system and name that a person connects; without a name the only one there is.

    Raises:
        StopError: there is none, or there are several.
    """
    ours = [one for one in config.tenants.values() if one.system == system and one.consent is not None]
    called = _NAMES[system]
    ways = (f"{called} that is connected by a person's consent", f"{called} that a person connects")
    return config.tenants[_one_of([one.name for one in ours], name, *ways)]


def declared(config: Config, system: str, name: str) -> TenantSettings:
    """The tenant of that system and name, which a user and a password open; without a name the only one there is.

    Raises:
        StopError: there is none, or there are several.
    """
    ours = [one.name for one in config.tenants.values() if one.system == system]
    return config.tenants[_one_of(ours, name, _NAMES[system], _NAMES[system])]


def _one_of(ours: Sequence[str], name: str, one: str, several: str) -> str:
    """The name that is meant; `one` and `several` tell what is looked for, where it is not."""
    known = sorted(ours)
    if not known:
        raise StopError(f"connector.yaml declares no tenant of {one}", "Declare one under tenants: docs/operations.md.")
    if name not in known and (name or len(known) > 1):
        said = f"{name} is none of them" if name else "it is not said which"
        raise StopError(f"connector.yaml has tenants of {several}, and {said}", f"Name one: {', '.join(known)}.")
    return name or known[0]


def connect_tenant(settings: TenantSettings, ask: Ask, clock: Clock) -> Catalogue:
    """Let a person agree, store the tokens, and read what the organisation has set up.

    Args:
        settings: the tenant.
        ask: shows the page; gets it and the address to be sent back to.
        clock: the time, and waiting.

    Raises:
        StopError: nobody agreed, or the answer is not for us.
        SetupError: the accounting system does not accept the connection.
    """
    consent = _consent_of(settings)
    provider = provider_of(settings, consent)
    attempt = Attempt(secrets.token_urlsafe(_STATE_BYTES), secrets.token_urlsafe(_VERIFIER_BYTES))
    answer = _answered(ask(provider.page(attempt), consent.redirect_uri), attempt, provider)
    if provider.tenant_in:
        _check([Organisation(answer.get(provider.tenant_in, ""))], settings, provider)
    exchange = Exchange(Transport(settings.time_out_seconds, time.monotonic), provider, clock.now)
    tokens = exchange.first(answer["code"], attempt, settings.tenant_id)
    if isinstance(tokens, RetryLater):
        raise _later(tokens, provider)
    if not provider.tenant_in:
        found = exchange.organisations(tokens)
        if isinstance(found, RetryLater):
            raise _later(found, provider)
        _check(found, settings, provider)
    file = settings.token_file(consent)
    with file.locked():
        file.write(tokens)
    read = connect(settings, clock.now, clock.sleep).catalogue()
    if isinstance(read, RetryLater):
        raise StopError(f"connected, but not read yet: {read.reason.rstrip('.')}", "Run 'connector doctor'.", REMAINS)
    return read


def reach_tenant(settings: TenantSettings, clock: Clock) -> Catalogue:
    """Log in as the declared user, and read what the company has set up; nothing is stored.

    Raises:
        StopError: it cannot be reached now.
        SetupError: the user or the password is wrong, or the settings do not fit the company.
    """
    read = connect(settings, clock.now, clock.sleep).catalogue()
    if isinstance(read, RetryLater):
        raise StopError(read.reason.rstrip("."), f"Run '{settings.again}' again.", REMAINS)
    return read


def _consent_of(settings: TenantSettings) -> ConsentSettings:
    if settings.consent is None:
        message = f"{settings.name} is connected by its client id and secret alone"
        raise StopError(message, "Write grant: code for a tenant that a person connects: docs/operations.md.")
    return settings.consent


def _answered(address: str, attempt: Attempt, provider: Provider) -> Mapping[str, str]:
    """What the page answered, its code among it, once it is known to be an answer to this attempt."""
    told = {name: values[-1] for name, values in parse_qs(urlsplit(address.strip()).query).items()}
    again = f"Run '{provider.again}' again"
    if not told:
        raise StopError(f"no answer came back from {provider.name}", f"{again}, and agree in the browser; or --paste.")
    if not secrets.compare_digest(told.get("state", "").encode(), attempt.state.encode()):
        raise StopError("the answer belongs to another attempt to connect", f"{again}, and use the newest page.")
    if told.get("error") in _FAULTS:
        message = f"{provider.name} did not ask the person: {told['error']}"
        raise StopError(message, f"Compare the app's settings with docs/operations.md. {again}.")
    if "code" not in told:
        raise StopError(f"{provider.name} was not agreed to", f"{again}, as an administrator of the organisation.")
    return told


def _check(found: Sequence[Organisation], settings: TenantSettings, provider: Provider) -> None:
    """That the declared organisation is among those agreed to."""
    if any(one.id == settings.tenant_id for one in found):
        return
    listed = ", ".join(sorted(str(one) for one in found)) or "none"
    message = f"{provider.name} was agreed to for {listed}, and not for {settings.tenant_id}"
    step = f"Run '{provider.again}' again and choose the other; or correct tenant_id in connector.yaml."
    raise StopError(message, step)


def _later(answer: RetryLater, provider: Provider) -> StopError:
    return StopError(answer.reason.rstrip("."), f"Run '{provider.again}' again.", REMAINS)
