"""What stands in the outbox: its rows as frozen values, put in at approval and listed.

A stranger's trap: `number` and `request` never change once a row is enqueued, but that names are erased from a request
that is in the books; everything else of it does.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from connector.ledger import database
from connector.ledger.schemas import MUTABLE
from connector.ledger.times import time_or_none


class State(StrEnum):
    """How far a document is."""

    READY = "ready"
    SENDING = "sending"
    RETRY = "retry"
    DONE = "done"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"


_TIMES = ("lease_until", "first_sent", "last_sent", "not_before")
OPEN = (State.READY, State.SENDING, State.RETRY)  # a push has still to do with these


@dataclass(frozen=True)
class NewItem:
    """A document put into the outbox.

    Attributes:
        document_id: the ledger's document.
        number: its number, unique per tenant.
        tenant: the accounting tenant it goes to.
        request: the document as JSON text.
        body_digest: digest of the request, part of the idempotency key.
    """

    document_id: str
    number: str
    tenant: str
    request: str
    body_digest: str


@dataclass(frozen=True)
class OutboxItem:
    """A row of the outbox as it stood when it was read.

    Attributes:
        document_id: the ledger's document.
        number: its number, the identity everywhere.
        tenant: the accounting tenant it goes to.
        state: how far it is.
        fence: counts claims and releases; a step with an old fence changes nothing.
        lease_until: when a claim ends; only while it is SENDING.
        attempts: how many claims there were.
        epoch: part of the idempotency key; a new one only after the remote was seen not to have the document.
        first_sent: the first intent to send since the remote was last seen without it; None: nothing to look up.
        last_sent: the latest intent to send, from which the quiet period counts.
        not_before: a retry waits until then; None: no wait.
        body_digest: digest of the request.
        request: the document as JSON text.
        detail: what the last step had to say; may be empty.
    """

    document_id: str
    number: str
    tenant: str
    state: State
    fence: int
    lease_until: datetime | None
    attempts: int
    epoch: int
    first_sent: datetime | None
    last_sent: datetime | None
    not_before: datetime | None
    body_digest: str
    request: str
    detail: str


@dataclass(frozen=True)
class Receipt:
    """What the accounting system holds for a document. Amounts are whole minor units of `currency`.

    Attributes:
        remote_id: the system's own id.
        remote_number: the number it shows.
        contact_id: the contact it stands under.
        currency: ISO 4217 code.
        net_minor: before tax, as returned.
        tax_minor: tax, as returned.
        total_minor: total, as returned.
        status: the system's own word.
        adopted: found there by a look-up, instead of returned by the call that made it.
    """

    remote_id: str
    remote_number: str
    contact_id: str
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    status: str
    adopted: bool


def enqueue(wanted: Sequence[NewItem]) -> None:
    """Put documents into the outbox, in the transaction that writes them.

    Raises:
        RuntimeError: no transaction is open.
        RefusedError: one is in the outbox already.
        StoreError: the file refuses.
    """
    database.require_transaction("filling the outbox")
    database.execute_many(
        "INSERT INTO outbox (document_id, number, tenant, state, fence, attempts, epoch, body_digest, request, detail)"
        " VALUES (?, ?, ?, 'ready', 0, 0, 0, ?, ?, '')",
        [(one.document_id, one.number, one.tenant, one.body_digest, one.request) for one in wanted],
    )


def rewrite_sent(item: OutboxItem, request: str) -> None:
    """Keep another text of what was sent, without the names that were erased; only of what is in the books.

    In the open transaction. The digest stays that of what was sent, and what the last step had to say goes, also of
    a credit note that is to be applied.
    """
    database.require_transaction("rewriting what was sent")
    database.execute(
        "UPDATE outbox SET request = ?, detail = '' WHERE document_id = ? AND state = 'done'",
        (request, item.document_id),
    )
    database.execute("UPDATE allocation SET detail = '' WHERE document_id = ?", (item.document_id,))


def items(
    tenant: str | None = None, states: Collection[State] | None = None, number: str | None = None
) -> list[OutboxItem]:
    """Rows of the outbox by number; of one tenant, in some states, or of one number only, where given."""
    conditions, parameters = ["1 = 1"], []
    if tenant is not None:
        conditions.append("tenant = ?")
        parameters.append(tenant)
    if number is not None:
        conditions.append("number = ?")
        parameters.append(number)
    if states is not None and not states:
        return []
    if states:
        conditions.append(f"state IN ({', '.join('?' * len(states))})")
        parameters.extend(sorted(states))
    return select(" AND ".join(conditions), parameters)


def select(condition: str, parameters: Sequence[Any], limit: int | None = None) -> list[OutboxItem]:
    """Rows that meet an SQL condition, lowest number first."""
    columns = ", ".join(database.moment(name) if name in _TIMES else name for name in MUTABLE["outbox"])
    by_number = f"length(number), {database.bytewise('number')}"  # numbers grow by a digit once they are used up
    ending = "" if limit is None else f" LIMIT {limit:d}"
    # Names come from the declared schemas, conditions from this package, values travel as parameters.
    sql = f"SELECT {columns} FROM outbox WHERE {condition} ORDER BY {by_number}{ending}"  # noqa: S608
    return [_item(row) for row in database.fetch(sql, parameters)]


def _item(row: tuple[Any, ...]) -> OutboxItem:
    document_id, number, tenant, state, fence, lease, attempts, epoch, first, last, wait, digest, request, detail = row
    return OutboxItem(
        document_id=document_id,
        number=number,
        tenant=tenant,
        state=State(state),
        fence=fence,
        lease_until=time_or_none(lease),
        attempts=attempts,
        epoch=epoch,
        first_sent=time_or_none(first),
        last_sent=time_or_none(last),
        not_before=time_or_none(wait),
        body_digest=digest,
        request=request,
        detail=detail,
    )


@dataclass(frozen=True)
class Whereabouts:
    """Where a document is: its number, run and tenant, how far it is, what was last said, and its id there, if any."""

    document_id: str
    number: str
    run_id: str
    tenant: str
    state: State
    detail: str
    remote_id: str


def whereabouts(run_id: str = "", states: Collection[State] = ()) -> list[Whereabouts]:
    """Where each document is, without what is sent of it; by number.

    Args:
        run_id: those of this run alone; empty for all.
        states: those in one of these states; empty for all.
    """
    conditions = ["d.run_id = ?"] * bool(run_id) + [f"o.state IN ({', '.join('?' * len(states))})"] * bool(states)
    by_number = f"length(number), {database.bytewise('number')}"
    rows = database.fetch(
        "SELECT document_id, number, run_id, tenant, state, detail, remote_id"  # noqa: S608 - our own names
        " FROM (SELECT o.document_id AS document_id, o.number AS number, d.run_id AS run_id, o.tenant AS tenant,"
        " o.state AS state, o.detail AS detail, r.remote_id AS remote_id"
        " FROM outbox o JOIN document d ON d.document_id = o.document_id"
        f" LEFT JOIN receipt r ON r.document_id = o.document_id WHERE {' AND '.join(conditions) or '1 = 1'}) AS told"
        f" ORDER BY {by_number}",
        [*([run_id] if run_id else []), *sorted(states)],
    )
    return [
        Whereabouts(one, number, run, at, State(state), told, there or "")
        for one, number, run, at, state, told, there in rows
    ]
