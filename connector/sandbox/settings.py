"""What can be set: limits and switches, each with its default.

Owns their names. What a stranger would get wrong: a switch is not a feature flag but a question about the real Xero
that no one has answered (UNCONFIRMED), or a strictness the real service lacks; a client must work both ways.
"""

from dataclasses import asdict, dataclass, fields, replace
from decimal import Decimal
from typing import TypeVar

from connector.sandbox.jsontext import Record

MARGIN_SECONDS = 1
KEY_LIFETIME_SECONDS = 360
TOKEN_LIFETIME_SECONDS = 1800
BODY_LIMIT_BYTES = 3_500_000


class SettingError(ValueError):
    """A limit or switch that does not exist, or a value it cannot take."""


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
    concurrent_same_key: str = "conflict"
    concurrent_header: str = "concurrent"
    rate_window: str = "rolling"
    element_order: str = "request"
    description_limit: int = 4000
    line_rounding: str = "half_up"
    tenant_header_required: bool = True
    accept_header_required: bool = True
    check_scopes: bool = True
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


Settings = TypeVar("Settings", Limits, Switches)

_CHOICES = {
    "concurrent_same_key": ("conflict", "wait"),
    "rate_window": ("rolling", "fixed"),
    "element_order": ("request", "reversed"),
    "line_rounding": ("half_up", "half_even"),
}


def changed(current: Settings, change: Record) -> Settings:
    """The settings with the named ones replaced.

    Raises:
        SettingError: a name or a value is not known.
    """
    known = {field.name: field.type for field in fields(current)}
    values: Record = {}
    for name, value in change.items():
        if name not in known:
            message = f"{name} is not a setting; there are {', '.join(sorted(known))}"
            raise SettingError(message)
        values[name] = _fitting(name, known[name], value)
    return replace(current, **values)  # type: ignore[arg-type]  # checked one by one above


def _fitting(name: str, kind: object, value: object) -> object:
    if kind is Decimal and isinstance(value, int | Decimal) and not isinstance(value, bool) and value >= 0:
        return Decimal(value)
    if kind is int and isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if kind is bool and isinstance(value, bool):
        return value
    if kind is str and isinstance(value, str) and value in _CHOICES.get(name, (value,)):
        return value
    message = f"{name} cannot be {value!r}"
    raise SettingError(message)


def as_record(settings: Limits | Switches) -> Record:
    """The settings by name."""
    return asdict(settings)


def declaration(limits: Limits, switches: Switches) -> Record:
    """What an adapter must assume of this service: its quiet period, key lifetime, limits and switches."""
    return {
        "quiet_seconds": switches.quiet_seconds,
        "late_commit_seconds": switches.late_commit_seconds,
        "search_lag_seconds": switches.search_lag_seconds,
        "key_lifetime_seconds": KEY_LIFETIME_SECONDS,
        "token_lifetime_seconds": TOKEN_LIFETIME_SECONDS,
        "body_limit_bytes": BODY_LIMIT_BYTES,
        "limits": as_record(limits),
        "switches": as_record(switches),
    }
