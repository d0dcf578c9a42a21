"""The party of a partner: by the stored id, else by its code, which is our partner id. Never by name.

Codes are unique in Tryton, so that a call that was carried out late can never make a second party; names are not, and
one that is taken is a question for a person.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from connector.accounting.answers import (
    ContactAbsent,
    ContactAnswer,
    ContactFound,
    OutcomeUnknown,
    Rejected,
    RetryLater,
)
from connector.accounting.tryton import faults, wire
from connector.accounting.tryton.client import Client, Done, Refused
from connector.domain.documents import Party

AT_ONCE = 200
_FIELDS = ("code", "name", "active")
_LINK = "Link the partner to the right party (contact_id of the partner), then send it again."

Element = wire.Element


def find(client: Client, parties: Sequence[Party]) -> Mapping[str, ContactAnswer] | RetryLater:
    """The party of each partner, by partner id."""
    stored = {party.partner_id: party.contact_id for party in parties if party.contact_id}
    unlinked = [party.partner_id for party in parties if party.partner_id not in stored]
    numbers = sorted({int(key) for key in stored.values() if key.isascii() and key.isdigit()})
    by_id = _those(client, "id", numbers)
    if isinstance(by_id, RetryLater):
        return by_id
    by_code = _those(client, "code", unlinked)
    if isinstance(by_code, RetryLater):
        return by_code
    known = {str(one.get("id")): one for one in by_id}
    named = {wire.text(one, "code"): one for one in by_code}
    return {
        **{partner: _stored(partner, key, known.get(key)) for partner, key in stored.items()},
        **{partner: _coded(partner, named.get(partner)) for partner in unlinked},
    }


def create(client: Client, parties: Sequence[Party], not_after: datetime) -> Mapping[str, ContactAnswer]:
    """Create a party for each partner, in one call, but for those that are there or whose name another bears."""
    partners = [party.partner_id for party in parties]
    there = find(client, [Party(one.partner_id, one.name) for one in parties])
    if isinstance(there, RetryLater):
        return dict.fromkeys(partners, there)
    alike = _those(client, "name", [party.name for party in parties])
    if isinstance(alike, RetryLater):
        return dict.fromkeys(partners, alike)
    countries = _countries(client, parties)
    if isinstance(countries, RetryLater):
        return dict.fromkeys(partners, countries)
    names = {wire.text(one, "name") for one in alike}
    answers = {partner: one for partner, one in there.items() if not isinstance(one, ContactAbsent)}
    absent = [party for party in parties if party.partner_id not in answers]
    taken = [party for party in absent if party.name in names]
    reason = "Another party in Tryton has the partner's name; whether it is the same partner, only a person can say."
    answers |= {party.partner_id: Rejected(reason, _LINK) for party in taken}
    fresh = [party for party in absent if party.name not in names]
    return {**answers, **_created(client, fresh, countries, not_after)}


def _created(
    client: Client, parties: Sequence[Party], countries: Mapping[str, int], not_after: datetime
) -> Mapping[str, ContactAnswer]:
    if not parties:
        return {}
    values = [_values(party, countries) for party in parties]
    answer = client.call("party.party", "create", values, {}, not_after=not_after)
    partners = [party.partner_id for party in parties]
    if isinstance(answer, Refused):
        alone = OutcomeUnknown(answer.message, alone=True)
        return dict.fromkeys(partners, alone if len(partners) > 1 else faults.refusal(answer))
    if not isinstance(answer, Done):
        return dict.fromkeys(partners, answer)
    made = answer.value if isinstance(answer.value, list) else []
    if len(made) != len(partners) or not all(isinstance(one, int) for one in made):
        return dict.fromkeys(partners, OutcomeUnknown("Tryton's answer does not mention every party."))
    return {partner: ContactFound(str(key), "created") for partner, key in zip(partners, made, strict=True)}


def _those(client: Client, field: str, wanted: Sequence[object]) -> list[Element] | RetryLater:
    """The parties of which a field has one of these values."""
    found: list[Element] = []
    for start in range(0, len(wanted), AT_ONCE):
        read = client.records("party.party", [[field, "in", wanted[start : start + AT_ONCE]]], _FIELDS, {})
        if isinstance(read, RetryLater):
            return read
        found += read
    return found


def _countries(client: Client, parties: Sequence[Party]) -> dict[str, int] | RetryLater:
    codes = sorted({party.country for party in parties if party.country})
    if not codes:
        return {}
    read = client.records("country.country", [["code", "in", codes]], ["code"], {})
    if isinstance(read, RetryLater):
        return read
    found = {wire.text(one, "code"): wire.whole(one, "id") for one in read}
    return {code: key for code, key in found.items() if key is not None}


def _values(party: Party, countries: Mapping[str, int]) -> Element:
    """What a new party is made of. It is given an address, because no invoice goes without one."""
    values: Element = {
        "code": party.partner_id,
        "name": party.name,
        "addresses": [["create", [{"country": countries.get(party.country or "")}]]],
    }
    if party.email:
        values["contact_mechanisms"] = [["create", [{"type": "email", "value": party.email}]]]
    if party.tax_number:
        values["identifiers"] = [["create", [{"type": None, "code": party.tax_number}]]]
    return values


def _stored(partner: str, key: str, element: Element | None) -> ContactAnswer:
    if element is None:
        return Rejected(f"The party {key} that partner {partner} is linked to does not exist in Tryton.", _LINK)
    return _usable(partner, element, "stored")


def _coded(partner: str, element: Element | None) -> ContactAnswer:
    return ContactAbsent() if element is None else _usable(partner, element, "number")


def _usable(partner: str, element: Element, how: str) -> ContactAnswer:
    if not element.get("active"):
        step = "Activate the party in Tryton, or link the partner to another, then send it again."
        return Rejected(f"The party of partner {partner} is not active in Tryton.", step)
    return ContactFound(str(element.get("id")), how)
