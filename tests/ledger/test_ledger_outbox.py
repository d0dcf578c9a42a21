"""The steps of sending: each is remembered, and a worker that lost its claim changes nothing."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ledger_rows import documents

from connector.ledger import Place, RefusedError, StoreError, database, open_store, read, transaction
from connector.ledger.outbox import (
    NewItem,
    OutboxItem,
    Receipt,
    State,
    claim,
    claimable,
    enqueue,
    hold_tenant,
    items,
    new_epoch,
    record_event,
    record_intent,
    release_dead,
    retry_rejected,
    settle_booked,
    settle_quarantined,
    settle_rejected,
    settle_retry,
    tenant_hold,
)

T0 = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
LEASE = timedelta(minutes=2)
SECOND = timedelta(seconds=1)
US = "US-BOOKS"
RECEIPT = Receipt("X-1", "US-000001", "C-1", "USD", 180000, 36000, 216000, "AUTHORISED", adopted=False)


def _new(n: int, tenant: str = US) -> NewItem:
    return NewItem(f"D-{n}", f"US-{n:06d}", tenant, f'{{"n": {n}}}', f"digest-{n}")


def _enqueued(*numbers: int) -> list[OutboxItem]:
    with transaction():
        documents(*numbers)
        enqueue([_new(n) for n in numbers])
    return items()


def _claimed(*numbers: int) -> list[OutboxItem]:
    _enqueued(*numbers)
    return claim(claimable(US, T0, 10), T0, LEASE)


def _events() -> list[tuple[str, str, datetime, str]]:
    return read("document_event", columns=["document_id", "state", "at", "detail"]).rows()


def test_what_is_enqueued_waits_to_be_sent(ledger: Place) -> None:
    assert ledger.exists()
    assert _enqueued(1) == [
        OutboxItem(
            document_id="D-1",
            number="US-000001",
            tenant=US,
            state=State.READY,
            fence=0,
            lease_until=None,
            attempts=0,
            epoch=0,
            first_sent=None,
            last_sent=None,
            not_before=None,
            body_digest="digest-1",
            request='{"n": 1}',
            detail="",
        )
    ]


def test_enqueueing_belongs_to_the_transaction_of_the_documents(ledger: Place) -> None:
    assert ledger.exists()
    with pytest.raises(RuntimeError, match="filling the outbox belongs into the transaction"):
        enqueue([_new(1)])
    _enqueued(1)

    def again(new: NewItem) -> None:
        with transaction():
            enqueue([new])

    for new in (_new(1), replace(_new(1), document_id="D-2"), _new(9)):
        with pytest.raises(RefusedError, match="the ledger refuses the entry"):
            again(new)


def test_items_of_one_tenant_or_state(ledger: Place) -> None:
    assert ledger.exists()
    _claimed(2, 1)
    with transaction():
        documents(3, 1000000)
        enqueue([_new(1000000), _new(3, "UK-BOOKS")])

    def numbers(*tenant: str, states: tuple[State, ...] | None = None) -> list[str]:
        return [one.number for one in items(*tenant, states=states)]

    assert numbers() == ["US-000001", "US-000002", "US-000003", "US-1000000"]
    assert numbers("UK-BOOKS") == ["US-000003"]
    assert numbers(states=(State.SENDING, State.DONE)) == ["US-000001", "US-000002"]
    assert numbers(US, states=(State.READY,)) == ["US-1000000"]
    assert numbers(states=()) == []


def test_the_lowest_numbers_are_claimed_first(ledger: Place) -> None:
    assert ledger.exists()
    _enqueued(1000000, 2, 999999, 1)
    assert [one.number for one in claimable(US, T0, 3)] == ["US-000001", "US-000002", "US-999999"]


def test_a_claim_is_won_by_one(ledger: Place) -> None:
    assert ledger.exists()
    _enqueued(1, 2)
    listed = claimable(US, T0, 10)
    won = claim(listed[:1], T0, LEASE)
    assert won == [replace(listed[0], state=State.SENDING, fence=1, attempts=1, lease_until=T0 + LEASE)]
    assert [one.number for one in claim(listed, T0, LEASE)] == ["US-000002"]
    assert claim(listed, T0, LEASE) == []
    assert items()[0] == won[0]


def test_a_claim_can_be_taken_over_once_its_lease_is_over(ledger: Place) -> None:
    assert ledger.exists()
    [first] = record_intent(_claimed(1), T0 + SECOND)
    assert claimable(US, T0 + LEASE - SECOND, 10) == []
    assert claim([first], T0 + LEASE - SECOND, LEASE) == []
    assert claimable(US, T0 + LEASE, 10) == [first]
    [second] = claim([first], T0 + LEASE, LEASE)
    assert (second.fence, second.attempts, second.first_sent) == (2, 2, T0 + SECOND)


def test_a_lost_fence_changes_nothing(ledger: Place) -> None:
    assert ledger.exists()
    [lost] = _claimed(1)
    [held] = claim([lost], T0 + LEASE, LEASE)
    before = items()
    got = [
        record_intent([lost], T0),
        new_epoch([lost]),
        settle_booked(lost, RECEIPT, T0),
        settle_rejected(lost, "no", T0),
        settle_retry(lost, T0, "later", never_sent=True, now=T0),
        settle_quarantined(lost, "which?", T0),
    ]
    assert got == [[], [], False, False, False, False]
    assert (items(), _events(), read("receipt").height) == (before, [], 0)
    assert settle_booked(held, RECEIPT, T0)


def test_a_settled_document_is_not_settled_again(ledger: Place) -> None:
    assert ledger.exists()
    [held] = _claimed(1)
    assert settle_booked(held, RECEIPT, T0)
    assert not settle_booked(held, RECEIPT, T0)
    assert not settle_rejected(held, "no", T0)
    assert claim(items(), T0 + LEASE, LEASE) == []
    assert (_events(), read("receipt").height) == ([("D-1", "booked", T0, "")], 1)


def test_booked(ledger: Place) -> None:
    [held] = record_intent(_claimed(1), T0 + SECOND)
    assert settle_booked(held, RECEIPT, T0 + 2 * SECOND)
    assert items() == [replace(held, state=State.DONE, lease_until=None)]
    assert read("receipt").drop("id").rows() == [
        ("D-1", "X-1", "US-000001", "C-1", "USD", 180000, 36000, 216000, "AUTHORISED", False, T0 + 2 * SECOND)
    ]
    assert claimable(US, T0 + 10 * LEASE, 10) == []
    open_store(ledger)
    assert items() == [replace(held, state=State.DONE, lease_until=None)]


def test_an_adopted_receipt_says_so(ledger: Place) -> None:
    assert ledger.exists()
    [held] = _claimed(1)
    assert settle_booked(held, replace(RECEIPT, adopted=True), T0)
    assert read("receipt", columns=["adopted"]).rows() == [(True,)]


def test_rejected_until_a_person_asks_again(ledger: Place) -> None:
    """What was sent before stays on record: the next attempt looks it up before it sends."""
    assert ledger.exists()
    _enqueued(2)
    [held] = record_intent(_claimed(1)[:1], T0)
    assert settle_rejected(held, "Account 200 is archived.", T0 + SECOND)
    [item, _] = items()
    assert item == replace(held, state=State.REJECTED, lease_until=None, detail="Account 200 is archived.")
    assert claimable(US, T0 + SECOND, 10) == []
    assert retry_rejected(["D-1", "D-1", "D-2", "D-9"], T0 + 2 * SECOND) == 1
    [again] = claimable(US, T0 + 2 * SECOND, 10)
    assert again == replace(item, state=State.READY, fence=item.fence + 1, detail="")
    assert _events() == [
        ("D-1", "rejected", T0 + SECOND, "Account 200 is archived."),
        ("D-1", "ready", T0 + 2 * SECOND, "a person asked to send it again"),
    ]


@pytest.mark.parametrize(("never_sent", "first_sent"), [(True, None), (False, T0)])
def test_a_retry_waits_for_its_time(ledger: Place, never_sent: bool, first_sent: datetime | None) -> None:  # noqa: FBT001 - a parameter of the test
    assert ledger.exists()
    [held] = record_intent(_claimed(1), T0)
    later = T0 + timedelta(minutes=1)
    assert settle_retry(held, later, "429", never_sent=never_sent, now=T0 + SECOND)
    [item] = items()
    assert item == replace(
        held, state=State.RETRY, lease_until=None, not_before=later, detail="429", first_sent=first_sent
    )
    assert claimable(US, later - SECOND, 10) == []
    assert claimable(US, later, 10) == [item]
    assert _events() == [("D-1", "retry", T0 + SECOND, "429")]


def test_quarantined_stays_where_it_is(ledger: Place) -> None:
    assert ledger.exists()
    [held] = record_intent(_claimed(1), T0)
    assert settle_quarantined(held, "another total: 99", T0)
    assert items() == [replace(held, state=State.QUARANTINED, lease_until=None, detail="another total: 99")]
    assert claimable(US, T0 + 10 * LEASE, 10) == []
    assert retry_rejected(["D-1"], T0) == 0


def test_an_intent_keeps_the_first_time_and_a_new_epoch_forgets_it(ledger: Place) -> None:
    assert ledger.exists()
    held = _claimed(1, 2)
    sent = record_intent(held, T0 + SECOND)
    assert sent == [replace(one, first_sent=T0 + SECOND, last_sent=T0 + SECOND) for one in held]
    assert record_intent(sent, T0 + 2 * SECOND) == [replace(one, last_sent=T0 + 2 * SECOND) for one in sent]
    fresh = new_epoch(sent)
    assert fresh == [replace(one, epoch=1, first_sent=None) for one in sent]
    assert items() == [replace(one, last_sent=T0 + 2 * SECOND) for one in fresh]


def test_claims_of_dead_workers_are_given_up_per_tenant(ledger: Place) -> None:
    assert ledger.exists()
    held = record_intent(_claimed(1, 2), T0)
    assert (release_dead("UK-BOOKS"), release_dead(US), release_dead(US)) == (0, 2, 0)
    assert items() == [replace(one, state=State.RETRY, fence=2, lease_until=None) for one in held]
    assert claimable(US, T0, 10) == items()
    assert not settle_booked(held[0], RECEIPT, T0)


def test_a_hold_stops_a_whole_tenant_until_its_time(ledger: Place) -> None:
    assert ledger.exists()
    _enqueued(1)
    assert tenant_hold(US) is None
    hold_tenant(US, T0 + LEASE, "day limit")
    hold_tenant(US, T0 + SECOND, "minute limit")
    hold_tenant("UK-BOOKS", T0 + LEASE, "day limit")
    assert tenant_hold(US) == (T0 + SECOND, "minute limit")
    assert (claimable(US, T0, 10), len(claimable(US, T0 + SECOND, 10))) == ([], 1)


def test_an_event_can_be_noted_beside_the_outbox(ledger: Place) -> None:
    assert ledger.exists()
    before = _enqueued(1)
    record_event("D-1", "drift", "total 216001, not 216000", T0)
    assert (_events(), items()) == ([("D-1", "drift", T0, "total 216001, not 216000")], before)


def test_times_have_a_zone_and_are_kept_in_utc(ledger: Place) -> None:
    assert ledger.exists()
    _enqueued(1)
    with pytest.raises(ValueError, match="has no time zone"):
        claimable(US, T0.replace(tzinfo=None), 1)
    local = T0.astimezone(tz=None)
    assert claim(claimable(US, local, 1), local, LEASE) == items()


def test_a_step_that_the_file_refuses_leaves_everything_as_it_was(ledger_file: Path) -> None:
    [held] = _claimed(1)
    database.execute("PRAGMA busy_timeout = 20")
    other = sqlite3.connect(ledger_file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        settle_booked(held, RECEIPT, T0)
    other.execute("ROLLBACK")
    other.close()
    assert (items(), _events(), read("receipt").height) == ([held], [], 0)


def test_a_receipt_that_cannot_be_kept_settles_nothing(ledger: Place) -> None:
    """Outbox, event and receipt are one transaction: the third one failing takes the first two back."""
    assert ledger.exists()
    [held] = _claimed(1)
    with pytest.raises(RefusedError):
        settle_booked(held, replace(RECEIPT, currency="DOLLAR"), T0)
    assert (items(), _events()) == ([held], [])


def test_the_steps_are_transactions_of_their_own(ledger: Place) -> None:
    assert ledger.exists()
    listed = _enqueued(1)
    with pytest.raises(RuntimeError, match="not nested"), transaction():
        claim(listed, T0, LEASE)
