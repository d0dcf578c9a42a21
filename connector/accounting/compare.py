"""Is the document found under our number the one we sent? Contact, currency, total and status must all agree.

A voided or deleted document of the right total is a difference too: adopting it would call billed what is not. Where
the system computes the tax itself, only the net can be expected; the tax it booked is told apart, and no difference.
"""

from connector.accounting.answers import RemoteDocument
from connector.accounting.port import Capabilities, TaxRule
from connector.accounting.totals import tax_per_rate_minor, taxes_half_even_minor
from connector.domain.documents import Document
from connector.domain.money import Money


def differences(
    document: Document, contact_id: str | None, found: RemoteDocument, able: Capabilities
) -> tuple[str, ...]:
    """What sets the found document apart from the one that was sent; empty when it can be adopted.

    Args:
        document: what was approved.
        contact_id: the contact it was sent with, or None when no contact of the partner is known.
        found: what the accounting system has under the number.
        able: which states count as ours, and who computes the tax.
    """
    faults = []
    if contact_id is None:
        faults.append(f"its contact is {found.contact_id}, and no contact of this partner is known")
    elif found.contact_id != contact_id:
        faults.append(f"its contact is {found.contact_id}, not {contact_id}")
    if found.currency != document.currency:
        faults.append(f"its currency is {found.currency}, not {document.currency}")
    elif found.total_minor not in _totals(document, found, able.tax):
        faults.append(f"its total is {Money(found.total_minor, found.currency)}, not {document.total}")
    if found.status not in able.adoptable:
        faults.append(f"its status is {found.status}, not {' or '.join(sorted(able.adoptable))}")
    if found.others:
        faults.append(f"it is not the only one: {', '.join(found.others)} has the same number")
    return tuple(faults)


def drift(document: Document, receipt: RemoteDocument, tax: TaxRule) -> str | None:
    """How the booked totals differ from the predicted ones, or None when they agree as far as they can be known."""
    if receipt.currency == document.currency and receipt.net_minor == document.net.minor:
        if receipt.total_minor in _totals(document, receipt, tax):
            return None
    elif tax == "remote":
        return f"predicted {document.net} before tax, booked {Money(receipt.net_minor, receipt.currency)}"
    booked, total = Money(receipt.tax_minor, receipt.currency), Money(receipt.total_minor, receipt.currency)
    return f"predicted {document.total} (tax {document.tax}), booked {total} (tax {booked})"


def tax_of_the_books(document: Document, receipt: RemoteDocument) -> str | None:
    """The tax that the books computed otherwise than predicted, in a sentence; None when it is the predicted one."""
    if receipt.tax_minor == document.tax.minor:
        return None
    tax, total = Money(receipt.tax_minor, receipt.currency), Money(receipt.total_minor, receipt.currency)
    return f"the books computed the tax: {tax}, so that the total is {total} (predicted tax {document.tax})"


def _totals(document: Document, found: RemoteDocument, tax: TaxRule) -> tuple[int, ...]:
    """The totals that may be expected of a document in its own currency."""
    if tax == "line":
        return (document.total.minor,)
    if tax == "line_or_rate":
        per_rate = tax_per_rate_minor(document.lines, document.currency)
        return (document.total.minor, document.net.minor + per_rate)
    if tax == "line_or_rate_even":
        return tuple(document.net.minor + one for one in taxes_half_even_minor(document.lines, document.currency))
    return (document.net.minor + found.tax_minor,)
