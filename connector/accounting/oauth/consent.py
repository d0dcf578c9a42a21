"""A person's consent: the code flow, and access tokens renewed by a refresh token that changes.

What a stranger would get wrong: a renewal may end the refresh token it was made with, so the new one is stored before
the new access token is used. No token and no secret is in a message, a repr or a log line.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from threading import Lock

from connector.accounting.answers import CredentialsError, RetryLater
from connector.accounting.oauth.address import RENEW_BEFORE, Granted, Refused, TokenAddress
from connector.accounting.oauth.provider import Attempt, Organisation, Provider
from connector.accounting.oauth.tokenfile import TokenFile, Tokens
from connector.net.http import Transport

_REFRESH_ENDS, _CONSENT_ENDS = "x_refresh_token_expires_in", "x_refresh_token_hard_expires_in"


class Exchange:
    """What is asked of a provider in exchange for a code or a refresh token."""

    def __init__(self, transport: Transport, provider: Provider, clock: Callable[[], datetime]) -> None:
        """Args: `clock`, the time in UTC."""
        self._transport = transport
        self.provider = provider
        self.clock = clock
        self._address = TokenAddress(transport, provider.token_url, provider.client, clock, provider.headers)

    def first(self, code: str, attempt: Attempt, tenant_id: str) -> Tokens | RetryLater:
        """The tokens of a new consent. A code is good once.

        Raises:
            SetupError: code, client or address are not accepted, or less was agreed to than is needed.
        """
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.provider.redirect_uri}
        if self.provider.proves:
            form["code_verifier"] = attempt.verifier
        made = self._exchange(form, Tokens(tenant_id, "", self.clock(), "", scopes=self.provider.scopes))
        return made if isinstance(made, RetryLater) else self._whole(made)

    def next(self, held: Tokens) -> Tokens | RetryLater:
        """The tokens after these.

        Raises:
            SetupError: the consent has ended, or client or address are not accepted.
        """
        return self._exchange({"grant_type": "refresh_token", "refresh_token": held.refresh}, held)

    def organisations(self, tokens: Tokens) -> tuple[Organisation, ...] | RetryLater:
        """The organisations that the person agreed to, as the provider lists them; none where it does not.

        Raises:
            SetupError: the access token is not accepted.
        """
        listed = self.provider.listed
        return () if listed is None else listed(self._transport, tokens.access, self.clock)

    def _exchange(self, form: Mapping[str, str], held: Tokens) -> Tokens | RetryLater:
        answer = self._address.ask(form)
        if isinstance(answer, RetryLater):
            return answer
        if isinstance(answer, Refused):
            raise self._refusal(answer.error)
        return self._granted(answer, held)

    def _granted(self, answer: Granted, held: Tokens) -> Tokens:
        usual = None if self.provider.refresh_life is None else answer.at + self.provider.refresh_life
        return replace(
            held,
            access=answer.access,
            access_until=answer.access_until,
            refresh=answer.text("refresh_token") or held.refresh,
            refresh_until=answer.end(_REFRESH_ENDS) or usual,
            consent_until=answer.end(_CONSENT_ENDS) or held.consent_until,
            scopes=answer.text("scope") or held.scopes,
        )

    def _whole(self, made: Tokens) -> Tokens:
        """New tokens, if they last and are enough. A renewal is not looked at like this: it must be stored."""
        name, step = self.provider.name, "Compare the app's settings with docs/operations.md, then connect again."
        if not made.refresh:
            raise CredentialsError(f"{name} gave no refresh token, so that access would end within the hour", step)
        agreed = set(made.scopes.split())
        lacking = sorted(one for one in self.provider.needed - agreed if one.removesuffix(".read") not in agreed)
        if lacking:
            raise CredentialsError(f"{name} did not grant {', '.join(lacking)}", step)
        return made

    def _refusal(self, error: str) -> CredentialsError:
        if error == "invalid_grant":
            message = f"{self.provider.name} does not accept the consent any more: it was revoked, replaced or used up"
            return CredentialsError(message, f"Run '{self.provider.again}', and agree once more.")
        message = f"{self.provider.name} does not accept the client id and secret"
        return CredentialsError(message, "Check both in the app's settings, then try again.")


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

    def consent(self) -> str:
        """What was agreed to, and until when it lasts as far as that is known; empty before the first token."""
        with self._lock:
            held = self._held
        if held is None:
            return ""
        days = [end for end in (held.refresh_until, held.consent_until) if end]
        until = f"; connect it again before {min(days).date()}" if days else ""
        return f"agreed to {', '.join(held.scopes.split())}{until}"

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
            message = f"{name} was connected for another organisation ({held.tenant_id})"
            raise CredentialsError(message, f"Correct tenant_id, or run '{again}' and choose {self._tenant_id}.")
        if held.consent_until is not None and held.consent_until <= now:
            message = f"The consent to use {name} ended on {held.consent_until.date()}"
            raise CredentialsError(f"{message}: no use prolongs it beyond that day", step)
        if held.refresh_until is not None and held.refresh_until <= now:
            message = f"The consent to use {name} ended on {held.refresh_until.date()}"
            raise CredentialsError(f"{message}, because it was not used for long", step)
        return held
