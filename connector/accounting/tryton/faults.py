"""Tryton's refusals in words that a finance person can act on. Its own sentence is always quoted.

What is not known here is still shown; a sentence of ours is an addition, never a replacement.
"""

import re

from connector.accounting.answers import Rejected
from connector.accounting.tryton.client import Refused

# Warnings about the days and taxes, which were approved with the document; any other one is a question for a person.
_APPROVED = ("invoice_date_future", "invoice_payment_term", "invoice_taxes")

# The first pattern that fits decides what to do; the texts are those of Tryton's own language.
_NEXT_STEPS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), next_step)
    for pattern, next_step in (
        (
            r"you must set an invoice date after",
            "Numbers follow the days there: give the document a day on or after that invoice's, then send it again.",
        ),
        (r"period|fiscal ?year", "Open the period in Tryton, or give the document a later date, then send it again."),
        (r"sequence", "Give the fiscal year its sequences in Tryton, then send it again."),
        (r"not allowed|access", "Give the user of the connection the right to it in Tryton, then send it again."),
        (r"field \"?taxes|tax", "Map the item to a tax that exists in Tryton and is for sales, then send it again."),
        (r"account", "Map the item to an account that exists in Tryton and is open, then send it again."),
        (r"party|address|identifier", "Correct the partner's party in Tryton, then send it again."),
        (
            r"currency|rate",
            "Add the currency and its rate in Tryton, or bill the partner in another, then send it again.",
        ),
    )
)
_OTHERWISE = "Correct this in Tryton or in the partner's data, then send it again."


def may_skip(refused: Refused) -> bool:
    """Whether it is a warning about what was approved with the document, so that nobody has to be asked again."""
    return refused.warning.rpartition(".")[2] in _APPROVED


def refusal(refused: Refused) -> Rejected:
    """The rejection that a refusal makes, with what to do."""
    steps = (step for pattern, step in _NEXT_STEPS if pattern.search(refused.message))
    said = "warns" if refused.warning else "says"
    return Rejected(f"Tryton {said}: {refused.message.rstrip('.')}.", next(steps, _OTHERWISE))
