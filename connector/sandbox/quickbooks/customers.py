"""Customers: created and changed.

Owns the rules of names. What a stranger would get wrong: customers share their names with vendors and employees; a
customer that is made inactive gets " (deleted)" behind its name, which frees the name.
"""

from connector.sandbox.jsontext import Record, text
from connector.sandbox.quickbooks import errors, objects
from connector.sandbox.quickbooks.context import Context
from connector.sandbox.quickbooks.errors import Error, Refused
from connector.sandbox.quickbooks.objects import CUSTOMER, TAX_CODE, TERM
from connector.sandbox.rows import Row

_LONGEST = {"DisplayName": 500, "CompanyName": 500, "GivenName": 100, "FamilyName": 100, "Notes": 2000}
_FORBIDDEN = ":\t\n"
GONE = " (deleted)"


def save(context: Context, asked: Record, held: Row | None) -> Row | Refused:
    """Create the customer, or store the next version of the one held."""
    body: Record = {"Active": True, "Taxable": True, "Job": False, **asked}
    body["DisplayName"] = text(asked, "DisplayName") or text(asked, "CompanyName")
    if body["Active"] is False and not text(body, "DisplayName").endswith(GONE):
        body["DisplayName"] = f"{body['DisplayName']}{GONE}"
    currency = objects.reference(asked, "CurrencyRef") or context.company.currency
    body["CurrencyRef"] = {"value": currency}
    wrong = _faults(context, body, held, currency)
    if wrong:
        return tuple(wrong)
    name = text(body, "DisplayName")
    more = {"FullyQualifiedName": name, "PrintOnCheckName": text(body, "PrintOnCheckName") or name}
    body |= {"Id": objects.new_id(context) if held is None else held.id, **more}
    return objects.save(context, CUSTOMER, body, held, "true" if body["Active"] else "false")


def _faults(context: Context, body: Record, held: Row | None, currency: str) -> list[Error]:
    name = text(body, "DisplayName")
    wrong = [] if name else [errors.required("DisplayName")]
    wrong += [
        errors.too_long(field, longest, len(text(body, field)))
        for field, longest in _LONGEST.items()
        if len(text(body, field)) > longest
    ]
    if any(letter in name for letter in _FORBIDDEN):
        wrong.append(errors.business("A name cannot contain a colon, a tab or a new line", element="DisplayName"))
    others = [one for one in objects.of_name(context, CUSTOMER, name) if held is None or one.id != held.id]
    taken = {objects.name_key(one) for one in context.company.other_names}
    if others or objects.name_key(name) in taken:
        wrong.append(errors.duplicate_name())
    if currency not in (context.company.currency, *dict(context.company.exchange)):
        wrong.append(errors.no_reference("CurrencyRef", currency))
    if held is not None and objects.reference(held.body, "CurrencyRef") != currency:
        wrong.append(errors.business("The currency of a customer cannot be changed", element="CurrencyRef"))
    for field, kind in (("SalesTermRef", TERM), ("DefaultTaxCodeRef", TAX_CODE)):
        if objects.reference(body, field):
            objects.refer(context, kind, objects.reference(body, field), field, wrong)
    return wrong
