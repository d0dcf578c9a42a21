"""Customers, documents, payments and lists as stored rows.

Owns ids, SyncTokens and statuses. What a stranger would get wrong: the remote gives a document no status; the one here
(open, voided, deleted) is for the sandbox's own use and is never told, except of what is deleted.
"""

import sqlite3
from collections.abc import Iterable

from connector.sandbox import jsontext, rows, store
from connector.sandbox.jsontext import Record, text
from connector.sandbox.quickbooks import errors, stamps
from connector.sandbox.quickbooks.companies import Company
from connector.sandbox.quickbooks.context import Context
from connector.sandbox.quickbooks.errors import Error
from connector.sandbox.rows import Row

OPEN, VOIDED, DELETED = "open", "voided", "deleted"
CUSTOMER, INVOICE, CREDIT_MEMO, PAYMENT = "Customer", "Invoice", "CreditMemo", "Payment"
ITEM, TAX_CODE, TAX_RATE, TERM, CLASS, DEPARTMENT = "Item", "TaxCode", "TaxRate", "Term", "Class", "Department"
TRANSACTIONS = (INVOICE, CREDIT_MEMO, PAYMENT)
NAMES = (CUSTOMER, ITEM, TAX_CODE, TAX_RATE, TERM, CLASS, DEPARTMENT)
FIRST_ID = 1000


def name_key(name: str) -> str:
    """A name as compared by the remote: case does not count."""
    return name.casefold().strip()


def find(context: Context, kind: str, key: str) -> Row | None:
    """The object of that id, unless it was deleted."""
    found = rows.select(context.db, context.company.realm, kind, "id = ? and status != ?", (key, DELETED))
    return next(iter(found), None)


def of_number(context: Context, kind: str, number: str) -> list[Row]:
    """All documents of that number that were not deleted."""
    values = (number, DELETED)
    return rows.select(context.db, context.company.realm, kind, "number = ? and status != ?", values) if number else []


def of_name(context: Context, kind: str, name: str) -> list[Row]:
    """All objects of that name."""
    return rows.select(context.db, context.company.realm, kind, "name_key = ?", (name_key(name),))


def new_id(context: Context) -> str:
    """An id no object of the company has."""
    return str(FIRST_ID + store.count(context.db, f"quickbooks id {context.company.realm}"))


def reference(record: Record, name: str) -> str:
    """The id that a reference names; empty when there is none."""
    return text(jsontext.as_record(record.get(name)) or {}, "value")


def refer(context: Context, kind: str, key: str, what: str, wrong: list[Error]) -> Row | None:
    """The object a reference names; appends the error of one that is missing or inactive."""
    found = find(context, kind, key)
    if found is None:
        wrong.append(errors.no_reference(what, key))
    elif found.status == "false":
        wrong.append(errors.not_found(key))
        return None
    return found


def save(context: Context, kind: str, body: Record, held: Row | None, status: str) -> Row:
    """Store a new object, or the next version of the one held."""
    version = 0 if held is None else int(text(held.body, "SyncToken")) + 1
    created = context.now_ms if held is None else held.created_ms
    row = Row(text(body, "Id"), created, context.now_ms, status, {**body, "SyncToken": str(version)})
    rows.put(context.db, context.company.realm, kind, row, _searched(body))
    return row


def _searched(body: Record) -> dict[str, str]:
    return {
        "number": text(body, "DocNumber"),
        "name_key": name_key(text(body, "DisplayName") or text(body, "Name")),
        "reference": text(body, "Sku"),
        "contact_id": reference(body, "CustomerRef"),
        "day": text(body, "TxnDate"),
        "app": "quickbooks",
    }


def shown(context: Context, row: Row) -> Record:
    """An object with what every object has."""
    zone = context.company.time_zone
    stamped = {"CreateTime": row.created_ms, "LastUpdatedTime": row.updated_ms}
    metadata = {name: stamps.of_object(ms, zone) for name, ms in stamped.items()}
    return {"domain": "QBO", "sparse": False, **row.body, "MetaData": metadata}


def seed(db: sqlite3.Connection, company: Company, now_ms: int, kind: str, bodies: Iterable[Record]) -> None:
    """Store a company's list unless it is there; a list that was changed stays as it is."""
    if rows.count(db, company.realm, kind, "1"):
        return
    for body in bodies:
        status = "true" if body.get("Active", True) else "false"
        row = Row(text(body, "Id"), now_ms, now_ms, status, {**body, "SyncToken": "0"})
        rows.put(db, company.realm, kind, row, _searched(body))
