"""Which JSON fields a request may carry, and of which type.

Owns the field lists. What a stranger would get wrong: read-only fields (Total, UpdatedDateUTC, …) are accepted and
ignored, as the real service does when a client posts back what it read; only names that exist nowhere are refused,
and only while the switch ``strict_fields`` is on. A wrong JSON type is always refused.
"""

from decimal import Decimal

from connector.sandbox.jsontext import Record

_READ_ONLY_CONTACT = (
    "MergedToContactID XeroNetworkKey SalesTrackingCategories PurchasesTrackingCategories"
    " TrackingCategoryName TrackingCategoryOption PaymentTerms UpdatedDateUTC ContactGroups Website BrandingTheme"
    " BatchPayments Discount Balances Attachments HasAttachments ValidationErrors HasValidationErrors"
    " StatusAttributeString IsSupplier IsCustomer ContactPersons"
)
_READ_ONLY_DOCUMENT = (
    "CISDeduction CISRate SubTotal TotalTax Total TotalDiscount RepeatingInvoiceID HasAttachments IsDiscounted Payments"
    " Prepayments Overpayments AmountDue AmountPaid FullyPaidOnDate AmountCredited UpdatedDateUTC UpdatedDateUTCString"
    " Attachments HasErrors StatusAttributeString ValidationErrors Warnings InvoiceAddresses DateString"
    " DueDateString ExpectedPaymentDate PlannedPaymentDate"
)


def _typed(texts: str, numbers: str = "", flags: str = "", ignored: str = "") -> dict[str, str]:
    kinds = {"text": texts, "number": numbers, "flag": flags, "any": ignored}
    return {name: kind for kind, names in kinds.items() for name in names.split()}


FIELDS: dict[str, dict[str, str]] = {
    "Contact": {
        **_typed(
            "ContactID ContactNumber AccountNumber ContactStatus Name FirstName LastName EmailAddress"
            " BankAccountDetails TaxNumber TaxNumberType AccountsReceivableTaxType AccountsPayableTaxType"
            " SalesDefaultLineAmountType PurchasesDefaultLineAmountType DefaultCurrency SalesDefaultAccountCode"
            " PurchasesDefaultAccountCode",
            ignored=_READ_ONLY_CONTACT,
        ),
        "CompanyNumber": "text",
        "Addresses": "list Address",
        "Phones": "list Phone",
    },
    "Address": _typed(
        "AddressType AddressLine1 AddressLine2 AddressLine3 AddressLine4 City Region PostalCode Country AttentionTo"
    ),
    "Phone": _typed("PhoneType PhoneNumber PhoneAreaCode PhoneCountryCode"),
    "LineItem": {
        **_typed(
            "LineItemID Description ItemCode AccountCode AccountID TaxType RepeatingInvoiceID Taxability",
            "Quantity UnitAmount TaxAmount LineAmount DiscountRate DiscountAmount",
            ignored="Item SalesTaxCodeId TaxBreakdown ValidationErrors",
        ),
        "Tracking": "list Tracking",
    },
    "Tracking": _typed("TrackingCategoryID TrackingOptionID Name Option"),
    "Invoice": {
        **_typed(
            "Type Date DueDate LineAmountTypes InvoiceNumber Reference BrandingThemeID Url CurrencyCode Status"
            " InvoiceID",
            "CurrencyRate",
            "SentToContact",
            _READ_ONLY_DOCUMENT + " CreditNotes",
        ),
        "Contact": "one Contact",
        "LineItems": "list LineItem",
    },
    "CreditNote": {
        **_typed(
            "Type Date DueDate LineAmountTypes CreditNoteNumber Reference BrandingThemeID CurrencyCode Status"
            " CreditNoteID",
            "CurrencyRate",
            "SentToContact",
            _READ_ONLY_DOCUMENT + " RemainingCredit Allocations AppliedAmount ID",
        ),
        "Contact": "one Contact",
        "LineItems": "list LineItem",
    },
    "Allocation": {
        **_typed("AllocationID Date", "Amount", ignored="IsDeleted StatusAttributeString ValidationErrors CreditNote"),
        "Invoice": "one Invoice",
    },
}


def faults(shape: str, record: Record, *, strict: bool, at: str = "") -> list[str]:
    """What is wrong with the fields of one object and of those inside it; empty when all is well."""
    known = FIELDS[shape]
    found: list[str] = []
    for name, value in record.items():
        place = f"{at}{name}"
        if name not in known:
            found += [f"{place} is not a field of {shape}"] if strict else []
        elif value is not None:
            found += _fault(known[name], value, place, strict=strict)
    return found


def _fault(kind: str, value: object, place: str, *, strict: bool) -> list[str]:
    form, _, inner = kind.partition(" ")
    if form == "one" and isinstance(value, dict):
        return faults(inner, value, strict=strict, at=f"{place}.")
    if form == "list" and isinstance(value, list):
        members = [_fault(f"one {inner}", item, f"{place}[{n}]", strict=strict) for n, item in enumerate(value)]
        return [fault for found in members for fault in found]
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    fits = {"any": True, "flag": isinstance(value, bool), "text": isinstance(value, str), "number": is_number}
    return [] if fits.get(form, False) else [f"{place} is not of the right type"]
