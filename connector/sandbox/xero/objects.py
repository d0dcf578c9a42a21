"""Contacts, invoices, credit notes and allocations as stored rows.

Owns the ``objects`` table. What a stranger would get wrong: the columns are copies for searching; the JSON in
``body`` is the object, and a contact's name inside a document is looked up when it is shown, never stored there.
"""

import sqlite3
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from connector.sandbox import dates, jsontext
from connector.sandbox.jsontext import Record, text

CONTACTS, INVOICES, CREDIT_NOTES, ALLOCATIONS = "Contacts", "Invoices", "CreditNotes", "Allocations"
ID_FIELDS = {
    CONTACTS: "ContactID",
    INVOICES: "InvoiceID",
    CREDIT_NOTES: "CreditNoteID",
    ALLOCATIONS: "AllocationID",
}
NUMBER_FIELDS = {CONTACTS: "ContactNumber", INVOICES: "InvoiceNumber", CREDIT_NOTES: "CreditNoteNumber"}

_COLUMNS = "id, created_ms, updated_ms, body"


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


def _load(kind: str, row: tuple[str, int, int, str]) -> Stored:
    key, created, updated, body = row
    return Stored(kind, key, created, updated, jsontext.as_record(jsontext.read(body)) or {})


def select(
    db: sqlite3.Connection,
    tenant: str,
    kind: str,
    condition: str,
    values: Iterable[object] = (),
    tail: str = "order by seq",
) -> list[Stored]:
    """The objects that meet an SQL condition; the condition is ours, the values may be a caller's."""
    sql = f"select {_COLUMNS} from objects where tenant = ? and kind = ? and ({condition}) {tail}"  # noqa: S608  # no caller's text
    return [_load(kind, row) for row in db.execute(sql, (tenant, kind, *values))]


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
    columns = {
        "number": text(body, NUMBER_FIELDS[kind]) if kind in NUMBER_FIELDS else "",
        "name_key": name_key(text(body, "Name")),
        "reference": text(body, "Reference"),
        "status": status,
        "type": text(body, "Type"),
        "contact_id": text(contact, "ContactID"),
        "email": text(body, "EmailAddress"),
        "day": text(body, "DateString")[:10],
        "app": app,
        "updated_ms": now_ms,
        "body": jsontext.write(stamped),
    }
    assignments = ", ".join(f"{name} = excluded.{name}" for name in columns if name != "app")
    marks = ", ".join("?" for _ in columns)
    db.execute(
        f"insert into objects(tenant, kind, id, created_ms, {', '.join(columns)}) values (?, ?, ?, ?, {marks})"  # noqa: S608  # column names of ours
        f" on conflict(tenant, kind, id) do update set {assignments}",
        (tenant, kind, key, now_ms, *columns.values()),
    )
    return Stored(kind, key, now_ms, now_ms, stamped)
