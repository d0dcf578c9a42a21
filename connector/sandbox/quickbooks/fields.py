"""Which properties a request may carry, and of which type.

Owns the property lists, as the vendor's schema names them. What a stranger would get wrong: an unknown property is
refused with 2010, a known one that is not modelled or that the remote computes (TotalAmt, Balance, MetaData, …) is
accepted and ignored; an empty text is no value; numbers may come as text and text as numbers.
"""

from decimal import Decimal

from connector.sandbox import rounding
from connector.sandbox.jsontext import NotJsonError, Record, read
from connector.sandbox.quickbooks import errors, stamps
from connector.sandbox.quickbooks.errors import Error


def _typed(**kinds: str) -> dict[str, str]:
    return {name: kind.replace("__", " ") for kind, names in kinds.items() for name in names.split()}


_ENTITY = _typed(
    text="Id SyncToken domain status", flag="sparse", ignored="MetaData AttachableRef", list__CustomField="CustomField"
)
_TRANSACTION = _typed(
    text="DocNumber PrivateNote TxnStatus TxnSource TxnSubType TaxFormType TaxFormNum TransactionLocationType",
    date="TxnDate",
    number="ExchangeRate",
    ref="DepartmentRef CurrencyRef CustomerRef",
    ignored="LinkedTxn Tag TxnApprovalInfo RecurDataRef RecurringInfo ProjectRef TotalCostAmount HomeTotalCostAmount",
    list__Line="Line",
    one__TxnTaxDetail="TxnTaxDetail",
)
_SALE = _typed(
    text="FOB PONumber TrackingNum PrintStatus EmailStatus GlobalTaxCalculation PaymentRefNum PaymentType"
    " GovtTxnRefIdentifier",
    date="DueDate ShipDate",
    number="DiscountRate DiscountAmt",
    flag="AutoDocNumber FreeFormAddress ApplyTaxAfterDiscount ShippingTaxIncludedInTotalTax FinanceCharge",
    ref="ClassRef SalesTermRef RemitToRef SalesRepRef ShipMethodRef TemplateRef ARAccountRef PaymentMethodRef"
    " DepositToAccountRef TaxExemptionRef",
    one__MemoRef="CustomerMemo",
    one__PhysicalAddress="BillAddr ShipAddr ShipFromAddr",
    one__EmailAddress="BillEmail BillEmailCc BillEmailBcc",
    ignored="TotalAmt HomeTotalAmt Balance HomeBalance CheckPayment CreditCardPayment DeliveryInfo",
)
FIELDS: dict[str, dict[str, str]] = {
    "Invoice": {
        **_ENTITY,
        **_TRANSACTION,
        **_SALE,
        **_typed(
            flag="AllowIPNPayment AllowOnlinePayment AllowOnlineCreditCardPayment AllowOnlineACHPayment"
            " AllowOnlinePayPalPayment AllowOnlineAffirmPayment",
            ignored="Deposit EInvoiceStatus ECloudStatusTimeStamp CfdiUse Exportation GlobalInfo invoiceStatus"
            " callToAction invoiceStatusLog InvoiceEx LessCIS InvoiceLink PaymentDetailsMessage ConvenienceFeeDetail"
            " EnabledSurchargeInfo InvoiceLinkSecurityCode InvoiceLinkExpiryDate AutoPayEligible SchedulePayEligible"
            " ScheduledPaymentId GratuityEnabled FinancingProductType SubscriptionPaymentsSetting TxnRetainageDetail",
        ),
    },
    "CreditMemo": {
        **_ENTITY,
        **_TRANSACTION,
        **_SALE,
        **_typed(ref="InvoiceRef", ignored="RemainingCredit CreditMemoEx"),
    },
    "Payment": {
        **_ENTITY,
        **_TRANSACTION,
        **_typed(
            text="PaymentRefNum PaymentType PaymentExtendedType",
            number="TotalAmt",
            flag="ProcessPayment",
            ref="RemitToRef ARAccountRef DepositToAccountRef PaymentMethodRef",
            ignored="UnappliedAmt CheckPayment CreditCardPayment PaymentEx",
        ),
    },
    "Customer": {
        **_ENTITY,
        **_typed(
            text="Title GivenName MiddleName FamilyName Suffix CompanyName DisplayName PrintOnCheckName ContactName"
            " AltContactName Notes AcctNum PreferredDeliveryMethod ResaleNum SecondaryTaxIdentifier"
            " PrimaryTaxIdentifier TaxExemptionReasonId BusinessNumber GSTIN GSTRegistrationType IntuitId UserId"
            " ClientCompanyId ClientEntityId Source TaxRegime",
            date="OpenBalanceDate",
            flag="Organization Active Taxable Job BillWithParent TDSEnabled IsProject IsCISContractor",
            number="CreditLimit",
            ref="DefaultTaxCodeRef SalesTermRef CurrencyRef PaymentMethodRef ParentRef CustomerTypeRef SalesRepRef"
            " TaxGroupCodeRef TaxRateRef PriceLevelRef ARAccountRef",
            one__TelephoneNumber="PrimaryPhone AlternatePhone Mobile Fax",
            one__EmailAddress="PrimaryEmailAddr",
            one__PhysicalAddress="BillAddr ShipAddr",
            ignored="FullyQualifiedName V4IDPseudonym WebAddr OtherContactInfo OtherAddr RootCustomerRef Level CCDetail"
            " Balance BalanceWithJobs OverDueBalance TotalRevenue TotalExpense JobInfo CustomerEx",
        ),
    },
    "Line": {
        **_typed(
            text="Id Description DetailType",
            number="LineNum Amount",
            list__LinkedTxn="LinkedTxn",
            list__CustomField="CustomField",
            one__SalesItemLineDetail="SalesItemLineDetail",
            ignored="Received PaymentLineDetail DiscountLineDetail TaxLineDetail DescriptionLineDetail"
            " ItemBasedExpenseLineDetail AccountBasedExpenseLineDetail ReimburseLineDetail DepositLineDetail"
            " PurchaseOrderItemLineDetail SalesOrderItemLineDetail ItemReceiptLineDetail JournalEntryLineDetail"
            " GroupLineDetail SubTotalLineDetail TDSLineDetail ItemAdjustmentLineDetail LineEx ProjectRef CostAmount"
            " HomeCostAmount CustomExtensions",
        ),
    },
    "SalesItemLineDetail": _typed(
        number="UnitPrice Qty TaxInclusiveAmt DiscountRate DiscountAmt RatePercent",
        date="ServiceDate",
        ref="ItemRef ClassRef TaxCodeRef ItemAccountRef PriceLevelRef TaxClassificationRef InventorySiteRef",
        flag="DeferredRevenue",
        ignored="UnitCostPrice MarkupInfo UOMRef RetainageAmount SalesItemLineDetailEx",
    ),
    "TxnTaxDetail": _typed(
        ref="TxnTaxCodeRef DefaultTaxCodeRef",
        text="TaxReviewStatus",
        flag="UseAutomatedSalesTax",
        ignored="TotalTax TaxLine",
    ),
    "LinkedTxn": _typed(text="TxnId TxnType TxnLineId"),
    "CustomField": _typed(
        text="DefinitionId Name Type StringValue", flag="BooleanValue", date="DateValue", number="NumberValue"
    ),
    "MemoRef": _typed(text="value id"),
    "EmailAddress": _typed(text="Id Address Tag", flag="Default"),
    "TelephoneNumber": _typed(
        text="Id DeviceType CountryCode AreaCode ExchangeCode Extension FreeFormNumber Tag", flag="Default"
    ),
    "PhysicalAddress": _typed(
        text="Id Line1 Line2 Line3 Line4 Line5 City Country CountryCode County CountrySubDivisionCode PostalCode"
        " PostalCodeSuffix Lat Long Tag Note"
    ),
    "ReferenceType": _typed(text="value name type"),
}
_FLAGS = {"true": True, "false": False}


