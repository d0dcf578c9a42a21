"""Credit notes set against invoices.

Owns the allocation of credit. What a stranger would get wrong: an allocation has no number, so sending it twice
allocates twice whenever enough credit and enough debt remain.
"""

import uuid
from datetime import date
from decimal import Decimal

from connector.sandbox import dates, jsontext, rounding
from connector.sandbox.jsontext import Record, number, text
from connector.sandbox.xero import objects
from connector.sandbox.xero.contacts import Outcome
from connector.sandbox.xero.context import Context
from connector.sandbox.xero.objects import ALLOCATIONS, INVOICES, Stored


def write(context: Context, note_id: str, asked: Record) -> Outcome:
    """Apply a part of the credit note to an invoice of the same contact and currency."""
    tenant = context.tenant.tenant_id
    note = objects.by_id(context.db, tenant, objects.CREDIT_NOTES, note_id)
    reference = jsontext.as_record(asked.get("Invoice")) or {}
    invoice = objects.by_id(context.db, tenant, INVOICES, text(reference, "InvoiceID"))
    amount, day = number(asked, "Amount"), dates.parse_day(text(asked, "Date"))
    if note is None or invoice is None:
        return Outcome(asked, ("Invoice could not be found",))
    errors = ["Date must be specified"] if day is None else context.lock_fault(day)
    errors += _faults(note, invoice, amount)
    if errors or amount is None or day is None:
        return Outcome(asked, tuple(errors))
    return Outcome(_apply(context, note, invoice, amount, day))


def _faults(note: Stored, invoice: Stored, amount: Decimal | None) -> list[str]:
    errors = []
    if note.status != "AUTHORISED" or invoice.status != "AUTHORISED":
        errors.append("Credit note and invoice must both be AUTHORISED")
    if note.body.get("Contact") != invoice.body.get("Contact"):
        errors.append("The credit note and the invoice belong to different contacts")
    if note.body.get("CurrencyCode") != invoice.body.get("CurrencyCode"):
        errors.append("The credit note and the invoice have different currencies")
    digits = rounding.digits_of(text(note.body, "CurrencyCode"))
    if amount is None or not rounding.is_sane(amount) or amount <= 0 or amount != rounding.rounded(amount, digits):
        return [*errors, "Amount must be a sum of money greater than zero"]
    if amount > (number(note.body, "RemainingCredit") or 0):
        errors.append("The amount allocated is more than the credit that remains")
    if amount > (number(invoice.body, "AmountDue") or 0):
        errors.append("The amount allocated is more than the amount due")
    return errors


def _apply(context: Context, note: Stored, invoice: Stored, amount: Decimal, day: date) -> Record:
    allocation: Record = {
        "AllocationID": str(uuid.uuid4()),
        "Amount": rounding.rounded(amount, rounding.digits_of(text(note.body, "CurrencyCode"))),
        "Date": dates.ms_date(day),
        "Invoice": {"InvoiceID": invoice.id, "InvoiceNumber": invoice.body["InvoiceNumber"]},
    }
    applied = {
        "CreditNoteID": note.id,
        "CreditNoteNumber": note.body["CreditNoteNumber"],
        "AppliedAmount": allocation["Amount"],
        "Date": allocation["Date"],
        "DateString": dates.day_string(day),
    }
    due = (number(invoice.body, "AmountDue") or rounding.ZERO) - amount
    left = (number(note.body, "RemainingCredit") or rounding.ZERO) - amount
    credited = (number(invoice.body, "AmountCredited") or rounding.ZERO) + amount
    bodies = (
        (INVOICES, invoice, {"AmountDue": due, "AmountCredited": credited}, due, applied),
        (objects.CREDIT_NOTES, note, {"RemainingCredit": left}, left, allocation),
    )
    for kind, held, sums, rest, entry in bodies:
        paid: Record = {"Status": "PAID", "FullyPaidOnDate": dates.ms_date(day)} if rest == 0 else {}
        allocated = [*jsontext.records(held.body.get("Allocations")), entry]
        body = {**held.body, **sums, **paid, "Allocations": allocated}
        objects.save(context.db, context.tenant.tenant_id, context.app, context.now_ms, kind, body)
    stored = {**allocation, "Status": "APPLIED"}
    objects.save(context.db, context.tenant.tenant_id, context.app, context.now_ms, ALLOCATIONS, stored)
    return allocation
