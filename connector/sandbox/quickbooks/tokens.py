"""Consent, access tokens, refresh tokens that rotate, and their end after five years.

Owns OAuth. What a stranger would get wrong: there is no client_credentials flow; a refresh gives the same refresh token
for a day and then a new one, after which the old one is dead; nothing keeps a consent alive beyond five years.
"""

import base64
import binascii
import secrets
import sqlite3
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from connector.sandbox import jsontext, replies, store
from connector.sandbox.quickbooks import errors
from connector.sandbox.quickbooks.companies import Company
from connector.sandbox.quickbooks.settings import ACCESS_SECONDS, HARD_SECONDS, REFRESH_SECONDS, Switches
from connector.sandbox.replies import Reply, Request

CLIENT_ID = "sandbox-quickbooks-client"
CLIENT_SECRET = "sandbox-quickbooks-secret"  # noqa: S105  # no secret: it opens invented books on this machine
SCOPE = "com.intuit.quickbooks.accounting"
BEARER, REVOKE = "/oauth2/v1/tokens/bearer", "/v2/oauth2/tokens/revoke"
AUTHORIZE, DISCOVERY = "/connect/oauth2", "/.well-known/openid_configuration"
PATHS = (BEARER, REVOKE, AUTHORIZE, DISCOVERY)
HARD_HEADER = "x-include-refresh-token-hard-expires-in"
_CODE_SECONDS = 300
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class _Refresh:
    token: str
    realm: str
    scope: str
    issued_ms: int
    expires_ms: int
    hard_ms: int


def answer(db: sqlite3.Connection, request: Request, companies: dict[str, Company], switches: Switches) -> Reply:
    """The reply to a call that is about tokens."""
    if request.path.rstrip("/") == DISCOVERY:
        return _discovery(request)
    if request.path == AUTHORIZE:
        return _consent(db, request, companies, switches)
    if request.method != "POST":
        return replies.plain(405, f"{request.method} is not allowed here")
    if not _is_client(request.header("authorization")):
        return replies.as_json(401, {"error": "invalid_client"})
    return _mint(db, request, switches) if request.path == BEARER else _revoke(db, request)


def _discovery(request: Request) -> Reply:
    root = f"http://{request.header('host')}"
    found = {
        "issuer": f"{root}/op/v1",
        "authorization_endpoint": f"{root}{AUTHORIZE}",
        "token_endpoint": f"{root}{BEARER}",
        "revocation_endpoint": f"{root}{REVOKE}",
        "userinfo_endpoint": f"{root}/v1/openid_connect/userinfo",
        "jwks_uri": f"{root}/op/v1/jwks",
        "response_types_supported": ["code"],
        "scopes_supported": [SCOPE],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    }
    return replies.as_json(200, found)


def _consent(db: sqlite3.Connection, request: Request, companies: dict[str, Company], switches: Switches) -> Reply:
    """What the vendor's page would do once the person has agreed: back to the app with a code and the company's id.

    ``sandbox_company`` (a code of ours) chooses the company, as the person would; the first one otherwise.
    """
    asked = request.query
    redirect = asked.get("redirect_uri", "")
    if asked.get("client_id") != CLIENT_ID or asked.get("response_type") != "code" or not redirect:
        return replies.plain(400, "client_id, response_type or redirect_uri is wrong")
    if switches.redirect_https_only and urlsplit(redirect).scheme != "https":
        return replies.plain(400, "The redirect_uri query parameter value is invalid: it must be https")
    chosen = asked.get("sandbox_company", "")
    company = next((one for one in companies.values() if chosen in ("", one.code)), None)
    if company is None:
        return replies.plain(400, f"there is no company {chosen}")
    code = secrets.token_urlsafe(24)
    values = (code, company.realm, asked.get("scope", ""), redirect, store.now_ms(db) + _CODE_SECONDS * 1000)
    db.execute("insert into codes values (?, ?, ?, ?, ?)", values)
    back = {"code": code, "state": asked.get("state", ""), "realmId": company.realm}
    return Reply(302, headers=(("Location", f"{redirect}{'&' if '?' in redirect else '?'}{urlencode(back)}"),))


def _is_client(authorization: str) -> bool:
    scheme, _, encoded = authorization.partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return False
    return scheme.lower() == "basic" and secrets.compare_digest(given, f"{CLIENT_ID}:{CLIENT_SECRET}".encode())


