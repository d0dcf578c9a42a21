"""OAuth 2 with a person's consent: the code flow, and access tokens renewed by a refresh token that changes.

What a stranger would get wrong: a renewal may end the refresh token it was made with, so the new one is stored before
the new access token is used. No token and no secret is in a message, a repr or a log line.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import quote, urlencode

from connector.accounting import exactjson
from connector.accounting.port import CredentialsError, RetryLater
from connector.accounting.tokenfile import TokenFile, Tokens
from connector.net.errors import SetupError
from connector.net.http import NoAnswer, NotSent, Reply, Transport

RENEW_BEFORE = timedelta(seconds=60)
LATER = timedelta(seconds=30)
LONGEST_LIFE = timedelta(days=10 * 366)
_OK, _TOO_MANY, _BROKEN = 200, 429, 500
_REFUSED = (400, 401, 403)


@dataclass(frozen=True)
class Provider:
    """Where and how consent is asked for.

    Attributes:
        name: the accounting system, for people.
        authorize_url: the page on which a person agrees.
        token_url: where codes and refresh tokens are exchanged.
        client: the client id and its secret.
        scopes: what is asked for, parted by spaces.
        again: the command that connects anew.
        headers: what a call to `token_url` carries besides.
    """

    name: str
    authorize_url: str
    token_url: str
    client: tuple[str, str] = field(repr=False)
    scopes: str
    again: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def page(self, redirect_uri: str, state: str) -> str:
        """The address that a person opens to agree; `state` comes back with the answer and must be the same."""
        asked = {
            "client_id": self.client[0],
            "response_type": "code",
            "scope": self.scopes,
            "redirect_uri": redirect_uri,
            "state": state,
        }
        return f"{self.authorize_url}?{urlencode(asked)}"


class Exchange:
    """The calls to a provider's token address."""

    def __init__(self, transport: Transport, provider: Provider, clock: Callable[[], datetime]) -> None:
        """Args: `clock`, the time in UTC."""
        self._transport = transport
        self.provider = provider
        self.clock = clock

    def first(self, code: str, redirect_uri: str, tenant_id: str) -> Tokens | RetryLater:
        """The tokens of a new consent. A code is good once.

        Raises:
            SetupError: code, client or address are not accepted.
        """
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        return self._exchange(form, Tokens(tenant_id, "", self.clock(), ""))

    def next(self, held: Tokens) -> Tokens | RetryLater:
        """The tokens after these.

        Raises:
            SetupError: the consent has ended, or client or address are not accepted.
        """
        return self._exchange({"grant_type": "refresh_token", "refresh_token": held.refresh}, held)

    def _exchange(self, form: Mapping[str, str], held: Tokens) -> Tokens | RetryLater:
        pair = ":".join(quote(part, safe="") for part in self.provider.client)
        headers = {
            "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            **self.provider.headers,
        }
        reply = self._transport.exchange("POST", self.provider.token_url, headers, urlencode(form).encode())
        if isinstance(reply, NotSent | NoAnswer):
            return self._later(f"No access token: {reply.reason}.")
        if reply.status in _REFUSED:
            raise self._refusal(reply)
        if reply.status == _TOO_MANY or reply.status >= _BROKEN:
            return self._later(f"No access token: the token address answered {reply.status}.")
        return self._granted(reply, held)

    def _granted(self, reply: Reply, held: Tokens) -> Tokens:
        granted = (exactjson.load(reply.body) or {}) if reply.status == _OK else {}
        access, until = granted.get("access_token"), self._end(granted, "expires_in")
        refresh = granted.get("refresh_token", held.refresh)
        if not isinstance(access, str) or not access or until is None or not isinstance(refresh, str) or not refresh:
            message = f"The token address answered {reply.status} without tokens"
            raise SetupError(message, "Compare token_url with the accounting system's documentation.")
        return replace(
            held,
            access=access,
            access_until=until,
            refresh=refresh,
            refresh_until=self._end(granted, "x_refresh_token_expires_in"),
            consent_until=self._end(granted, "x_refresh_token_hard_expires_in") or held.consent_until,
        )

    def _end(self, granted: Mapping[str, Any], name: str) -> datetime | None:
        seconds = granted.get(name)
        if not isinstance(seconds, int) or isinstance(seconds, bool):
            return None
        return self.clock() + timedelta(seconds=min(max(seconds, 0), LONGEST_LIFE.total_seconds()))

    def _refusal(self, reply: Reply) -> CredentialsError:
        """Only the error words of the OAuth standard are looked at; free text could echo a secret."""
        if (exactjson.load(reply.body) or {}).get("error") == "invalid_grant":
            message = f"{self.provider.name} does not accept the consent any more: it was revoked, replaced or used up"
            return CredentialsError(message, f"Run '{self.provider.again}', and agree once more.")
        message = f"{self.provider.name} does not accept the client id and secret"
        return CredentialsError(message, "Check both in the app's settings, then try again.")

    def _later(self, reason: str) -> RetryLater:
        return RetryLater(self.clock() + LATER, reason, whole_tenant=True)


