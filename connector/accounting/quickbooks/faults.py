"""QuickBooks' refusals: read from their three forms, and told in words that a finance person can act on.

The remote's own sentence is always quoted; ours is an addition. A code is not trusted alone where its text says
otherwise: the vendor once published the code of closed books for a number in use.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from connector.accounting import exactjson
from connector.accounting.answers import NumberTaken, OutcomeUnknown, Rejected

THROTTLED, TOKEN_EXPIRED, NOT_AUTHORISED, NO_LONGER_ADMIN = "3001", "3200", "3100", "120"
NUMBER_IN_USE, NAME_IN_USE, STALE, SYSTEM = "6140", "6240", "5010", "10000"
_TAKEN = re.compile(r"duplicate document number|DocNumber=\S+ is assigned", re.IGNORECASE)
_LEADING = re.compile(r"^(Business Validation Error|[A-Z][A-Za-z ]+)\s*:\s+")
_TAG = re.compile(r"\{[^}]*\}")
LONGEST_XML_BYTES = 100_000

_NEXT_STEPS = {
    "120": "Connect QuickBooks again as one of the company's administrators, then send it again.",
    "500": "Report this: the connector asked for something that QuickBooks does not offer.",
    "610": "Make the customer or item active in QuickBooks or map to another, then send it again.",
    "2010": "Report this: the connector sent something that QuickBooks does not know.",
    "2020": "Complete the partner's data or the mapping, then plan and send it again.",
    "2030": "Correct the link to the customer or item, then send it again.",
    "2050": "Shorten the text it names in the mapping or the partner's data, then plan and send it again.",
    "2170": "Report this: the connector sent a word that QuickBooks does not know.",
    "2500": "Create what it names in QuickBooks or map to another, then send it again.",
    "4000": "Report this: the connector asked a question that QuickBooks cannot read.",
    "4001": "Report this: the connector asked a question that QuickBooks cannot answer.",
    "5010": "Someone changed it in QuickBooks in the meantime: look at it there, then send it again.",
    "6000": "Correct this in QuickBooks or in the partner's data, then send it again.",
    "6070": "Report this: an amount was not quantity times price.",
    "6190": "Renew the company's QuickBooks subscription, then send it again.",
    "6210": "Open the period in QuickBooks, or give the document a later date, then send it again.",
    "6240": "Link the partner to the customer of that name, or give one of them another name, then send it again.",
    "6540": "It was deposited already: correct it in QuickBooks.",
}
_SAID: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), next_step)
    for pattern, next_step in (
        (
            r"(GST|HST|VAT|tax) rate|TaxCodeRef",
            "Map the item to a tax code that exists in QuickBooks, then send it again.",
        ),
        (r"currency", "Bill the partner in the currency of its customer in QuickBooks, then send it again."),
        (r"period has closed", _NEXT_STEPS["6210"]),
        (r"class tracking|location tracking", "Turn tracking on in QuickBooks, or take it out of the settings."),
    )
)


@dataclass(frozen=True)
class Error:
    """One error: its code as QuickBooks numbers it, its two sentences, and the property it is about."""

    code: str
    message: str
    detail: str
    element: str = ""

    @property
    def sentence(self) -> str:
        """What to quote: the detail without its heading, else the message."""
        return _LEADING.sub("", self.detail).strip() or self.message or "it gives no reason"


def read(body: bytes) -> tuple[Error, ...]:
    """The errors of a reply: JSON, the lower-case JSON of the gateway, or XML; none when it is none of these."""
    if body.lstrip().startswith(b"<"):
        return _from_xml(body)
    reply = exactjson.load(body) or {}
    return in_fault(reply.get("Fault") or reply.get("fault"))


def in_fault(fault: object) -> tuple[Error, ...]:
    """The errors of one fault, as a reply or an item of a batch has it."""
    if not isinstance(fault, dict):
        return ()
    listed = fault.get("Error") or fault.get("error")
    return tuple(_error(one) for one in listed if isinstance(one, dict)) if isinstance(listed, list) else ()


def _error(one: dict[str, Any]) -> Error:
    lowered = {str(name).lower(): value for name, value in one.items()}
    told = (lowered.get(name) for name in ("code", "message", "detail", "element"))
    code, message, detail, element = (value if isinstance(value, str) else "" for value in told)
    return Error(code.lstrip("0"), message, detail, element)


def _from_xml(body: bytes) -> tuple[Error, ...]:
    if len(body) > LONGEST_XML_BYTES or b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        return ()
    try:
        root = ET.fromstring(body)  # noqa: S314  # short, and without a document type there are no entities
    except ET.ParseError:
        return ()
    found = []
    for one in root.iter():
        if _TAG.sub("", one.tag) == "Error":
            parts = {_TAG.sub("", part.tag): part.text or "" for part in one}
            told = (parts.get("Message", ""), parts.get("Detail", ""), one.attrib.get("element", ""))
            found.append(Error(one.attrib.get("code", "").lstrip("0"), *told))
    return tuple(found)


def is_throttle(errors: Sequence[Error]) -> bool:
    """Whether the call was refused for its rate, whatever the status of the reply was."""
    return any(error.code == THROTTLED or "ThrottleExceeded" in error.message for error in errors)


def document_refusal(errors: Sequence[Error]) -> Rejected | NumberTaken | OutcomeUnknown:
    """What the errors on one document mean. A fault of the system promises nothing about what was done."""
    if any(error.code == NUMBER_IN_USE or _TAKEN.search(f"{error.message} {error.detail}") for error in errors):
        return NumberTaken(_quoted(errors))
    if not errors or any(error.code in ("", SYSTEM) or is_throttle([error]) for error in errors):
        return OutcomeUnknown(_quoted(errors))
    return refusal(errors)


def refusal(errors: Sequence[Error]) -> Rejected:
    """The rejection that these errors make, with the next step of the first one that has one."""
    said = (step for error in errors for pattern, step in _SAID if pattern.search(error.detail))
    coded = (_NEXT_STEPS[error.code] for error in errors if error.code in _NEXT_STEPS)
    return Rejected(_quoted(errors), next(said, None) or next(coded, _NEXT_STEPS["6000"]))


def is_name_taken(errors: Sequence[Error]) -> bool:
    """Whether a customer, vendor or employee bears the name of the customer to be created."""
    return any(error.code == NAME_IN_USE for error in errors)


def _quoted(errors: Sequence[Error]) -> str:
    if not errors:
        return "QuickBooks refused it without a reason."
    told = dict.fromkeys(f"{error.sentence.rstrip('.')} ({error.code or 'no code'})." for error in errors)
    return "QuickBooks says: " + " ".join(told)
