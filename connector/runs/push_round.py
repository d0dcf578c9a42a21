"""One round of a push: claim, look up what may have been sent, check, find contacts, record the intent, send, settle.

Each step is a committed transaction of its own. Nothing is sent that was sent before, unless the accounting system was
seen, after the quiet period, not to have it.
"""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import replace
from datetime import datetime, timedelta

from connector.accounting.port import Booked, Outcome, OutcomeUnknown, Rejected, RemoteDocument, RetryLater, Submission
from connector.accounting.preflight import check
from connector.domain.documents import Document
from connector.ledger import outbox
from connector.ledger.outbox import OutboxItem
from connector.net.errors import SetupError
from connector.runs.crashpoints import reached
from connector.runs.push_contacts import known_contacts, with_contacts
from connector.runs.push_work import (
    SEND_WITHIN,
    Job,
    Work,
    adopt_or_quarantine,
    book,
    doubt,
    postpone,
    quarantine,
    reject,
)

_ROOM = timedelta(minutes=10)  # for the look-ups of a round; a dead worker's claims are released without waiting for it
_CATALOGUE_AGE = timedelta(minutes=10)
_BEFORE = "it was there before ours was first sent"


def run_round(work: Work, due: Sequence[OutboxItem]) -> None:
    """Take these documents as far as they go now. What cannot go on is put back, with the reason.

    Raises:
        SetupError: nothing works before a person acts; what was claimed may be released at once.
    """
    held = outbox.claim(due, work.clock(), work.system.capabilities.time_out + _ROOM)
    reached("push:claimed")
    jobs = [Job(item, Document.from_plain(json.loads(item.request))) for item in held]
    unsent = [job for job in jobs if job.item.first_sent is None]
    absent = _look_up(work, [job for job in jobs if job.item.first_sent is not None])
    _send(work, with_contacts(work, _checked(work, [*_unclaimed(work, unsent), *absent])))


def _look_up(work: Work, jobs: Sequence[Job]) -> list[Job]:
    """Settle the documents that are in the books; those that are not may be sent again, under a new key."""
    if not jobs:
        return []
    work.tell(f"Looking up {len(jobs)} document(s) that may have been booked")
    found = _read_back(work, jobs)
    reached("push:looked-up")
    if isinstance(found, RetryLater):
        postpone(work, jobs, found)
        return []
    contacts = known_contacts(work, jobs)
    for job in jobs:
        if job.number in found:
            adopt_or_quarantine(work, job, found[job.number], contacts[job.number])
    absent = {job.item.document_id: job for job in jobs if job.number not in found}
    renewed = outbox.new_epoch([job.item for job in absent.values()])
    reached("push:epoch")
    return [replace(absent[item.document_id], item=item) for item in renewed]


def _unclaimed(work: Work, jobs: Sequence[Job]) -> list[Job]:
    """Those of which the books have no document yet; where numbers are unique, the books say so themselves."""
    if not jobs or work.system.capabilities.number_is_unique:
        return list(jobs)
    work.tell(f"Looking whether {len(jobs)} number(s) are free")
    found = _read_back(work, jobs)
    if isinstance(found, RetryLater):
        postpone(work, jobs, found)
        return []
    contacts = known_contacts(work, jobs)
    for job in jobs:
        if job.number in found and job.item.epoch == 0:
            quarantine(work, job, found[job.number], [_BEFORE])
        elif job.number in found:  # ours, perhaps: sent in an earlier epoch, and found later than assumed
            adopt_or_quarantine(work, job, found[job.number], contacts[job.number])
    return [job for job in jobs if job.number not in found]


def _read_back(work: Work, jobs: Sequence[Job]) -> dict[str, RemoteDocument] | RetryLater:
    """What stands under the numbers of these documents, kind by kind."""
    found: dict[str, RemoteDocument] = {}
    for kind in sorted({job.document.kind for job in jobs}):
        read = work.system.read_back([job.number for job in jobs if job.document.kind == kind], kind)
        if isinstance(read, RetryLater):
            return read
        found |= read
    return found


