"""Payments: how a credit memo is applied to an invoice.

Owns what links the two. What a stranger would get wrong: a payment of 0 with a line for the invoice and one for the
credit memo is how credit is applied; it has no number, so sending it twice applies twice while enough remains.
"""

from decimal import Decimal

from connector.sandbox import jsontext, rounding, rows
from connector.sandbox.jsontext import Record, number, text
from connector.sandbox.quickbooks import checks, errors, objects, stamps
from connector.sandbox.quickbooks.context import Context
from connector.sandbox.quickbooks.errors import Error, Refused
from connector.sandbox.quickbooks.objects import CREDIT_MEMO, CUSTOMER, INVOICE, OPEN, PAYMENT
from connector.sandbox.rounding import ZERO
from connector.sandbox.rows import Row

Part = tuple[str, Row, Decimal]


def save(context: Context, asked: Record) -> Row | Refused:
    """Create the payment and take its parts off the invoices and credit memos it names."""
    wrong: list[Error] = []
    customer_id = objects.reference(asked, "CustomerRef")
    customer = objects.refer(context, CUSTOMER, customer_id, "CustomerRef", wrong) if customer_id else None
    wrong += [] if customer_id else [errors.required("CustomerRef")]
    day = (stamps.parse_day(text(asked, "TxnDate")) or context.today).isoformat()
    wrong += [errors.closed()] if context.is_closed(day) else []
    total = number(asked, "TotalAmt")
    wrong += [errors.required("TotalAmt")] if total is None else []
    parts = _parts(context, asked, customer_id, wrong)
    credited = sum((amount for kind, _, amount in parts if kind == CREDIT_MEMO), ZERO)
    owed = sum((amount for kind, _, amount in parts if kind == INVOICE), ZERO)
    left = (total or ZERO) + credited - owed
    if left < 0 and not wrong:
        wrong.append(errors.business("The payments and credits are less than what they are applied to"))
    if wrong or customer is None or total is None:
        return tuple(dict.fromkeys(wrong))
    kept = {name: value for name, value in asked.items() if name not in ("sparse", "domain", "status", "SyncToken")}
    body: Record = {**kept, "Id": objects.new_id(context), "TxnDate": day, "TotalAmt": total, "UnappliedAmt": left}
    body["CustomerRef"] = {"value": customer.id, "name": text(customer.body, "DisplayName")}
    body["CurrencyRef"] = customer.body["CurrencyRef"]
    made = objects.save(context, PAYMENT, body, None, OPEN)
    for kind, row, amount in parts:
        _take_off(context, kind, row, amount, made.id)
    return made


def _parts(context: Context, asked: Record, customer_id: str, wrong: list[Error]) -> list[Part]:
    found: dict[str, Part] = {}
    for line in jsontext.records(asked.get("Line")):
        amount = number(line, "Amount")
        if amount is None or amount <= 0:
            wrong.append(errors.required("Line.Amount"))
            continue
        for link in jsontext.records(line.get("LinkedTxn")):
            kind, key = text(link, "TxnType"), text(link, "TxnId")
            row = objects.find(context, kind, key) if kind in (INVOICE, CREDIT_MEMO) else None
            if row is None or key in found:
                wrong.append(errors.no_reference("LinkedTxn", key))
            elif objects.reference(row.body, "CustomerRef") != customer_id:
                wrong.append(errors.business("A linked transaction belongs to another customer"))
            elif amount > (number(row.body, "Balance") or ZERO):
                wrong.append(errors.business("The amount is more than the balance of the linked transaction"))
            else:
                found[key] = (kind, row, amount)
    return list(found.values())


def _take_off(context: Context, kind: str, row: Row, amount: Decimal, payment_id: str) -> None:
    left = (number(row.body, "Balance") or ZERO) - amount
    link: Record = {"TxnId": payment_id, "TxnType": PAYMENT}
    links = jsontext.records(row.body.get("LinkedTxn"))
    others = [one for one in links if text(one, "TxnId") != payment_id]
    links = [*others, link] if amount > 0 else others
    more: Record = {"RemainingCredit": left} if kind == CREDIT_MEMO else {}
    objects.save(context, kind, {**row.body, "Balance": left, "LinkedTxn": links, **more}, row, row.status)


def undo(context: Context, held: Row) -> list[Error]:
    """Give back what a payment took off, before it is deleted."""
    wrong = [errors.closed()] if context.is_closed(text(held.body, "TxnDate")) else []
    if wrong:
        return wrong
    for kind, row, amount in _parts_of(context, held):
        _take_off(context, kind, row, -amount, held.id)
    return []


def _parts_of(context: Context, held: Row) -> list[Part]:
    found = []
    for line in jsontext.records(held.body.get("Line")):
        for link in jsontext.records(line.get("LinkedTxn")):
            row = objects.find(context, text(link, "TxnType"), text(link, "TxnId"))
            if row is not None:
                found.append((text(link, "TxnType"), row, number(line, "Amount") or ZERO))
    return found


def apply_at_once(context: Context, memo: Row) -> None:
    """Apply a new credit memo to the customer's oldest open invoice, as the company's preference may have it."""
    owner = objects.reference(memo.body, "CustomerRef")
    tail = "order by day, seq"
    held = rows.select(context.db, context.company.realm, INVOICE, "contact_id = ? and status = ?", (owner, OPEN), tail)
    left = number(memo.body, "Balance") or ZERO
    due = next((one for one in held if (number(one.body, "Balance") or ZERO) > 0), None)
    if due is None or not left:
        return
    amount = rounding.rounded(min(left, number(due.body, "Balance") or ZERO), context.digits)
    lines = [
        {"Amount": amount, "LinkedTxn": [{"TxnId": row.id, "TxnType": kind}]}
        for kind, row in ((INVOICE, due), (CREDIT_MEMO, memo))
    ]
    save(context, {"CustomerRef": {"value": owner}, "TotalAmt": ZERO, "Line": lines})


def may_delete(context: Context, kind: str, held: Row) -> list[Error]:
    """What keeps a document or a payment from being deleted; a payment first gives back what it took."""
    return undo(context, held) if kind == PAYMENT else checks.may_close(context, held)
