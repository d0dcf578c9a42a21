"""Invoices and credit notes: created, changed, voided, deleted.

Owns their rules. What a stranger would get wrong: POST with the number of an existing document edits that document
in silence; PUT with the same number is refused. All faults of a document are collected, and a document with a fault
leaves nothing behind, not even the contact it would have created.
"""

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connector.sandbox import dates, jsontext, rounding, store
from connector.sandbox.jsontext import Record, number, text
from connector.sandbox.xero import contacts, lines, money, objects
from connector.sandbox.xero.contacts import Outcome
from connector.sandbox.xero.context import Context
from connector.sandbox.xero.objects import INVOICES, Stored
from connector.sandbox.xero.shapes import CLOSED, EDITABLE, NEXT_STATUSES, Shape
from connector.sandbox.xero.show import shown

LINE_AMOUNT_TYPES = ("Exclusive", "Inclusive", "NoTax")
LONGEST = 255
FINE_UNIT_DIGITS = 4
_KEPT = ("Reference", "Url", "BrandingThemeID", "SentToContact")
NO_ID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Header:
    """The checked parts of a document that are not lines."""

    status: str
    day: date
    due: date | None
    currency: str
    line_amount_types: str
    number: str


def write(context: Context, shape: Shape, asked: Record, *, create_only: bool) -> Outcome:
    """Create the document, or with POST update the one meant by id or number."""
    held = None if create_only else find(context, shape, asked)
    if text(asked, shape.id_field) not in ("", NO_ID) and held is None:
        words = "cannot be chosen on creation" if create_only else "could not be found"
        return Outcome(asked, (f"{shape.id_field} {words}",))
    if held is None:
        return _save(context, shape, None, asked)
    target = text(asked, "Status") or held.status
    if held.status in CLOSED and not (held.status == "PAID" and target == "VOIDED"):
        return Outcome(asked, (f"{shape.noun.capitalize()} not of valid status for modification",))
    if target in ("VOIDED", "DELETED"):
        return _close(context, shape, held, target)
    return _save(context, shape, held, asked)


def find(context: Context, shape: Shape, asked: Record) -> Stored | None:
    """The document meant by id, else the living one of its number."""
    tenant = context.tenant.tenant_id
    key = text(asked, shape.id_field)
    if key and key != NO_ID:
        return objects.by_id(context.db, tenant, shape.kind, key)
    numbered = objects.by_number(context.db, tenant, shape.kind, text(asked, shape.number_field))
    return next((held for held in numbered if _occupies(context, held)), None)


def _occupies(context: Context, held: Stored) -> bool:
    free = {"VOIDED": context.switches.reuse_voided_numbers, "DELETED": context.switches.reuse_deleted_numbers}
    return not free.get(held.status, False)


def _close(context: Context, shape: Shape, held: Stored, target: str) -> Outcome:
    if held.body.get("Allocations"):
        words = f"The status {target} cannot be applied to the {shape.noun} because it has payments or credit notes"
        words += " allocated to it."
        return Outcome(shown(context, held), (words,))
    if target not in NEXT_STATUSES.get(held.status, ()):
        return Outcome(shown(context, held), (f"{shape.noun.capitalize()} not of valid status for modification",))
    locked = context.lock_fault(dates.parse_day(text(held.body, "DateString")) or context.today)
    if locked:
        return Outcome(shown(context, held), tuple(locked))
    nothing = rounding.rounded(rounding.ZERO, rounding.digits_of(text(held.body, "CurrencyCode")))
    left: Record = {"AmountDue": nothing} if shape.kind == INVOICES else {"RemainingCredit": nothing}
    return _stored(context, shape, {**held.body, **left, "Status": target})


def _stored(context: Context, shape: Shape, body: Record) -> Outcome:
    saved = objects.save(context.db, context.tenant.tenant_id, context.app, context.now_ms, shape.kind, body)
    return Outcome(shown(context, saved))


def _save(context: Context, shape: Shape, held: Stored | None, asked: Record) -> Outcome:
    base: Record = {} if held is None else held.body
    merged = {**base, **{name: value for name, value in asked.items() if value is not None}}
    errors: list[str] = []
    header = _header(context, shape, held, merged, errors)
    if held is not None and held.body.get("Allocations"):
        errors.append("This document cannot be edited as it has a payment or credit note allocated to it.")
    digits = rounding.digits_of(header.currency)
    half_even = context.switches.line_rounding == "half_even"
    unit_digits = context.unit_digits if asked.get("LineItems") is not None else FINE_UNIT_DIGITS
    rules = money.Rules(digits, unit_digits, header.line_amount_types, half_even)
    old = jsontext.records(base.get("LineItems"))
    wanted = jsontext.records(merged.get("LineItems"))
    if asked.get("LineItems") is None and base.get("LineAmountTypes") != header.line_amount_types:
        wanted = [{name: value for name, value in line.items() if name != "TaxAmount"} for line in wanted]
    made = lines.build(
        context, wanted, old, rules, lines.Demands(header.status == "AUTHORISED", shape.allows_discounts)
    )
    errors += made.errors
    if header.status == "AUTHORISED" and not wanted:
        errors.append("One or more line items must be specified")
    sums = money.totals(made.pairs, rules)
    if context.switches.negative_totals_refused and sums.total < 0:
        errors.append("The document total cannot be less than zero.")
    contact = contacts.resolve(context, jsontext.as_record(merged.get("Contact")))
    if isinstance(contact, str):
        errors.append(contact)
    if errors or isinstance(contact, str):
        return Outcome(asked, tuple(dict.fromkeys(errors)))
    body = _body(context, shape, held, header, merged)
    body |= {"Contact": {"ContactID": contact.id}, "LineItems": list(made.bodies)} | _sums(shape, sums)
    return _stored(context, shape, body)


