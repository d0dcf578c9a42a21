"""In what invoices and credit notes differ.

Owns the differences, so that one set of rules serves both. What a stranger would get wrong: a credit note takes no
discounts and needs no due date, and its number is compared with other credit notes only.
"""

from dataclasses import dataclass

from connector.sandbox.xero.objects import CREDIT_NOTES, INVOICES


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of document."""

    kind: str
    element: str
    id_field: str
    number_field: str
    type: str
    noun: str
    number_prefix: str
    duplicate: str
    needs_due_date: bool
    allows_discounts: bool


INVOICE = Shape(
    kind=INVOICES,
    element="Invoice",
    id_field="InvoiceID",
    number_field="InvoiceNumber",
    type="ACCREC",
    noun="invoice",
    number_prefix="INV-",
    duplicate="Invoice # must be unique.",
    needs_due_date=True,
    allows_discounts=True,
)

CREDIT_NOTE = Shape(
    kind=CREDIT_NOTES,
    element="CreditNote",
    id_field="CreditNoteID",
    number_field="CreditNoteNumber",
    type="ACCRECCREDIT",
    noun="credit note",
    number_prefix="CN-",
    duplicate="Credit Note # must be unique.",
    needs_due_date=False,
    allows_discounts=False,
)

SHAPES = {INVOICES: INVOICE, CREDIT_NOTES: CREDIT_NOTE}
EDITABLE = ("DRAFT", "SUBMITTED", "AUTHORISED")
CLOSED = ("DELETED", "VOIDED", "PAID")
NEXT_STATUSES = {
    "DRAFT": ("DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"),
    "SUBMITTED": ("DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"),
    "AUTHORISED": ("AUTHORISED", "VOIDED"),
}
