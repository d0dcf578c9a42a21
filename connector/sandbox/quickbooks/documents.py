"""Invoices and credit memos: created, changed, voided, deleted.

Owns their rules. What a stranger would get wrong: a full update takes away what it does not name; a voided invoice
keeps its number, has the total 0 and no status that says so; what is deleted is gone from queries at once.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from connector.sandbox import jsontext, rounding, store
from connector.sandbox.jsontext import Record, number, text
from connector.sandbox.quickbooks import checks, errors, lines, objects, stamps, tax
from connector.sandbox.quickbooks.companies import Rate
from connector.sandbox.quickbooks.context import Context
from connector.sandbox.quickbooks.errors import Error, Refused
from connector.sandbox.quickbooks.lines import Built, Rules
from connector.sandbox.quickbooks.objects import CUSTOMER, INVOICE, OPEN, TERM, VOIDED
from connector.sandbox.rows import Row

_COMPUTED = ("sparse", "domain", "status", "SyncToken", "TxnTaxDetail", "Line")
_DEFAULT_RATE = Decimal(1)
AUTO = "AUTO_GENERATE"
FIRST_NUMBER = 1000


@dataclass(frozen=True, slots=True)
class Sums:
    """What a document comes to."""

    net: Decimal
    taxed: tuple[tax.Taxed, ...]

    @property
    def total(self) -> Decimal:
        """Net and tax."""
        return self.net + sum((one.tax for one in self.taxed), rounding.ZERO)


def save(context: Context, kind: str, asked: Record, held: Row | None, *, allow_duplicate: bool) -> Row | Refused:
    """Create the document, or store the next version of the one held."""
    wrong = checks.header(context, kind, asked, held)
    customer = _customer(context, asked, wrong)
    day = stamps.parse_day(text(asked, "TxnDate")) or context.today
    made = _lines(context, asked, customer, wrong)
    sums = _sums(context, made)
    applied = _applied(held)
    if sums.total < 0 or sums.total < applied:
        wrong.append(errors.business("Transaction amount must be 0 or greater, and not less than what was applied"))
    if not allow_duplicate:
        wrong += checks.duplicate(context, kind, text(asked, "DocNumber"), held)
    if wrong or customer is None:
        return tuple(dict.fromkeys(wrong))
    without = _COMPUTED if context.company.tax == "global" else (*_COMPUTED, "GlobalTaxCalculation")
    body = {name: value for name, value in asked.items() if name not in without}
    body |= {"Id": objects.new_id(context) if held is None else held.id, "TxnDate": day.isoformat()}
    body |= _numbered(context, kind, asked, held)
    body["CustomerRef"] = {"value": customer.id, "name": text(customer.body, "DisplayName")}
    body |= _money(context, asked, sums) | {"Line": [one.body for one in made]}
    body |= {"LinkedTxn": [] if held is None else held.body.get("LinkedTxn", [])}
    body |= _invoice_only(context, asked, customer, day) if kind == INVOICE else {}
    body |= _open(kind, sums.total, sums.total - applied)
    return objects.save(context, kind, body, held, OPEN)


def _customer(context: Context, asked: Record, wrong: list[Error]) -> Row | None:
    key = objects.reference(asked, "CustomerRef")
    if not key:
        wrong.append(errors.required("CustomerRef"))
        return None
    found = objects.refer(context, CUSTOMER, key, "CustomerRef", wrong)
    if found is not None:
        wrong += checks.currency(context, asked, found)
    return found


def _lines(context: Context, asked: Record, customer: Row | None, wrong: list[Error]) -> list[Built]:
    rows = jsontext.records(asked.get("Line"))
    if not any(text(line, "DetailType") != lines.SUM_LINE for line in rows):
        wrong.append(errors.required("Line"))
    rules = Rules(text(asked, "GlobalTaxCalculation"), _home_rates(context, asked, customer, wrong))
    return lines.build(context, rows, rules, wrong)


def _home_rates(context: Context, asked: Record, customer: Row | None, wrong: list[Error]) -> tuple[Rate, ...]:
    """What a taxable line of a United States company is taxed by."""
    company = context.company
    if company.tax == "global" or customer is None or customer.body.get("Taxable") is False:
        return ()
    if company.tax == "automated":
        places = (asked.get("ShipAddr"), asked.get("BillAddr"), customer.body.get("ShipAddr"))
        return tax.area_rates(company, *places, customer.body.get("BillAddr"))
    code = _document_code(asked)
    rates = tax.rates_of(company, code) if code else ()
    if rates is None:
        wrong.append(errors.no_reference("TxnTaxCodeRef", code))
    return rates or ()


def _document_code(asked: Record) -> str:
    return objects.reference(jsontext.as_record(asked.get("TxnTaxDetail")) or {}, "TxnTaxCodeRef")


def _sums(context: Context, made: list[Built]) -> Sums:
    net = sum((one.amount for one in made), rounding.rounded(rounding.ZERO, context.digits))
    pairs = [(one.amount, one.rates) for one in made]
    return Sums(net, tax.taxes(pairs, context.digits, per_line=context.switches.tax_rounding == "per_line"))


def _applied(held: Row | None) -> Decimal:
    """What payments and credits have taken off the document."""
    if held is None:
        return rounding.ZERO
    left = number(held.body, "Balance")
    return (number(held.body, "TotalAmt") or rounding.ZERO) - (left or rounding.ZERO)


def _open(kind: str, total: Decimal, left: Decimal) -> Record:
    body: Record = {"TotalAmt": total, "Balance": left}
    return body if kind == INVOICE else {**body, "RemainingCredit": left}


def _numbered(context: Context, kind: str, asked: Record, held: Row | None) -> Record:
    given = text(asked, "DocNumber")
    if given and given != AUTO:
        return {"DocNumber": given}
    if held is not None:
        return {name: held.body[name] for name in ("DocNumber",) if name in held.body}
    if context.preferences.custom_numbers and given != AUTO:
        return {}
    while True:
        made = str(FIRST_NUMBER + store.count(context.db, f"quickbooks number {context.company.realm}"))
        if not objects.of_number(context, kind, made):
            return {"DocNumber": made}


def _money(context: Context, asked: Record, sums: Sums) -> Record:
    currency = objects.reference(asked, "CurrencyRef") or context.company.currency
    body: Record = {
        "CurrencyRef": {"value": currency},
        "TxnTaxDetail": tax.detail(sums.taxed, _document_code(asked) if context.company.tax == "manual" else ""),
    }
    if not context.company.exchange:
        return body
    rate = number(asked, "ExchangeRate") or dict(context.company.exchange).get(currency, _DEFAULT_RATE)
    rate = _DEFAULT_RATE if currency == context.company.currency else rate
    return {**body, "ExchangeRate": rate, "HomeTotalAmt": rounding.rounded(sums.total * rate, context.digits)}


def _invoice_only(context: Context, asked: Record, customer: Row, day: date) -> Record:
    term_id = objects.reference(asked, "SalesTermRef") or objects.reference(customer.body, "SalesTermRef")
    term = objects.find(context, TERM, term_id) if term_id else None
    days = None if term is None else number(term.body, "DueDays")
    due = text(asked, "DueDate") or (day + timedelta(days=int(days or 0))).isoformat()
    body: Record = {"DueDate": due}
    if term is not None:
        body["SalesTermRef"] = {"value": term.id, "name": text(term.body, "Name")}
    flags = {
        "AllowIPNPayment": False,
        "AllowOnlinePayment": False,
        "AllowOnlineCreditCardPayment": context.company.card,
        "AllowOnlineACHPayment": context.company.bank,
    }
    body |= {name: asked.get(name, default) for name, default in flags.items()}
    return body | {name: asked.get(name, "NotSet") for name in ("PrintStatus", "EmailStatus")}


def void(context: Context, kind: str, held: Row) -> Row | Refused:
    """Take all money out of the document; its number stays."""
    wrong = checks.may_close(context, held)
    if wrong:
        return tuple(wrong)
    nothing = rounding.rounded(rounding.ZERO, context.digits)
    emptied = [_emptied(line, nothing) for line in jsontext.records(held.body.get("Line"))]
    body = {**held.body, "Line": emptied, "TxnTaxDetail": tax.detail((), ""), "PrivateNote": "Voided"}
    body |= _open(kind, nothing, nothing) | ({"HomeTotalAmt": nothing} if "HomeTotalAmt" in body else {})
    return objects.save(context, kind, body, held, VOIDED)


def _emptied(line: Record, nothing: Decimal) -> Record:
    detail = jsontext.as_record(line.get(lines.ITEM_LINE))
    if detail is None:
        return line
    return {**line, "Amount": nothing, lines.ITEM_LINE: {**detail, "Qty": rounding.ZERO}}


def shown(context: Context, row: Row) -> Record:
    """A document as replies have it."""
    body = objects.shown(context, row)
    made = jsontext.records(body.get("Line"))
    net = sum(
        (number(line, "Amount") or rounding.ZERO for line in made), rounding.rounded(rounding.ZERO, context.digits)
    )
    return {**body, "Line": [*made, lines.total_line(net)]}
