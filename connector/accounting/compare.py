"""Is the document found under our number the one we sent? Contact, currency, total and status must all agree.

A voided or deleted document of the right total is a difference too: adopting it would call billed what is not.
"""

from connector.accounting.port import RemoteDocument
from connector.domain.documents import Document
from connector.domain.money import Money


def differences(
    document: Document, contact_id: str | None, found: RemoteDocument, adoptable: frozenset[str]
) -> tuple[str, ...]:
    """What sets the found document apart from the one that was sent; empty when it can be adopted.

    Args:
        document: what was approved.
        contact_id: the contact it was sent with, or None when no contact of the partner is known.
        found: what the accounting system has under the number.
        adoptable: states that count as ours.
    """
    faults = []
    if contact_id is None:
        faults.append(f"its contact is {found.contact_id}, and no contact of this partner is known")
    elif found.contact_id != contact_id:
        faults.append(f"its contact is {found.contact_id}, not {contact_id}")
    if found.currency != document.currency:
        faults.append(f"its currency is {found.currency}, not {document.currency}")
    elif found.total_minor != document.total.minor:
        faults.append(f"its total is {Money(found.total_minor, found.currency)}, not {document.total}")
    if found.status not in adoptable:
        faults.append(f"its status is {found.status}, not {' or '.join(sorted(adoptable))}")
    return tuple(faults)


def drift(document: Document, receipt: RemoteDocument) -> str | None:
    """How the booked totals differ from the predicted ones, or None when net, tax and total all agree."""
    predicted = (document.net.minor, document.tax.minor, document.total.minor)
    if predicted == (receipt.net_minor, receipt.tax_minor, receipt.total_minor):
        return None
    tax, total = Money(receipt.tax_minor, receipt.currency), Money(receipt.total_minor, receipt.currency)
    return f"predicted {document.total} (tax {document.tax}), booked {total} (tax {tax})"