def _header(context: Context, shape: Shape, held: Stored | None, merged: Record, errors: list[str]) -> Header:
    status = text(merged, "Status") or "DRAFT"
    allowed = EDITABLE if held is None else NEXT_STATUSES.get(held.status, ())
    if status not in allowed:
        errors.append(
            f"{shape.noun.capitalize()} not of valid status for {'creation' if held is None else 'modification'}"
        )
    kind = text(merged, "Type")
    if kind != shape.type:
        errors.append(
            f"Type '{kind}' is not modelled by the sandbox; it knows {shape.type}" if kind else "Type must be specified"
        )
    day = _day(merged, "Date", errors) or context.today
    due = _day(merged, "DueDate", errors)
    if status == "AUTHORISED" and shape.needs_due_date and due is None:
        errors.append("The DueDate must be specified")
    errors += context.lock_fault(day)
    if held is not None and (before := dates.parse_day(text(held.body, "DateString"))) is not None and before != day:
        errors += context.lock_fault(before)
    currency = text(merged, "CurrencyCode") or context.tenant.currency
    if currency not in (context.tenant.currency, *context.tenant.other_currencies):
        errors.append(f"Organisation is not subscribed to currency {currency}")
    types = text(merged, "LineAmountTypes") or "Exclusive"
    if types not in LINE_AMOUNT_TYPES:
        errors.append(f"LineAmountTypes cannot be '{types}'")
    number_text = text(merged, shape.number_field)
    errors += [
        f"{name} cannot be longer than {LONGEST} characters"
        for name in (shape.number_field, "Reference")
        if len(text(merged, name)) > LONGEST
    ]
    errors += _number_faults(context, shape, held, number_text)
    return Header(status, day, due, currency, types, number_text)


def _day(merged: Record, name: str, errors: list[str]) -> date | None:
    words = text(merged, name)
    day = dates.parse_day(words)
    if words and day is None:
        errors.append(f"{name} '{words}' is not a valid date")
    return day


def _number_faults(context: Context, shape: Shape, held: Stored | None, number_text: str) -> list[str]:
    mine = "" if held is None else held.id
    others = objects.by_number(context.db, context.tenant.tenant_id, shape.kind, number_text)
    taken = any(other.id != mine and _occupies(context, other) for other in others)
    return [shape.duplicate] if taken else []


def _next_number(context: Context, shape: Shape) -> str:
    tenant = context.tenant.tenant_id
    while True:
        made = f"{shape.number_prefix}{store.count(context.db, f'number {shape.kind} {tenant}'):04d}"
        if not objects.by_number(context.db, tenant, shape.kind, made):
            return made


def _body(context: Context, shape: Shape, held: Stored | None, header: Header, merged: Record) -> Record:
    rate = number(merged, "CurrencyRate") if header.currency != context.tenant.currency else None
    body: Record = {
        "Type": shape.type,
        shape.id_field: str(uuid.uuid4()) if held is None else held.id,
        shape.number_field: header.number or _next_number(context, shape),
        **{name: merged[name] for name in _KEPT if merged.get(name) is not None},
        "CurrencyRate": Decimal("1.000000") if rate is None else rate,
        "DateString": dates.day_string(header.day),
        "Date": dates.ms_date(header.day),
        "Status": header.status,
        "LineAmountTypes": header.line_amount_types,
        "CurrencyCode": header.currency,
    }
    if header.due is not None:
        body |= {"DueDateString": dates.day_string(header.due), "DueDate": dates.ms_date(header.due)}
    if header.status != "AUTHORISED" and body.get("SentToContact"):
        body["SentToContact"] = False
    return body


def _sums(shape: Shape, sums: money.Totals) -> Record:
    body: Record = {"SubTotal": sums.sub_total, "TotalTax": sums.total_tax, "Total": sums.total}
    nothing = sums.total - sums.total
    if shape.kind == INVOICES:
        return body | {"AmountDue": sums.total, "AmountPaid": nothing, "AmountCredited": nothing}
    return body | {"RemainingCredit": sums.total}
