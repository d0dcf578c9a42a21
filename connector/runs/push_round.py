"""One round of a push: claim, look up what may have been sent, check, find contacts, send and settle.

Each step is a committed transaction of its own. Nothing is sent that was sent before, unless the accounting system was
seen, after the quiet period, not to have it.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from connector.accounting.answers import RemoteDocument, RetryLater
from connector.accounting.preflight import check
from connector.domain.documents import Document
from connector.ledger import outbox
from connector.ledger.outbox import OutboxItem
from connector.runs.crashpoints import reached
from connector.runs.push_contacts import known_contacts, with_contacts
from connector.runs.push_send import send
from connector.runs.push_work import Job, Work, adopt_or_quarantine, doubt, postpone, quarantine, reject

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
    sent = send(work, with_contacts(work, _checked(work, [*_unclaimed(work, unsent), *absent])))
    _settle_taken(work, sent.taken)
    if sent.refused is not None:
        raise sent.refused


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