def _mint(db: sqlite3.Connection, request: Request, switches: Switches) -> Reply:
    form = {name: values[-1] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
    now = store.now_ms(db)
    if form.get("grant_type") == "authorization_code":
        held = _first(db, form, now)
    elif form.get("grant_type") == "refresh_token":
        held = _next(db, form.get("refresh_token", ""), now, switches)
    else:
        return replies.as_json(400, {"error": "unsupported_grant_type"})
    if held is None:
        return replies.as_json(400, {"error": "invalid_grant", "error_description": "Incorrect or invalid token"})
    access = secrets.token_urlsafe(48)
    db.execute("delete from tokens where expires_ms < ?", (now - _DAY_MS,))
    values = (access, f"quickbooks {held.realm}", held.scope, now + ACCESS_SECONDS * 1000)
    db.execute("insert into tokens values (?, ?, ?, ?)", values)
    body: jsontext.Record = {
        "token_type": "bearer",
        "access_token": access,
        "expires_in": ACCESS_SECONDS,
        "refresh_token": held.token,
        "x_refresh_token_expires_in": (held.expires_ms - now) // 1000,
    }
    if request.header(HARD_HEADER).lower() == "true":
        body["x_refresh_token_hard_expires_in"] = (held.hard_ms - now) // 1000
    return replies.as_json(200, body)


def _first(db: sqlite3.Connection, form: dict[str, str], now: int) -> _Refresh | None:
    """The refresh token of a new consent; a code is good once."""
    sql = "delete from codes where code = ? returning realm, scope, redirect, expires_ms"
    row = db.execute(sql, (form.get("code", ""),)).fetchone()
    if row is None or row[2] != form.get("redirect_uri") or row[3] <= now:
        return None
    return _issue(db, row[0], row[1], now, now + HARD_SECONDS * 1000)


def _issue(db: sqlite3.Connection, realm: str, scope: str, now: int, hard_ms: int) -> _Refresh:
    expires = min(now + REFRESH_SECONDS * 1000, hard_ms)
    made = _Refresh(secrets.token_urlsafe(32), realm, scope, now, expires, hard_ms)
    values = (made.token, realm, scope, now, expires, hard_ms)
    db.execute("insert into refresh_tokens values (?, ?, ?, ?, ?, ?)", values)
    return made


def _next(db: sqlite3.Connection, token: str, now: int, switches: Switches) -> _Refresh | None:
    """The refresh token after this one: itself for a day, then a new one, and its own end draws near."""
    columns = "token, realm, scope, issued_ms, expires_ms, hard_ms"
    row = db.execute(f"select {columns} from refresh_tokens where token = ?", (token,)).fetchone()  # noqa: S608  # names of ours
    held = None if row is None else _Refresh(*row)
    if held is None or min(held.expires_ms, held.hard_ms) <= now:
        return None
    if held.issued_ms + switches.refresh_rotates_after_seconds * 1000 > now:
        expires = min(now + REFRESH_SECONDS * 1000, held.hard_ms)
        db.execute("update refresh_tokens set expires_ms = ? where token = ?", (expires, token))
        return _Refresh(token, held.realm, held.scope, held.issued_ms, expires, held.hard_ms)
    end = min(held.expires_ms, now + switches.old_refresh_grace_seconds * 1000)
    db.execute("update refresh_tokens set expires_ms = ? where token = ?", (end, token))
    return _issue(db, held.realm, held.scope, now, held.hard_ms)


def _revoke(db: sqlite3.Connection, request: Request) -> Reply:
    try:
        token = jsontext.text(jsontext.as_record(jsontext.read(request.body)) or {}, "token")
    except jsontext.NotJsonError:
        token = parse_qs(request.body.decode("utf-8", "replace")).get("token", [""])[0]
    row = db.execute("select realm from refresh_tokens where token = ?", (token,)).fetchone()
    owner = db.execute("select app from tokens where token = ?", (token,)).fetchone()
    if row is None and owner is None:
        return replies.as_json(400, {"error": "invalid_request"})
    realm = row[0] if row else str(owner[0]).removeprefix("quickbooks ")
    db.execute("delete from refresh_tokens where realm = ?", (realm,))
    db.execute("delete from tokens where app = ?", (f"quickbooks {realm}",))
    return Reply(200)


def check(db: sqlite3.Connection, request: Request, realm: str) -> Reply | None:
    """The 401 or 403 of a call whose token does not open the company."""
    now = store.now_ms(db)
    scheme, _, token = request.header("authorization").partition(" ")
    row = db.execute("select app, scope, expires_ms from tokens where token = ?", (token.strip(),)).fetchone()
    if scheme.lower() != "bearer" or row is None or not str(row[0]).startswith("quickbooks "):
        return errors.unauthenticated("Token invalid", now)
    if row[2] <= now:
        return expired(now)
    if row[0] != f"quickbooks {realm}" or SCOPE not in row[1].split():
        return errors.unauthorised(now)
    return None


def expired(now_ms: int) -> Reply:
    """The 401 of a token whose hour is over."""
    return errors.unauthenticated("Token expired: AB01sandbox", now_ms)
