"""Invoices and credit memos as QuickBooks takes them.

What a stranger would get wrong: the payment flags are always explicit on an invoice (left out, the company's own
settings decide, and card fees with them) and must not stand on a credit memo at all; in the United States a line says
TAX or NON, elsewhere the id of a tax code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connector.accounting import exactjson
from connector.accounting.answers import Rejected
from connector.accounting.port import Submission
from connector.accounting.settings import Taxation
from connector.domain.documents import CREDIT_NOTE, INVOICE, Document, Line
from connector.domain.money import Money

ENTITIES: Mapping[str, str] = {INVOICE: "Invoice", CREDIT_NOTE: "CreditMemo"}
LONGEST_NUMBER, LONGEST_DESCRIPTION, LONGEST_MEMO = 21, 4000, 1000
UNITED_STATES_CODES = ("TAX", "NON")

Element = dict[str, Any]


@dataclass(frozen=True)
class Style:
    """How the company bills.

    Attributes:
        taxation: `automated` and `manual` are the United States: the remote computes the tax from addresses, or from
            one tax code of the document; `global` is everywhere else: every line has a tax code.
        card_methods, bank_methods: payment methods of partners that switch card payment and bank transfer on.
        document_tax_code: for manual taxation, the id of the code that taxable lines are taxed by.
        line_class, department: name of the class of every line and of the department of every document, if any.
        sales_terms: names of the terms of payment that invoices carry, each by the days it gives; none: no terms.
    """

    taxation: Taxation
    card_methods: frozenset[str] = frozenset({"card"})
    bank_methods: frozenset[str] = frozenset({"bank_transfer"})
    document_tax_code: str = ""
    line_class: str = ""
    department: str = ""
    sales_terms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Labels:
    """The remote's ids of the class, the department and the terms of payment, these by the days they give."""

    line_class: str = ""
    department: str = ""
    terms: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class References:
    """The remote's ids of what our mappings name: items by code, tax codes by name or id; and of its labels."""

    items: Mapping[str, str]
    tax_codes: Mapping[str, str] = field(default_factory=dict)
    labels: Labels = field(default_factory=Labels)


def element(submission: Submission, style: Style, references: References) -> str | Rejected:
    """One document as JSON text, or why it cannot be sent. The same submission always gives the same text."""
    document = submission.document
    wrong = _of_head(document, references) or _of_lines(document, style, references)
    if wrong:
        return wrong
    fields: Element = {
        "DocNumber": document.number,
        "TxnDate": document.dated.isoformat(),
        "CustomerRef": _ref(submission.contact_id),
        "CurrencyRef": _ref(document.currency),
        "Line": [_line(line, document.currency, style, references) for line in document.lines],
    }
    fields |= {"CustomerMemo": {"value": document.reference}} if document.reference else {}
    labels = references.labels
    fields |= {"DepartmentRef": _ref(labels.department)} if labels.department else {}
    fields |= {"GlobalTaxCalculation": "TaxExcluded"} if style.taxation == "global" else {}
    if style.taxation == "manual" and style.document_tax_code:
        fields["TxnTaxDetail"] = {"TxnTaxCodeRef": _ref(style.document_tax_code)}
    if document.kind == INVOICE:
        fields["DueDate"] = document.due.isoformat()
        fields |= {"SalesTermRef": _ref(labels.terms[_days(document)])} if labels.terms else {}
        fields["AllowOnlineCreditCardPayment"] = document.payment_method in style.card_methods
        fields["AllowOnlineACHPayment"] = document.payment_method in style.bank_methods
    return exactjson.dump(fields)


def _ref(key: str) -> Element:
    return {"value": key}


def _line(line: Line, currency: str, style: Style, references: References) -> Element:
    detail: Element = {
        "ItemRef": _ref(references.items[line.item_code or ""]),
        "Qty": line.quantity,
        "UnitPrice": _amount(line.unit_minor, currency),
        "TaxCodeRef": _ref(_tax_code(line, style, references)),
    }
    detail |= {"ClassRef": _ref(references.labels.line_class)} if references.labels.line_class else {}
    return {
        "Description": line.description,
        "Amount": _amount(line.net_minor, currency),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": detail,
    }


def _days(document: Document) -> int:
    """How long after its date it is due."""
    return (document.due - document.dated).days


def _amount(minor: int, currency: str) -> Decimal:
    return Money(minor, currency).amount


def _tax_code(line: Line, style: Style, references: References) -> str:
    if style.taxation != "global":
        return line.tax_code
    return references.tax_codes.get(line.tax_code, "")


def _of_head(document: Document, references: References) -> Rejected | None:
    """What the remote would refuse, or, worse, would quietly bill otherwise."""
    if len(document.number) > LONGEST_NUMBER:
        words = (
            f"The number {document.number} has {len(document.number)} characters; QuickBooks takes {LONGEST_NUMBER}."
        )
        return Rejected(words, "Shorten the number prefix of the selling entity, then plan and send it again.")
    if len(document.reference) > LONGEST_MEMO:
        return Rejected(f"The reference is longer than {LONGEST_MEMO} characters.", "Shorten it, then plan again.")
    terms = references.labels.terms
    if document.kind == INVOICE and terms and _days(document) not in terms:
        words = f"It is due {_days(document)} days after its date, and none of the terms in sales_terms gives as many."
        return Rejected(words, "Add the term of QuickBooks that does to the tenant, then send it again.")
    return None


def _of_lines(document: Document, style: Style, references: References) -> Rejected | None:
    """As `_of_head`, of the lines."""
    for line in document.lines:
        if line.item_code not in references.items:
            words = f"{line.item} has no item in QuickBooks: {line.item_code or 'none is mapped'}."
            return Rejected(words, "Create the item in QuickBooks or map to another, then send it again.")
        is_known = line.tax_code in (UNITED_STATES_CODES if style.taxation != "global" else references.tax_codes)
        if not is_known:
            words = f"{line.item} has the tax code {line.tax_code}, which QuickBooks does not have here."
            return Rejected(words, "Map the item to a tax code that exists in QuickBooks, then send it again.")
        if len(line.description) > LONGEST_DESCRIPTION:
            words = f"The description of {line.item} is longer than {LONGEST_DESCRIPTION} characters."
            return Rejected(words, "Correct the description in the mapping, then plan and send it again.")
    return None
