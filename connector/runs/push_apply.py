"""Credit notes applied to the invoices they refer to, once both are in the books: the second part of a push.

An application has no number by which the books would refuse it a second time. So what the books say decides, every
time: what is applied already is never applied again, and whatever may have been sent is waited out before it is read.
"""

from collections.abc import Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from datetime import date, datetime

from connector.accounting.answers import Allocated, Applied, Applying, CreditPair, OutcomeUnknown, Rejected, RetryLater
from connector.accounting.port import Application
from connector.domain.money import Money
from connector.ledger import allocations, read_among
from connector.ledger.allocations import Allocation
from connector.ledger.outbox import State
from connector.net.errors import SetupError
from connector.runs.crashpoints import reached
from connector.runs.push_result import AppliedCredit, Refused
from connector.runs.push_work import SEND_WITHIN, Work, obey


@dataclass(frozen=True)
class _Job:
    """A claimed credit note: its row, both documents in the books, and the day on which it may be applied."""

    item: Allocation
    pair: CreditPair
    invoice: str
    currency: str
    dated: date


@dataclass(frozen=True)
class _Asked:
    """An amount to be applied, in minor units, as the books stood, and what of the credit note is left then."""

    amount_minor: int
    left_minor: int


@dataclass(frozen=True)
class _Enough:
    """Nothing more is to be applied; so much is, of which so much remains open."""

    applied_minor: int
    remaining_minor: int


_Decision = _Asked | _Enough | Rejected


def _open(work: Work) -> list[Allocation]:
    able = work.system.capabilities.applies_credits
    return allocations.items(work.system.tenant) if able else []


def _ready_at(work: Work, item: Allocation, now: datetime) -> datetime:
    """When a credit note may go on: its own time, and after the quiet period if it may have been applied."""
    waits = [now, item.not_before or now]
    if item.first_sent is not None and item.last_sent is not None:
        waits.append(max(work.quiet_until(item.last_sent), now + work.unrest(_sent_as(item))))
    return max(waits)


def _sent_as(item: Allocation) -> str:
    return f"allocation of {item.document_id}"


def pending(work: Work, now: datetime) -> list[tuple[str, datetime, str]]:
    """Each credit note that is still to be applied: its number, when it may go on, and what was said of it last."""
    return [(item.number, _ready_at(work, item, now), item.detail) for item in _open(work)]


def waits(work: Work, now: datetime) -> list[tuple[datetime, str]]:
    """When each that is in nobody's hands may go on, and what was said of it last."""
    held = [item for item in _open(work) if item.state is not State.SENDING]
    return [(_ready_at(work, item, now), item.detail) for item in held]


def ready(work: Work, now: datetime) -> list[Allocation]:
    """Those that may go on now: at most one of an invoice, so that each sees what the one before it has left.

    No more than can be sent at once: what is decided on must leave before it is out of date.
    """
    due: dict[str, Allocation] = {}
    for item in _open(work):
        if item.state is not State.SENDING and _ready_at(work, item, now) <= now:
            due.setdefault(item.invoice_id, item)
    return list(due.values())[: work.system.capabilities.in_flight]


def run_round(work: Work, due: Sequence[Allocation]) -> None:
    """Take these as far as they go now: claim, read the books, decide, record the intent, send, settle.

    Raises:
        SetupError: nothing works before a person acts; what was claimed may be released at once.
    """
    jobs = _jobs(allocations.claim(due))
    reached("push:apply-claimed")
    work.tell(f"Applying {len(jobs)} credit note(s) to the invoices they refer to")
    _send(work, _decided(work, jobs))


def _jobs(held: Sequence[Allocation]) -> list[_Job]:
    wanted = {one for item in held for one in (item.document_id, item.invoice_id)}
    receipts = {row["document_id"]: row for row in read_among("receipt", "document_id", wanted).iter_rows(named=True)}
    heads = {row["document_id"]: row for row in read_among("document", "document_id", wanted).iter_rows(named=True)}
    return [
        _Job(
            item,
            CreditPair(receipts[item.document_id]["remote_id"], receipts[item.invoice_id]["remote_id"]),
            receipts[item.invoice_id]["remote_number"],
            receipts[item.document_id]["currency"],
            max(heads[item.document_id]["dated"], heads[item.invoice_id]["dated"]),
        )
        for item in held
    ]


def _decided(work: Work, jobs: Sequence[_Job]) -> list[tuple[_Job, _Asked]]:
    """Those of which an amount is to be applied, each with it; the others are settled or put back."""
    found = work.system.allocations([job.pair for job in jobs])
    reached("push:apply-read")
    if isinstance(found, RetryLater):
        for job in jobs:
            _put_back(work, job, found, never_sent=job.item.first_sent is None)
        return []
    asked = []
    for job in jobs:
        decision = _decision(found.get(job.pair))
        if isinstance(decision, _Asked):
            asked.append((job, decision))
        else:
            _settle(work, job, decision)
    return asked


