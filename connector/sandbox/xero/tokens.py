"""Access tokens: minted for the sandbox's one client, checked on every call.

Owns ``/connect/token`` and the 401s. What a stranger would get wrong: there is no refresh token with
client_credentials; a client mints anew when its 30 minutes are over.
"""

import base64
import binascii
import secrets
import sqlite3
from dataclasses import dataclass
from urllib.parse import parse_qs

from connector.sandbox import dates, replies, store
from connector.sandbox.replies import Reply, Request
from connector.sandbox.xero import refusals
from connector.sandbox.xero.settings import TOKEN_LIFETIME_SECONDS

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105  # no secret: it opens invented books on this machine
ALL_SCOPES = "accounting.contacts accounting.invoices accounting.settings"


@dataclass(frozen=True, slots=True)
class Grant:
    """Who calls, and what for."""

    app: str
    scope: str


def mint(db: sqlite3.Connection, request: Request) -> Reply:
    """A new bearer token for the right client, 401 for any other."""
    if request.method != "POST":
        return replies.plain(405, "POST is the way to a token")
    if not _is_client(request.header("authorization")):
        return replies.as_json(401, {"error": "invalid_client"})
    form = parse_qs(request.body.decode("utf-8", "replace"))
    if form.get("grant_type") != ["client_credentials"]:
        return replies.as_json(400, {"error": "unsupported_grant_type"})
    scope = " ".join(form.get("scope", [""])[0].split()) or ALL_SCOPES
    token = secrets.token_urlsafe(32)
    now = store.now_ms(db)
    db.execute("delete from tokens where expires_ms < ?", (now - 86_400_000,))
    db.execute("insert into tokens values (?, ?, ?, ?)", (token, CLIENT_ID, scope, now + TOKEN_LIFETIME_SECONDS * 1000))
    body = {"access_token": token, "expires_in": TOKEN_LIFETIME_SECONDS, "token_type": "Bearer", "scope": scope}
    return replies.as_json(200, body)


def _is_client(authorization: str) -> bool:
    scheme, _, encoded = authorization.partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return False
    return scheme.lower() == "basic" and secrets.compare_digest(given, f"{CLIENT_ID}:{CLIENT_SECRET}".encode())


def check(db: sqlite3.Connection, request: Request) -> Grant | Reply:
    """Whose token the call carries, or the 401."""
    scheme, _, token = request.header("authorization").partition(" ")
    row = db.execute("select app, scope, expires_ms from tokens where token = ?", (token.strip(),)).fetchone()
    if scheme.lower() != "bearer" or row is None:
        return refusals.unauthorized("AuthenticationUnsuccessful", request.path)
    app, scope, expires_ms = row
    if expires_ms <= store.now_ms(db):
        return expired(expires_ms, request.path)
    return Grant(app, scope)


def expired(at_ms: int, path: str) -> Reply:
    """The 401 of a token whose time is over."""
    return refusals.unauthorized(f"TokenExpired: token expired at {dates.instant(at_ms):%m/%d/%Y %H:%M:%S}", path)
