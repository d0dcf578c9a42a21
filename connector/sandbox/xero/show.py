"""Documents as replies show them.

Owns the three degrees of detail. What a stranger would get wrong: a list without ``page`` has no line items, and a
contact in a list is only its id and name.
"""

from connector.sandbox import jsontext
from connector.sandbox.jsontext import Record, text
from connector.sandbox.xero import contacts, objects
from connector.sandbox.xero.context import Context
from connector.sandbox.xero.objects import CONTACTS, CREDIT_NOTES, INVOICES, Stored

_BULKY = ("LineItems", "Payments", "CreditNotes", "Prepayments", "Overpayments", "Allocations")


def shown(context: Context, document: Stored) -> Record:
    """One document in full."""
    contact = objects.by_id(context.db, context.tenant.tenant_id, CONTACTS, _contact_id(document))
    party = {"ContactID": _contact_id(document)} if contact is None else contacts.in_document(contact)
    return _completed(document, {**document.body, "Contact": party})


def listed(context: Context, documents: list[Stored], *, with_lines: bool, summary: bool) -> list[Record]:
    """Many documents: contacts as id and name, lines only when asked for."""
    names: dict[str, Record] = {}
    for key in {_contact_id(document) for document in documents}:
        contact = objects.by_id(context.db, context.tenant.tenant_id, CONTACTS, key)
        names[key] = {"ContactID": key} | ({} if contact is None else {"Name": contact.body["Name"]})
    found = []
    for document in documents:
        body = {**document.body, "Contact": names[_contact_id(document)]}
        if summary:
            found.append({name: value for name, value in body.items() if name not in _BULKY})
        else:
            found.append(_completed(document, body if with_lines else {**body, "LineItems": []}))
    return found


def _contact_id(document: Stored) -> str:
    return text(jsontext.as_record(document.body.get("Contact")) or {}, "ContactID")


def _completed(document: Stored, body: Record) -> Record:
    common: Record = {"Payments": [], "HasAttachments": False, "HasErrors": False}
    if document.kind == CREDIT_NOTES:
        return {**common, "Allocations": [], **body}
    allocations = jsontext.records(body.pop("Allocations", None)) if document.kind == INVOICES else []
    credits_: list[Record] = [_credit(one) for one in allocations]
    more: Record = {
        "CreditNotes": credits_,
        "Prepayments": [],
        "Overpayments": [],
        "IsDiscounted": _is_discounted(body),
    }
    return {**common, **more, "SentToContact": False, **body}


def _credit(allocation: Record) -> Record:
    wanted = ("CreditNoteID", "CreditNoteNumber", "AppliedAmount", "Date", "DateString")
    return {name: allocation[name] for name in wanted if name in allocation}


def _is_discounted(body: Record) -> bool:
    return any("DiscountRate" in line or "DiscountAmount" in line for line in jsontext.records(body.get("LineItems")))
