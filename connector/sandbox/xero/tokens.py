"""Access tokens: minted for the sandbox's clients, checked on every call.

Owns ``/connect/token`` and the 401s. What a stranger would get wrong: there is no refresh token with
client_credentials; a client mints anew when its 30 minutes are over. Only a custom connection has that grant, and it
has no other.
"""

import base64
import binascii
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from connector.sandbox import dates, replies, store
from connector.sandbox.jsontext import Record
from connector.sandbox.replies import Reply, Request
from connector.sandbox.xero import consents, refusals
from connector.sandbox.xero.settings import TOKEN_LIFETIME_SECONDS, Switches

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105  # no secret: it opens invented books on this machine
ALL_SCOPES = "accounting.contacts accounting.invoices accounting.settings"


@dataclass(frozen=True, slots=True)
class Grant:
    """Who calls, and what for."""

    app: str
    scope: str


def mint(db: sqlite3.Connection, request: Request, switches: Switches) -> Reply:
    """A new bearer token for the right client, 401 for any other."""
    if request.method != "POST":
        return replies.plain(405, "POST is the way to a token")
    form = _form(request)
    client = _client(request, form)
    if not client:
        return replies.as_json(401, {"error": "invalid_client"})
    grant = form.get("grant_type", "")
    if grant not in ("client_credentials", "authorization_code", "refresh_token"):
        return replies.as_json(400, {"error": "unsupported_grant_type"})
    if (client == CLIENT_ID) != (grant == "client_credentials"):
        return replies.as_json(400, {"error": "unauthorized_client"})
    if grant == "client_credentials":
        return replies.as_json(200, _minted(db, form))
    code = grant == "authorization_code"
    made = consents.first(db, form, client) if code else consents.after(db, form, client, switches)
    return replies.as_json(400, {"error": "invalid_grant"}) if made is None else replies.as_json(200, made)


def revoke(db: sqlite3.Connection, request: Request) -> Reply:
    """Take back what a consent gave."""
    form = _form(request)
    client = _client(request, form)
    if request.method != "POST" or client not in consents.CLIENTS:
        return replies.as_json(401, {"error": "invalid_client"})
    return consents.revoked(db, form, client)


def _minted(db: sqlite3.Connection, form: Mapping[str, str]) -> Record:
    scope = " ".join(form.get("scope", "").split()) or ALL_SCOPES
    token = secrets.token_urlsafe(32)
    now = store.now_ms(db)
    db.execute("delete from tokens where expires_ms < ?", (now - 86_400_000,))
    db.execute("insert into tokens values (?, ?, ?, ?)", (token, CLIENT_ID, scope, now + TOKEN_LIFETIME_SECONDS * 1000))
    return {"access_token": token, "expires_in": TOKEN_LIFETIME_SECONDS, "token_type": "Bearer", "scope": scope}


def _form(request: Request) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}


def _client(request: Request, form: Mapping[str, str]) -> str:
    """Which client calls: by id and secret, or by the id alone of the one that has none; empty for any other."""
    authorization = request.header("authorization")
    if not authorization:
        return consents.PKCE_CLIENT_ID if form.get("client_id") == consents.PKCE_CLIENT_ID else ""
    scheme, _, encoded = authorization.partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return ""
    known = {CLIENT_ID: CLIENT_SECRET, consents.WEB_CLIENT_ID: consents.WEB_CLIENT_SECRET}
    for name, secret in known.items():
        if scheme.lower() == "basic" and secrets.compare_digest(given, f"{name}:{secret}".encode()):
            return name
    return ""


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
