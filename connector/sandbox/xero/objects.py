"""Contacts, invoices, credit notes and allocations as stored rows.

Owns which of their fields are searched. What a stranger would get wrong: a contact's name inside a document is looked
up when it is shown, never stored there.
"""

import sqlite3
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from connector.sandbox import dates, jsontext, rows
from connector.sandbox.jsontext import Record, text
from connector.sandbox.rows import Row

CONTACTS, INVOICES, CREDIT_NOTES, ALLOCATIONS = "Contacts", "Invoices", "CreditNotes", "Allocations"
ID_FIELDS = {
    CONTACTS: "ContactID",
    INVOICES: "InvoiceID",
    CREDIT_NOTES: "CreditNoteID",
    ALLOCATIONS: "AllocationID",
}
NUMBER_FIELDS = {CONTACTS: "ContactNumber", INVOICES: "InvoiceNumber", CREDIT_NOTES: "CreditNoteNumber"}


@dataclass(frozen=True, slots=True)
class Stored:
    """One object as it stands."""

    kind: str
    id: str
    created_ms: int
    updated_ms: int
    body: Record

    @property
    def status(self) -> str:
        """The object's status field, whatever the kind calls it."""
        return text(self.body, "ContactStatus" if self.kind == CONTACTS else "Status")


def name_key(name: str) -> str:
    """A contact name as compared by the remote: case and accents do not count."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in folded if not unicodedata.combining(letter)).strip()


def select(
    db: sqlite3.Connection,
    tenant: str,
    kind: str,
    condition: str,
    values: Iterable[object] = (),
    tail: str = "order by seq",
) -> list[Stored]:
    """The objects that meet an SQL condition; the condition is ours, the values may be a caller's."""
    found = rows.select(db, tenant, kind, condition, values, tail)
    return [Stored(kind, row.id, row.created_ms, row.updated_ms, row.body) for row in found]


def by_id(db: sqlite3.Connection, tenant: str, kind: str, key: str) -> Stored | None:
    """The object of that id."""
    return next(iter(select(db, tenant, kind, "id = ?", (key.lower(),))), None)


def by_number(db: sqlite3.Connection, tenant: str, kind: str, number: str) -> list[Stored]:
    """All objects of that number, whatever their status."""
    return select(db, tenant, kind, "number = ?", (number,)) if number else []


def by_name(db: sqlite3.Connection, tenant: str, name: str) -> list[Stored]:
    """All contacts of that name, archived ones too."""
    return select(db, tenant, CONTACTS, "name_key = ?", (name_key(name),)) if name else []


def save(db: sqlite3.Connection, tenant: str, app: str, now_ms: int, kind: str, body: Record) -> Stored:
    """Insert the object, or replace the body of the one with its id."""
    key = text(body, ID_FIELDS[kind])
    stamped = {**body, "UpdatedDateUTC": dates.ms_stamp(now_ms)}
    contact = jsontext.as_record(body.get("Contact")) or {}
    status = text(body, "ContactStatus" if kind == CONTACTS else "Status")
    searched = {
        "number": text(body, NUMBER_FIELDS[kind]) if kind in NUMBER_FIELDS else "",
        "name_key": name_key(text(body, "Name")),
        "reference": text(body, "Reference"),
        "type": text(body, "Type"),
        "contact_id": text(contact, "ContactID"),
        "email": text(body, "EmailAddress"),
        "day": text(body, "DateString")[:10],
        "app": app,
    }
    rows.put(db, tenant, kind, Row(key, now_ms, now_ms, status, stamped), searched)
    return Stored(kind, key, now_ms, now_ms, stamped)
