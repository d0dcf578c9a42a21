"""Calls to one Tryton database: session, permit, deadline, and what each answer means.

What a stranger would get wrong: errors come with status 200; a session that was idle dies at the first call that needs
a fresh one, and not before. A call is sent a second time only after a 401, which says that it was not carried out.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from threading import Lock
from typing import Any

from connector.accounting import exactjson
from connector.accounting.answers import Budget, CredentialsError, OutcomeUnknown, RetryLater
from connector.accounting.limits import Limiter
from connector.accounting.tryton import wire
from connector.net.errors import SetupError
from connector.net.http import NoAnswer, NotSent, Reply, Transport

PAUSE = timedelta(seconds=30)
LONGEST_MESSAGE = 500
_LANGUAGE = "en"  # the one that every database has, and in which the messages are understood
_USER_ERROR, _USER_WARNING = "UserError", "UserWarning"
_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "User-Agent": "partner-billing-connector",
}


@dataclass(frozen=True)
class Done:
    """The call was carried out; what it answered."""

    value: Any


@dataclass(frozen=True)
class Refused:
    """Tryton refused the call and undid it. `warning` is the name of a warning that a person may skip; else empty."""

    message: str
    warning: str = ""


Answer = Done | Refused | RetryLater | OutcomeUnknown


@dataclass(frozen=True)
class Session:
    """Who is logged in."""

    user_id: int
    header: str


class Client:
    """One database, as one user. Safe to use from several threads."""

    def __init__(
        self,
        url: str,
        login: tuple[str, str],
        transport: Transport,
        limiter: Limiter,
        clock: Callable[[], datetime],
    ) -> None:
        """Args: `url`, where calls go to; `login`, the user and the password."""
        self._url = url
        self._user, self._password = login
        self._transport = transport
        self._limiter = limiter
        self._clock = clock
        self._lock = Lock()
        self._session: Session | None = None

    def now(self) -> datetime:
        """The time in UTC."""
        return self._clock()

    def budget(self, numbers_at_once: Mapping[str, int]) -> Budget:
        """What the settings allow; of each kind of document, one look-up takes so many numbers."""
        most = self._limiter.most_a_minute()
        return Budget(most, most, None, numbers_at_once)

    def place(self) -> timedelta | RetryLater:
        """Keep a place for the next call, which follows at once: zero, or how long until there is one."""
        return self._limiter.keep("")

    def user_id(self) -> int | RetryLater:
        """The id of our user, by which what we have created is told from what others have."""
        session = self._logged_in()
        return session if isinstance(session, RetryLater) else session.user_id

    def records(
        self, model: str, domain: Sequence[object], fields: Sequence[str], context: Mapping[str, Any], *order: str
    ) -> list[wire.Element] | RetryLater:
        """The records of a model that fit, archived ones too, with these fields.

        Raises:
            SetupError: they cannot be read before a person acts.
        """
        ordered = [[name, "ASC"] for name in order or ("id",)]
        return self.read(model, "search_read", domain, 0, None, ordered, fields, {**context, "active_test": False})

    def read(self, model: str, method: str, *params: object) -> list[wire.Element] | RetryLater:
        """The records that a call answers which changes nothing.

        Raises:
            SetupError: as above.
        """
        answer = self.call(model, method, *params)
        if isinstance(answer, Refused):
            step = "Give the user the right to it in Tryton; then try again."
            raise SetupError(f"Tryton does not let {self._user} read {model}: {answer.message}", step)
        if isinstance(answer, OutcomeUnknown):
            return self.later(answer.reason)
        if isinstance(answer, RetryLater):
            return answer
        found = wire.elements(answer.value)
        if not isinstance(answer.value, list) or len(found) < len(answer.value):
            return self.later(f"Tryton's answer to a look at {model} is not whole.")
        return found

    def call(self, model: str, method: str, *params: object, not_after: datetime | None = None) -> Answer:
        """Call a method of a model, once. The last of the parameters is the context.

        Raises:
            SetupError: the call was refused and will be until a person acts; nothing happened.
        """
        content = wire.body(f"model.{model}.{method}", params)
        for is_last in (False, True):
            session = self._logged_in(not_after)
            if isinstance(session, RetryLater):
                return session
            reply = self._sent(content, session.header, not_after)
            if not isinstance(reply, Reply):
                return reply
            if reply.status != HTTPStatus.UNAUTHORIZED:
                return self._meaning(reply)
            self._forget(session)
            if is_last:
                break
        raise CredentialsError(f"Tryton does not keep {self._user} logged in", "Look at its log; then try again.")

    def later(self, reason: str) -> RetryLater:
        """The same may be asked again in a while."""
        return RetryLater(self._clock() + PAUSE, reason, whole_tenant=True)

    def _logged_in(self, not_after: datetime | None = None) -> Session | RetryLater:
        with self._lock:
            if self._session is None:
                made = self._login(not_after)
                if isinstance(made, RetryLater):
                    return made
                self._session = made
            return self._session

    def _forget(self, session: Session) -> None:
        with self._lock:
            if self._session == session:
                self._session = None

    def _login(self, not_after: datetime | None) -> Session | RetryLater:
        content = wire.body("common.db.login", [self._user, {"password": self._password}, _LANGUAGE])
        reply = self._sent(content, "", not_after)
        if not isinstance(reply, Reply):
            return self.later(reply.reason) if isinstance(reply, OutcomeUnknown) else reply
        if reply.status == HTTPStatus.UNAUTHORIZED:
            message = f"Tryton does not accept the password of {self._user}, or knows no such user"
            raise CredentialsError(message, "Correct the environment variables that the credentials name.")
        answer = self._meaning(reply)
        value = answer.value if isinstance(answer, Done) else None
        if not isinstance(value, list) or len(value) < len(("user", "token")) or not isinstance(value[0], int):
            reason = "Tryton's answer to the login is not whole."
            return self.later(reason) if not isinstance(answer, RetryLater) else answer
        signed = base64.b64encode(f"{self._user}:{value[0]}:{value[1]}".encode()).decode()
        return Session(value[0], f"Session {signed}")

    def _sent(self, content: bytes, signed: str, not_after: datetime | None) -> Reply | RetryLater | OutcomeUnknown:
        """One exchange, unless it is too late or one too many."""
        with self._limiter.permit("", not_after) as refused:
            if refused is not None:
                return refused
            now = self._clock()
            if not_after is not None and now > not_after:
                return RetryLater(now, "The time to send it was over before it could be sent.", whole_tenant=False)
            own = {**_HEADERS, "Authorization": signed} if signed else _HEADERS
            reply = self._transport.exchange("POST", self._url, own, content)
        if isinstance(reply, NotSent):
            return self.later(_sentence(reply.reason))
        if isinstance(reply, NoAnswer):
            return OutcomeUnknown(_sentence(reply.reason))
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            return self._limiter.refused(reply.headers)
        return reply

    def _meaning(self, reply: Reply) -> Answer:
        if reply.status == HTTPStatus.NOT_FOUND:
            raise SetupError("Tryton has no such database at this address", "Correct api_url or database.")
        if reply.status == HTTPStatus.FORBIDDEN:
            message = "Tryton does not know the calls that are made, or does not allow them"
            raise SetupError(message, "See that the module account_invoice is active, and give the user its rights.")
        value = exactjson.load(reply.body)
        if reply.status != HTTPStatus.OK or value is None:
            return OutcomeUnknown(_described(reply))
        if "error" in value:
            return _error(value["error"])
        return Done(value["result"]) if "result" in value else OutcomeUnknown("Tryton's answer is not whole.")


def _error(told: object) -> Refused | OutcomeUnknown:
    """What an error means. Only those that Tryton raises on purpose are refusals; others are its own failures."""
    kind, details = told if isinstance(told, list) and len(told) == len(("kind", "details")) else ("", "")
    parts = [str(part) for part in details if isinstance(part, str)] if isinstance(details, list) else []
    if kind == _USER_ERROR and parts:
        return Refused(_short(parts[0]))
    if kind == _USER_WARNING and len(parts) > 1:
        return Refused(_short(parts[1]), parts[0])
    return OutcomeUnknown(f"Tryton failed: {_short(str(kind))}", alone=True)


def _short(message: str) -> str:
    """A message without its end, where that is long: the names of all that is allowed instead."""
    line = " ".join(message.split())
    return line if len(line) <= LONGEST_MESSAGE else f"{line[:LONGEST_MESSAGE]} …"


def _described(reply: Reply) -> str:
    if reply.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return "Tryton is not available, or its database is locked."
    if reply.status == HTTPStatus.OK:
        return "Tryton's answer is not JSON."
    return f"Tryton answered with status {reply.status}."


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:] + "."
