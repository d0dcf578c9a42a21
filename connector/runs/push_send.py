"""Sending the documents of a round: every call as soon as the tenant has a place for it, and each answer settled.

What waits for a place was not sent: the intent of a call is stored when its place is kept, and not before. So a crash
leaves as few documents as can be of which it is not known whether they were booked.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import replace
from datetime import datetime, timedelta

from connector.accounting.answers import Booked, Outcome, OutcomeUnknown, Rejected, RetryLater
from connector.accounting.port import Submission
from connector.ledger import outbox, transaction
from connector.net.errors import SetupError
from connector.runs.crashpoints import reached
from connector.runs.push_work import SEND_WITHIN, Job, Work, book, doubt, postpone, reject

_FRESH = timedelta(minutes=1)  # so long what was looked up counts; whatever waits longer is looked up again
_STALE = "It waited for its turn too long; whether its number is free is looked up again."

Answer = Mapping[str, Outcome] | SetupError


def send(work: Work, jobs: Sequence[Job]) -> "Sending":
    """Send the documents, and settle each but for those whose number was refused as taken."""
    sending = Sending(work, jobs)
    if jobs:
        with work.pool(work.system.capabilities.in_flight) as pool:
            sending.run(pool)
    return sending


class Sending:
    """The calls of a round.

    Attributes:
        taken: documents whose number was refused as taken.
        refused: why no call has a chance before a person acts; what was not sent by then is still claimed.
    """

    def __init__(self, work: Work, jobs: Sequence[Job]) -> None:
        self.taken: list[Job] = []
        self.refused: SetupError | None = None
        self._work = work
        self._jobs = {job.number: job for job in jobs}
        self._waiting = deque(_calls(work, jobs))
        self._running: dict[Future[Answer], list[Job]] = {}
        self._begun = work.clock()

    def run(self, pool: Executor) -> None:
        """Make every call that may be made, and settle what is answered."""
        while self._waiting or self._running:
            pause = self._start(pool)
            if self._running:
                seconds = None if pause is None else pause.total_seconds()
                done, _ = wait(self._running, seconds, FIRST_COMPLETED)
                for call in done:
                    self._settle(call.result(), self._running.pop(call))
            elif pause is not None:
                self._work.sleep(pause.total_seconds())

    def _start(self, pool: Executor) -> timedelta | None:
        """Start the calls for which there is a place; how long until the next has one, if that is to be waited for."""
        while self._waiting and len(self._running) < self._work.system.capabilities.in_flight:
            place = self._place()
            if isinstance(place, RetryLater):
                self._put_back(place)
            elif place:
                return place
            else:
                self._call(pool, self._waiting.popleft())
        return None

    def _place(self) -> timedelta | RetryLater:
        """Zero where the next call has a place now, how long until it has one, or why it is not made at all."""
        now = self._work.clock()
        if self._work.stop is not None:
            return self._work.stop
        if now - self._begun > _FRESH:
            return RetryLater(now, _STALE, whole_tenant=False)
        return self._work.system.place()

    def _put_back(self, why: RetryLater) -> None:
        waiting = [self._jobs[one.document.number] for batch in self._waiting for one in batch]
        self._waiting.clear()
        postpone(self._work, waiting, why)

    def _call(self, pool: Executor, batch: Sequence[Submission]) -> None:
        """Store the intent, then make the call."""
        now = self._work.clock()
        items = [self._jobs[one.document.number].item for one in batch]
        self._work.note_sent(item.document_id for item in items)
        kept = {item.number: item for item in outbox.record_intent(items, now)}
        reached("push:intent")
        still = [one for one in batch if one.document.number in kept]
        jobs = [replace(self._jobs[number], item=item) for number, item in kept.items()]
        if still:
            self._running[pool.submit(_answer, self._work, still, now)] = jobs

    def _settle(self, answer: Answer, batch: Sequence[Job]) -> None:
        if isinstance(answer, SetupError):
            self.refused = self.refused or answer
            self._waiting.clear()
            refusal = RetryLater(self._work.clock(), str(answer), whole_tenant=False)
            postpone(self._work, batch, refusal, never_sent=True)
            return
        # A clock that was set back lets a call that waited begin late: it was under way until now.
        self._work.note_sent(job.item.document_id for job in batch)
        with transaction():  # one commit for a call: the disk's answer is what settling waits for
            self.taken += _settled(self._work, batch, answer)
        reached("push:settled")
        self._wait_for_doubt(answer)
        self._work.tell(f"Called {self._work.system.tenant} with {len(batch)} document{'s' if len(batch) > 1 else ''}")

    def _wait_for_doubt(self, answer: Mapping[str, Outcome]) -> None:
        """Put the rest back where no other may be sent while it is not known of one whether it was booked."""
        unknown = [one for one in answer.values() if isinstance(one, OutcomeUnknown)]
        if unknown and self._waiting and self._work.system.capabilities.one_by_one:
            rest = self._work.quiet_until(self._work.clock())
            self._put_back(RetryLater(rest, unknown[0].reason, whole_tenant=False))


def _calls(work: Work, jobs: Sequence[Job]) -> list[list[Submission]]:
    submissions = [Submission(job.document, job.contact_id, job.item.epoch) for job in jobs]
    alone = [[one] for one in submissions if one.document.number in work.alone]
    return alone + work.system.batches([one for one in submissions if one.document.number not in work.alone])


def _answer(work: Work, batch: Sequence[Submission], intended: datetime) -> Answer:
    """One call, in a thread of its own: it touches nothing but the network."""
    reached("push:before-wire")
    try:
        return work.system.create(batch, intended + SEND_WITHIN)
    except SetupError as error:
        return error
    finally:
        reached("push:after-wire")


def _settled(work: Work, batch: Sequence[Job], outcomes: Mapping[str, Outcome]) -> list[Job]:
    """Settle each document by its own outcome; returns those whose number was refused as taken."""
    taken = []
    for job in batch:
        outcome = outcomes[job.number]
        if isinstance(outcome, Booked):
            book(work, job, outcome.receipt, adopted=False)
        elif isinstance(outcome, Rejected):
            reject(work, job, str(outcome))
        elif isinstance(outcome, RetryLater):
            postpone(work, [job], outcome, never_sent=True)
        elif isinstance(outcome, OutcomeUnknown):
            work.alone.update([job.number] if outcome.alone else [])
            doubt(work, [job], outcome.reason)
        else:
            taken.append(job)
    return taken
