"""A person's consent to an app of Xero: the page, the code with its proof, refresh tokens, and what they reach.

Owns the code flow and PKCE. What a stranger would get wrong: a refresh gives a new refresh token every time, and the
old one is still taken for half an hour, so that a lost reply loses nothing; and an app reaches the organisations that
were connected to it by whichever consent.
"""

import base64
import secrets
import sqlite3
from collections.abc import Iterable, Mapping
from hashlib import sha256
from urllib.parse import urlencode, urlsplit

from connector.sandbox import replies, store
from connector.sandbox.jsontext import Record
from connector.sandbox.replies import Reply, Request
from connector.sandbox.xero.settings import REFRESH_SECONDS, TOKEN_LIFETIME_SECONDS, Switches
from connector.sandbox.xero.tenants import Tenant

WEB_CLIENT_ID = "sandbox-web-client"
WEB_CLIENT_SECRET = "sandbox-web-secret"  # noqa: S105  # no secret: it opens invented books on this machine
PKCE_CLIENT_ID = "sandbox-pkce-client"
CLIENTS = (WEB_CLIENT_ID, PKCE_CLIENT_ID)
AUTHORIZE, REVOKE = "/identity/connect/authorize", "/connect/revocation"
LASTING = "offline_access"
_WRITABLE = ("contacts", "invoices", "payments", "settings", "transactions")
_SCOPES = {"openid", "profile", "email", LASTING, *(f"accounting.{one}" for one in _WRITABLE)}
_SCOPES |= {f"accounting.{one}.read" for one in _WRITABLE}
_CODE_SECONDS = 300
_DAY_MS = 86_400_000


def page(db: sqlite3.Connection, request: Request, tenants: Iterable[Tenant]) -> Reply:
    """What the vendor's page would do once the person has agreed: back to the app with a code.

    ``sandbox_organisation`` (codes of ours, parted by commas) chooses organisations, as the person would; all of them
    otherwise.
    """
    asked = request.query
    known = {tenant.code: tenant.tenant_id for tenant in tenants}
    chosen = [one for one in asked.get("sandbox_organisation", "").split(",") if one] or list(known)
    wrong = _wrong(asked)
    if not wrong and not set(chosen) <= set(known):
        wrong = f"there is no organisation {', '.join(sorted(set(chosen) - set(known)))}"
    if wrong:
        return replies.plain(400, wrong)
    now, client, redirect, code = store.now_ms(db), asked["client_id"], asked["redirect_uri"], secrets.token_urlsafe(24)
    for one in chosen:
        db.execute("insert or replace into xero_connections values (?, ?, ?)", (client, known[one], now))
    values = (code, client, asked["scope"], redirect, asked.get("code_challenge", ""), now + _CODE_SECONDS * 1000)
    db.execute("insert into xero_codes values (?, ?, ?, ?, ?, ?)", values)
    back = {"code": code, "scope": asked["scope"], "state": asked.get("state", ""), "session_state": "sandbox"}
    return Reply(302, headers=(("Location", f"{redirect}{'&' if '?' in redirect else '?'}{urlencode(back)}"),))


def _wrong(asked: Mapping[str, str]) -> str:
    """Why the vendor's page would show an error, or nothing."""
    to = urlsplit(asked.get("redirect_uri", ""))
    if asked.get("client_id") not in CLIENTS or asked.get("response_type") != "code":
        return "unauthorized_client: client_id or response_type is wrong"
    if to.scheme != "https" and (to.scheme, to.hostname) != ("http", "localhost"):
        return "invalid_request: redirect_uri must be https, or http to localhost"
    unknown = set(asked.get("scope", "").split()) - _SCOPES
    if unknown or not asked.get("scope"):
        return f"invalid_scope: {' '.join(sorted(unknown))}"
    challenge = asked.get("code_challenge", "")
    if challenge and asked.get("code_challenge_method") != "S256":
        return "invalid_request: code_challenge_method must be S256"
    if not challenge and asked["client_id"] == PKCE_CLIENT_ID:
        return "invalid_request: code challenge required"
    return ""


def first(db: sqlite3.Connection, form: Mapping[str, str], client: str) -> Record | None:
    """The tokens of a code, which is good once, for its client, its redirect and whoever can show the verifier."""
    sql = "delete from xero_codes where code = ? returning client, scope, redirect, challenge, expires_ms"
    row = db.execute(sql, (form.get("code", ""),)).fetchone()
    if row is None or row[0] != client or row[2] != form.get("redirect_uri") or row[4] <= store.now_ms(db):
        return None
    shown = base64.urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
    if row[3] and not secrets.compare_digest(row[3], shown):
        return None
    return _issued(db, client, row[1])


def after(db: sqlite3.Connection, form: Mapping[str, str], client: str, switches: Switches) -> Record | None:
    """The tokens after a refresh token; it ends after 60 days unused, or half an hour after its successor was given."""
    now, token = store.now_ms(db), form.get("refresh_token", "")
    sql = "select scope, expires_ms, replaced_ms from xero_refresh_tokens where token = ? and client = ?"
    row = db.execute(sql, (token, client)).fetchone()
    if row is None or row[1] <= now:
        return None
    if row[2] and row[2] + switches.refresh_grace_seconds * 1000 <= now:
        return None
    db.execute("update xero_refresh_tokens set replaced_ms = ? where token = ? and replaced_ms = 0", (now, token))
    return _issued(db, client, row[0])


def _issued(db: sqlite3.Connection, client: str, scope: str) -> Record:
    now, access = store.now_ms(db), secrets.token_urlsafe(48)
    db.execute("delete from tokens where expires_ms < ?", (now - _DAY_MS,))
    db.execute("insert into tokens values (?, ?, ?, ?)", (access, client, scope, now + TOKEN_LIFETIME_SECONDS * 1000))
    made: Record = {
        "access_token": access,
        "expires_in": TOKEN_LIFETIME_SECONDS,
        "token_type": "Bearer",
        "scope": scope,
    }
    if LASTING in scope.split():
        refresh = secrets.token_urlsafe(32)
        values = (refresh, client, scope, now + REFRESH_SECONDS * 1000, 0)
        db.execute("insert into xero_refresh_tokens values (?, ?, ?, ?, ?)", values)
        made["refresh_token"] = refresh
    return made


def revoked(db: sqlite3.Connection, form: Mapping[str, str], client: str) -> Reply:
    """An app lets go of all that it was let into."""
    sql = "select 1 from xero_refresh_tokens where token = ? and client = ?"
    if db.execute(sql, (form.get("token", ""), client)).fetchone() is None:
        return replies.as_json(400, {"error": "invalid_request"})
    for statement in (
        "delete from xero_refresh_tokens where client = ?",
        "delete from xero_connections where client = ?",
        "delete from tokens where app = ?",
    ):
        db.execute(statement, (client,))
    return Reply(200)


def reached(db: sqlite3.Connection, app: str, tenants: Iterable[Tenant]) -> list[Tenant]:
    """The organisations that an app reaches: a custom connection all, another those that were connected to it."""
    if app not in CLIENTS:
        return list(tenants)
    rows = db.execute("select tenant from xero_connections where client = ?", (app,)).fetchall()
    ours = {str(tenant) for (tenant,) in rows}
    return [tenant for tenant in tenants if tenant.tenant_id in ours]
