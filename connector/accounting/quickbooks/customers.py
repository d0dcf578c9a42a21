"""The customer of a partner: by the stored id, else by our partner id in a line of its notes. Never by name.

What a stranger would get wrong: QuickBooks has no number of a customer that can be asked for, so customers are read
page by page, a thousand to a call; and customers share their names with vendors and employees.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from connector.accounting import exactjson
from connector.accounting.answers import (
    ContactAbsent,
    ContactAnswer,
    ContactFound,
    NumberTaken,
    OutcomeUnknown,
    Rejected,
    RetryLater,
)
from connector.accounting.quickbooks import faults, queries
from connector.accounting.quickbooks.batches import LONGEST_REQUEST_ID, answered
from connector.accounting.quickbooks.client import Client
from connector.domain.documents import Party

MARK = "Partner id: "
LONGEST_NAME = 500
_FORBIDDEN = ":\t\n\r"
_LINK = "Link the partner to the right customer (contact_id of the partner), then send it again."

Element = dict[str, Any]


def find(client: Client, parties: Sequence[Party]) -> Mapping[str, ContactAnswer] | RetryLater:
    """The customer of each party, by partner id."""
    stored = {party.partner_id: party.contact_id for party in parties if party.contact_id}
    ids = sorted({key for key in stored.values() if key.isascii() and key.isdigit()})
    by_id = _of_ids(client, ids)
    if isinstance(by_id, RetryLater):
        return by_id
    found: dict[str, ContactAnswer] = {
        partner: _stored(partner, key, by_id.get(key)) for partner, key in stored.items()
    }
    unlinked = [party.partner_id for party in parties if party.partner_id not in stored]
    if not unlinked:
        return found
    everyone = _everyone(client)
    if isinstance(everyone, RetryLater):
        return everyone
    marked = _by_mark(everyone)
    return {**found, **{partner: _marked(partner, marked.get(partner.casefold(), [])) for partner in unlinked}}


def create(
    client: Client, realm: str, parties: Sequence[Party], key: str, not_after: datetime
) -> Mapping[str, ContactAnswer]:
    """Create a customer for each party, in one call. A name that is taken is looked up once more."""
    odd = {one.partner_id: refused for one in parties if (refused := _odd(one))}
    sound = [one for one in parties if one.partner_id not in odd]
    if not sound:
        return odd
    body = _body(sound)
    request_id = sha256(f"customers {realm} {key}".encode() + b"\0" + body).hexdigest()[:LONGEST_REQUEST_ID]
    reply = client.batch(body, request_id, not_after)
    if isinstance(reply, Rejected | NumberTaken):
        whole = OutcomeUnknown(reply.reason, alone=True)
        single = reply if isinstance(reply, Rejected) else OutcomeUnknown(reply.reason)
        return {**odd, **{one.partner_id: single if len(sound) == 1 else whole for one in sound}}
    if not isinstance(reply, dict):
        return {**odd, **{one.partner_id: reply for one in sound}}
    items = dict(zip((one.partner_id for one in sound), answered(reply, len(sound)), strict=True))
    answers = {partner: _created(item) for partner, item in items.items()}
    taken = [one for one in sound if _is_taken(items[one.partner_id])]
    return {**odd, **answers, **_taken(client, taken)}


def _of_ids(client: Client, ids: Sequence[str]) -> dict[str, Element] | RetryLater:
    """The customers of these ids; a new one, which no question may find yet, by its address."""
    by_id: dict[str, Element] = {}
    for chunk in queries.chunks(ids):
        read = client.query(queries.customers_of_ids(chunk), "Customer")
        if isinstance(read, RetryLater):
            return read
        by_id |= {_text(one, "Id"): one for one in read}
    for key in ids:
        if key not in by_id:
            one = client.object(f"customer/{key}", "Customer")
            if isinstance(one, RetryLater):
                return one
            by_id |= {} if one is None else {key: one}
    return by_id


def _everyone(client: Client) -> list[Element] | RetryLater:
    """Every customer, active or not."""
    held: list[Element] = []
    while True:
        read = client.query(queries.everything("Customer", len(held) + 1), "Customer")
        if isinstance(read, RetryLater):
            return read
        held += read
        if len(read) < queries.MOST_RESULTS:
            return held


def _by_mark(customers: Iterable[Element]) -> dict[str, list[Element]]:
    found: dict[str, list[Element]] = {}
    for one in customers:
        if (partner := _partner(one)) is not None:
            found.setdefault(partner.casefold(), []).append(one)
    return found


def _partner(customer: Element) -> str | None:
    """The partner id that stands in a customer's notes, between whatever people have written there."""
    lines = (line.strip() for line in _text(customer, "Notes").splitlines())
    return next((line.removeprefix(MARK).strip() for line in lines if line.startswith(MARK)), None)


