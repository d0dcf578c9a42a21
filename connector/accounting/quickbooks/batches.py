"""Batches: many documents in one call, and each one's own fate in the answer.

What a stranger would get wrong: answers come in any order and are told apart by ``bId``; the remote makes an id for
each item out of ``requestid`` and ``bId``, which together must not pass 50 characters.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from connector.accounting.answers import NumberTaken, Outcome, OutcomeUnknown, Rejected
from connector.accounting.port import Submission
from connector.accounting.quickbooks import faults, receipts
from connector.accounting.quickbooks.documents import ENTITIES

MOST_ITEMS, LONGEST_REQUEST_ID, LONGEST_BID = 30, 36, 10

Element = dict[str, Any]


def body(elements: Sequence[str], kind: str) -> bytes:
    """The body of one call, for documents of one kind; each ``bId`` is the document's place, from 1."""
    entity = ENTITIES[kind]
    items = (
        f'{{"bId":"{place}","operation":"create","{entity}":{element}}}' for place, element in enumerate(elements, 1)
    )
    return f'{{"BatchItemRequest":[{",".join(items)}]}}'.encode()


def request_id(tenant: str, batch: Sequence[Submission], sent: bytes) -> str:
    """The id of one call: the same for the same documents, epochs and bytes, and for no others."""
    named = sorted(f"{one.document.number} {one.epoch}" for one in batch)
    digest = hashlib.sha256("\0".join((tenant, *named)).encode() + b"\0" + sent).hexdigest()
    return digest[:LONGEST_REQUEST_ID]


def answered(reply: Element, count: int) -> list[Element | None]:
    """The answer to each of so many items, in the order they were sent; None for one not answered exactly once."""
    answers: dict[str, list[Element]] = {}
    listed = reply.get("BatchItemResponse")
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict):
            answers.setdefault(str(one.get("bId")), []).append(one)
    told = [answers.get(str(place), []) for place in range(1, count + 1)]
    return [one[0] if len(one) == 1 else None for one in told]


def outcomes(batch: Sequence[Submission], reply: Element) -> Mapping[str, Outcome]:
    """The fate of each document of a batch, by number, from the answer to the call."""
    pairs = zip(batch, answered(reply, len(batch)), strict=True)
    return {submission.document.number: _outcome(submission, answer) for submission, answer in pairs}


def refused(batch: Sequence[Submission], reply: Rejected | NumberTaken) -> Mapping[str, Outcome]:
    """The fate of each document when the call as a whole was refused: alone it is refused, else each goes alone."""
    if len(batch) == 1:
        return {batch[0].document.number: reply}
    return {one.document.number: OutcomeUnknown(reply.reason, alone=True) for one in batch}


def _outcome(submission: Submission, answer: Element | None) -> Outcome:
    if answer is None:
        return OutcomeUnknown("QuickBooks' answer does not mention the document once.")
    if "Fault" in answer:
        return faults.document_refusal(faults.in_fault(answer["Fault"]))
    return receipts.booked(submission, answer)
