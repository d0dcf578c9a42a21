"""What can be set: limits and switches, each with its default.

Owns their names. What a stranger would get wrong: a switch is not a feature flag but a question about the real Xero
that no one has answered (UNCONFIRMED), or a strictness the real service lacks; a client must work both ways.
"""

import sqlite3
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from connector.sandbox import store
from connector.sandbox.jsontext import Record
from connector.sandbox.settings import BODY_LIMIT_BYTES, MARGIN_SECONDS, as_record

KEY_LIFETIME_SECONDS = 360
TOKEN_LIFETIME_SECONDS = 1800
REFRESH_SECONDS = 60 * 86_400
LIMITS, SWITCHES = "limits", "switches"


@dataclass(frozen=True, slots=True)
class Limits:
    """How often and how much at once; counted per app, the first three also per tenant."""

    minute: int = 60
    day: int = 5000
    concurrent: int = 5
    app_minute: int = 10_000


@dataclass(frozen=True, slots=True)
class Switches:
    """Open questions about the real service, and how this sandbox answers them today.

    Attributes:
        strict_fields: unknown JSON fields, wrong JSON types and unknown query parameters are refused with 400; the
            real service mostly ignores them.
        reuse_voided_numbers: a VOIDED document's number may be given again (UNCONFIRMED).
        reuse_deleted_numbers: a DELETED document's number may be given again (UNCONFIRMED).
        concurrent_same_key: ``conflict`` answers 409 while the first call with the key runs; ``wait`` waits and
            replays (UNCONFIRMED).
        concurrent_header: the X-Rate-Limit-Problem value of a concurrency refusal (UNCONFIRMED).
        rate_window: ``rolling`` 60 s and 24 h, or ``fixed`` windows starting at a moment of each tenant's own.
        element_order: order of a bulk reply: ``request`` or ``reversed`` (UNCONFIRMED).
        description_limit: longest line description, 0 for none (UNCONFIRMED).
        line_rounding: ``half_up`` or ``half_even`` for quantity times unit amount (UNCONFIRMED).
        tenant_header_required: whether xero-tenant-id may be left out (UNCONFIRMED for custom connections).
        accept_header_required: refuse calls that do not ask for JSON; the real service answers those in XML.
        check_scopes: a token without the endpoint's scope is refused.
        refresh_grace_seconds: how long a refresh token is taken after its successor was given.
        lock_date_inclusive: the lock date itself is locked.
        negative_totals_refused: a document below zero is refused.
        malformed_error_number: ErrorNumber of a body that cannot be read (UNCONFIRMED).
        no_data_error_number: ErrorNumber of a body without elements (UNCONFIRMED).
        url_limit: longest request target in characters, 0 for none.
        late_commit_seconds: how long after a dropped connection its work may still be done.
        search_lag_seconds: how long a new document is missing from lists (not from a GET by its id).
        latency_ms_per_call: time a call takes (UNCONFIRMED).
        latency_ms_per_element: time each element of a bulk call adds (UNCONFIRMED).
    """

    strict_fields: bool = True
    reuse_voided_numbers: bool = False
    reuse_deleted_numbers: bool = True
    concurrent_same_key: Literal["conflict", "wait"] = "conflict"
    concurrent_header: str = "concurrent"
    rate_window: Literal["rolling", "fixed"] = "rolling"
    element_order: Literal["request", "reversed"] = "request"
    description_limit: int = 4000
    line_rounding: Literal["half_up", "half_even"] = "half_up"
    tenant_header_required: bool = True
    accept_header_required: bool = True
    check_scopes: bool = True
    refresh_grace_seconds: int = 1800
    lock_date_inclusive: bool = True
    negative_totals_refused: bool = True
    malformed_error_number: int = 14
    no_data_error_number: int = 17
    url_limit: int = 2048
    late_commit_seconds: Decimal = Decimal(2)
    search_lag_seconds: Decimal = Decimal(0)
    latency_ms_per_call: int = 0
    latency_ms_per_element: int = 0

    @property
    def quiet_seconds(self) -> Decimal:
        """How long a client must wait after an unanswered call before absence means absence."""
        return self.late_commit_seconds + self.search_lag_seconds + MARGIN_SECONDS


def limits(db: sqlite3.Connection) -> Limits:
    """The limits in force."""
    return store.settings_in_force(db, LIMITS, Limits())


def switches(db: sqlite3.Connection) -> Switches:
    """The switches in force."""
    return store.settings_in_force(db, SWITCHES, Switches())


def declaration(db: sqlite3.Connection) -> Record:
    """What an adapter must assume of this service: its quiet period, key lifetime, limits and switches."""
    held = switches(db)
    return {
        "quiet_seconds": held.quiet_seconds,
        "late_commit_seconds": held.late_commit_seconds,
        "search_lag_seconds": held.search_lag_seconds,
        "key_lifetime_seconds": KEY_LIFETIME_SECONDS,
        "token_lifetime_seconds": TOKEN_LIFETIME_SECONDS,
        "body_limit_bytes": BODY_LIMIT_BYTES,
        "limits": as_record(limits(db)),
        "switches": as_record(held),
    }
