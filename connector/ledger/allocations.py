"""Credit notes to be applied to the invoices they refer to: one row for each, and the steps that must be remembered.

A stranger's trap: as in the outbox, every step is a committed transaction of its own and counts only under its fence. A
row is there from the moment its credit note is in the books; it may go on once its invoice is there too.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from connector.ledger import database
from connector.ledger.outbox.items import OPEN, State
from connector.ledger.outbox.settling import note
from connector.ledger.schemas import MUTABLE
from connector.ledger.times import time_or_none, time_text

_TIMES = ("first_sent", "last_sent", "not_before")
_BOTH_BOOKED = "EXISTS (SELECT 1 FROM receipt WHERE receipt.document_id = allocation.invoice_id)"
# What is noted of the credit note; a claim and a retry leave no note.
EVENTS = {State.DONE: "allocated", State.REJECTED: "allocation-rejected", State.READY: "allocation-ready"}
SENT = "allocating"
NOTES = (SENT, *EVENTS.values())  # none of them changes how far the credit note itself is


@dataclass(frozen=True)
class Allocation:
    """A credit note to be applied, as its row stood when it was read.

    Attributes:
        document_id: the credit note.
        invoice_id: the document that it refers to.
        number: the credit note's number.
        tenant: the accounting tenant of both.
        state: how far it is, as of a document in the outbox; none is ever quarantined.
        fence: counts claims and releases; a step with an old fence changes nothing.
        epoch: counts the calls to apply it; part of the idempotency key.
        first_sent, last_sent: the intent to apply it; None: the books were read since, or nothing was sent.
        not_before: a retry waits until then; None: no wait.
        amount_minor: minor units that are applied, or were last asked for; None: nothing yet.
        detail: what the last step had to say; may be empty.
    """

    document_id: str
    invoice_id: str
    number: str
    tenant: str
    state: State
    fence: int
    epoch: int
    first_sent: datetime | None
    last_sent: datetime | None
    not_before: datetime | None
    amount_minor: int | None
    detail: str


def items(tenant: str | None = None, states: Collection[State] = OPEN) -> list[Allocation]:
    """Those whose credit note and invoice are both in the books, by number; of one tenant where given."""
    columns = ", ".join(database.moment(name) if name in _TIMES else name for name in MUTABLE["allocation"])
    marks = ", ".join("?" * len(states))
    mine = "" if tenant is None else " AND tenant = ?"
    order = f"length(number), {database.bytewise('number')}"
    # Names come from the declared schemas, values travel as parameters.
    sql = f"SELECT {columns} FROM allocation WHERE {_BOTH_BOOKED} AND state IN ({marks}){mine} ORDER BY {order}"  # noqa: S608
    parameters = [*sorted(states), *([] if tenant is None else [tenant])]
    return [_item(row) for row in database.fetch(sql, parameters)]


def _item(row: tuple[Any, ...]) -> Allocation:
    document_id, invoice_id, number, tenant, state, fence, epoch, first, last, wait, amount, detail = row
    return Allocation(
        document_id=document_id,
        invoice_id=invoice_id,
        number=number,
        tenant=tenant,
        state=State(state),
        fence=fence,
        epoch=epoch,
        first_sent=time_or_none(first),
        last_sent=time_or_none(last),
        not_before=time_or_none(wait),
        amount_minor=amount,
        detail=detail,
    )


def claim(wanted: Sequence[Allocation]) -> list[Allocation]:
    """Take rows that are READY or in RETRY: SENDING under a new fence. Returns those that were won."""
    sql = (
        "UPDATE allocation SET state = 'sending', fence = fence + 1"
        " WHERE document_id = ? AND fence = ? AND state IN ('ready', 'retry')"
    )
    with database.transaction():
        won = [one for one in wanted if database.execute(sql, (one.document_id, one.fence))]
    return [replace(one, state=State.SENDING, fence=one.fence + 1) for one in won]


def release_dead(tenant: str) -> None:
    """Give up the claims of workers that are no more; the caller holds the tenant's process lock."""
    with database.transaction():
        database.execute(
            "UPDATE allocation SET state = 'retry', fence = fence + 1 WHERE tenant = ? AND state = 'sending'", (tenant,)
        )


def record_intent(held: Sequence[tuple[Allocation, int]], now: datetime) -> list[Allocation]:
    """Commit that these are about to be applied, each with an amount in minor units, under a key of its own.

    The books were just read, after the quiet period of whatever was sent before. Only those returned may be sent.
    """
    moment = time_text(now)
    sql = (
        "UPDATE allocation SET first_sent = ?, last_sent = ?, epoch = epoch + 1, amount_minor = ?"
        " WHERE document_id = ? AND state = 'sending' AND fence = ?"
    )
    kept = []
    with database.transaction():
        for one, amount in held:
            if database.execute(sql, (moment, moment, amount, one.document_id, one.fence)):
                kept.append(
                    replace(one, first_sent=now, last_sent=now, epoch=one.epoch + 1, amount_minor=amount),
                )
        note([one.document_id for one in kept], SENT, "", now)
    return kept


def settle(item: Allocation, state: State, detail: str, now: datetime, *, amount_minor: int | None = None) -> bool:
    """It is applied, or need not be (DONE), or a person must act (REJECTED). False: the fence was lost.

    Args:
        item: as it was claimed.
        state: DONE or REJECTED.
        detail: in words.
        now: the time, with a time zone.
        amount_minor: what of it is applied to its invoice in the books, in minor units; None: not known.
    """
    sql = (
        "UPDATE allocation SET state = ?, detail = ?, amount_minor = ?, first_sent = NULL, not_before = NULL"
        " WHERE document_id = ? AND state = 'sending' AND fence = ?"
    )
    with database.transaction():
        changed = database.execute(sql, (state, detail, amount_minor, item.document_id, item.fence))
        if changed:
            note([item.document_id], EVENTS[state], detail, now)
    return bool(changed)


def settle_retry(item: Allocation, not_before: datetime, detail: str, *, never_sent: bool) -> bool:
    """It goes on later: RETRY. `never_sent`: the books certainly did nothing with what was sent, if anything was."""
    sql = (
        "UPDATE allocation SET state = 'retry', not_before = ?, detail = ?,"
        " first_sent = CASE WHEN ? THEN NULL ELSE first_sent END"
        " WHERE document_id = ? AND state = 'sending' AND fence = ?"
    )
    parameters = (time_text(not_before), detail, never_sent, item.document_id, item.fence)
    with database.transaction():
        return bool(database.execute(sql, parameters))


def retry_rejected(document_ids: Collection[str], now: datetime) -> int:
    """A person asks to apply these credit notes again: READY. Returns how many of them were refused."""
    sql = (
        "UPDATE allocation SET state = 'ready', fence = fence + 1, not_before = NULL, detail = ''"
        " WHERE document_id = ? AND state = 'rejected'"
    )
    with database.transaction():
        asked = [one for one in sorted({*document_ids}) if database.execute(sql, (one,))]
        note(asked, EVENTS[State.READY], "a person asked to apply it again", now)
    return len(asked)