def _decision(found: Allocated | None) -> _Decision:
    """What the books say is to be done."""
    if found is None:
        return Rejected("The books have the credit note or its invoice no more.", "Look them up by their numbers.")
    amount = min(found.remaining_minor, found.due_minor)
    if found.applied_minor or not amount:
        return _Enough(found.applied_minor, found.remaining_minor)
    if found.blocked:
        return Rejected(found.blocked, "Approve both there.")
    return _Asked(amount, found.remaining_minor - amount)


def _send(work: Work, asked: Sequence[tuple[_Job, _Asked]]) -> None:
    if not asked:
        return
    now = work.clock()
    work.note_sent(_sent_as(job.item) for job, _ in asked)
    kept = allocations.record_intent([(job.item, one.amount_minor) for job, one in asked], now)
    reached("push:apply-intent")
    epochs = {item.document_id: item.epoch for item in kept}
    faults: list[SetupError] = []
    with work.pool(work.system.capabilities.in_flight) as pool:
        calls = {
            pool.submit(_call, work, _application(job, one, epochs[job.item.document_id]), now): (job, one)
            for job, one in asked
            if job.item.document_id in epochs
        }
        for call in as_completed(calls):
            outcome = call.result()
            work.note_sent([_sent_as(calls[call][0].item)])  # it was under way until now; see `push_send`
            if isinstance(outcome, SetupError):
                faults.append(outcome)
                outcome = RetryLater(now, str(outcome), whole_tenant=False)
            _settle_outcome(work, *calls[call], outcome)
            reached("push:apply-settled")
    if faults:
        raise faults[0]


def _application(job: _Job, asked: _Asked, epoch: int) -> Application:
    return Application(job.pair, asked.amount_minor, job.currency, job.dated, epoch)


def _call(work: Work, application: Application, intended: datetime) -> Applying | SetupError:
    """One call, in a thread of its own: it touches nothing but the network."""
    reached("push:apply-before-wire")
    try:
        return work.system.apply_credit(application, intended + SEND_WITHIN)
    except SetupError as error:
        return error
    finally:
        reached("push:apply-after-wire")


def _settle_outcome(work: Work, job: _Job, asked: _Asked, outcome: Applying) -> None:
    if isinstance(outcome, Applied):
        _settle(work, job, _Enough(asked.amount_minor, asked.left_minor))
    elif isinstance(outcome, RetryLater):
        _put_back(work, job, outcome, never_sent=True)
    elif isinstance(outcome, OutcomeUnknown):
        rest = RetryLater(work.quiet_until(work.clock()), outcome.reason, whole_tenant=False)
        _put_back(work, job, rest, never_sent=False)
    else:
        _refused(work, job, asked, outcome)


def _refused(work: Work, job: _Job, asked: _Asked, refusal: Rejected) -> None:
    """The books may have changed since they were read, as when the invoice was paid meanwhile: then that counts."""
    found = work.system.allocations([job.pair])
    if isinstance(found, RetryLater):
        _put_back(work, job, found, never_sent=True)
        return
    decision = _decision(found.get(job.pair))
    if decision == asked:
        _settle(work, job, refusal)
    elif isinstance(decision, _Asked):
        _put_back(work, job, RetryLater(work.clock(), refusal.reason, whole_tenant=False), never_sent=True)
    else:
        _settle(work, job, decision)


def _settle(work: Work, job: _Job, decision: _Enough | Rejected) -> None:
    number, now = job.item.number, work.clock()
    if isinstance(decision, Rejected):
        if allocations.settle(job.item, State.REJECTED, str(decision), now):
            work.tally.unapplied.append(Refused(number, str(decision)))
        return
    told, minor = _told(job, decision), decision.applied_minor
    if allocations.settle(job.item, State.DONE, told, now, amount_minor=minor):
        work.tally.applied.append(AppliedCredit(number, job.invoice, minor, job.currency, told))


def _told(job: _Job, enough: _Enough) -> str:
    applied, left = (Money(one, job.currency) for one in (enough.applied_minor, enough.remaining_minor))
    told = f"{applied} of it applied to {job.invoice}" if applied.minor else f"nothing of it applied to {job.invoice}"
    return f"{told}; {left} stays open as a credit of the partner" if left.minor else told


def _put_back(work: Work, job: _Job, refusal: RetryLater, *, never_sent: bool) -> None:
    """To be gone on with later; `never_sent`: the books certainly did nothing with what was sent, if anything was."""
    now = work.clock()
    obey(work, refusal, now)
    # As with documents: what holds the whole tenant needs not delay one of them once it is over.
    not_before = now if refusal.whole_tenant else refusal.not_before
    allocations.settle_retry(job.item, not_before, refusal.reason, never_sent=never_sent)
