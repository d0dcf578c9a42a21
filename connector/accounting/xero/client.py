"""Calls to one Xero organisation: token, tenant header, permit, deadline, and what each status means.

The status is looked at before the body: Xero answers in plain text and HTML too. A call is sent a second time only
after a 401, which says that the first was not carried out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from connector.accounting import exactjson
from connector.accounting.answers import Budget, CredentialsError, OutcomeUnknown, RetryLater
from connector.accounting.limits import Limiter
from connector.accounting.oauth.consent import ConsentTokens
from connector.accounting.oauth.credentials import TokenSource
from connector.accounting.xero import wire
from connector.net.errors import SetupError
from connector.net.http import NoAnswer, NotSent, Reply, Transport

PAUSE = timedelta(seconds=30)
WRITE = "write"


@dataclass(frozen=True)
class Refused:
    """The whole call was refused with 400; `elements` holds the faulty ones, when it names any."""

    message: str
    elements: tuple[dict[str, Any], ...]


class Client:
    """The interface of one organisation. Safe to use from several threads."""

    def __init__(
        self,
        api_url: str,
        tenant_id: str,
        transport: Transport,
        tokens: TokenSource | ConsentTokens,
        limiter: Limiter,
        clock: Callable[[], datetime],
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._tenant_id = tenant_id
        self._transport = transport
        self._tokens = tokens
        self._limiter = limiter
        self._clock = clock

    def now(self) -> datetime:
        """The time in UTC."""
        return self._clock()

    def consent(self) -> str:
        """What was agreed to and until when, in words; empty where no person has to agree."""
        return self._tokens.consent()

    def budget(self, numbers_at_once: Mapping[str, int]) -> Budget:
        """What the limits allow; of each kind of document, one look-up takes so many numbers."""
        most = self._limiter.most_a_minute
        return Budget(most(), most(WRITE), self._limiter.left_today, numbers_at_once)

    def place(self) -> timedelta | RetryLater:
        """Keep a place for the next write, which follows at once: zero, or how long until there is one."""
        return self._limiter.keep(WRITE)

    def read(
        self, path: str, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any] | RetryLater | None:
        """The object that a GET answers; None for a path the service does not have.

        Raises:
            SetupError: the organisation cannot be read before a person acts.
        """
        reply = self._call("GET", _target(path, query), b"", headers or {}, None)
        if not isinstance(reply, Reply):
            return reply if isinstance(reply, RetryLater) else self._later(_sentence(reply.reason))
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        value = exactjson.load(reply.body) if reply.status == HTTPStatus.OK else None
        if value is None:
            return self._later(_described(reply))
        return value

    def write(
        self, path: str, query: Mapping[str, str], body: bytes, key: str, not_after: datetime
    ) -> dict[str, Any] | Refused | RetryLater | OutcomeUnknown:
        """PUT a body once, with an idempotency key of 1 to 128 characters, unless it is later than `not_after`.

        Raises:
            SetupError: the call was refused and will be until a person acts; nothing happened.
        """
        headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": key}
        reply = self._call("PUT", _target(path, query), body, headers, not_after)
        if isinstance(reply, RetryLater):
            return reply
        if isinstance(reply, NotSent):
            return self._later(_sentence(reply.reason))
        if isinstance(reply, NoAnswer):
            return OutcomeUnknown(_sentence(reply.reason))
        return self._written(reply)

    def _written(self, reply: Reply) -> dict[str, Any] | Refused | OutcomeUnknown:
        value = exactjson.load(reply.body)
        if reply.status == HTTPStatus.OK and value is not None:
            return value
        if reply.status == HTTPStatus.NOT_FOUND:
            message = "The address is not that of Xero's accounting interface"
            raise SetupError(message, "Correct api_url of the tenant.")
        if reply.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return Refused(_described(reply), ())
        if reply.status == HTTPStatus.BAD_REQUEST and value is not None and "different request" not in str(value):
            return Refused(wire.text(value, "Message") or _described(reply), tuple(wire.elements(value, "Elements")))
        return OutcomeUnknown(_described(reply))

    def _call(
        self, method: str, target: str, body: bytes, headers: Mapping[str, str], not_after: datetime | None
    ) -> Reply | NotSent | NoAnswer | RetryLater:
        reply = self._once(method, target, body, headers, not_after)
        if isinstance(reply, Reply) and reply.status == HTTPStatus.UNAUTHORIZED:
            reply = self._once(method, target, body, headers, not_after)
        if not isinstance(reply, Reply):
            return reply
        if reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise CredentialsError(*_denied(reply))
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            return self._limiter.refused(reply.headers)
        return reply

    def _once(
        self, method: str, target: str, body: bytes, headers: Mapping[str, str], not_after: datetime | None
    ) -> Reply | NotSent | NoAnswer | RetryLater:
        token = self._tokens.token()
        if isinstance(token, RetryLater):
            return token
        own = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "User-Agent": "partner-billing-connector",
        }
        if self._tenant_id:
            own["xero-tenant-id"] = self._tenant_id
        with self._limiter.permit(WRITE if body else "", not_after) as refused:
            if refused is not None:
                return refused
            now = self._clock()
            if not_after is not None and now > not_after:
                return RetryLater(now, "The time to send it was over before it could be sent.", whole_tenant=False)
            reply = self._transport.exchange(method, f"{self._api_url}/{target}", {**own, **headers}, body or None)
        if isinstance(reply, Reply):
            self._limiter.learn(reply.headers)
            if reply.status == HTTPStatus.UNAUTHORIZED:
                self._tokens.forget(token)
        return reply

    def _later(self, reason: str) -> RetryLater:
        return RetryLater(self._clock() + PAUSE, reason, whole_tenant=True)


def _target(path: str, query: Mapping[str, str] | None) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:] + "."


def _described(reply: Reply) -> str:
    if reply.status == HTTPStatus.SERVICE_UNAVAILABLE:
        offline = b"organisation is offline" in reply.body.lower()
        return "The organisation is offline in Xero." if offline else "Xero is not available."
    if reply.status == HTTPStatus.OK:
        return "Xero's answer is not JSON."
    return f"Xero answered with status {reply.status}."


def _denied(reply: Reply) -> tuple[str, str]:
    if reply.status == HTTPStatus.FORBIDDEN:
        return (
            "Xero does not let this connection into the organisation",
            "Connect the organisation again, or correct tenant_id.",
        )
    if b"AuthorizationUnsuccessful" in reply.body:
        return (
            "The connection lacks access that is needed",
            "Grant it contacts, invoices and the reading of settings in Xero.",
        )
    return "Xero does not accept the access token", "Check that the connection was not revoked; then try again."