class ConsentTokens:
    """The access token of one tenant, shared by the processes that use its file. Safe to use from several threads."""

    def __init__(self, exchange: Exchange, file: TokenFile, tenant_id: str) -> None:
        """Args: `tenant_id`, the organisation that the consent must be for."""
        self._exchange = exchange
        self._file = file
        self._tenant_id = tenant_id
        self._lock = Lock()
        self._held: Tokens | None = None
        self._dead = ""

    def token(self) -> str | RetryLater:
        """An access token that is good for a minute or more.

        Raises:
            SetupError: there is no consent, it has ended, or its tokens cannot be stored.
        """
        with self._lock:
            if self._held is None or not self._is_good(self._held):
                renewed = self._renewed()
                if isinstance(renewed, RetryLater):
                    return renewed
                self._held = renewed
            return self._held.access

    def forget(self, token: str) -> None:
        """The remote says that this access token is no longer good."""
        with self._lock:
            self._dead = token

    def ends(self) -> str:
        """Until when the consent lasts, in a sentence; empty where that is not known."""
        with self._lock:
            held = self._held
        days = [] if held is None else [end for end in (held.refresh_until, held.consent_until) if end]
        return f"connect it again before {min(days).date()}" if days else ""

    def _renewed(self) -> Tokens | RetryLater:
        with self._file.locked():
            held = self._checked(self._file.read())
            if self._is_good(held):  # another process has renewed them
                return held
            self._file.write(held)  # proves that the next ones can be stored, before the remote may end these
            fresh = self._exchange.next(held)
            if isinstance(fresh, Tokens):
                self._file.write(fresh)
            return fresh

    def _is_good(self, held: Tokens) -> bool:
        return held.access != self._dead and self._exchange.clock() < held.access_until - RENEW_BEFORE

    def _checked(self, held: Tokens | None) -> Tokens:
        name, again = self._exchange.provider.name, self._exchange.provider.again
        step, now = f"Run '{again}', and agree once more.", self._exchange.clock()
        if held is None:
            raise CredentialsError(f"No one has connected {name} yet", f"Run '{again}'.")
        if held.tenant_id != self._tenant_id:
            message = f"{name} was connected for another company ({held.tenant_id})"
            raise CredentialsError(message, f"Correct tenant_id, or run '{again}' and choose {self._tenant_id}.")
        if held.consent_until is not None and held.consent_until <= now:
            message = f"The consent to use {name} ended on {held.consent_until.date()}"
            raise CredentialsError(f"{message}: none lasts longer than five years", step)
        if held.refresh_until is not None and held.refresh_until <= now:
            message = f"The consent to use {name} ended on {held.refresh_until.date()}"
            raise CredentialsError(f"{message}, because it was not used for long", step)
        return held
