"""The lines of a document: defaults, checks, amounts.

Owns what may stand on a line. What a stranger would get wrong: on an update a line whose LineItemID is left out of
the request is deleted, and a LineItemID of the client's own making is refused.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from connector.sandbox import rounding
from connector.sandbox.jsontext import Record, number, text
from connector.sandbox.xero import money, tracking
from connector.sandbox.xero.context import Context, reference_id
from connector.sandbox.xero.money import Asked, Rules
from connector.sandbox.xero.tenants import Account

_PRICES = ("Quantity", "UnitAmount", "LineAmount", "TaxAmount", "DiscountRate", "DiscountAmount")
_TAXED_BY = (*_PRICES, "TaxType", "AccountCode", "AccountID")


@dataclass(frozen=True, slots=True)
class Demands:
    """What the document asks of its lines."""

    is_approved: bool
    allows_discounts: bool


@dataclass(slots=True)
class Lines:
    """The lines built so far, their faults, and their (amount, tax) pairs."""

    bodies: list[Record] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    pairs: list[tuple[Decimal, Decimal]] = field(default_factory=list)


def build(context: Context, asked: list[Record], held: list[Record], rules: Rules, demands: Demands) -> Lines:
    """The document's lines from the request's; ``held`` are those it had before."""
    known = {text(line, "LineItemID"): line for line in held}
    unknown = [key for line in asked if (key := text(line, "LineItemID")) and key not in known]
    made = Lines()
    if unknown:
        made.errors.append(f"Could not find line item(s) with the following id(s): {', '.join(unknown)}")
    for line in asked:
        _add(context, _merged(known.get(text(line, "LineItemID"), {}), line), rules, demands, made)
    return made


def _merged(held: Record, asked: Record) -> Record:
    given = {name: value for name, value in asked.items() if value is not None}
    stale: set[str] = set()
    if any(name in given for name in _PRICES):
        stale |= {"LineAmount", "TaxAmount"}
    if any(name in given for name in _TAXED_BY):
        stale.add("TaxAmount")
    return {**{name: value for name, value in held.items() if name not in stale}, **given}


def _with_item(context: Context, line: Record, errors: list[str]) -> Record:
    code = text(line, "ItemCode")
    if not code:
        return line
    item = next((item for item in context.tenant.items if item.code == code), None)
    if item is None:
        errors.append(f"Item code '{code}' is not valid")
        return line
    return {"Description": item.name, "AccountCode": item.account_code, **line}


def _account(context: Context, line: Record, demands: Demands, errors: list[str]) -> Account | None:
    code = text(line, "AccountCode")
    account_id = text(line, "AccountID")
    if not code and not account_id:
        errors += ["Account must be valid."] if demands.is_approved else []
        return None
    account = context.account(code, account_id)
    if account is None or account.kind == "BANK":
        errors.append(f"Account code '{code or account_id}' is not a valid code for this document.")
        return None
    if account.status != "ACTIVE":
        errors.append(f"Account code '{account.code}' has been archived, or deleted.")
    return account


def _tax(
    context: Context, line: Record, account: Account | None, rules: Rules, errors: list[str]
) -> tuple[str, Decimal]:
    default = "" if account is None else account.tax_type
    tax_type = "NONE" if rules.line_amount_types == "NoTax" else text(line, "TaxType") or default
    if not tax_type:
        return "", rounding.ZERO
    rate = context.tax_rate(tax_type)
    if rate is None or rate.status != "ACTIVE":
        errors.append(f"The TaxType code '{tax_type}' does not exist or cannot be used for this type of transaction.")
        return tax_type, rounding.ZERO
    if not rate.for_sales:
        code = text(line, "AccountCode") if account is None else account.code
        errors.append(f"The TaxType code '{tax_type}' cannot be used with account code '{code}'.")
    return tax_type, rate.percent


def _shape_faults(context: Context, line: Record, demands: Demands) -> list[str]:
    errors = []
    description = text(line, "Description")
    limit = context.switches.description_limit
    if not description:
        errors.append("Description needs to be at least 1 char long")
    if limit and len(description) > limit:
        errors.append(f"The Description cannot be longer than {limit} characters")
    if not demands.allows_discounts and any(number(line, name) for name in ("DiscountRate", "DiscountAmount")):
        errors.append("Discounts are not supported on credit notes")
    errors += tracking.sorted_under(context, line)[1]
    insane = [name for name in _PRICES if (value := number(line, name)) is not None and not rounding.is_sane(value)]
    errors += [f"{name} is out of range" for name in insane]
    return errors


def _add(context: Context, line: Record, rules: Rules, demands: Demands, made: Lines) -> None:
    errors: list[str] = []
    line = _with_item(context, line, errors)
    errors += _shape_faults(context, line, demands)
    account = _account(context, line, demands, errors)
    tax_type, percent = _tax(context, line, account, rules, errors)
    priced: money.Priced | str | None = None
    if not any(message.endswith("out of range") for message in errors):
        priced = money.price(_asked(line), rules)
    if isinstance(priced, str):
        errors.append(priced)
    if errors or priced is None or isinstance(priced, str):
        made.errors += errors
        return
    tax = rules.tax(priced.line_amount, percent, number(line, "TaxAmount"))
    made.pairs.append((priced.line_amount, tax))
    body: Record = {
        "LineItemID": text(line, "LineItemID") or str(uuid.uuid4()),
        "Description": text(line, "Description"),
        **_optional(line),
        "Quantity": priced.quantity,
        "UnitAmount": priced.unit_amount,
        "LineAmount": priced.line_amount,
        "TaxAmount": tax,
        "Tracking": tracking.sorted_under(context, line)[0],
    }
    if account is not None:
        body |= {"AccountCode": account.code, "AccountID": reference_id(context.tenant, account.code)}
    made.bodies.append(body | ({"TaxType": tax_type} if tax_type else {}))


def _optional(line: Mapping[str, object]) -> Record:
    return {name: line[name] for name in ("ItemCode", "DiscountRate", "DiscountAmount") if line.get(name) is not None}


def _asked(line: Record) -> Asked:
    return Asked(
        number(line, "Quantity"),
        number(line, "UnitAmount"),
        number(line, "LineAmount"),
        number(line, "DiscountRate"),
        number(line, "DiscountAmount"),
    )
