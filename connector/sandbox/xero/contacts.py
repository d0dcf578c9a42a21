"""Contacts: created, updated, found, and resolved for documents.

Owns the rules of names and numbers. What a stranger would get wrong: a document that gives its contact by name only
creates a new contact when no active one has exactly that name, and an archived contact's name is free again.
"""

import re
import uuid
from dataclasses import dataclass

from connector.sandbox.jsontext import Record, text
from connector.sandbox.xero import objects
from connector.sandbox.xero.context import Context
from connector.sandbox.xero.fields import FIELDS
from connector.sandbox.xero.objects import CONTACTS, Stored

_LONGEST = {"ContactNumber": 50, "AccountNumber": 50, "TaxNumber": 50, "CompanyNumber": 50, "Name": 255}
_STATUSES = ("ACTIVE", "ARCHIVED", "GDPRREQUEST")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_KEPT = tuple(name for name, kind in FIELDS["Contact"].items() if kind != "any")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one element: the object as the reply shows it, or its faults."""

    body: Record
    errors: tuple[str, ...] = ()


def find(context: Context, asked: Record, *, by_name: bool = True) -> Stored | None:
    """The contact meant by ContactID, else ContactNumber, else (when wanted) the Name of an active one."""
    db, tenant = context.db, context.tenant.tenant_id
    if text(asked, "ContactID"):
        return objects.by_id(db, tenant, CONTACTS, text(asked, "ContactID"))
    numbered = objects.by_number(db, tenant, CONTACTS, text(asked, "ContactNumber"))
    if numbered:
        return numbered[0]
    if not by_name:
        return None
    return next((held for held in objects.by_name(db, tenant, text(asked, "Name")) if held.status == "ACTIVE"), None)


def write(context: Context, asked: Record, *, create_only: bool) -> Outcome:
    """Create the contact, or update the one meant (``create_only`` is PUT)."""
    if create_only:
        if text(asked, "ContactID"):
            return Outcome(asked, ("ContactID cannot be chosen when a contact is created",))
        return _save(context, None, asked)
    held = find(context, asked)
    if held is None and text(asked, "ContactID"):
        return Outcome(asked, (f"The contact {text(asked, 'ContactID')} could not be found",))
    return _save(context, held, asked)


def _save(context: Context, held: Stored | None, asked: Record) -> Outcome:
    base = {"ContactStatus": "ACTIVE"} if held is None else held.body
    given = {name: asked[name] for name in _KEPT if asked.get(name) is not None}
    body = {**base, **given, "ContactID": str(uuid.uuid4()) if held is None else held.id}
    errors = _faults(context, body, is_new=held is None)
    if errors:
        return Outcome(asked, tuple(errors))
    saved = objects.save(context.db, context.tenant.tenant_id, context.app, context.now_ms, CONTACTS, body)
    return Outcome(shown(saved))


def _faults(context: Context, body: Record, *, is_new: bool) -> list[str]:
    db, tenant, key = context.db, context.tenant.tenant_id, text(body, "ContactID")
    name, number, status = (text(body, field) for field in ("Name", "ContactNumber", "ContactStatus"))
    errors = [] if name else ["The contact name cannot be empty."]
    errors += [
        f"{field} cannot be longer than {n} characters" for field, n in _LONGEST.items() if len(text(body, field)) > n
    ]
    if status not in _STATUSES or (is_new and status != "ACTIVE"):
        errors.append(f"ContactStatus cannot be {status}")
    if text(body, "EmailAddress") and not _EMAIL.fullmatch(text(body, "EmailAddress")):
        errors.append("Email address must be valid.")
    others = [held for held in objects.by_name(db, tenant, name) if held.id != key and held.status == "ACTIVE"]
    if status == "ACTIVE" and others:
        errors.append(
            f"The contact name {name} is already assigned to another contact."
            " The contact name must be unique across all active contacts."
        )
    if any(held.id != key for held in objects.by_number(db, tenant, CONTACTS, number)):
        errors.append(
            f"The contact number {number} is already assigned to another contact."
            " The contact number must be unique across all contacts."
        )
    return errors


def resolve(context: Context, asked: Record | None) -> Stored | str:
    """The contact of a document, or the message of the fault; may create one, as the real service does."""
    if not asked or not any(text(asked, name) for name in ("ContactID", "ContactNumber", "Name")):
        return "A Contact must be specified for this type of transaction"
    held = find(context, asked)
    if held is not None:
        return (
            held if held.status == "ACTIVE" else f"The contact {text(held.body, 'Name')} is archived and cannot be used"
        )
    if text(asked, "ContactID") or not text(asked, "Name"):
        return "The contact with the specified contact details could not be found"
    made = _save(
        context, None, {name: asked[name] for name in ("Name", "ContactNumber", "EmailAddress") if name in asked}
    )
    if made.errors:
        return made.errors[0]
    return objects.by_id(context.db, context.tenant.tenant_id, CONTACTS, text(made.body, "ContactID")) or "lost"


def shown(contact: Stored) -> Record:
    """A contact as replies have it."""
    defaults: Record = {"Addresses": [], "Phones": [], "ContactGroups": [], "ContactPersons": []}
    return {**defaults, **contact.body, "HasAttachments": False, "HasValidationErrors": False}


def in_document(contact: Stored) -> Record:
    """A contact as a document shows it."""
    wanted = ("ContactID", "ContactNumber", "ContactStatus", "Name", "EmailAddress")
    return {name: contact.body[name] for name in wanted if name in contact.body}
