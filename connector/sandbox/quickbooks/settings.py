"""What can be set: limits and switches, each with its default.

Owns their names. What a stranger would get wrong: a switch is not a feature flag but a question about the real
QuickBooks that no one has answered (UNCONFIRMED), a setting of the company, or a strictness the real service lacks; a
client must work both ways.
"""

import sqlite3
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from connector.sandbox import store
from connector.sandbox.jsontext import Record
from connector.sandbox.settings import MARGIN_SECONDS, as_record

ACCESS_SECONDS = 3600
REFRESH_SECONDS = 100 * 86_400
HARD_SECONDS = 5 * 365 * 86_400
LIMITS, SWITCHES = "quickbooks limits", "quickbooks switches"


@dataclass(frozen=True, slots=True)
class Limits:
    """How often and how much at once.

    Attributes:
        second: calls in a second, of a company and app (or at once: switch ``second_limit``).
        minute: calls in a minute, of a company; a batch is one call, unless the switch ``batch_items_count`` says else.
        batch_minute: batches in a minute, of a company and app.
        batch_minute_realm: batches in a minute, of a company over all apps.
        batch_items: most items in a batch.
        reads_month: reads, queries and change requests in a calendar month.
    """

    second: int = 10
    minute: int = 500
    batch_minute: int = 40
    batch_minute_realm: int = 120
    batch_items: int = 30
    reads_month: int = 500_000


@dataclass(frozen=True, slots=True)
class Switches:
    """Open questions about the real service, and how this sandbox answers them today.

    Attributes:
        strict_fields: unknown properties are refused with 2010, as the real service does.
        minorversion_required: a call without ``minorversion=75`` is refused; the real service answers it all the same.
        accept_header_required: a call that does not ask for JSON is refused; the real service answers those in XML.
        duplicate_numbers: a DocNumber that is in use is allowed, or refused with 6140 (the company's own warning).
        requestid_single: what a repeated ``requestid`` does: the first answer again, or the work again (UNCONFIRMED).
        requestid_batch: the same for a batch; ``fault`` answers 6000 for each item (UNCONFIRMED).
        requestid_changed_body: what the same id with another body does (UNCONFIRMED).
        requestid_lifetime_seconds: how long an id is remembered (UNCONFIRMED).
        requestid_running: a repetition while the first call runs waits for it, or does the work too (UNCONFIRMED).
        batch_order: the order of a batch's answers, which is not promised.
        batch_items_count: each item of a batch counts as a call of the minute (UNCONFIRMED).
        second_limit: the limit of the second counts calls in a second, or calls at once; the vendor said both.
        throttle_form: the body of a refusal for its rate; all three were seen.
        throttle_status: its status; 403 is what older replies had.
        retry_after_seconds: its Retry-After; 0 for none (UNCONFIRMED).
        amount_mismatch: what an Amount that is not Qty times UnitPrice gets (UNCONFIRMED).
        tax_rounding: tax is rounded once for each rate of a document, or on every line (UNCONFIRMED).
        missing_tax_code: what a line of a United States company is without a TaxCodeRef (UNCONFIRMED).
        description_limit: longest line description, 0 for none (UNCONFIRMED).
        cdc_days: how far back changes are told, in days (UNCONFIRMED).
        cdc_objects: how many objects of a kind a change request tells (UNCONFIRMED).
        auto_apply_credit: a new credit memo is applied to the customer's oldest open invoice at once (UNCONFIRMED).
        redirect_https_only: a redirect address that is not https is refused (UNCONFIRMED).
        refresh_rotates_after_seconds: how old a refresh token is before a new one replaces it.
        old_refresh_grace_seconds: how long a replaced refresh token still works (UNCONFIRMED).
        late_commit_seconds: how long after a dropped connection its work may still be done.
        search_lag_seconds: how long a new object is missing from queries and changes (not from a GET by its id).
        latency_ms_per_call: time a call takes.
        latency_ms_per_item: time each item of a batch adds; they run one after the other.
    """

    strict_fields: bool = True
    minorversion_required: bool = True
    accept_header_required: bool = True
    duplicate_numbers: Literal["allow", "refuse"] = "allow"
    requestid_single: Literal["replay", "ignore"] = "replay"
    requestid_batch: Literal["replay", "ignore", "fault"] = "replay"
    requestid_changed_body: Literal["replay", "refuse", "execute"] = "replay"
    requestid_lifetime_seconds: int = 86_400
    requestid_running: Literal["wait", "execute"] = "wait"
    batch_order: Literal["request", "reversed"] = "reversed"
    batch_items_count: bool = False
    second_limit: Literal["rate", "concurrent"] = "rate"
    throttle_form: Literal["json", "lower_json", "xml"] = "json"
    throttle_status: Literal[429, 403] = 429
    retry_after_seconds: int = 0
    amount_mismatch: Literal["6070", "6000", "accept"] = "6070"
    tax_rounding: Literal["per_rate", "per_line"] = "per_rate"
    missing_tax_code: Literal["NON", "TAX"] = "NON"
    description_limit: int = 4000
    cdc_days: int = 30
    cdc_objects: int = 1000
    auto_apply_credit: bool = False
    redirect_https_only: bool = False
    refresh_rotates_after_seconds: int = 86_400
    old_refresh_grace_seconds: int = 0
    late_commit_seconds: Decimal = Decimal(2)
    search_lag_seconds: Decimal = Decimal(0)
    latency_ms_per_call: int = 0
    latency_ms_per_item: int = 0

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
    """What an adapter must assume of this service."""
    held = switches(db)
    return {
        "quiet_seconds": held.quiet_seconds,
        "late_commit_seconds": held.late_commit_seconds,
        "search_lag_seconds": held.search_lag_seconds,
        "key_lifetime_seconds": held.requestid_lifetime_seconds,
        "token_lifetime_seconds": ACCESS_SECONDS,
        "refresh_lifetime_seconds": REFRESH_SECONDS,
        "refresh_hard_lifetime_seconds": HARD_SECONDS,
        "limits": as_record(limits(db)),
        "switches": as_record(held),
    }
