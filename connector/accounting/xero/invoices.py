"""Invoices and credit notes as Xero takes and gives them. No line carries a tax amount: Xero computes it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.accounting import exactjson
from connector.accounting.answers import Booked, Outcome, OutcomeUnknown, RemoteDocument
from connector.accounting.port import Submission
from connector.accounting.xero import faults, wire
from connector.accounting.xero.client import Refused
from connector.domain.documents import CREDIT_NOTE, INVOICE, Line
from connector.domain.money import Money

NO_ID = "00000000-0000-0000-0000-000000000000"
DEAD = ("VOIDED", "DELETED")

Element = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """How Xero calls one kind of document: the collection, the type, and the fields of its number and id."""

    collection: str
    type: str
    number: str
    id: str


SHAPES: Mapping[str, Shape] = {
    INVOICE: Shape("Invoices", "ACCREC", "InvoiceNumber", "InvoiceID"),
    CREDIT_NOTE: Shape("CreditNotes", "ACCRECCREDIT", "CreditNoteNumber", "CreditNoteID"),
}


@dataclass(frozen=True)
class Style:
    """How the tenant wants its invoices.

    Attributes:
        status: in which they arrive.
        branding_themes: the theme by payment method.
        tracking: tracking category → option, of every line; two categories at most.
    """

    status: str
    branding_themes: Mapping[str, str]
    tracking: Mapping[str, str] = field(default_factory=dict)


def element(submission: Submission, style: Style) -> str:
    """One document as JSON text. The same submission always gives the same text."""
    document = submission.document
    shape = SHAPES[document.kind]
    due = {"DueDate": document.due.isoformat()} if document.kind == INVOICE else {}
    fields: Element = {
        "Type": shape.type,
        shape.number: document.number,
        "Contact": {"ContactID": submission.contact_id},
        "Date": document.dated.isoformat(),
        **due,
        "LineAmountTypes": "Exclusive",
        "CurrencyCode": document.currency,
        "Reference": document.reference,
        "Status": style.status,
        "LineItems": [_line(line, document.currency, style) for line in document.lines],
    }
    theme = style.branding_themes.get(document.payment_method)
    if theme:
        fields["BrandingThemeID"] = theme
    return exactjson.dump(fields)


def body(elements: Iterable[str], kind: str = INVOICE) -> bytes:
    """The body of one call, for documents of one kind."""
    return (f'{{"{SHAPES[kind].collection}":[' + ",".join(elements) + "]}").encode()


def _line(line: Line, currency: str, style: Style) -> Element:
    fields: Element = {
        "Description": line.description,
        "Quantity": line.quantity,
        "UnitAmount": Money(line.unit_minor, currency).amount,
        "AccountCode": line.account,
        "TaxType": line.tax_code,
    }
    fields |= {} if line.item_code is None else {"ItemCode": line.item_code}
    sorted_under = [{"Name": category, "Option": option} for category, option in style.tracking.items()]
    return {**fields, "Tracking": sorted_under} if sorted_under else fields


def outcomes(batch: Sequence[Submission], reply: Element) -> Mapping[str, Outcome]:
    """The fate of each document of a batch, by number, from the answer to the call.

    Elements are told apart by the number they repeat. Their place counts only where the numbers are missing and there
    are as many as were sent, because the order is not promised.
    """
    shape = SHAPES[batch[0].document.kind]
    elements = wire.elements(reply, shape.collection)
    numbers = [submission.document.number for submission in batch]
    named: dict[str, list[Element]] = {number: [] for number in numbers}
    for place, one in enumerate(elements):
        number = wire.text(one, shape.number)
        if not number and len(elements) == len(numbers):
            number = numbers[place]
        if number in named:
            named[number].append(one)
    return {number: _outcome(found, shape) for number, found in named.items()}


def _outcome(found: Sequence[Element], shape: Shape) -> Outcome:
    if len(found) != 1:
        return OutcomeUnknown("Xero's answer does not mention the document once.")
    if wire.is_refused(found[0]):
        return faults.document_refusal(wire.messages(found[0]))
    receipt = parsed(found[0], shape)
    if receipt is None:
        return OutcomeUnknown("Xero's answer on the document is not whole.")
    return Booked(receipt)


def refused(batch: Sequence[Submission], reply: Refused) -> Mapping[str, Outcome]:
    """The fate of each document when the call as a whole was refused.

    Those that Xero names are rejected. Others may have been booked, so they are looked up, and sent alone from then on.
    """
    numbers = [submission.document.number for submission in batch]
    number_field = SHAPES[batch[0].document.kind].number
    named = {wire.text(one, number_field): wire.messages(one) for one in reply.elements}
    fates: dict[str, Outcome] = {number: OutcomeUnknown(reply.message, alone=True) for number in numbers}
    if len(numbers) == 1:
        messages = [message for found in named.values() for message in found] or [reply.message]
        return {numbers[0]: faults.document_refusal(messages)}
    return fates | {number: faults.document_refusal(named[number]) for number in numbers if named.get(number)}


def parsed(one: Element, shape: Shape) -> RemoteDocument | None:
    """The document of a reply; None when it lacks what identifies or counts it."""
    currency = wire.text(one, "CurrencyCode")
    contact = one.get("Contact")
    net, tax, total = (wire.minor(one, name, currency) for name in ("SubTotal", "TotalTax", "Total"))
    key = wire.text(one, shape.id)
    if net is None or tax is None or total is None or key in ("", NO_ID) or not isinstance(contact, dict):
        return None
    return RemoteDocument(
        id=key,
        number=wire.text(one, shape.number),
        contact_id=wire.text(contact, "ContactID"),
        currency=currency,
        net_minor=net,
        tax_minor=tax,
        total_minor=total,
        status=wire.text(one, "Status"),
    )


def living_first(found: Iterable[RemoteDocument]) -> Mapping[str, RemoteDocument]:
    """One document for each number: a voided or deleted one only where no other has the number."""
    ordered = sorted(found, key=lambda one: one.status not in DEAD)
    return {one.number: one for one in ordered}
