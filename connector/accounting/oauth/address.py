"""The address that gives access tokens: one POST, and what its answer means, whichever grant is asked for.

What a stranger would get wrong: of a refusal only the error words of the OAuth standard are looked at, because its free
text could echo a secret. Nothing is sent twice.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from connector.accounting import exactjson
from connector.accounting.answers import RetryLater
from connector.net.errors import SetupError
from connector.net.http import NoAnswer, NotSent, Transport

RENEW_BEFORE = timedelta(seconds=60)
LATER = timedelta(seconds=30)
_LONGEST_ACCESS = timedelta(hours=24)
_LONGEST_LIFE = timedelta(days=10 * 366)
_OK, _TOO_MANY, _BROKEN = 200, 429, 500
_REFUSED = (400, 401, 403)


@dataclass(frozen=True)
class Granted:
    """What the address has given. Its fields are in no repr.

    Attributes:
        access: the access token, never empty; good until `access_until`.
        fields: the answer as it came.
        at: when it came.
    """

    access: str = field(repr=False)
    access_until: datetime
    fields: Mapping[str, Any] = field(repr=False)
    at: datetime

    def text(self, name: str) -> str:
        """A text of the answer; empty where it has none of that name."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""

    def end(self, name: str) -> datetime | None:
        """When the seconds are over that the answer names; None where it names none."""
        seconds = _seconds(self.fields.get(name), _LONGEST_LIFE)
        return None if seconds is None else self.at + seconds


@dataclass(frozen=True)
class Refused:
    """The address does not accept what it was asked with; `error` is the standard's word for why, or another's."""

    error: str


class TokenAddress:
    """Where one client gets its tokens."""

    def __init__(
        self,
        transport: Transport,
        url: str,
        client: tuple[str, str],
        clock: Callable[[], datetime],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Args: `client`, its id and secret, the latter empty for a client that has none; `clock`, the time in UTC."""
        self._transport = transport
        self._url = url
        self._client = client
        self._clock = clock
        self._headers = dict(headers or {})

    def ask(self, form: Mapping[str, str]) -> Granted | Refused | RetryLater:
        """Ask once.

        Raises:
            SetupError: the address gives no tokens.
        """
        identity, secret = self._client
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            **self._headers,
        }
        if secret:
            pair = ":".join(quote(part, safe="") for part in self._client)
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form = {**form, "client_id": identity}
        reply = self._transport.exchange("POST", self._url, headers, urlencode(form).encode())
        if isinstance(reply, NotSent | NoAnswer):
            return self._later(f"No access token: {reply.reason}.")
        if reply.status == _TOO_MANY or reply.status >= _BROKEN:
            return self._later(f"No access token: the token address answered {reply.status}.")
        fields = exactjson.load(reply.body) or {}
        if reply.status in _REFUSED:
            return Refused(str(fields.get("error", "")))
        access, life = fields.get("access_token"), _seconds(fields.get("expires_in"), _LONGEST_ACCESS)
        if reply.status != _OK or not isinstance(access, str) or not access or life is None:
            message = f"The token address answered {reply.status} without an access token"
            raise SetupError(message, "Compare token_url with the accounting system's documentation.")
        now = self._clock()
        return Granted(access, now + life, fields, now)

    def _later(self, reason: str) -> RetryLater:
        return RetryLater(self._clock() + LATER, reason, whole_tenant=True)


def _seconds(value: object, longest: timedelta) -> timedelta | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return timedelta(seconds=min(max(value, 0), longest.total_seconds()))
