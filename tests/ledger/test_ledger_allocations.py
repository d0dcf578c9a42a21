"""Credit notes to be applied: each step is remembered, and a worker that lost its claim changes nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from ledger_rows import frame

from connector.ledger import Place, RefusedError, allocations, append, database, read, transaction
from connector.ledger.allocations import Allocation
from connector.ledger.outbox import (
    NewItem,
    Receipt,
    State,
    claim,
    claimable,
    enqueue,
    items,
    rewrite_sent,
    settle_booked,
)

T0 = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
SECOND = timedelta(seconds=1)
US = "US-BOOKS"
RECEIPT = Receipt("X-1", "", "C-1", "USD", 180000, 36000, 216000, "AUTHORISED", adopted=False)
NOTE = "D-CN"
WAITING = Allocation(NOTE, "D-1", "US-CN-000001", US, State.READY, 0, 0, None, None, None, None, "")


def _enqueued() -> None:
    """An invoice and a credit note."""
    head = {"tenant": US, "document_id": "D-1", "number": "US-000001"}
    note = {**head, "document_id": NOTE, "number": "US-CN-000001", "kind": "credit_note"}
    with transaction():
        append("document", frame("document", head, note))
        enqueue([NewItem("D-1", "US-000001", US, "{}", "a"), NewItem(NOTE, "US-CN-000001", US, "{}", "b")])


def _booked(number: str, credits_number: str = "") -> None:
    (one,) = claim([one for one in claimable(US, T0, 9) if one.number == number], T0, SECOND)
    assert settle_booked(one, replace(RECEIPT, remote_number=number), T0, credits_number=credits_number)


def _held() -> Allocation:
    """The credit note, claimed, with both in the books."""
    _enqueued()
    _booked("US-000001")
    _booked("US-CN-000001", "US-000001")
    (held,) = allocations.claim(allocations.items(US))
    return held


def _noted() -> list[tuple[str, str]]:
    rows = read("document_event", "document_id = ?", [NOTE], columns=["state", "detail"]).rows()
    return [row for row in rows if row[0] in allocations.NOTES]


@pytest.mark.usefixtures("ledger")
def test_a_credit_note_is_listed_once_its_invoice_is_in_the_books_too() -> None:
    _enqueued()
    _booked("US-CN-000001", "US-000001")
    assert allocations.items() == []
    assert read("allocation")["state"].to_list() == ["ready"]
    _booked("US-000001")
    assert (allocations.items(), allocations.items(US)) == ([WAITING], [WAITING])
    assert allocations.items("another") == allocations.items(US, [State.DONE, State.REJECTED]) == []


@pytest.mark.parametrize("credits_number", ["", "US-000009", "US-CN-000001"])
@pytest.mark.usefixtures("ledger")
def test_what_refers_to_no_invoice_of_its_tenant_is_not_to_be_applied(credits_number: str) -> None:
    _enqueued()
    _booked("US-CN-000001", credits_number)
    assert read("allocation").is_empty()


@pytest.mark.usefixtures("ledger")
def test_an_intent_has_its_time_its_amount_and_a_key_of_its_own() -> None:
    held = _held()
    assert held == replace(WAITING, state=State.SENDING, fence=1)
    (sent,) = allocations.record_intent([(held, 500)], T0)
    assert sent == replace(held, epoch=1, first_sent=T0, last_sent=T0, amount_minor=500)
    assert (allocations.items(), _noted()) == ([sent], [("allocating", "")])
    assert allocations.settle_retry(sent, T0 + SECOND, "no answer", never_sent=False)
    (again,) = allocations.items()
    assert again == replace(sent, state=State.RETRY, not_before=T0 + SECOND, detail="no answer")
    (held,) = allocations.claim([again])
    assert allocations.settle_retry(held, T0, "too many calls", never_sent=True)
    (again,) = allocations.items()
    assert (again.first_sent, again.last_sent, again.detail) == (None, T0, "too many calls")


@pytest.mark.usefixtures("ledger")
def test_what_is_applied_is_done() -> None:
    (sent,) = allocations.record_intent([(_held(), 500)], T0)
    assert allocations.settle(sent, State.DONE, "USD 5.00 of it", T0, amount_minor=500)
    assert not allocations.settle(sent, State.DONE, "again", T0, amount_minor=500)
    assert allocations.items() == []
    (done,) = allocations.items(states=[State.DONE])
    assert done == replace(sent, state=State.DONE, first_sent=None, detail="USD 5.00 of it")
    assert _noted() == [("allocating", ""), ("allocated", "USD 5.00 of it")]


@pytest.mark.usefixtures("ledger")
def test_what_is_refused_waits_for_a_person() -> None:
    assert allocations.settle(_held(), State.REJECTED, "no", T0)
    assert allocations.claim(allocations.items(states=[State.REJECTED])) == []
    assert allocations.retry_rejected([NOTE, "D-1"], T0) == 1
    assert allocations.retry_rejected([NOTE], T0) == 0
    (again,) = allocations.items()
    assert again == replace(WAITING, fence=2)
    assert _noted() == [("allocation-rejected", "no"), ("allocation-ready", "a person asked to apply it again")]


@pytest.mark.usefixtures("ledger")
def test_what_the_books_said_of_it_goes_with_the_names_that_are_erased() -> None:
    allocations.settle(_held(), State.REJECTED, "Northwind is another contact", T0)
    (item,) = [one for one in items(US) if one.document_id == NOTE]
    with transaction():
        rewrite_sent(item, "{}")
    (after,) = allocations.items(states=[State.REJECTED])
    assert (after.state, after.detail) == (State.REJECTED, "")


@pytest.mark.usefixtures("ledger")
def test_a_lost_claim_changes_nothing() -> None:
    held = _held()
    assert allocations.claim([held, WAITING]) == []
    allocations.release_dead("another")
    assert allocations.items() == [held]
    allocations.release_dead(US)
    after = allocations.items()
    assert after == [replace(held, state=State.RETRY, fence=2)]
    assert allocations.record_intent([(held, 5)], T0) == []
    assert not allocations.settle(held, State.REJECTED, "late", T0)
    assert not allocations.settle_retry(held, T0, "late", never_sent=False)
    assert (allocations.items(), _noted()) == (after, [])


@pytest.mark.parametrize("change", ["state = 'quarantined'", "fence = -1", "epoch = -1", "amount_minor = -1"])
def test_the_database_refuses_what_cannot_be(ledger: Place, change: str) -> None:
    assert ledger.exists()
    _held()
    with pytest.raises(RefusedError), transaction():
        database.execute(f"UPDATE allocation SET {change}")  # noqa: S608 - our own words
