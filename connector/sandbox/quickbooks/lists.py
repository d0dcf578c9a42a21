"""The company itself, its preferences and its lists: items, tax codes and rates, terms, classes, departments.

Owns what a client reads before it sends. What a stranger would get wrong: a TaxCode names its rates by id, and their
percentages stand in TaxRate; a United States company lists TAX and NON beside its codes.
"""

import sqlite3
from collections.abc import Iterable
from decimal import Decimal

from connector.sandbox.jsontext import Record
from connector.sandbox.quickbooks import objects, stamps
from connector.sandbox.quickbooks.companies import Code, Company
from connector.sandbox.quickbooks.context import Context
from connector.sandbox.quickbooks.objects import CLASS, DEPARTMENT, ITEM, TAX_CODE, TAX_RATE, TERM

CREATED_MS = 1_735_689_600_000


def seed(db: sqlite3.Connection, companies: Iterable[Company]) -> None:
    """Store the lists of companies that have none yet."""
    for company in companies:
        lists: dict[str, list[Record]] = {
            ITEM: [
                {
                    "Id": one.id,
                    "Name": one.name,
                    "FullyQualifiedName": one.name,
                    "Sku": one.sku,
                    "Active": one.active,
                    "Taxable": True,
                    "UnitPrice": Decimal(0),
                    "Type": "Service",
                    "IncomeAccountRef": {"value": "79", "name": "Sales"},
                }
                for one in company.items
            ],
            TAX_CODE: [_code(one, company) for one in company.codes],
            TAX_RATE: [
                {"Id": one.id, "Name": one.name, "Active": True, "RateValue": one.percent, "SpecialTaxType": "NONE"}
                for one in company.rates
            ],
            TERM: [
                {"Id": one.id, "Name": one.name, "Active": True, "Type": "STANDARD", "DueDays": one.due_days}
                for one in company.terms
            ],
            CLASS: [_label(one.id, one.name, "SubClass") for one in company.classes],
            DEPARTMENT: [_label(one.id, one.name, "SubDepartment") for one in company.departments],
        }
        for kind, bodies in lists.items():
            objects.seed(db, company, CREATED_MS, kind, bodies)


def _code(code: Code, company: Company) -> Record:
    percents = {rate.id: rate.name for rate in company.rates}
    rates = [
        {"TaxRateRef": {"value": key, "name": percents[key]}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0}
        for key in code.rates
    ]
    body: Record = {"Id": code.id, "Name": code.name, "Description": code.name, "Active": code.active}
    body |= {"Taxable": code.id != "NON", "TaxGroup": bool(rates)}
    return body | ({"SalesTaxRateList": {"TaxRateDetail": rates}} if rates else {})


def _label(key: str, name: str, inner: str) -> Record:
    return {"Id": key, "Name": name, "FullyQualifiedName": name, inner: False, "Active": True}


def company_info(context: Context) -> Record:
    """Who the company is."""
    company = context.company
    address = {"Id": "1", "Line1": "1 Sample Street", "City": "Sampleton", "Country": company.country}
    return {
        "Id": "1",
        "SyncToken": "0",
        "domain": "QBO",
        "sparse": False,
        "CompanyName": company.name,
        "LegalName": company.name,
        "CompanyAddr": address,
        "LegalAddr": address,
        "CompanyStartDate": "2025-01-01",
        "FiscalYearStartMonth": "January",
        "Country": company.country,
        "Email": {"Address": "books@example.com"},
        "SupportedLanguages": "en",
        "DefaultTimeZone": company.time_zone,
        "NameValue": [{"Name": "OfferingSku", "Value": "QuickBooks Online Plus"}],
        "MetaData": _created(company),
    }


def _created(company: Company) -> Record:
    stamp = stamps.of_object(CREATED_MS, company.time_zone)
    return {"CreateTime": stamp, "LastUpdatedTime": stamp}


def preferences(context: Context) -> Record:
    """What the company has chosen."""
    company, chosen = context.company, context.preferences
    accounting: Record = {
        "FirstMonthOfFiscalYear": "January",
        "UseAccountNumbers": False,
        "TaxYearMonth": "January",
        "ClassTrackingPerTxn": False,
        "TrackDepartments": bool(company.departments),
        "ClassTrackingPerTxnLine": bool(company.classes),
        "CustomerTerminology": "Customers",
    }
    if chosen.closed_to is not None:
        accounting["BookCloseDate"] = chosen.closed_to.isoformat()
    return {
        "Id": "1",
        "SyncToken": "0",
        "domain": "QBO",
        "sparse": False,
        "AccountingInfoPrefs": accounting,
        "ProductAndServicesPrefs": {"ForSales": True, "QuantityWithPriceAndRate": True, "QuantityOnHand": False},
        "SalesFormsPrefs": {
            "CustomTxnNumbers": chosen.custom_numbers,
            "ETransactionPaymentEnabled": chosen.takes_payments,
            "ETransactionEnabledStatus": "Enabled" if chosen.takes_payments else "NotApplicable",
            "AllowDiscount": False,
            "AutoApplyCredit": context.switches.auto_apply_credit,
            "DefaultTerms": {"value": "3"},
        },
        "TaxPrefs": {"UsingSalesTax": True, "PartnerTaxEnabled": company.tax == "automated"},
        "CurrencyPrefs": {
            "MultiCurrencyEnabled": bool(company.exchange),
            "HomeCurrency": {"value": company.currency},
        },
        "OtherPrefs": {"NameValue": [{"Name": "SalesFormsPrefs.DefaultCustomerMessage", "Value": "Thank you."}]},
        "MetaData": _created(company),
    }
