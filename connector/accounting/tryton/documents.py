"""Invoices and credit notes as Tryton takes and gives them.

What a stranger would get wrong: `create` fills in nothing by itself; a credit note is an invoice to a customer whose
quantities are negative. The day on which it is due travels as the date that payment terms count from, without terms.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from connector.accounting.answers import Rejected, RemoteDocument
from connector.accounting.port import Submission
from connector.accounting.tryton import wire
from connector.accounting.tryton.catalogue import Company
from connector.domain.documents import CREDIT_NOTE, INVOICE, Document, Line
from connector.domain.money import Money

DRAFT, POSTED, PAID, VOIDED = "DRAFT", "POSTED", "PAID", "VOIDED"
FIELDS = (
    "number",
    "reference",
    "state",
    "party",
    "currency.code",
    "invoice_date",
    "payment_term_date",
    "untaxed_amount",
    "tax_amount",
    "total_amount",
    "create_uid",
)
ADOPTABLE = frozenset({POSTED, PAID})
_STATES = {"draft": DRAFT, "posted": POSTED, "paid": PAID, "cancelled": VOIDED}

Element = wire.Element


@dataclass(frozen=True)
class Payer:
    """What an invoice needs of its party: the address, and the account on which it owes."""

    address: int
    receivable: int


@dataclass(frozen=True)
class Found:
    """An invoice as Tryton has it: its own id and who made it, what it is, and its days."""

    id: int
    user_id: int | None
    document: RemoteDocument
    kind: str
    dated: date | None
    due: date | None

    def is_draft_of(self, user_id: int) -> bool:
        """Whether it is a draft that this user has made, which is no document yet."""
        return self.document.status == DRAFT and self.user_id == user_id


def values(submission: Submission, company: Company, payer: Payer) -> Element | Rejected:
    """What a draft is created of; a rejection where Tryton lacks what it names."""
    document = submission.document
    currency = company.currencies.get(document.currency)
    if currency is None:
        reason = f"Tryton has no currency {document.currency}."
        return Rejected(reason, "Add the currency in Tryton, or bill the partner in another, then send it again.")
    lines = []
    for line in document.lines:
        made = _line(line, document, company)
        if isinstance(made, Rejected):
            return made
        lines.append({**made, "currency": currency})
    return {
        "type": "out",
        "company": company.id,
        "currency": currency,
        "party": int(submission.contact_id),
        "invoice_address": payer.address,
        "account": payer.receivable,
        "journal": company.journal,
        "reference": document.number,
        "description": document.reference,
        "invoice_date": document.dated,
        "payment_term_date": document.due,
        "lines": [["create", lines]],
    }


def _line(line: Line, document: Document, company: Company) -> Element | Rejected:
    tax = company.taxes.get(line.tax_code)
    if tax is None:
        reason = f"{line.item} has the tax {line.tax_code}, which Tryton does not have here."
        return Rejected(reason, "Map the item to a tax that exists in Tryton, then send it again.")
    booked = _booked(line, company)
    if isinstance(booked, Rejected):
        return booked
    sign = -1 if document.kind == CREDIT_NOTE else 1
    return {
        "type": "line",
        "company": company.id,
        "description": line.description,
        "quantity": sign * line.quantity,
        "unit_price": Money(line.unit_minor, document.currency).amount,
        "taxes": [["add", [tax]]],
        **booked,
    }


def _booked(line: Line, company: Company) -> Element | Rejected:
    """By what a line is booked: its product, where it names one, and that one's account or its own."""
    product = company.products.get(line.item_code or "")
    if product is None and (line.item_code or company.catalogue.item_accounts is not None):
        reason = f"{line.item} has no product in Tryton: {line.item_code or 'none is mapped'}."
        return Rejected(reason, "Create the product in Tryton or map to another, then send it again.")
    sold = {} if product is None else {"product": product.id, "unit": product.unit}
    if product is not None and product.account is not None:
        return {**sold, "account": product.account}
    known = company.catalogue.accounts.get(line.account)
    account = company.accounts.get(line.account)
    if account is None or known is None or not known.is_active:
        reason = f"{line.item} has the account {line.account}, which Tryton does not have here, or has closed."
        return Rejected(reason, "Map the item to an account that is open in Tryton, then send it again.")
    return {**sold, "account": account}


def parsed(one: Element) -> Found | None:
    """The invoice of an answer; None when it lacks what identifies or counts it."""
    key, party = wire.whole(one, "id"), wire.whole(one, "party")
    currency = wire.text(wire.inner(one, "currency"), "code")
    net, tax, total = (wire.minor(one, f"{name}_amount", currency) for name in ("untaxed", "tax", "total"))
    state = wire.text(one, "state")
    if key is None or party is None or net is None or tax is None or total is None or not state:
        return None
    kind = CREDIT_NOTE if total < 0 else INVOICE
    sign = -1 if kind == CREDIT_NOTE else 1
    document = RemoteDocument(
        id=str(key),
        number=wire.text(one, "reference"),
        contact_id=str(party),
        currency=currency,
        net_minor=sign * net,
        tax_minor=sign * tax,
        total_minor=sign * total,
        status=_STATES.get(state, state.upper()),
        given=wire.text(one, "number"),
    )
    days = wire.day(one, "invoice_date"), wire.day(one, "payment_term_date")
    return Found(key, wire.whole(one, "create_uid"), document, kind, *days)


def fits(found: Found, submission: Submission) -> bool:
    """Whether an invoice is one of this document, sent to the same party; its amounts are compared by `drift`."""
    document, there = submission.document, found.document
    has = (there.contact_id, there.currency, found.dated, found.due)
    return has == (submission.contact_id, document.currency, document.dated, document.due) and is_of(
        found, document.kind
    )


def is_of(found: Found, kind: str) -> bool:
    """Whether an invoice is of that kind. What comes to nothing has no sign to tell it by, and is of either."""
    return found.kind == kind or found.document.total_minor == 0


def living_first(found: Iterable[Found]) -> Mapping[str, RemoteDocument]:
    """One document for each number; cancelled ones count only where no other has the number.

    A reference is no identity here: where several living documents bear it, the first is told with the ids of the
    others, and a person decides.
    """
    by_number: dict[str, list[RemoteDocument]] = {}
    for one in found:
        by_number.setdefault(one.document.number, []).append(one.document)
    told = {}
    for number, documents in by_number.items():
        living = [one for one in documents if one.status != VOIDED]
        first, *others = living or documents[:1]
        told[number] = replace(first, others=tuple(one.id for one in others))
    return told
