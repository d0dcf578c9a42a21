"""Prepare a Tryton database with two companies' books: charts, fiscal years, taxes, a product each, and a user.

It runs in the environment that tools/tryton.sh makes, never in the product's. Every name and code is invented, and the
same as in the sandbox's books, so that the sample mappings fit.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from proteus import Model, Wizard, config
from proteus.config import Config
from trytond.modules.account.tests.tools import create_chart, get_accounts

YEARS = (2025, 2026, 2027)
PASSWORD = "not-a-secret-billing"  # noqa: S105  # of users of a database that holds nothing but samples
CLOSED = "310"


@dataclass(frozen=True)
class Books:
    """One company: its name, currency and country, its taxes by name, and who logs in for it."""

    login: str
    name: str
    currency: str
    country: str
    taxes: Sequence[tuple[str, str, str]]


ALL = (
    Books("billing-us", "Sample US Books", "USD", "US", (("OUTPUT", "8.25", "sale"), ("NONE", "0", "both"))),
    Books(
        "billing-uk",
        "Sample UK Books",
        "GBP",
        "GB",
        (
            ("OUTPUT2", "20", "sale"),
            ("ZERORATEDOUTPUT", "0", "sale"),
            ("EXEMPTOUTPUT", "0", "sale"),
            ("NONE", "0", "both"),
            ("INPUT2", "20", "purchase"),
        ),
    ),
)
ACCOUNTS = (("200", "Sales"), ("201", "Assessment bundles"), (CLOSED, "Old sales"))
PRODUCTS = (("SPOKE-FULL", "Full spoke", "200"), ("SPOKE-AO-BUNDLE", "Assessment bundle", "201"))


def prepare(database: str, settings: str) -> None:
    """Fill the database, whose modules are active already."""
    here = config.set_trytond(database, config_file=settings)
    currencies = _currencies()
    for country in ("US", "GB", "IE", "FR", "DE", "NL", "CA"):
        Model.get("country.country")(name=country, code=country).save()
    companies = [_company(books, currencies[books.currency], here) for books in ALL]
    for books, company in zip(ALL, companies, strict=True):
        _keep(books, company, here)


def _currencies() -> dict[str, Model]:
    made = {}
    for code, rate in (("USD", "1.0"), ("GBP", "0.8"), ("EUR", "0.9")):
        one = Model.get("currency.currency")(name=code, code=code, symbol=code, rounding=Decimal("0.01"))
        one.save()
        Model.get("currency.currency.rate")(date=date(2020, 1, 1), rate=Decimal(rate), currency=one).save()
        made[code] = one
    return made


def _company(books: Books, currency: Model, here: Config) -> Model:
    party = Model.get("party.party")(name=books.name, code=f"OWN-{books.country}")
    party.save()
    wizard = Wizard("company.company.config")
    wizard.execute("company")
    wizard.form.party, wizard.form.currency = party, currency
    wizard.execute("add")
    (company,) = Model.get("company.company").find([("party", "=", party.id)])
    user = Model.get("res.user")(here.user)
    if company not in user.companies:
        user.companies.append(company)
        user.save()
    return company


def _keep(books: Books, company: Model, here: Config) -> None:
    """The books of one company, as the user who works in it."""
    user = Model.get("res.user")
    me = user(here.user)
    me.company, me.company_filter = company, "one"
    me.save()
    here._context = user.get_preferences(True, {})  # noqa: FBT003, SLF001  # the reader has no other way to change it
    company.cancel_invoice_out = True
    company.save()
    create_chart(company)
    for year in YEARS:
        _year(company, year)
    _accounts(company)
    _taxes(books, company)
    _products(books)
    _user(books, company)


def _year(company: Model, year: int) -> None:
    types, sequence = Model.get("ir.sequence.type"), Model.get("ir.sequence.strict")
    of_moves = types.find([("name", "=", "Account Move")])[0]
    of_invoices = types.find([("name", "=", "Invoice")])[0]
    made = Model.get("account.fiscalyear")(name=str(year), company=company)
    made.start_date, made.end_date = date(year, 1, 1), date(year, 12, 31)
    made.move_sequence = sequence(name=f"Moves {year}", sequence_type=of_moves, company=company)
    made.move_sequence.save()
    (numbers,) = made.invoice_sequences
    for kind, prefix in (("invoice", "INV"), ("credit_note", "CRN")):
        one = sequence(name=f"{prefix} {year}", sequence_type=of_invoices, company=company, prefix=f"{prefix}/{year}/")
        one.save()
        for side in ("in", "out"):
            setattr(numbers, f"{side}_{kind}_sequence", one)
    made.save()
    made.click("create_period")


def _accounts(company: Model) -> None:
    like = get_accounts(company)["revenue"]
    for code, name in ACCOUNTS:
        account = Model.get("account.account")(name=name, code=code, company=company, type=like.type)
        account.parent = like.parent
        if code == CLOSED:
            account.closed = True
        account.save()


def _taxes(books: Books, company: Model) -> None:
    owed = get_accounts(company)["tax"]
    for name, percent, kind in books.taxes:
        found = Model.get("account.tax.group").find([("code", "=", kind)])
        group = found[0] if found else Model.get("account.tax.group")(name=kind, code=kind, kind=kind)
        group.save()
        tax = Model.get("account.tax")(name=name, description=name, company=company, type="percentage")
        tax.rate, tax.group = Decimal(percent) / 100, group
        tax.invoice_account = tax.credit_note_account = owed
        tax.save()


def _products(books: Books) -> None:
    (unit,) = Model.get("product.uom").find([("name", "=", "Unit")])
    for code, name, account in PRODUCTS:
        (revenue,) = Model.get("account.account").find([("code", "=", account)])
        category = Model.get("product.category")(name=f"{name} {books.country}", accounting=True)
        category.account_revenue = revenue
        category.save()
        if Model.get("product.product").find([("code", "=", code)]):
            continue
        template = Model.get("product.template")(name=name, default_uom=unit, type="service", list_price=Decimal(0))
        template.account_category = category
        template.products[0].suffix_code = code
        template.save()


def _user(books: Books, company: Model) -> None:
    """A user who works in this company and sees no other."""
    made = Model.get("res.user")(name=f"Billing {books.country}", login=books.login, password=PASSWORD)
    for group in Model.get("res.group").find([("name", "in", ["Accounting", "Party Administration"])]):
        made.groups.append(group)
    made.companies.append(Model.get("company.company")(company.id))
    made.company = Model.get("company.company")(company.id)
    made.save()


if __name__ == "__main__":
    prepare(sys.argv[1], sys.argv[2])
