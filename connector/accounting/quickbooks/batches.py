"""Batches: many documents in one call, and each one's own fate in the answer.

What a stranger would get wrong: answers come in any order and are told apart by ``bId``; the remote makes an id for
each item out of ``requestid`` and ``bId``, which together must not pass 50 characters.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from connector.accounting.port import Outcome, OutcomeUnknown, Submission
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


def outcomes(batch: Sequence[Submission], reply: Element) -> Mapping[str, Outcome]:
    """The fate of each document of a batch, by number, from the answer to the call."""
    answers: dict[str, list[Element]] = {}
    listed = reply.get("BatchItemResponse")
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict):
            answers.setdefault(str(one.get("bId")), []).append(one)
    return {
        submission.document.number: _outcome(submission, answers.get(str(place), []))
        for place, submission in enumerate(batch, 1)
    }


def _outcome(submission: Submission, answers: Sequence[Element]) -> Outcome:
    if len(answers) != 1:
        return OutcomeUnknown("QuickBooks' answer does not mention the document once.")
    (answer,) = answers
    if "Fault" in answer:
        return faults.document_refusal(faults.in_fault(answer["Fault"]))
    return receipts.booked(submission, answer)
