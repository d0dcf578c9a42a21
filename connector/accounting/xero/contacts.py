"""The contact of a partner in Xero: by the stored id, else by ContactNumber, which is our partner id. Never by name.

Two companies can have one name and one company two spellings: a name that is taken is a question for a person.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connector.accounting import exactjson
from connector.accounting.answers import (
    ContactAbsent,
    ContactAnswer,
    ContactFound,
    OutcomeUnknown,
    Rejected,
    RetryLater,
)
from connector.accounting.xero import faults, wire
from connector.accounting.xero.client import Client, Refused
from connector.domain.documents import Party

IDS_IN_ONE_CALL = 40
PAGE_SIZE = 1000
FEW = 3
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PLAIN_NUMBER = re.compile(r'[^"\\\x00-\x1f]{1,50}')
_LINK = "Link the partner to the right contact (contact_id of the partner), then send it again."

Element = dict[str, Any]


def find(client: Client, parties: Sequence[Party]) -> Mapping[str, ContactAnswer] | RetryLater:
    """The contact of each party, by partner id."""
    stored = {party.partner_id: party.contact_id.lower() for party in parties if party.contact_id}
    by_id = _by_ids(client, sorted({key for key in stored.values() if _UUID.fullmatch(key)}))
    if isinstance(by_id, RetryLater):
        return by_id
    found: dict[str, ContactAnswer] = {
        partner: _stored(partner, key, by_id.get(key)) for partner, key in stored.items()
    }
    unlinked = [party.partner_id for party in parties if party.partner_id not in stored]
    odd = [number for number in unlinked if not _PLAIN_NUMBER.fullmatch(number)]
    found |= {number: _odd(number) for number in odd}
    numbered = _by_numbers(client, sorted(set(unlinked) - set(odd)))
    return numbered if isinstance(numbered, RetryLater) else {**found, **numbered}


def create(client: Client, parties: Sequence[Party], key: str, not_after: datetime) -> Mapping[str, ContactAnswer]:
    """Create a contact for each party, in one call. A name or number that is taken is looked up by number once more."""
    body = exactjson.dump({"Contacts": [_payload(party) for party in parties]}).encode()
    reply = client.write("Contacts", {"summarizeErrors": "false"}, body, key, not_after)
    if isinstance(reply, Refused):
        return _refused(parties, reply)
    if not isinstance(reply, dict):
        return {party.partner_id: reply for party in parties}
    elements = {wire.text(element, "ContactNumber"): element for element in wire.elements(reply, "Contacts")}
    answers = {party.partner_id: _created(elements.get(party.partner_id)) for party in parties}
    taken = [number for number, element in elements.items() if faults.is_contact_taken(wire.messages(element))]
    return {**answers, **_taken(client, [number for number in taken if number in answers])}


def _by_ids(client: Client, ids: Sequence[str]) -> dict[str, Element] | RetryLater:
    found = {}
    for start in range(0, len(ids), IDS_IN_ONE_CALL):
        query = {"IDs": ",".join(ids[start : start + IDS_IN_ONE_CALL]), "includeArchived": "true"}
        reply = client.read("Contacts", query)
        if isinstance(reply, RetryLater):
            return reply
        found.update({wire.text(one, "ContactID").lower(): one for one in wire.elements(reply or {}, "Contacts")})
    return found


def _by_numbers(client: Client, numbers: Sequence[str]) -> dict[str, ContactAnswer] | RetryLater:
    """Few numbers are asked one by one, many by paging through all contacts: the filter knows no list of numbers."""
    if len(numbers) > FEW:
        pages = _all_pages(client, len(numbers))
        if pages is not None:
            return pages if isinstance(pages, RetryLater) else {number: _numbered(number, pages) for number in numbers}
    found = {}
    for number in numbers:
        reply = client.read("Contacts", {"where": f'ContactNumber=="{number}"', "includeArchived": "true"})
        if isinstance(reply, RetryLater):
            return reply
        found[number] = _numbered(number, wire.elements(reply or {}, "Contacts"))
    return found


def _all_pages(client: Client, worth: int) -> list[Element] | RetryLater | None:
    """Every contact that has a number; None when reading them takes more calls than it is worth.

    Ordered by id, because the usual order changes while pages are read.
    """
    held: list[Element] = []
    for page in range(1, worth + 1):
        query = {"page": str(page), "pageSize": str(PAGE_SIZE), "order": "ContactID", "includeArchived": "true"}
        reply = client.read("Contacts", query)
        if isinstance(reply, RetryLater):
            return reply
        elements = wire.elements(reply or {}, "Contacts")
        held += [element for element in elements if wire.text(element, "ContactNumber")]
        if len(elements) < PAGE_SIZE:
            return held
        if _page_count(reply or {}) > worth:
            return None
    return None


def _page_count(reply: Element) -> int:
    pagination = reply.get("pagination")
    count = wire.number(pagination, "pageCount") if isinstance(pagination, dict) else None
    return 0 if count is None else int(count)


def _numbered(number: str, elements: Iterable[Element]) -> ContactAnswer:
    alike = [one for one in elements if wire.text(one, "ContactNumber").casefold() == number.casefold()]
    exact = [one for one in alike if wire.text(one, "ContactNumber") == number]
    if not alike:
        return ContactAbsent()
    if len(alike) > 1 or not exact:
        return Rejected(f"Contacts in Xero have the number {number} or one that differs in case only.", _LINK)
    return _usable(number, exact[0], "number")


def _stored(partner: str, key: str, element: Element | None) -> ContactAnswer:
    if element is None:
        return Rejected(f"The contact {key} that partner {partner} is linked to does not exist in Xero.", _LINK)
    return _usable(partner, element, "stored")


def _usable(partner: str, element: Element, how: str) -> ContactAnswer:
    if wire.text(element, "ContactStatus") not in ("", "ACTIVE"):
        next_step = "Restore the contact in Xero, or link the partner to another, then send it again."
        return Rejected(f"The contact of partner {partner} is archived in Xero.", next_step)
    return ContactFound(wire.text(element, "ContactID"), how)


def _odd(number: str) -> Rejected:
    reason = f"The partner id {number!r} cannot be a contact number in Xero (1 to 50 characters, no quotation marks)."
    return Rejected(reason, _LINK)


def _payload(party: Party) -> Element:
    fields: Element = {"Name": party.name, "ContactNumber": party.partner_id}
    if party.email:
        fields["EmailAddress"] = party.email
    if party.tax_number:
        fields["TaxNumber"] = party.tax_number
    if party.country:
        fields["Addresses"] = [{"AddressType": "STREET", "Country": party.country}]
    return fields


def _refused(parties: Sequence[Party], reply: Refused) -> Mapping[str, ContactAnswer]:
    """One faulty element refuses the whole call: alone it is rejected, among others each is to be sent alone."""
    if len(parties) > 1:
        return {party.partner_id: OutcomeUnknown(reply.message, alone=True) for party in parties}
    messages = [message for element in reply.elements for message in wire.messages(element)] or [reply.message]
    return {party.partner_id: faults.refusal(messages) for party in parties}


def _created(element: Element | None) -> ContactAnswer:
    if element is None:
        return OutcomeUnknown("Xero's answer does not mention the contact.")
    if wire.is_refused(element) or element.get("HasValidationErrors") is True:
        return faults.refusal(wire.messages(element))
    key = wire.text(element, "ContactID")
    return ContactFound(key, "created") if _UUID.fullmatch(key) else OutcomeUnknown("Xero gave the contact no id.")


def _taken(client: Client, numbers: Sequence[str]) -> Mapping[str, ContactAnswer]:
    looked_up = _by_numbers(client, numbers)
    if isinstance(looked_up, RetryLater):
        return dict.fromkeys(numbers, OutcomeUnknown(looked_up.reason))
    reason = "Another contact in Xero has the partner's name; whether it is the same partner, only a person can say."
    absent = Rejected(reason, _LINK)
    return {number: absent if isinstance(answer, ContactAbsent) else answer for number, answer in looked_up.items()}
