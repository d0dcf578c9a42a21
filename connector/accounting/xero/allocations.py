"""Credit notes applied to invoices, as Xero takes and tells it.

A stranger's trap: an allocation has no number of ours, so that the call to make one says nothing about an earlier one.
What is there is read by id, where no search lags, and told from other allocations by the invoice that it names.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from connector.accounting import exactjson
from connector.accounting.answers import Allocated, Applied, Applying, CreditPair, OutcomeUnknown, RetryLater
from connector.accounting.parallel import side_by_side
from connector.accounting.port import Application
from connector.accounting.xero import faults, wire
from connector.accounting.xero.client import PAUSE, Client, Refused
from connector.accounting.xero.invoices import DEAD
from connector.domain.money import Money

_Element = dict[str, Any]
_APPROVED = ("AUTHORISED", "PAID")


def path(credit_id: str) -> str:
    """Where the allocations of a credit note are made."""
    return f"CreditNotes/{credit_id}/Allocations"


def body(application: Application) -> bytes:
    """The body of the call; the same application always gives the same bytes."""
    element = {
        "Invoice": {"InvoiceID": application.pair.invoice_id},
        "Amount": Money(application.amount_minor, application.currency).amount,
        "Date": application.dated.isoformat(),
    }
    return exactjson.dump({"Allocations": [element]}).encode()


def outcome(application: Application, reply: _Element | Refused | RetryLater | OutcomeUnknown) -> Applying:
    """What became of the call."""
    if isinstance(reply, Refused):
        messages = [told for one in reply.elements for told in wire.messages(one)]
        return faults.refusal(messages or [reply.message])
    if not isinstance(reply, dict):
        return reply
    found = wire.elements(reply, "Allocations")
    if len(found) == 1 and wire.is_refused(found[0]):
        return faults.refusal(wire.messages(found[0]))
    if len(found) != 1 or wire.minor(found[0], "Amount", application.currency) != application.amount_minor:
        return OutcomeUnknown("Xero's answer does not tell the allocation.")
    return Applied()


def read(client: Client, pairs: Sequence[CreditPair], most: int) -> Mapping[CreditPair, Allocated] | RetryLater:
    """How the pairs stand, asked by id, `most` questions at a time."""
    found: dict[CreditPair, Allocated] = {}
    for pair, read in zip(pairs, side_by_side([partial(_pair, client, one) for one in pairs], most), strict=True):
        if isinstance(read, RetryLater):
            return read
        if read is not None:
            found[pair] = read
    return found


def _pair(client: Client, pair: CreditPair) -> Allocated | RetryLater | None:
    credit = _one(client, "CreditNotes", pair.credit_id)
    if not isinstance(credit, dict):
        return credit
    invoice = _one(client, "Invoices", pair.invoice_id)
    if not isinstance(invoice, dict):
        return invoice
    currency = wire.text(credit, "CurrencyCode")
    remaining, due = wire.minor(credit, "RemainingCredit", currency), wire.minor(invoice, "AmountDue", currency)
    parts = [one for one in wire.elements(credit, "Allocations") if _invoice_of(one) == pair.invoice_id]
    amounts = [wire.minor(one, "Amount", currency) for one in parts]
    known = [amount for amount in amounts if amount is not None]
    if remaining is None or due is None or len(known) < len(amounts):
        return RetryLater(client.now() + PAUSE, "Xero's answer on a credit note is not whole.", whole_tenant=True)
    is_dead = [wire.text(one, "Status") in DEAD for one in (credit, invoice)]
    return Allocated(
        currency=currency,
        applied_minor=sum(known),
        remaining_minor=0 if is_dead[0] else remaining,
        due_minor=0 if is_dead[1] else due,
        blocked=_blocked(credit, invoice),
    )


def _one(client: Client, collection: str, key: str) -> _Element | RetryLater | None:
    """The document of that id; None where the books have none."""
    reply = client.read(f"{collection}/{key}")
    if not isinstance(reply, dict):
        return reply
    found = wire.elements(reply, collection)
    if len(found) != 1:
        return RetryLater(client.now() + PAUSE, "Xero's answer on one document is not whole.", whole_tenant=True)
    return found[0]


def _invoice_of(allocation: _Element) -> str:
    invoice = allocation.get("Invoice")
    return wire.text(invoice, "InvoiceID") if isinstance(invoice, dict) else ""


def _blocked(credit: _Element, invoice: _Element) -> str:
    for name, one in (("credit note", credit), ("invoice", invoice)):
        status = wire.text(one, "Status")
        if status not in (*_APPROVED, *DEAD):
            return f"The {name} is {status} in Xero, which applies approved ones only."
    return ""
