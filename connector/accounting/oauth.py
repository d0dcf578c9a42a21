"""OAuth 2 client credentials: one access token in memory, renewed shortly before it ends.

The token and the secret live in this object only: neither is in a message, a repr or a log line.
"""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import quote, urlencode

from connector.accounting import exactjson
from connector.accounting.port import CredentialsError, RetryLater
from connector.net.errors import SetupError
from connector.net.http import NoAnswer, NotSent, Reply, Transport

RENEW_BEFORE = timedelta(seconds=60)
LATER = timedelta(seconds=30)
SHORTEST_LIFE = 1
LONGEST_LIFE = 24 * 3600
_OK = 200
_REFUSED = (400, 401, 403)
_TOO_MANY = 429
_BROKEN = 500


class TokenSource:
    """The access token of one client at one token address. Safe to use from several threads."""

    def __init__(
        self,
        transport: Transport,
        token_url: str,
        client: tuple[str, str],
        scopes: str,
        clock: Callable[[], datetime],
    ) -> None:
        """Args: `client`, the client id and its secret; `scopes`, parted by spaces; `clock`, the time in UTC."""
        self._transport = transport
        self._token_url = token_url
        self._client = client
        self._scopes = scopes
        self._clock = clock
        self._lock = Lock()
        self._token = ""
        self._until: datetime | None = None

    def token(self) -> str | RetryLater:
        """A token that is good for a minute or more, fetched when there is none.

        Raises:
            CredentialsError: the client id or secret is not accepted.
            SetupError: the token address gives no tokens.
        """
        with self._lock:
            now = self._clock()
            if self._until is not None and now < self._until - RENEW_BEFORE:
                return self._token
            return self._fetch()

    def forget(self, token: str) -> None:
        """The remote says that this token is no longer good: fetch another next time."""
        with self._lock:
            if token == self._token:
                self._token, self._until = "", None

    def _fetch(self) -> str | RetryLater:
        form = {"grant_type": "client_credentials", "scope": self._scopes}
        pair = ":".join(quote(part, safe="") for part in self._client)
        headers = {
            "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        reply = self._transport.exchange("POST", self._token_url, headers, urlencode(form).encode())
        if isinstance(reply, NotSent | NoAnswer):
            return self._later(f"No access token: {reply.reason}.")
        return self._read(reply)

    def _read(self, reply: Reply) -> str | RetryLater:
        if reply.status in _REFUSED:
            raise CredentialsError(*_refusal(reply))
        if reply.status == _TOO_MANY or reply.status >= _BROKEN:
            return self._later(f"No access token: the token address answered {reply.status}.")
        granted = (exactjson.load(reply.body) or {}) if reply.status == _OK else {}
        token, seconds = granted.get("access_token"), granted.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(seconds, int):
            message = f"The token address answered {reply.status} without an access token"
            raise SetupError(message, "Compare token_url with the accounting system's documentation.")
        self._token = token
        self._until = self._clock() + timedelta(seconds=min(max(seconds, SHORTEST_LIFE), LONGEST_LIFE))
        return token

    def _later(self, reason: str) -> RetryLater:
        return RetryLater(self._clock() + LATER, reason, whole_tenant=True)


def _refusal(reply: Reply) -> tuple[str, str]:
    """Message and next step. Only the error words of the OAuth standard are repeated; free text could echo a secret."""
    error = (exactjson.load(reply.body) or {}).get("error")
    if error == "invalid_scope":
        return (
            "The accounting system does not grant the access that is needed",
            "Grant the connection contacts, invoices and settings, then try again.",
        )
    if error == "unauthorized_client":
        return (
            "The client may not sign in without a person",
            "Create a custom connection for this organisation and use its client id and secret.",
        )
    return (
        "The accounting system does not accept the client id and secret",
        "Check both, and that the connection was not revoked; then try again.",
    )
