"""Idempotency keys: the first reply to a key is the reply to all its repetitions.

Owns the key's checks and its six minutes. What a stranger would get wrong: keys belong to the app, not to the tenant,
an internal error is replayed like any other reply, and after six minutes the same key does the work again.
"""

import hashlib
import sqlite3

from connector.sandbox import store
from connector.sandbox.replies import Reply, Request
from connector.sandbox.xero import refusals
from connector.sandbox.xero.settings import KEY_LIFETIME_SECONDS

HEADER = "idempotency-key"
LONGEST = 128


def refused(request: Request) -> Reply | None:
    """The 400 for a key that is empty or too long."""
    if HEADER not in request.headers or request.method not in ("PUT", "POST"):
        return None
    key = request.header(HEADER).strip()
    if key and len(key) <= LONGEST:
        return None
    words = f"Idempotency Key: it must have 1 to {LONGEST} characters"
    return refusals.problem(400, "Bad Request", words, request.path)


def key_of(request: Request) -> str:
    """The key that counts for this call, or nothing."""
    return request.header(HEADER).strip() if request.method in ("PUT", "POST") else ""


def recall(db: sqlite3.Connection, app: str, request: Request) -> Reply | None:
    """The reply already given to this key, the 400 of its misuse, or ``None`` for a new key."""
    dead_ms = store.now_ms(db) - KEY_LIFETIME_SECONDS * 1000
    db.execute("delete from keys where app = ? and first_ms <= ?", (app, dead_ms))
    sql = "select fingerprint, status, content_type, body from keys where app = ? and key = ?"
    row = db.execute(sql, (app, key_of(request))).fetchone()
    if row is None:
        return None
    fingerprint, status, content_type, body = row
    if fingerprint != _fingerprint(request):
        words = f"Idempotency Key: {key_of(request)} is used with a different request."
        return refusals.problem(400, "Bad Request", words, request.path)
    return Reply(status, body, content_type)


def remember(db: sqlite3.Connection, app: str, request: Request, first_ms: int, reply: Reply) -> None:
    """Keep the reply; belongs into the transaction of the work itself."""
    values = (app, key_of(request), _fingerprint(request), first_ms, reply.status, reply.content_type, reply.body)
    db.execute("insert or replace into keys values (?, ?, ?, ?, ?, ?, ?)", values)


def _fingerprint(request: Request) -> str:
    digest = hashlib.sha256(request.body).hexdigest()
    return f"{request.method} {request.target} {digest}"
