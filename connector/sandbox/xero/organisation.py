"""The organisation and its settings: tax rates, accounts, items, tracking categories.

Owns the five read-only endpoints a client checks before it sends. What a stranger would get wrong: a lock date that
is not set is absent from the reply, not null.
"""

from decimal import Decimal

from connector.sandbox import dates
from connector.sandbox.jsontext import Record
from connector.sandbox.xero.context import LOCK_FIELDS, Context, reference_id

_CREATED_MS = 1_735_689_600_000
_VERSIONS = {"US": "US", "GB": "UK"}


def organisations(context: Context) -> list[Record]:
    """The one organisation of the tenant."""
    tenant = context.tenant
    version = _VERSIONS.get(tenant.country, "GLOBAL")
    body: Record = {
        "OrganisationID": tenant.tenant_id,
        "Name": tenant.name,
        "LegalName": tenant.name,
        "PaysTax": True,
        "Version": version,
        "OrganisationType": "COMPANY",
        "BaseCurrency": tenant.currency,
        "CountryCode": tenant.country,
        "IsDemoCompany": True,
        "OrganisationStatus": "ACTIVE",
        "FinancialYearEndDay": 31,
        "FinancialYearEndMonth": 12,
        "SalesTaxBasis": tenant.sales_tax_basis,
        "SalesTaxPeriod": "QUARTERLY",
        "CreatedDateUTC": dates.ms_stamp(_CREATED_MS),
        "OrganisationEntityType": "COMPANY",
        "Timezone": tenant.xero_time_zone,
        "ShortCode": f"!{tenant.code}",
        "Class": "DEMO",
        "Edition": "BUSINESS",
    }
    held = (context.locks.period, context.locks.end_of_year)
    return [{**body, **{name: dates.ms_date(day) for name, day in zip(LOCK_FIELDS, held, strict=True) if day}}]


def tax_rates(context: Context) -> list[Record]:
    """Every tax rate; lines refer to them by TaxType."""
    return [
        {
            "Name": rate.name,
            "TaxType": rate.tax_type,
            "Status": rate.status,
            "CanApplyToAssets": True,
            "CanApplyToEquity": True,
            "CanApplyToExpenses": rate.tax_type == "NONE" or not rate.for_sales,
            "CanApplyToLiabilities": True,
            "CanApplyToRevenue": rate.for_sales,
            "DisplayTaxRate": rate.percent,
            "EffectiveRate": rate.percent,
            "TaxComponents": [{"Name": rate.name, "Rate": rate.percent, "IsCompound": False}],
        }
        for rate in context.tenant.tax_rates
    ]


def accounts(context: Context) -> list[Record]:
    """The chart of accounts, archived accounts included."""
    return [
        {
            "AccountID": reference_id(context.tenant, account.code),
            "Code": account.code,
            "Name": account.name,
            "Status": account.status,
            "Type": account.kind,
            "TaxType": account.tax_type,
            "Class": "ASSET" if account.kind == "BANK" else "REVENUE",
            "EnablePaymentsToAccount": False,
            "ShowInExpenseClaims": False,
            "HasAttachments": False,
            "UpdatedDateUTC": dates.ms_stamp(_CREATED_MS),
        }
        for account in context.tenant.accounts
    ]


def items(context: Context) -> list[Record]:
    """What the organisation sells."""
    return [
        {
            "ItemID": reference_id(context.tenant, item.code),
            "Code": item.code,
            "Name": item.name,
            "Description": item.name,
            "SalesDetails": {"UnitPrice": Decimal("0.00"), "AccountCode": item.account_code},
            "IsTrackedAsInventory": False,
            "IsSold": True,
            "IsPurchased": False,
            "UpdatedDateUTC": dates.ms_stamp(_CREATED_MS),
        }
        for item in context.tenant.items
    ]


def tracking_categories(context: Context) -> list[Record]:
    """The ways of sorting lines, each with its options."""
    return [
        {
            "Name": category.name,
            "Status": category.status,
            "TrackingCategoryID": reference_id(context.tenant, f"tracking {category.name}"),
            "Options": [
                {
                    "TrackingOptionID": reference_id(context.tenant, f"tracking {category.name} {option}"),
                    "Name": option,
                    "Status": "ACTIVE",
                }
                for option in category.options
            ],
        }
        for category in context.tenant.tracking
    ]