def _checked(work: Work, jobs: Sequence[Job]) -> list[Job]:
    """The documents that the organisation's settings allow; the others are rejected whole, never a line of them."""
    if not jobs:
        return []
    if work.catalogue is None or work.clock() - work.catalogue.fetched_at > _CATALOGUE_AGE:
        fetched = work.system.catalogue()
        if isinstance(fetched, RetryLater):
            postpone(work, jobs, fetched)
            return []
        work.catalogue = fetched
    able = work.system.capabilities
    faults = check(
        [job.document for job in jobs],
        work.catalogue,
        number_max_length=able.number_max_length,
        description_max_length=able.description_max_length,
    )
    for job in jobs:
        if job.number in faults:
            reject(work, job, " ".join(faults[job.number]))
    reached("push:checked")
    return [job for job in jobs if job.number not in faults]


def _send(work: Work, jobs: Sequence[Job]) -> None:
    if not jobs:
        return
    now = work.clock()
    work.note_sent(job.item.document_id for job in jobs)
    kept = {item.document_id: item for item in outbox.record_intent([job.item for job in jobs], now)}
    reached("push:intent")
    sent = {job.number: replace(job, item=kept[job.item.document_id]) for job in jobs if job.item.document_id in kept}
    refusals: list[SetupError] = []
    taken: list[Job] = []
    batches = _batches(work, list(sent.values()))
    with work.pool(work.system.capabilities.in_flight) as pool:
        calls = {pool.submit(_call, work, batch, now): batch for batch in batches}
        for call in as_completed(calls):
            outcome = call.result()
            batch = [sent[submission.document.number] for submission in calls[call]]
            if isinstance(outcome, SetupError):
                refusals.append(outcome)
                postpone(work, batch, RetryLater(now, str(outcome), whole_tenant=False), never_sent=True)
                continue
            taken += _settle(work, batch, outcome)
            reached("push:settled")
            work.tell(f"Called {work.system.tenant} with {len(batch)} document{'s' if len(batch) > 1 else ''}")
    _settle_taken(work, taken)
    if refusals:
        raise refusals[0]


def _batches(work: Work, jobs: Sequence[Job]) -> list[list[Submission]]:
    submissions = [Submission(job.document, job.contact_id, job.item.epoch) for job in jobs]
    alone = [[one] for one in submissions if one.document.number in work.alone]
    return alone + work.system.batches([one for one in submissions if one.document.number not in work.alone])


def _call(work: Work, batch: Sequence[Submission], intended: datetime) -> Mapping[str, Outcome] | SetupError:
    """One call, in a thread of its own: it touches nothing but the network."""
    reached("push:before-wire")
    try:
        return work.system.create(batch, intended + SEND_WITHIN)
    except SetupError as error:
        return error
    finally:
        reached("push:after-wire")


def _settle(work: Work, batch: Sequence[Job], outcomes: Mapping[str, Outcome]) -> list[Job]:
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


def _settle_taken(work: Work, jobs: Sequence[Job]) -> None:
    """A number refused as taken: look what stands under it. Our own document is adopted, another's is quarantined."""
    if not jobs:
        return
    found = _read_back(work, jobs)
    for job in jobs:
        if isinstance(found, RetryLater):
            postpone(work, [job], found)
        elif job.number in found and _never_sent_before(job):
            quarantine(work, job, found[job.number], [_BEFORE])
        elif job.number in found:
            adopt_or_quarantine(work, job, found[job.number], job.contact_id)
        elif job.item.epoch == 0:
            doubt(work, [job], "The number is taken, and the document with it is not found yet.")
        else:
            words = f"The number {job.number} is taken in the books, and no document with it can be found."
            reject(work, job, f"{words} Find out what has the number, then send it again.")


def _never_sent_before(job: Job) -> bool:
    """Whether the call that was refused was the first one ever made for the document."""
    return job.item.epoch == 0 and job.item.first_sent == job.item.last_sent
