"""Random documents from a seed, and the sandbox's own arithmetic on them: it imports nothing of the adapters."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from random import Random

from connector.accounting.totals import predict_tax_minor
from connector.domain.currency import digits
from connector.domain.documents import CREDIT_NOTE, INVOICE, Document, Line, Party
from connector.sandbox.quickbooks.companies import Rate
from connector.sandbox.quickbooks.tax import taxes
from connector.sandbox.xero import money

PARTY = Party("P-1", "Harbor Advisory")
_DAYS = (date(2026, 11, 2), date(2026, 12, 2))
_QUANTITIES = (1, 1, 1, 2, 7, 75, 240)
_HIGHEST = (9, 700, 70_000, 9_000_000)
Sums = tuple[int, int, int]


def line(quantity: int, unit: int, code: str, percent: Decimal, currency: str) -> Line:
    net = quantity * unit
    tax = predict_tax_minor(net, percent, currency)
    return Line("CH-1", "Full spoke", "SPOKE-FULL", "SPOKE-FULL", "200", code, percent, quantity, unit, net, tax)


def document(number: str, currency: str, lines: Sequence[Line], kind: str = INVOICE) -> Document:
    return Document(number, kind, "us", "books", PARTY, currency, *_DAYS, "", "card", tuple(lines))


def documents(
    seed: int, count: int, rates: Sequence[tuple[str, Decimal]], currencies: Sequence[str]
) -> Iterator[Document]:
    """So many documents of one to four lines each, every fourth a credit note; small prices are as likely as large."""
    random = Random(seed)
    for place in range(count):
        currency = random.choice(currencies)
        lines = [
            line(
                random.choice(_QUANTITIES), random.randint(1, random.choice(_HIGHEST)), *random.choice(rates), currency
            )
            for _ in range(random.randint(1, 4))
        ]
        yield document(f"T{seed}-{place}", currency, lines, INVOICE if place % 4 else CREDIT_NOTE)


def predicted(one: Document) -> Sums:
    return one.net.minor, one.tax.minor, one.total.minor


def xero_sums(one: Document) -> Sums:
    """Net, tax and total in minor units, as the stand-in for Xero computes them."""
    places = digits(one.currency)
    rules = money.Rules(places, 4, "Exclusive", half_even_lines=False)
    pairs = []
    for each in one.lines:
        priced = money.price(money.Asked(Decimal(each.quantity), _major(each.unit_minor, places), None), rules)
        assert isinstance(priced, money.Priced)
        pairs.append((priced.line_amount, rules.tax(priced.line_amount, each.tax_percent, None)))
    sums = money.totals(pairs, rules)
    return _minor(sums.sub_total, places), _minor(sums.total_tax, places), _minor(sums.total, places)


def quickbooks_sums(one: Document, *, per_line: bool) -> Sums:
    """The same of QuickBooks, under one answer to what the vendor has not said."""
    places = digits(one.currency)
    amounts = [(_major(each.net_minor, places), each) for each in one.lines]
    named = [(amount, (Rate(each.tax_code, each.tax_code, each.tax_percent),)) for amount, each in amounts]
    tax = sum((taxed.tax for taxed in taxes(named, places, per_line=per_line)), Decimal(0))
    net = sum((amount for amount, _ in amounts), Decimal(0))
    return _minor(net, places), _minor(tax, places), _minor(net + tax, places)


def _major(minor: int, places: int) -> Decimal:
    return Decimal(minor).scaleb(-places)


def _minor(major: Decimal, places: int) -> int:
    return int(major.scaleb(places))
