"""How an attempt ended, written with its event (and receipt) in one transaction under the fence, or in the open one.

A stranger's trap: False means that the fence was lost: another worker has the document, nothing was written, and what
this worker learned is for the other's look-up to find.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime

import polars as pl

from connector.ledger import database
from connector.ledger.frames import append
from connector.ledger.outbox.items import OutboxItem, Receipt, State
from connector.ledger.schemas import insert_schema
from connector.ledger.times import time_text

_ASKED = (
    "UPDATE outbox SET state = 'ready', fence = fence + 1, not_before = NULL, detail = ''"
    " WHERE document_id = ? AND state = 'rejected'"
)
_TO_APPLY = (
    "INSERT INTO allocation (document_id, invoice_id, number, tenant, state, fence, epoch, detail)"
    " SELECT ?, document_id, ?, tenant, 'ready', 0, 0, '' FROM document"
    " WHERE tenant = ? AND kind = 'invoice' AND number = ?"
)


def settle_booked(item: OutboxItem, receipt: Receipt, now: datetime, *, credits_number: str = "") -> bool:
    """The accounting system has the document: DONE, with its receipt and the event `booked`.

    Args:
        item: as it was claimed.
        receipt: what the accounting system holds.
        now: the time, with a time zone.
        credits_number: of a credit note, the invoice of the same tenant that it is to be applied to; see `allocations`.
    """
    with database.joined():
        settled = _settle(item, State.DONE, "", now)
        if settled:
            if credits_number:
                database.execute(_TO_APPLY, (item.document_id, item.number, item.tenant, credits_number))
            told = {"document_id": item.document_id, **asdict(receipt), "received_at": now}
            append("receipt", pl.DataFrame([told], schema=dict(insert_schema("receipt"))))
        return settled


def settle_rejected(item: OutboxItem, detail: str, now: datetime) -> bool:
    """The document was refused, by the accounting system or before the wire: REJECTED until a person asks again.

    An earlier intent to send stays on record: the refusal of this attempt says nothing about an earlier one.
    """
    with database.joined():
        return _settle(item, State.REJECTED, detail, now)


def settle_retry(item: OutboxItem, not_before: datetime, detail: str, *, never_sent: bool, now: datetime) -> bool:
    """It goes out again later: RETRY.

    Args:
        item: as it was claimed.
        not_before: the earliest time of the next attempt.
        detail: why, for a person.
        never_sent: the remote certainly did nothing with what was sent since the last look-up, so that the next attempt
            need not look it up.
        now: the time, with a time zone.
    """
    with database.joined():
        return _settle(item, State.RETRY, detail, now, never_sent=never_sent, not_before=not_before)


def settle_quarantined(item: OutboxItem, detail: str, now: datetime) -> bool:
    """It cannot be decided whether or as what the remote has it: QUARANTINED, and a person decides."""
    with database.joined():
        return _settle(item, State.QUARANTINED, detail, now)


def retry_rejected(document_ids: Collection[str], now: datetime) -> int:
    """A person asks to send rejected documents again: READY. Returns how many of them were rejected.

    One that was sent before is looked up before it is sent again, like any other.
    """
    with database.transaction():
        asked = [one for one in sorted({*document_ids}) if database.execute(_ASKED, (one,))]
        note(asked, "ready", "a person asked to send it again", now)
    return len(asked)


def record_event(document_id: str, state: str, detail: str, at: datetime) -> None:
    """Note something about a document that does not change its place in the outbox, such as `drift`."""
    note([document_id], state, detail, at)


def note(document_ids: Sequence[str], state: str, detail: str, at: datetime) -> None:
    """Add the same event to each of these documents."""
    rows = [(one, state, at, detail) for one in document_ids]
    append("document_event", pl.DataFrame(rows, schema=dict(insert_schema("document_event")), orient="row"))


def _settle(
    item: OutboxItem,
    state: State,
    detail: str,
    now: datetime,
    *,
    never_sent: bool = False,
    not_before: datetime | None = None,
) -> bool:
    changed = database.execute(
        "UPDATE outbox SET state = ?, lease_until = NULL, not_before = ?, detail = ?,"
        " first_sent = CASE WHEN ? THEN NULL ELSE first_sent END"
        " WHERE document_id = ? AND state = 'sending' AND fence = ?",
        (
            state,
            None if not_before is None else time_text(not_before),
            detail,
            never_sent,
            item.document_id,
            item.fence,
        ),
    )
    if changed:
        event = "booked" if state is State.DONE else state.value
        note([item.document_id], event, detail, now)
    return bool(changed)
