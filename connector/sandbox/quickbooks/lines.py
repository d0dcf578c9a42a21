"""The lines of an invoice or credit memo.

Owns what one line must have. What a stranger would get wrong: a line without an ItemRef is documentation and its Amount
is ignored; in the United States its tax code is TAX or NON, elsewhere a code's id, and there it must not be missing.
"""

from dataclasses import dataclass
from decimal import Decimal

from connector.sandbox import jsontext, rounding
from connector.sandbox.jsontext import Record, number, text
from connector.sandbox.quickbooks import errors, objects, tax
from connector.sandbox.quickbooks.companies import Rate
from connector.sandbox.quickbooks.context import Context
from connector.sandbox.quickbooks.errors import Error
from connector.sandbox.quickbooks.objects import CLASS, ITEM

ITEM_LINE, TEXT_LINE, SUM_LINE = "SalesItemLineDetail", "DescriptionOnly", "SubTotalLineDetail"
NOT_MODELLED = ("DiscountLineDetail", "GroupLineDetail", "TaxLineDetail", "PaymentLineDetail")
NOT_APPLICABLE = "NotApplicable"


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides the tax of a document's lines.

    Attributes:
        calculation: ``GlobalTaxCalculation``; empty in the United States.
        rates: the rates of a taxable line in the United States: of the address, or of the document's own code.
    """

    calculation: str
    rates: tuple[Rate, ...]


@dataclass(frozen=True, slots=True)
class Built:
    """A line as it is stored, its amount, and the rates it is taxed by."""

    body: Record
    amount: Decimal
    rates: tuple[Rate, ...]


def build(context: Context, asked: list[Record], rules: Rules, wrong: list[Error]) -> list[Built]:
    """The lines of a document in order; appends what is wrong with them."""
    made = [_line(context, line, rules, wrong) for line in asked if text(line, "DetailType") != SUM_LINE]
    return [
        Built({"Id": str(n), "LineNum": n, **built.body}, built.amount, built.rates) for n, built in enumerate(made, 1)
    ]


def _line(context: Context, asked: Record, rules: Rules, wrong: list[Error]) -> Built:
    kind = text(asked, "DetailType")
    detail = jsontext.as_record(asked.get(ITEM_LINE)) or {}
    longest = context.switches.description_limit
    if longest and len(text(asked, "Description")) > longest:
        wrong.append(errors.too_long("Line.Description", longest, len(text(asked, "Description"))))
    told: Record = {"Description": asked["Description"]} if "Description" in asked else {}
    if kind == ITEM_LINE and objects.reference(detail, "ItemRef"):
        return _item_line(context, asked, detail, rules, wrong)
    if kind in NOT_MODELLED:
        wrong.append(errors.business(f"The sandbox does not model {kind}", element="Line.DetailType"))
    elif not kind:
        wrong.append(errors.required("Line.DetailType"))
    elif kind not in (ITEM_LINE, TEXT_LINE):
        wrong.append(errors.no_such_word("Line.DetailType", kind))
    return Built({**told, "DetailType": TEXT_LINE, "DescriptionLineDetail": {}}, rounding.ZERO, ())


def _item_line(context: Context, asked: Record, detail: Record, rules: Rules, wrong: list[Error]) -> Built:
    amount = _amount(context, asked, detail, wrong)
    item = objects.refer(context, ITEM, objects.reference(detail, "ItemRef"), "ItemRef", wrong)
    kept: Record = {"ItemRef": _named(objects.reference(detail, "ItemRef"), item.body if item else {})}
    label = objects.reference(detail, "ClassRef")
    if label and not context.company.classes:
        wrong.append(errors.business("Class tracking is turned off for this company", element="ClassRef"))
    elif label:
        found = objects.refer(context, CLASS, label, "ClassRef", wrong)
        kept["ClassRef"] = _named(label, found.body if found else {})
    code, rates = _tax(context, objects.reference(detail, "TaxCodeRef"), rules, wrong)
    kept |= {"TaxCodeRef": {"value": code}} if code else {}
    kept |= {name: detail[name] for name in ("UnitPrice", "Qty", "ServiceDate") if name in detail}
    told: Record = {"Description": asked["Description"]} if "Description" in asked else {}
    return Built({**told, "Amount": amount, "DetailType": ITEM_LINE, ITEM_LINE: kept}, amount, rates)


def _named(key: str, body: Record) -> Record:
    return {"value": key, "name": text(body, "Name")} if body else {"value": key}


def _amount(context: Context, asked: Record, detail: Record, wrong: list[Error]) -> Decimal:
    given, quantity, price = number(asked, "Amount"), number(detail, "Qty"), number(detail, "UnitPrice")
    if number(detail, "DiscountRate") or number(detail, "DiscountAmt") or number(detail, "TaxInclusiveAmt"):
        wrong.append(errors.business("The sandbox models no discounts and no tax-inclusive amounts of lines"))
    if given is None:
        wrong.append(errors.required("Line.Amount"))
        return rounding.ZERO
    amount = rounding.rounded(given, context.digits)
    if quantity is not None and price is not None and context.switches.amount_mismatch != "accept":
        expected = rounding.rounded(quantity * price, context.digits)
        if expected != amount:
            wrong.append(errors.mismatch(context.switches.amount_mismatch, given))
    return amount


def _tax(context: Context, code: str, rules: Rules, wrong: list[Error]) -> tuple[str, tuple[Rate, ...]]:
    """The code a line has in the end, and its rates."""
    if context.company.tax != "global":
        code = code or context.switches.missing_tax_code
        if code not in ("TAX", "NON"):
            wrong.append(errors.no_reference("TaxCodeRef", code))
        return code, rules.rates if code == "TAX" else ()
    if rules.calculation == NOT_APPLICABLE:
        if code:
            wrong.append(errors.business("A line has a tax code where tax is not applicable", element="TaxCodeRef"))
        return "", ()
    if not code:
        words = "Make sure all your transactions have a VAT rate before you save."
        wrong.append(errors.business(words, element="TaxCodeRef"))
        return "", ()
    rates = tax.rates_of(context.company, code)
    if rates is None:
        wrong.append(errors.no_reference("TaxCodeRef", code))
    return code, rates or ()


def total_line(amount: Decimal) -> Record:
    """The line that every reply has behind the others."""
    return {"Amount": amount, "DetailType": SUM_LINE, SUM_LINE: {}}
