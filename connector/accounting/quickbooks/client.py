"""Calls to one QuickBooks company: token, permit, deadline, and what each status means.

What a stranger would get wrong: a call is sent a second time only after a 401, which says that the first was not
carried out; and a batch has a limit of its own, far below that of calls.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from connector.accounting.answers import Budget, CredentialsError, NumberTaken, OutcomeUnknown, Rejected, RetryLater
from connector.accounting.limits import Limiter
from connector.accounting.oauth.consent import ConsentTokens
from connector.accounting.quickbooks import answers
from connector.net.errors import SetupError
from connector.net.http import NoAnswer, NotSent, Reply, Transport

MINOR_VERSION = "75"
BATCH = "batch"
PAUSE = timedelta(seconds=30)

Element = dict[str, Any]
Written = Element | Rejected | NumberTaken | RetryLater | OutcomeUnknown


class Client:
    """The interface of one company. Safe to use from several threads."""

    def __init__(
        self,
        api_url: str,
        realm: str,
        transport: Transport,
        tokens: ConsentTokens,
        limiter: Limiter,
        clock: Callable[[], datetime],
    ) -> None:
        self._root = f"{api_url.rstrip('/')}/v3/company/{realm}"
        self._transport = transport
        self._tokens = tokens
        self._limiter = limiter
        self._clock = clock

    def now(self) -> datetime:
        """The time in UTC."""
        return self._clock()

    def consent(self) -> str:
        """What was agreed to and until when, in words; empty before the first call."""
        return self._tokens.consent()

    def budget(self, numbers_at_once: Mapping[str, int]) -> Budget:
        """What the limits allow; of each kind of document, one look-up takes so many numbers."""
        most = self._limiter.most_a_minute
        return Budget(most(), most(BATCH), self._limiter.left_today, numbers_at_once)

    def place(self) -> timedelta | RetryLater:
        """Keep a place for the next batch, which follows at once: zero, or how long until there is one."""
        return self._limiter.keep(BATCH)

    def query(self, words: str, entity: str) -> list[Element] | RetryLater:
        """The objects that a question finds.

        Raises:
            SetupError: the company cannot be read before a person acts.
        """
        answer = self._answer("GET", "query", {"query": words}, b"", None)
        if isinstance(answer, RetryLater):
            return answer
        if isinstance(answer, Rejected):
            raise SetupError(answer.reason.rstrip("."), answer.next_step)
        if not isinstance(answer, dict):
            return self._later(answer.reason)
        found = answer.get("QueryResponse")
        listed = found.get(entity, []) if isinstance(found, dict) else None
        if not isinstance(listed, list):
            return self._later("QuickBooks' answer to a question is not whole.")
        return [one for one in listed if isinstance(one, dict)]

    def changes(self, entities: Sequence[str], since: str) -> dict[str, list[Element]] | RetryLater | None:
        """The objects of each of these entities that are told to have changed since a moment, deleted ones too.

        None where that is refused, as it is for a moment too long ago.
        """
        query = {"entities": ",".join(entities), "changedSince": since}
        answer = self._answer("GET", "cdc", query, b"", None)
        if isinstance(answer, RetryLater):
            return answer
        if isinstance(answer, Rejected):
            return None
        told = answer.get("CDCResponse") if isinstance(answer, dict) else None
        parts = told[0].get("QueryResponse") if isinstance(told, list) and told and isinstance(told[0], dict) else None
        if not isinstance(parts, list) or not all(isinstance(one, dict) for one in parts):
            return self._later("QuickBooks' answer to a look at what has changed is not whole.")
        found: dict[str, list[Element]] = {}
        for part in parts:
            for entity in entities:
                listed = part.get(entity, [])
                found.setdefault(entity, []).extend(one for one in listed if isinstance(one, dict))
        return found

    def object(self, path: str, entity: str) -> Element | RetryLater | None:
        """One object by its address, such as `customer/7`, as soon as it is there; None when there is none.

        Raises:
            SetupError: the company cannot be read before a person acts.
        """
        answer = self._answer("GET", path, {}, b"", None)
        if isinstance(answer, RetryLater):
            return answer
        if isinstance(answer, Rejected):
            return None
        found = answer.get(entity) if isinstance(answer, dict) else None
        return found if isinstance(found, dict) else self._later("QuickBooks' answer on an object is not whole.")

    def batch(self, body: bytes, request_id: str, not_after: datetime) -> Written:
        """POST a batch once, with a request id of at most 36 characters, unless it is later than `not_after`.

        Raises:
            SetupError: the call was refused and will be until a person acts; nothing happened.
        """
        return self._answer("POST", BATCH, {"requestid": request_id}, body, not_after)

    def _answer(
        self, method: str, path: str, query: Mapping[str, str], body: bytes, not_after: datetime | None
    ) -> Written:
        target = f"{self._root}/{path}?{urlencode({'minorversion': MINOR_VERSION, **query})}"
        answer = self._once(method, target, body, not_after)
        if isinstance(answer, answers.TokenExpired):
            answer = self._once(method, target, body, not_after)
        if isinstance(answer, answers.TokenExpired):
            message = "QuickBooks does not accept the access token"
            raise CredentialsError(message, "Check that the connection was not revoked; then try again.")
        return answer

    def _once(
        self, method: str, target: str, body: bytes, not_after: datetime | None
    ) -> Written | answers.TokenExpired:
        token = self._tokens.token()
        if isinstance(token, RetryLater):
            return token
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "User-Agent": "partner-billing-connector",
            **({"Content-Type": "application/json"} if body else {}),
        }
        with self._limiter.permit(BATCH if body else "", not_after) as refused:
            if refused is not None:
                return refused
            now = self._clock()
            if not_after is not None and now > not_after:
                return RetryLater(now, "The time to send it was over before it could be sent.", whole_tenant=False)
            reply = self._transport.exchange(method, target, headers, body or None)
        read = self._read(reply)
        if isinstance(read, answers.TokenExpired):
            self._tokens.forget(token)
        elif isinstance(read, RetryLater) and read.whole_tenant and isinstance(reply, Reply):
            self._limiter.hold(read)
        return read

    def _read(self, reply: Reply | NotSent | NoAnswer) -> Written | answers.TokenExpired:
        if isinstance(reply, NotSent):
            return self._later(_sentence(reply.reason))
        if isinstance(reply, NoAnswer):
            return OutcomeUnknown(_sentence(reply.reason))
        if reply.status == HTTPStatus.NOT_FOUND:
            message = "The address is not that of QuickBooks' accounting interface"
            raise SetupError(message, "Correct api_url of the tenant.")
        return answers.of_write(reply.status, reply.headers, reply.body, self._clock())

    def _later(self, reason: str) -> RetryLater:
        return RetryLater(self._clock() + PAUSE, reason, whole_tenant=True)


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:] + "."
