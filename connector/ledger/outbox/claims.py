"""Claiming documents to send, and remembering the intent before anything goes over the wire.

A stranger's trap: a claim is compare-and-set on state and fence. Two workers may list the same documents; each document
is won by one of them, and only what `claim` returns may be sent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from connector.ledger import database
from connector.ledger.outbox.holds import tenant_hold
from connector.ledger.outbox.items import OutboxItem, State, select
from connector.ledger.times import time_text


def claimable(tenant: str, now: datetime, limit: int) -> list[OutboxItem]:
    """What may be claimed now, lowest number first; nothing while the tenant is held.

    Args:
        tenant: the accounting tenant.
        now: the time, with a time zone.
        limit: at most so many.

    Returns:
        rows that are READY, in RETRY with their time come, or SENDING with their lease over.
    """
    hold = tenant_hold(tenant)
    if hold is not None and now < hold[0]:
        return []
    moment = time_text(now)
    condition = (
        "tenant = ? AND state IN ('ready', 'retry', 'sending')"
        " AND (state <> 'retry' OR not_before IS NULL OR not_before <= ?) AND (state <> 'sending' OR lease_until <= ?)"
    )
    return select(condition, (tenant, moment, moment), limit)


def claim(wanted: Sequence[OutboxItem], now: datetime, lease: timedelta) -> list[OutboxItem]:
    """Take documents to send: SENDING under a new fence, with a lease. Nothing has been sent by this.

    Args:
        wanted: rows as `claimable` listed them.
        now: the time, with a time zone.
        lease: how long the claim holds; longer than the longest call to the accounting system.

    Returns:
        those that were won, as they stand now; another worker had the others, or they changed meanwhile.
    """
    until = now + lease
    won = []
    with database.transaction():
        for one in wanted:
            changed = database.execute(
                "UPDATE outbox SET state = 'sending', fence = fence + 1, attempts = attempts + 1, lease_until = ?"
                " WHERE document_id = ? AND state = ? AND fence = ? AND (state <> 'sending' OR lease_until <= ?)"
                " AND state IN ('ready', 'retry', 'sending')",
                (time_text(until), one.document_id, one.state, one.fence, time_text(now)),
            )
            if changed:
                fence, attempts = one.fence + 1, one.attempts + 1
                won.append(replace(one, state=State.SENDING, fence=fence, attempts=attempts, lease_until=until))
    return won


def release_dead(tenant: str) -> int:
    """Give up the claims of workers that are no more; the caller holds the tenant's process lock.

    What was sent stays on record, so that the next attempt looks it up first. Returns how many claims there were.
    """
    with database.transaction():
        return database.execute(
            "UPDATE outbox SET state = 'retry', fence = fence + 1, lease_until = NULL"
            " WHERE tenant = ? AND state = 'sending'",
            (tenant,),
        )


def record_intent(held: Sequence[OutboxItem], now: datetime) -> list[OutboxItem]:
    """Commit that these documents are about to be sent. Only those returned are still held and may be sent."""
    moment = time_text(now)
    kept = _kept(held, "first_sent = COALESCE(first_sent, ?), last_sent = ?", (moment, moment))
    return [replace(one, first_sent=one.first_sent or now, last_sent=now) for one in kept]


def new_epoch(held: Sequence[OutboxItem]) -> list[OutboxItem]:
    """Begin with a new idempotency key, after the remote was seen not to have these documents.

    Returns those still held.
    """
    kept = _kept(held, "epoch = epoch + 1, first_sent = NULL", ())
    return [replace(one, epoch=one.epoch + 1, first_sent=None) for one in kept]


def _kept(held: Iterable[OutboxItem], change: str, parameters: tuple[str, ...]) -> list[OutboxItem]:
    """The documents that were changed under their fence."""
    # The change is one of the two texts above.
    sql = f"UPDATE outbox SET {change} WHERE document_id = ? AND state = 'sending' AND fence = ?"  # noqa: S608
    with database.transaction():
        return [one for one in held if database.execute(sql, (*parameters, one.document_id, one.fence))]