def clean(shape: str, record: Record, *, strict: bool) -> tuple[Record, list[Error]]:
    """The properties that count, each of its type, and what is wrong with the others."""
    known, kept, wrong = FIELDS[shape], {}, []
    for name, value in record.items():
        if name not in known:
            wrong += [errors.unknown(name, shape)] if strict else []
        elif value is not None and value != "" and known[name] != "ignored":
            found, faults = _value(known[name], name, value, strict=strict)
            wrong += faults
            if found is not None and not faults:
                kept[name] = found
    return kept, wrong


def _value(kind: str, name: str, value: object, *, strict: bool) -> tuple[object, list[Error]]:
    form, _, inner = kind.partition(" ")
    if form == "list":
        return _list(inner, name, value, strict=strict)
    if form in ("one", "ref"):
        shape = "ReferenceType" if form == "ref" else inner
        if not isinstance(value, dict):
            return None, [errors.unreadable(name, value)]
        found, wrong = clean(shape, value, strict=strict)
        return found or None, wrong
    read_as = {"text": _text, "number": _number, "flag": _flag, "date": _date}[form]
    found_value = read_as(value)
    return found_value, [] if found_value is not None else [errors.unreadable(name, value)]


def _list(inner: str, name: str, value: object, *, strict: bool) -> tuple[object, list[Error]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return None, [errors.unreadable(name, value)]
    pairs = [clean(inner, item, strict=strict) for item in value]
    return [kept for kept, _ in pairs], [error for _, wrong in pairs for error in wrong]


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def _number(value: object) -> Decimal | None:
    if isinstance(value, str):
        try:
            value = read(value)
        except NotJsonError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    return number if rounding.is_sane(number) else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else _FLAGS.get(str(value).lower())


def _date(value: object) -> str | None:
    day = stamps.parse_day(value) if isinstance(value, str) else None
    return None if day is None else day.isoformat()
