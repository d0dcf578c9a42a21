"""What the stages of a push share, and how a document leaves one: settled for good, or put back to be sent later.

Every way out is written under the fence of the claim, in one transaction, or in that of the call. A lost fence records
nothing and counts nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector.accounting.answers import Catalogue, RemoteDocument, RetryLater
from connector.accounting.compare import differences, drift, tax_of_the_books
from connector.accounting.port import AccountingSystem
from connector.domain.documents import CREDIT_NOTE, Document
from connector.ledger import outbox
from connector.ledger.outbox import OutboxItem, Receipt
from connector.runs.crashpoints import reached
from connector.runs.push_result import Progress, Refused, Tally

# Between the recorded intent and the wire. The quiet period counts from the intent, so this is added to it.
SEND_WITHIN = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=2)


@dataclass(frozen=True)
class Job:
    """A claimed document on its way: the outbox row as it stands, the document, and its contact once that is known."""

    item: OutboxItem
    document: Document
    contact_id: str = ""

    @property
    def number(self) -> str:
        """The document's number."""
        return self.item.number


@dataclass
class Work:
    """One push under way.

    Attributes:
        system: where the documents go.
        clock: the time in UTC.
        sleep: takes seconds.
        report: told what happens, for a progress bar.
        total: documents to be sent when the push began.
        tally: what became of them.
        contacts: partner id → contact id, each checked by this push.
        alone: numbers and partner ids to be sent in calls of their own.
        catalogue: what the organisation has set up, once read.
        stop: why no call to this tenant has a chance for now.
        pool: what makes so many calls at a time.
        monotonic: seconds that only grow, whatever the clock is set to; None where there is none but the clock.
        sent: document id → those seconds, when a call for it was last under way, or about to be.
    """

    system: AccountingSystem
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    report: Callable[[Progress], None]
    total: int
    pool: Callable[[int], Executor]
    monotonic: Callable[[], float] | None = None
    sent: dict[str, float] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    contacts: dict[str, str] = field(default_factory=dict)
    alone: set[str] = field(default_factory=set)
    catalogue: Catalogue | None = None
    stop: RetryLater | None = None

    def tell(self, message: str) -> None:
        """Report how far the push is."""
        self.report(Progress(message, self.tally.settled, self.total))

    def note_sent(self, documents: Iterable[str]) -> None:
        """Remember that these are about to be sent, or were until now."""
        if self.monotonic is not None:
            self.sent.update(dict.fromkeys(documents, self.monotonic()))

    def unrest(self, document_id: str) -> timedelta:
        """How much of the quiet period is left of what this push has sent, although the clock may have been set."""
        if self.monotonic is None or document_id not in self.sent:
            return timedelta()
        gone = timedelta(seconds=self.monotonic() - self.sent[document_id])
        return max(self.system.capabilities.quiet + SEND_WITHIN - gone, timedelta())

    def quiet_until(self, sent: datetime) -> datetime:
        """When a look-up tells the truth about what may have been sent at that time."""
        return sent + self.system.capabilities.quiet + SEND_WITHIN


def book(work: Work, job: Job, found: RemoteDocument, *, adopted: bool) -> None:
    """The document is in the books. Totals other than predicted are marked with it, so that no crash can hide them."""
    now = work.clock()
    rule = work.system.capabilities.tax
    drifted = drift(job.document, found, rule)
    own_tax = tax_of_the_books(job.document, found) if drifted is None else None
    if drifted is not None:
        outbox.record_event(job.item.document_id, "drift", drifted, now)
        reached("push:drift")
    if own_tax is not None:
        outbox.record_event(job.item.document_id, "tax", own_tax, now)
    receipt = Receipt(
        remote_id=found.id,
        remote_number=found.given or found.number,
        contact_id=found.contact_id,
        currency=found.currency,
        net_minor=found.net_minor,
        tax_minor=found.tax_minor,
        total_minor=found.total_minor,
        status=found.status,
        adopted=adopted,
    )
    is_credit = work.system.capabilities.applies_credits and job.document.kind == CREDIT_NOTE
    credited = job.document.reference if is_credit else ""
    if outbox.settle_booked(job.item, receipt, now, credits_number=credited):
        (work.tally.adopted if adopted else work.tally.booked).append(job.number)
        if drifted is not None:
            work.tally.drift.append(Refused(job.number, drifted))


def adopt_or_quarantine(work: Work, job: Job, found: RemoteDocument, contact_id: str | None) -> None:
    """What stands under our number is ours if it is the same in every respect; otherwise a person must decide."""
    faults = differences(job.document, contact_id, found, work.system.capabilities)
    if not faults:
        book(work, job, found, adopted=True)
        reached("push:adopted")
        return
    quarantine(work, job, found, faults)


def quarantine(work: Work, job: Job, found: RemoteDocument, faults: Sequence[str]) -> None:
    """Leave the document to a person: what stands under its number is not what was sent."""
    reason = f"Another document stands under number {job.number} ({found.id}): {'; '.join(faults)}."
    if outbox.settle_quarantined(job.item, reason, work.clock()):
        work.tally.quarantined.append(Refused(job.number, reason))
    reached("push:quarantined")


def reject(work: Work, job: Job, reason: str) -> None:
    """A person must act before the document can be sent. It is certain that it was not booked."""
    if outbox.settle_rejected(job.item, reason, work.clock()):
        work.tally.rejected.append(Refused(job.number, reason))


def obey(work: Work, refusal: RetryLater, now: datetime) -> None:
    """Hold the whole tenant where a refusal is about all of it."""
    if refusal.whole_tenant:
        work.stop = refusal
        if refusal.not_before - now > LONGEST_WAIT:
            outbox.hold_tenant(work.system.tenant, refusal.not_before, refusal.reason)


def postpone(work: Work, jobs: Iterable[Job], refusal: RetryLater, *, never_sent: bool | None = None) -> None:
    """Put documents back because a call was refused before anything happened.

    Args:
        work: the push.
        jobs: the documents.
        refusal: until when, and whether for the whole tenant, which is then held.
        never_sent: nothing was ever sent of it; by default, what the outbox says.
    """
    now = work.clock()
    obey(work, refusal, now)
    # The hold delays the whole tenant, in this push or stored: the document itself need not wait once it is over.
    not_before = now if refusal.whole_tenant else refusal.not_before
    for job in jobs:
        unsent = job.item.first_sent is None if never_sent is None else never_sent
        outbox.settle_retry(job.item, not_before, refusal.reason, never_sent=unsent, now=now)


def doubt(work: Work, jobs: Iterable[Job], reason: str) -> None:
    """Put documents back that may have been booked: they are looked up once the remote has come to rest."""
    now = work.clock()
    for job in jobs:
        outbox.settle_retry(job.item, work.quiet_until(now), reason, never_sent=False, now=now)
