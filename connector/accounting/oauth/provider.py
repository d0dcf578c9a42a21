"""What tells one accounting system's consent from another's: addresses, scopes, and how the organisation is told.

A stranger's trap: an attempt to connect has a secret word that the answer must repeat, and where the system takes it a
second one that only whoever asked can show later (PKCE): the page that a person opens holds its digest alone.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlencode

from connector.accounting.answers import RetryLater
from connector.net.http import Transport


@dataclass(frozen=True)
class Organisation:
    """An organisation that a person has let the connector into; `name` is empty where only its id is told."""

    id: str
    name: str = ""

    def __str__(self) -> str:
        """Its name and id, neither longer than a line takes."""
        return f"{self.name[:60]} ({self.id[:40]})" if self.name else self.id[:40]


# Reads the organisations that an access token reaches; it gets the token and the time in UTC.
Listed = Callable[[Transport, str, Callable[[], datetime]], tuple[Organisation, ...] | RetryLater]


@dataclass(frozen=True)
class Attempt:
    """The secrets of one attempt to connect; they are in no repr.

    Attributes:
        state: the word that the answer repeats.
        verifier: 43 to 128 unreserved characters, shown when the code is exchanged.
    """

    state: str = field(repr=False)
    verifier: str = field(repr=False)

    @property
    def challenge(self) -> str:
        """The digest of the verifier, as the method S256 writes it."""
        return base64.urlsafe_b64encode(sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True)
class Provider:
    """Where and how consent is asked for.

    Attributes:
        name: the accounting system, for people.
        authorize_url: the page on which a person agrees.
        token_url: where codes and refresh tokens are exchanged.
        redirect_uri: where the page sends the person back to.
        client: the client id and its secret; the secret is empty for an app that has none.
        scopes: what is asked for, parted by spaces.
        needed: which of those must be granted.
        again: the command that connects anew.
        headers: what a call to `token_url` carries besides.
        proves: whether the code is exchanged with the proof that it was asked for here (PKCE).
        tenant_in: what the organisation's id is called in the answer; empty where the answer does not tell it.
        listed: how the organisations are read where the answer does not tell.
        refresh_life: how long a refresh token is good where the token address does not say.
    """

    name: str
    authorize_url: str
    token_url: str
    redirect_uri: str
    client: tuple[str, str] = field(repr=False)
    scopes: str
    again: str
    needed: frozenset[str] = frozenset()
    headers: Mapping[str, str] = field(default_factory=dict)
    proves: bool = False
    tenant_in: str = ""
    listed: Listed | None = None
    refresh_life: timedelta | None = None

    def page(self, attempt: Attempt) -> str:
        """The address that a person opens to agree."""
        asked = {
            "client_id": self.client[0],
            "response_type": "code",
            "scope": self.scopes,
            "redirect_uri": self.redirect_uri,
            "state": attempt.state,
        }
        if self.proves:
            asked |= {"code_challenge": attempt.challenge, "code_challenge_method": "S256"}
        return f"{self.authorize_url}?{urlencode(asked)}"