def _marked(partner: str, alike: Sequence[Element]) -> ContactAnswer:
    if not alike:
        return ContactAbsent()
    if len(alike) > 1 or _partner(alike[0]) != partner:
        words = (
            f"Customers in QuickBooks have the partner id {partner} in their notes, or one that differs in case only."
        )
        return Rejected(words, _LINK)
    return _usable(partner, alike[0], "number")


def _stored(partner: str, key: str, customer: Element | None) -> ContactAnswer:
    if customer is None:
        return Rejected(f"The customer {key} that partner {partner} is linked to does not exist in QuickBooks.", _LINK)
    return _usable(partner, customer, "stored")


def _usable(partner: str, customer: Element, how: str) -> ContactAnswer:
    if customer.get("Active") is False:
        next_step = "Make the customer active in QuickBooks, or link the partner to another, then send it again."
        return Rejected(f"The customer of partner {partner} is inactive in QuickBooks.", next_step)
    return ContactFound(_text(customer, "Id"), how)


def _odd(party: Party) -> Rejected | None:
    """What QuickBooks would refuse of a partner's name and id."""
    if not party.name.strip() or len(party.name) > LONGEST_NAME or set(_FORBIDDEN) & set(party.name):
        words = f"The name of partner {party.partner_id} cannot be a customer's in QuickBooks"
        step = f"Give it 1 to {LONGEST_NAME} characters without a colon, a tab or a new line, then plan again."
        return Rejected(f"{words}.", step)
    return None


def _body(parties: Sequence[Party]) -> bytes:
    items = [
        {"bId": str(place), "operation": "create", "Customer": _payload(party)}
        for place, party in enumerate(parties, 1)
    ]
    return exactjson.dump({"BatchItemRequest": items}).encode()


def _payload(party: Party) -> Element:
    fields: Element = {
        "DisplayName": party.name,
        "CompanyName": party.name,
        "Notes": f"{MARK}{party.partner_id}",
    }
    fields |= {"CurrencyRef": {"value": party.currency}} if party.currency else {}
    fields |= {"PrimaryEmailAddr": {"Address": party.email}} if party.email else {}
    fields |= {"BillAddr": {"Country": party.country}} if party.country else {}
    fields |= {"PrimaryTaxIdentifier": party.tax_number} if party.tax_number else {}
    return fields


def _created(item: Element | None) -> ContactAnswer:
    if item is None:
        return OutcomeUnknown("QuickBooks' answer does not mention the customer once.")
    if "Fault" in item:
        refused = faults.document_refusal(faults.in_fault(item["Fault"]))
        return OutcomeUnknown(refused.reason) if isinstance(refused, NumberTaken) else refused
    customer = item.get("Customer")
    key = _text(customer, "Id") if isinstance(customer, dict) else ""
    return ContactFound(key, "created") if key else OutcomeUnknown("QuickBooks gave the customer no id.")


def _is_taken(item: Element | None) -> bool:
    return item is not None and faults.is_name_taken(faults.in_fault(item.get("Fault")))


def _taken(client: Client, parties: Sequence[Party]) -> Mapping[str, ContactAnswer]:
    """A customer of that name is the partner's own where its notes say so, made by an earlier call perhaps."""
    if not parties:
        return {}
    held: list[Element] = []
    for chunk in queries.chunks(party.name for party in parties):
        read = client.query(queries.customers(chunk), "Customer")
        if isinstance(read, RetryLater):
            return {party.partner_id: OutcomeUnknown(read.reason) for party in parties}
        held += read
    marked = _by_mark(held)
    reason = "A customer, vendor or employee in QuickBooks has the partner's name; who it is, only a person can say."
    told = {one.partner_id: _marked(one.partner_id, marked.get(one.partner_id.casefold(), [])) for one in parties}
    absent = Rejected(reason, _LINK)
    return {partner: absent if isinstance(answer, ContactAbsent) else answer for partner, answer in told.items()}


def _text(one: Element, name: str) -> str:
    value = one.get(name)
    return value if isinstance(value, str) else ""
