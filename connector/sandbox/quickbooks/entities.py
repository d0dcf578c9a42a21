"""One operation on one entity, alone or as an item of a batch.

Owns which operations there are. What a stranger would get wrong: an update needs the SyncToken of the version that was
read (5010 when it is an older one), and without ``sparse`` it takes away every property it does not name.
"""

from dataclasses import dataclass

from connector.sandbox.jsontext import Record, text
from connector.sandbox.quickbooks import customers, documents, errors, fields, lists, objects, payments
from connector.sandbox.quickbooks.context import Context
from connector.sandbox.quickbooks.errors import Refused
from connector.sandbox.quickbooks.objects import CREDIT_MEMO, CUSTOMER, DELETED, INVOICE, PAYMENT, TRANSACTIONS
from connector.sandbox.rows import Row

OPERATIONS = {
    INVOICE: ("create", "update", "delete", "void"),
    CREDIT_MEMO: ("create", "update", "delete"),
    CUSTOMER: ("create", "update"),
    PAYMENT: ("create", "delete"),
}
READABLE = (*objects.NAMES, *TRANSACTIONS)
SINGLE = ("CompanyInfo", "Preferences")
KINDS = (*READABLE, *SINGLE)
OPTIONS = ("allowduplicatedocnum", "void")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be done: the entity, the operation (empty: by whether there is an Id), the options, the body."""

    kind: str
    operation: str
    options: frozenset[str]
    body: Record


def perform(context: Context, asked: Asked) -> Record | Refused:
    """Do it; the answer is the object under the name of its kind."""
    operation = asked.operation or ("update" if text(asked.body, "Id") else "create")
    operation = "void" if operation == "update" and "void" in asked.options else operation
    if operation not in OPERATIONS.get(asked.kind, ()) or not asked.options <= set(OPTIONS):
        return (errors.unsupported(f"{operation} on {asked.kind}"),)
    cleaned, wrong = fields.clean(asked.kind, asked.body, strict=context.switches.strict_fields)
    if wrong:
        return tuple(wrong)
    held = None
    if operation == "create":
        if text(cleaned, "Id"):
            return (errors.bad_id("an object that is created has no Id yet"),)
    else:
        current = _current(context, asked.kind, cleaned)
        if not isinstance(current, Row):
            return current
        held = current
    done = _do(context, operation, asked, cleaned, held)
    return done if isinstance(done, tuple) else {asked.kind: shown(context, asked.kind, done)}


def _current(context: Context, kind: str, asked: Record) -> Row | Refused:
    missing = [errors.required(name) for name in ("Id", "SyncToken") if not text(asked, name)]
    if missing:
        return tuple(missing)
    held = objects.find(context, kind, text(asked, "Id"))
    if held is None:
        return (errors.not_found(text(asked, "Id")),)
    return held if text(held.body, "SyncToken") == text(asked, "SyncToken") else (errors.stale(),)


def _do(context: Context, operation: str, asked: Asked, cleaned: Record, held: Row | None) -> Row | Refused:
    if operation == "delete" and held is not None:
        return _delete(context, asked.kind, held)
    if operation == "void" and held is not None:
        return documents.void(context, asked.kind, held)
    if held is not None and cleaned.get("sparse") is True:
        cleaned = {**held.body, **cleaned}
    if asked.kind == CUSTOMER:
        return customers.save(context, cleaned, held)
    if asked.kind == PAYMENT:
        return payments.save(context, cleaned)
    allows = "allowduplicatedocnum" in asked.options
    made = documents.save(context, asked.kind, cleaned, held, allow_duplicate=allows)
    is_new_credit = isinstance(made, Row) and asked.kind == CREDIT_MEMO and held is None
    if is_new_credit and context.switches.auto_apply_credit and isinstance(made, Row):
        payments.apply_at_once(context, made)
        return objects.find(context, asked.kind, made.id) or made
    return made


def _delete(context: Context, kind: str, held: Row) -> Row | Refused:
    wrong = payments.may_delete(context, kind, held)
    return tuple(wrong) if wrong else objects.save(context, kind, held.body, held, DELETED)


def shown(context: Context, kind: str, row: Row) -> Record:
    """An object as replies have it; of a deleted one only that it is."""
    if row.status == DELETED:
        return {"domain": "QBO", "status": "Deleted", "Id": row.id}
    return documents.shown(context, row) if kind in (INVOICE, CREDIT_MEMO) else objects.shown(context, row)


def read(context: Context, kind: str, key: str) -> Record | Refused:
    """The object of that id, or the one there is."""
    if kind == "Preferences":
        return {kind: lists.preferences(context)}
    if kind == "CompanyInfo":
        is_own = key in ("", context.company.realm)
        return {kind: lists.company_info(context)} if is_own else (errors.not_found(key),)
    row = objects.find(context, kind, key)
    return (errors.not_found(key),) if row is None else {kind: shown(context, kind, row)}
