"""The outbox: one row per document to send, and the steps of sending that must be remembered.

A stranger's trap: every step but `enqueue` is a committed transaction of its own, and whoever holds a claim holds it
only under its fence. A step under a lost fence changes nothing; the caller learns it from the answer and must stop.
"""

from connector.ledger.outbox.claims import claim, claimable, new_epoch, record_intent, release_dead
from connector.ledger.outbox.holds import hold_tenant, tenant_hold
from connector.ledger.outbox.items import (
    OPEN,
    NewItem,
    OutboxItem,
    Receipt,
    State,
    Whereabouts,
    enqueue,
    items,
    rewrite_sent,
    whereabouts,
)
from connector.ledger.outbox.settling import (
    record_event,
    retry_rejected,
    settle_booked,
    settle_quarantined,
    settle_rejected,
    settle_retry,
)

__all__ = [
    "OPEN",
    "NewItem",
    "OutboxItem",
    "Receipt",
    "State",
    "Whereabouts",
    "claim",
    "claimable",
    "enqueue",
    "hold_tenant",
    "items",
    "new_epoch",
    "record_event",
    "record_intent",
    "release_dead",
    "retry_rejected",
    "rewrite_sent",
    "settle_booked",
    "settle_quarantined",
    "settle_rejected",
    "settle_retry",
    "tenant_hold",
    "whereabouts",
]
