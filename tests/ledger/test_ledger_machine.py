"""Workers that claim, crash, sleep through their lease and settle in any order: no document has two holders.

The model is the protocol in a few lines of Python; the ledger must agree with it after every step.
"""

import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from ledger_rows import documents
from new_ledgers import put_new_ledger
from postgres_server import Databases

from connector.ledger import close_store, open_store, outbox, read, server_of, transaction
from connector.ledger.outbox import NewItem, OutboxItem, Receipt, State

US = "US-BOOKS"
LEASE = timedelta(seconds=60)
RECEIPT = Receipt("X", "N", "C", "USD", 1, 0, 1, "AUTHORISED", adopted=False)
COUNT = 3
WORKERS = st.integers(0, 2)


@dataclass
class _Row:
    """What the model knows of one document."""

    state: State = State.READY
    fence: int = 0
    lease_until: datetime | None = None
    not_before: datetime | None = None
    first_sent: datetime | None = None
    epoch: int = 0
    sent_in: int = -1  # the epoch of the latest intent


class Workers(RuleBasedStateMachine):
    """Three workers, three documents, one clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2025, 1, 1, tzinfo=UTC)
        self.rows = {f"D-{n}": _Row() for n in range(1, COUNT + 1)}
        self.hands: list[dict[str, OutboxItem]] = [{}, {}, {}]

    @initialize()
    def start(self) -> None:
        self.make()
        with transaction():
            documents(*range(1, COUNT + 1))
            outbox.enqueue([NewItem(f"D-{n}", f"US-{n:06d}", US, "{}", "b") for n in range(1, COUNT + 1)])

    def make(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        put_new_ledger(self.folder / "ledger.db")
        open_store(self.folder / "ledger.db")

    def _holds(self, item: OutboxItem) -> bool:
        row = self.rows[item.document_id]
        return row.state is State.SENDING and row.fence == item.fence

    def _settled(self, item: OutboxItem, outcome: str, later: datetime) -> bool:
        if outcome == "booked":
            return outbox.settle_booked(item, RECEIPT, self.now)
        if outcome == "rejected":
            return outbox.settle_rejected(item, "no", self.now)
        if outcome == "quarantined":
            return outbox.settle_quarantined(item, "which?", self.now)
        return outbox.settle_retry(item, later, "?", never_sent=outcome == "refused", now=self.now)

    @rule(seconds=st.integers(1, 90))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(worker=WORKERS, limit=st.integers(1, COUNT))
    def claims(self, worker: int, limit: int) -> None:
        free = [
            one
            for one, row in self.rows.items()
            if row.state is State.READY
            or (row.state is State.RETRY and (row.not_before is None or row.not_before <= self.now))
            or (row.state is State.SENDING and row.lease_until is not None and row.lease_until <= self.now)
        ]
        listed = outbox.claimable(US, self.now, limit)
        assert [one.document_id for one in listed] == free[:limit]
        won = outbox.claim(listed, self.now, LEASE)
        assert [one.document_id for one in won] == free[:limit]
        for one in won:
            row = self.rows[one.document_id]
            row.state, row.fence, row.lease_until = State.SENDING, row.fence + 1, self.now + LEASE
            self.hands[worker][one.document_id] = one

    @rule(worker=WORKERS)
    def sends(self, worker: int) -> None:
        """Look-up and new epoch where it was sent before, then the intent."""
        hand = self.hands[worker]
        before = [one for one in hand.values() if one.first_sent is not None]
        fresh = outbox.new_epoch(before)
        assert [one.document_id for one in fresh] == [one.document_id for one in before if self._holds(one)]
        for one in fresh:
            hand[one.document_id] = one
            self.rows[one.document_id].epoch, self.rows[one.document_id].first_sent = one.epoch, None
        ready = [one for one in hand.values() if one.first_sent is None]
        sent = outbox.record_intent(ready, self.now)
        assert [one.document_id for one in sent] == [one.document_id for one in ready if self._holds(one)]
        for one in sent:
            row = self.rows[one.document_id]
            assert row.sent_in < one.epoch or row.first_sent is None
            row.first_sent, row.sent_in = self.now, one.epoch
            hand[one.document_id] = one

    @rule(worker=WORKERS, outcome=st.sampled_from(["booked", "rejected", "retry", "refused", "quarantined"]))
    def settles(self, worker: int, outcome: str) -> None:
        for document, item in self.hands[worker].items():
            row, held = self.rows[document], self._holds(item)
            later = self.now + timedelta(seconds=30)
            got = self._settled(item, outcome, later)
            assert got == held
            if held:
                state = {"booked": State.DONE, "refused": State.RETRY}.get(outcome)
                row.state, row.lease_until = state or State(outcome), None
                row.not_before = later if row.state is State.RETRY else None
                row.first_sent = None if outcome == "refused" else row.first_sent
        self.hands[worker] = {}

    @rule(worker=WORKERS)
    def crashes(self, worker: int) -> None:
        self.hands[worker] = {}

    @rule()
    def the_dead_are_released(self) -> None:
        claims = [row for row in self.rows.values() if row.state is State.SENDING]
        assert outbox.release_dead(US) == len(claims)
        for row in claims:
            row.state, row.fence, row.lease_until = State.RETRY, row.fence + 1, None

    @rule()
    def a_person_asks_again(self) -> None:
        rejected = [row for row in self.rows.values() if row.state is State.REJECTED]
        assert outbox.retry_rejected(list(self.rows), self.now) == len(rejected)
        for row in rejected:
            row.state, row.fence, row.not_before = State.READY, row.fence + 1, None

    @invariant()
    def the_ledger_is_the_model(self) -> None:
        got = {
            one.document_id: _Row(
                one.state, one.fence, one.lease_until, one.not_before, one.first_sent, one.epoch, row.sent_in
            )
            for one in outbox.items()
            for row in (self.rows[one.document_id],)
        }
        assert got == self.rows

    @invariant()
    def no_document_has_two_holders(self) -> None:
        held = [one.document_id for hand in self.hands for one in hand.values() if self._holds(one)]
        assert len(held) == len(set(held))

    @invariant()
    def what_is_done_has_one_receipt_and_nothing_else_has_any(self) -> None:
        receipts = read("receipt", columns=["document_id"]).to_series().sort().to_list()
        assert receipts == sorted(one for one, row in self.rows.items() if row.state is State.DONE)

    def teardown(self) -> None:
        close_store()
        shutil.rmtree(self.folder)


class TestWorkersOnPostgres:
    """Fewer of the same: each begins with a database of its own."""

    def test_no_document_has_two_holders(self, databases: Databases) -> None:
        class OnPostgres(Workers):
            def make(self) -> None:
                self.url = databases.make()
                open_store(server_of(self.url))

            def teardown(self) -> None:
                close_store()
                databases.drop(self.url)

        run_state_machine_as_test(
            OnPostgres,
            settings=settings(
                max_examples=6, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )


TestWorkers = Workers.TestCase
TestWorkers.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
