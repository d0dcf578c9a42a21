"""The contacts of the documents to be sent. A contact is created here only, after approval, and once.

Creating is sending, too: the intent is stored before the call (a link without a contact id), and whoever finds such an
intent waits until the remote has come to rest and looks again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import polars as pl

from connector.accounting.answers import (
    ContactAbsent,
    ContactAnswer,
    ContactFound,
    OutcomeUnknown,
    Rejected,
    RetryLater,
)
from connector.domain.documents import Party
from connector.ledger import TABLES, hold, put, read, transaction
from connector.runs.crashpoints import reached
from connector.runs.push_work import SEND_WITHIN, Job, Work, postpone, reject

_CREATING = "creating "


def with_contacts(work: Work, jobs: Sequence[Job]) -> list[Job]:
    """Those of the documents whose contact can be billed, each with it; the others are settled or put back."""
    unknown = {
        job.document.party.partner_id: replace(job.document.party, currency=job.document.currency) for job in jobs
    }
    unknown = {partner: party for partner, party in unknown.items() if partner not in work.contacts}
    links = _links(work, unknown)
    answers: dict[str, ContactAnswer] = {
        partner: unrest for partner, (_, how) in links.items() if (unrest := _unrest(work, how)) is not None
    }
    asked = [
        replace(party, contact_id=party.contact_id or links.get(partner, ("", ""))[0] or None)
        for partner, party in unknown.items()
        if partner not in answers
    ]
    if asked:
        found = work.system.find_contacts(asked)
        if isinstance(found, RetryLater):
            postpone(work, jobs, found)
            return []
        answers.update(found)
        answers.update(_create(work, [party for party in asked if isinstance(found[party.partner_id], ContactAbsent)]))
    _remember(work, answers)
    return _sorted_out(work, jobs, answers)


def known_contacts(work: Work, jobs: Sequence[Job]) -> Mapping[str, str | None]:
    """By number, the contact that each document was sent with: the declared one, else the stored link."""
    parties = {job.number: job.document.party for job in jobs}
    links = _links(work, [party.partner_id for party in parties.values()])
    return {
        number: party.contact_id or links.get(party.partner_id, ("", ""))[0] or None
        for number, party in parties.items()
    }


def _links(work: Work, partners: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Contact id and history of each stored link."""
    wanted = set(partners)
    frame = read("contact_link", "tenant = ?", [work.system.tenant]).filter(pl.col("partner_id").is_in(list(wanted)))
    rows = zip(frame["partner_id"], frame["contact_id"], frame["how"], strict=True)
    return {partner: (contact_id, how) for partner, contact_id, how in rows}


def _store(work: Work, links: Mapping[str, tuple[str, str]]) -> None:
    """Store what is known of these contacts; one that is known is never forgotten for one that is not."""
    if not links:
        return
    with transaction():
        held = _held_links(work, links)
        rows = {partner: link for partner, link in links.items() if link[0] or not held.get(partner, ("", ""))[0]}
        _put(work, rows)


def _intend(work: Work, parties: Sequence[Party], now: datetime) -> dict[str, ContactAnswer]:
    """Store that these contacts are about to be created; answers for those that another push has made, or may have.

    Only one push works on a tenant, but for one that lost its lock and does not know it yet.
    """
    with transaction():
        links = _held_links(work, [party.partner_id for party in parties])
        known: dict[str, ContactAnswer] = {}
        for partner, (contact_id, how) in links.items():
            unrest = _unrest(work, how)
            if contact_id:
                known[partner] = ContactFound(contact_id, "stored")
            elif unrest is not None:
                known[partner] = unrest
        intent = ("", f"{_CREATING}{now.isoformat()}")
        _put(work, {party.partner_id: intent for party in parties if party.partner_id not in known})
    return known


def _held_links(work: Work, partners: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The stored links, which no other push changes before the open transaction ends."""
    wanted = sorted(partners)
    hold(f"contact {work.system.tenant} {partner}" for partner in wanted)
    return _links(work, wanted)


def _put(work: Work, links: Mapping[str, tuple[str, str]]) -> None:
    columns = {
        "tenant": [work.system.tenant] * len(links),
        "partner_id": list(links),
        "contact_id": [contact_id for contact_id, _ in links.values()],
        "how": [how for _, how in links.values()],
    }
    put("contact_link", pl.DataFrame(columns, schema=dict(TABLES["contact_link"])))


def _unrest(work: Work, how: str) -> RetryLater | None:
    """A creation may still be under way."""
    if not how.startswith(_CREATING):
        return None
    rest = work.quiet_until(datetime.fromisoformat(how.removeprefix(_CREATING)))
    if work.clock() >= rest:
        return None
    return RetryLater(rest, "Whether the partner's contact was created is not known yet.", whole_tenant=False)


def _create(work: Work, parties: Sequence[Party]) -> dict[str, ContactAnswer]:
    answers: dict[str, ContactAnswer] = {}
    size = work.system.capabilities.batch_size
    together = [party for party in parties if party.partner_id not in work.alone]
    calls = [together[start : start + size] for start in range(0, len(together), size)]
    calls += [[party] for party in parties if party.partner_id in work.alone]
    for call in calls:
        if work.stop is not None:
            answers.update({party.partner_id: work.stop for party in call})
            continue
        now = work.clock()
        work.tell(f"Creating {len(call)} contact(s) in {work.system.tenant}")
        known = _intend(work, call, now)
        answers.update(known)
        absent = [party for party in call if party.partner_id not in known]
        if absent:
            answers.update(_created(work, absent, now))
    return answers


def _created(work: Work, call: Sequence[Party], now: datetime) -> Mapping[str, ContactAnswer]:
    """What one call to create them was answered."""
    reached("push:contact-before-wire")
    # The look-up was just now, so the time makes a key that no earlier answer can be replayed under.
    key = f"{now.isoformat()} {[party.partner_id for party in call]}"
    got = work.system.create_contacts(call, key, now + SEND_WITHIN)
    reached("push:contact-after-wire")
    work.stop = next((one for one in got.values() if isinstance(one, RetryLater) and one.whole_tenant), None)
    # Nothing is under way where the call was refused: the intent goes, and the next push need not wait for it.
    _store(work, {partner: ("", "refused") for partner, one in got.items() if isinstance(one, Rejected | RetryLater)})
    return got


def _remember(work: Work, answers: Mapping[str, ContactAnswer]) -> None:
    """Store the contacts that were found or created; a contact id that a person declared is not a link of ours."""
    found = {partner: one for partner, one in answers.items() if isinstance(one, ContactFound)}
    work.contacts.update({partner: one.contact_id for partner, one in found.items()})
    links = {partner: (one.contact_id, one.how) for partner, one in found.items() if one.how != "stored"}
    _store(work, links)
    reached("push:contact-linked")


def _sorted_out(work: Work, jobs: Sequence[Job], answers: Mapping[str, ContactAnswer]) -> list[Job]:
    good = []
    for job in jobs:
        partner = job.document.party.partner_id
        answer = answers.get(partner)
        if partner in work.contacts:
            good.append(replace(job, contact_id=work.contacts[partner]))
        elif isinstance(answer, Rejected):
            reject(work, job, str(answer))
        elif isinstance(answer, RetryLater):
            postpone(work, [job], answer)
        else:
            reason = answer.reason if isinstance(answer, OutcomeUnknown) else "The contact is not known."
            if isinstance(answer, OutcomeUnknown) and answer.alone:
                work.alone.add(partner)
            rest = work.quiet_until(work.clock())
            postpone(work, [job], RetryLater(rest, reason, whole_tenant=False))
    return good
