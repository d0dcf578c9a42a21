"""The files of Xero's "Import invoices" and "Import credit notes": one row for each line, one number for each document.

By Xero Central, "Import customer invoices" and "Import customer credit notes" (US and global editions), as others quote
them: columns must not be left out or renamed; a contact is found by its exact name, and another name makes a new
contact; `TaxType` is the name of the tax rate as Xero shows it; dates are MM/DD/YYYY in the United States and
DD/MM/YYYY elsewhere; a number that Xero has already is not imported again; everything arrives as a draft; at most 500
items in a file are recommended, which are taken for rows here. Credit notes have a file of their own with the same
column names, and their unit price is below zero. The tax is computed from rate and price, as nothing else is given.

UNCONFIRMED, because the template itself is shown to users of Xero only: the order of the columns and the asterisks,
which are those that other programs write; and that the tax is rounded on every line, as the interface does it.
"""

from collections.abc import Mapping

from connector.accounting.files.form import Form, amount, day
from connector.accounting.settings import FileSettings
from connector.domain.documents import CREDIT_NOTE, INVOICE, Document, Line

SYSTEM = "xero-csv"
MOST_ROWS = 500
_ADDRESS = (*(f"POAddressLine{number}" for number in range(1, 5)), "POCity", "PORegion", "POPostalCode", "POCountry")
_TRACKING = ("TrackingName1", "TrackingOption1", "TrackingName2", "TrackingOption2")
_HEADER = (
    *("*ContactName", "EmailAddress", *_ADDRESS),
    *("*InvoiceNumber", "Reference", "*InvoiceDate", "*DueDate"),
    *("InventoryItemCode", "*Description", "*Quantity", "*UnitAmount", "Discount", "*AccountCode", "*TaxType"),
    *(*_TRACKING, "Currency", "BrandingTheme"),
)
_UPLOAD = (
    "In Xero: Business > Invoices > Import (credit notes: the Import of credit notes); addresses: no; amounts are tax"
    " exclusive. Compare number, contact and total of the drafts, approve them, then move the file to {kept}."
)


def form() -> Form:
    """How Xero takes files."""
    return Form(
        system=SYSTEM,
        stems={INVOICE: "xero-invoices", CREDIT_NOTE: "xero-credit-notes"},
        header=_HEADER,
        row=_row,
        most_documents=MOST_ROWS,
        most_rows=MOST_ROWS,
        rows_are_limited=False,
        number_max_length=255,
        upload=_UPLOAD,
        tax="line",
    )


def _row(document: Document, line: Line, settings: FileSettings) -> Mapping[str, str]:
    sign = -1 if document.kind == CREDIT_NOTE else 1
    tracked = [part for pair in settings.tracking for part in pair]
    return {
        "*ContactName": settings.contacts[document.party.partner_id],
        "*InvoiceNumber": document.number,
        "Reference": document.reference,
        "*InvoiceDate": day(document.dated, settings),
        "*DueDate": day(document.due, settings),
        "InventoryItemCode": line.item_code or "",
        "*Description": line.description,
        "*Quantity": str(line.quantity),
        "*UnitAmount": amount(sign * line.unit_minor, document.currency),
        "*AccountCode": line.account,
        "*TaxType": line.tax_code,
        **dict(zip(_TRACKING, tracked, strict=False)),
        "Currency": document.currency,
        "BrandingTheme": settings.branding_themes.get(document.payment_method, ""),
    }
