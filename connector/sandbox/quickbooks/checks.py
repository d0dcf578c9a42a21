"""What a document's head must keep to.

Owns lengths, words, references and days. What a stranger would get wrong: a DocNumber has 21 characters at most, and
whether a number that is in use may be given again is a setting of the company, not a rule.
"""

from connector.sandbox import jsontext
from connector.sandbox.jsontext import Record, text
from connector.sandbox.quickbooks import errors, objects
from connector.sandbox.quickbooks.context import Context
from connector.sandbox.quickbooks.errors import Error
from connector.sandbox.quickbooks.lines import NOT_APPLICABLE
from connector.sandbox.quickbooks.objects import CLASS, DEPARTMENT, TERM, VOIDED
from connector.sandbox.rows import Row

LONGEST = {"DocNumber": 21, "PrivateNote": 4000, "PONumber": 15, "FOB": 15}
LONGEST_MEMO = 1000
_WORDS = {
    "EmailStatus": ("NotSet", "NeedToSend", "EmailSent"),
    "PrintStatus": ("NotSet", "NeedToPrint", "PrintComplete"),
    "GlobalTaxCalculation": ("TaxExcluded", "TaxInclusive", NOT_APPLICABLE),
}


def header(context: Context, kind: str, asked: Record, held: Row | None) -> list[Error]:
    """What is wrong with a document apart from its customer, its lines and its money."""
    wrong = [
        errors.too_long(name, longest, len(text(asked, name)))
        for name, longest in LONGEST.items()
        if len(text(asked, name)) > longest
    ]
    memo = text(jsontext.as_record(asked.get("CustomerMemo")) or {}, "value")
    wrong += [errors.too_long("CustomerMemo", LONGEST_MEMO, len(memo))] if len(memo) > LONGEST_MEMO else []
    wrong += [
        errors.no_such_word(name, text(asked, name))
        for name, words in _WORDS.items()
        if text(asked, name) and text(asked, name) not in words
    ]
    if context.company.tax == "global" and text(asked, "GlobalTaxCalculation") == "TaxInclusive":
        wrong.append(errors.business("The sandbox does not model TaxInclusive", element="GlobalTaxCalculation"))
    if held is not None and held.status == VOIDED:
        wrong.append(errors.business(f"A voided {kind} cannot be changed"))
    days = {text(asked, "TxnDate") or context.today.isoformat(), text(held.body, "TxnDate") if held else ""}
    wrong += [errors.closed()] if any(context.is_closed(day) for day in days) else []
    return wrong + _references(context, asked)


def _references(context: Context, asked: Record) -> list[Error]:
    wrong: list[Error] = []
    for name, kind in (("SalesTermRef", TERM), ("ClassRef", CLASS), ("DepartmentRef", DEPARTMENT)):
        key = objects.reference(asked, name)
        if key and kind == DEPARTMENT and not context.company.departments:
            wrong.append(errors.business("Location tracking is turned off for this company", element=name))
        elif key:
            objects.refer(context, kind, key, name, wrong)
    return wrong


def currency(context: Context, asked: Record, customer: Row) -> list[Error]:
    """A document's currency is its customer's."""
    own = objects.reference(customer.body, "CurrencyRef")
    given = objects.reference(asked, "CurrencyRef") or context.company.currency
    if given == own:
        return []
    if not context.company.exchange:
        return [errors.business("Multi-currency is turned off for this company", element="CurrencyRef")]
    return [errors.business(f"The currency of the transaction must be the customer's, {own}", element="CurrencyRef")]


def duplicate(context: Context, kind: str, number: str, held: Row | None) -> list[Error]:
    """6140 when the company warns of numbers in use."""
    if context.switches.duplicate_numbers == "allow":
        return []
    others = [one for one in objects.of_number(context, kind, number) if held is None or one.id != held.id]
    return [errors.duplicate_number(number, kind, others[0].id)] if others else []


def may_close(context: Context, held: Row) -> list[Error]:
    """What keeps a document from being voided or deleted."""
    wrong = [errors.closed()] if context.is_closed(text(held.body, "TxnDate")) else []
    if held.body.get("LinkedTxn"):
        wrong.append(errors.business("The transaction is linked to others; remove those links first"))
    return wrong
