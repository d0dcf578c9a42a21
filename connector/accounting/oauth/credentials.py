"""Client credentials: one access token in memory, renewed shortly before it ends. No person has to agree.

The token and the secret live in this object only: neither is in a message, a repr or a log line.
"""

from collections.abc import Callable
from datetime import datetime
from threading import Lock

from connector.accounting.answers import CredentialsError, RetryLater
from connector.accounting.oauth.address import RENEW_BEFORE, Granted, Refused, TokenAddress
from connector.net.http import Transport


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
        self._address = TokenAddress(transport, token_url, client, clock)
        self._scopes = scopes
        self._clock = clock
        self._lock = Lock()
        self._held: Granted | None = None

    def token(self) -> str | RetryLater:
        """A token that is good for a minute or more, fetched when there is none.

        Raises:
            CredentialsError: the client id or secret is not accepted.
            SetupError: the token address gives no tokens.
        """
        with self._lock:
            if self._held is not None and self._clock() < self._held.access_until - RENEW_BEFORE:
                return self._held.access
            answer = self._address.ask({"grant_type": "client_credentials", "scope": self._scopes})
            if isinstance(answer, Refused):
                raise CredentialsError(*_refusal(answer.error))
            if isinstance(answer, RetryLater):
                return answer
            self._held = answer
            return answer.access

    def forget(self, token: str) -> None:
        """The remote says that this token is no longer good: fetch another next time."""
        with self._lock:
            if self._held is not None and token == self._held.access:
                self._held = None

    def consent(self) -> str:
        """Nothing: no person has agreed to this."""
        return ""


def _refusal(error: str) -> tuple[str, str]:
    """Message and next step."""
    if error == "invalid_scope":
        return (
            "The accounting system does not grant the access that is needed",
            "Grant the connection contacts, invoices and settings, then try again.",
        )
    if error == "unauthorized_client":
        return (
            "The client may not sign in without a person",
            "Use the id and secret of a custom connection, or write grant: code and connect it by consent.",
        )
    return (
        "The accounting system does not accept the client id and secret",
        "Check both, and that the connection was not revoked; then try again.",
    )
