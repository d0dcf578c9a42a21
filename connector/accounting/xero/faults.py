"""Xero's refusals in words that a finance person can act on. The remote's own sentence is always quoted.

What is not known here is still shown; a sentence of ours is an addition, never a replacement.
"""

import re
from collections.abc import Sequence

from connector.accounting.answers import NumberTaken, Rejected

_TAKEN = re.compile(r"must be unique\.?$", re.IGNORECASE)
_NUMBER = re.compile(r"(invoice|credit\s*note)\s*(#|number)", re.IGNORECASE)
_CONTACT_TAKEN = re.compile(r"contact (name|number) .*already assigned to another contact", re.IGNORECASE | re.DOTALL)

# The first pattern that fits decides what to do; the vendor does not promise these texts.
_NEXT_STEPS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), next_step)
    for pattern, next_step in (
        (r"lock date", "Move the lock date in Xero, or give the document a later date, then send it again."),
        (r"allocat", "Look at the credit note and its invoice in Xero, apply the credit there, then send it again."),
        (r"account.*(archived|deleted)", "Restore the account in Xero or map the item to another, then send it again."),
        (r"taxtype|tax rate|tax type", "Map the item to a tax code that the account accepts, then send it again."),
        (r"account", "Map the item to an account that exists in Xero, then send it again."),
        (r"item code", "Create the item in Xero or map to another, then send it again."),
        (r"currency", "Add the currency in Xero, or bill the partner in the organisation's own, then send it again."),
        (r"email", "Correct the partner's e-mail address, then send it again."),
        (r"contact", "Correct the partner's contact in Xero or the link to it, then send it again."),
        (r"description", "Correct the description in the mapping, then plan and send it again."),
        (r"due ?date", "Give the partner payment terms, then plan and send it again."),
        (r"branding", "Correct the branding theme in the tenant's settings, then send it again."),
    )
)
_OTHERWISE = "Correct this in Xero or in the partner's data, then send it again."


def document_refusal(messages: Sequence[str]) -> Rejected | NumberTaken:
    """What the messages on one refused document mean."""
    if any(_TAKEN.search(message) and _NUMBER.search(message) for message in messages):
        return NumberTaken(_quoted(messages))
    return refusal(messages)


def refusal(messages: Sequence[str]) -> Rejected:
    """The rejection that these messages make, with the next step of the first one that has one."""
    steps = (step for message in messages for pattern, step in _NEXT_STEPS if pattern.search(message))
    return Rejected(_quoted(messages), next(steps, _OTHERWISE))


def is_contact_taken(messages: Sequence[str]) -> bool:
    """Whether another contact bears the name or number of the one to be created."""
    return any(_CONTACT_TAKEN.search(message) for message in messages)


def _quoted(messages: Sequence[str]) -> str:
    if not messages:
        return "Xero refused it without a reason."
    return "Xero says: " + " ".join(message.rstrip(".") + "." for message in messages)
