"""Documents as QuickBooks tells of them.

What a stranger would get wrong: there is no status. A voided document keeps its number, comes to nothing and says
"Voided" in its private note; a deleted one is found no more, and only the list of changes tells of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from connector.accounting.answers import Booked, Outcome, OutcomeUnknown, RemoteDocument
from connector.accounting.port import Submission
from connector.accounting.quickbooks.documents import ENTITIES
from connector.domain.currency import is_currency
from connector.domain.money import Money

OPEN, PAID, VOIDED, DELETED = "OPEN", "PAID", "VOIDED", "DELETED"
_VOID_NOTE = "voided"

Element = dict[str, Any]


def booked(submission: Submission, answer: Element) -> Outcome:
    """The receipt of a document that was created, or doubt when the answer is not whole or tells of another."""
    found = parsed(answer.get(ENTITIES[submission.document.kind]))
    if found is None:
        return OutcomeUnknown("QuickBooks' answer on the document is not whole.")
    if found.number != submission.document.number:
        return OutcomeUnknown(f"QuickBooks' answer is on the number {found.number or 'none'}, not on the one sent.")
    return Booked(found)


def parsed(one: object) -> RemoteDocument | None:
    """The document of a reply; None when it lacks what identifies or counts it."""
    if not isinstance(one, dict):
        return None
    key, currency = _text(one, "Id"), _inner(one, "CurrencyRef")
    total, tax = _number(one, "TotalAmt"), _number(one.get("TxnTaxDetail"), "TotalTax")
    customer = _inner(one, "CustomerRef")
    if not key or not customer or total is None or not is_currency(currency):
        return None
    total_minor = Money.rounded(total, currency).minor
    tax_minor = 0 if tax is None else Money.rounded(tax, currency).minor
    return RemoteDocument(
        id=key,
        number=_text(one, "DocNumber"),
        contact_id=customer,
        currency=currency,
        net_minor=total_minor - tax_minor,
        tax_minor=tax_minor,
        total_minor=total_minor,
        status=_status(one, total),
    )


def _status(one: Element, total: Decimal) -> str:
    if _text(one, "status") == "Deleted":
        return DELETED
    if total == 0 and _text(one, "PrivateNote").casefold().startswith(_VOID_NOTE):
        return VOIDED
    balance = _number(one, "Balance")
    return PAID if total != 0 and balance == 0 else OPEN


def living_first(found: Iterable[RemoteDocument]) -> Mapping[str, RemoteDocument]:
    """One document for each number; voided ones count only where no other has the number.

    A number is no identity here: where several living documents bear it, the first is told with the ids of the others,
    and a person decides.
    """
    by_number: dict[str, list[RemoteDocument]] = {}
    for one in found:
        by_number.setdefault(one.number, []).append(one)
    told = {}
    for number, documents in by_number.items():
        living = [one for one in documents if one.status not in (VOIDED, DELETED)]
        first, *others = living or documents[:1]
        told[number] = replace(first, others=tuple(one.id for one in others))
    return told


def _text(one: Element, name: str) -> str:
    value = one.get(name)
    return value if isinstance(value, str) else ""


def _inner(one: Element, name: str) -> str:
    value = one.get(name)
    return _text(value, "value") if isinstance(value, dict) else ""


def _number(one: object, name: str) -> Decimal | None:
    value = one.get(name) if isinstance(one, dict) else None
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
