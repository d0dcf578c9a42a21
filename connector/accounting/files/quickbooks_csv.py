"""The file of QuickBooks Online's "Import invoices": one row for each line, each with everything of its invoice.

By Intuit's help, "Import multiple invoices at once" (US edition), as others quote it: required are invoice number,
customer, invoice date, due date and item amount; at most 100 invoices and 1,000 rows in a file; no negative amounts and
no credit memos; a company of the United States that has set up sales tax cannot import invoices this way; a product
that is missing becomes a generic one. Numbers are kept only where custom transaction numbers are switched on. The
columns are matched with the fields by a person, who also says how dates are written and that amounts exclude tax.

UNCONFIRMED: the exact names of the columns (those of Intuit's sample file as other programs write them, so that they
are matched by themselves), the column of tax codes outside the United States, whether the header counts as a row (here
it does), and how a foreign currency would have to be told, so that only the company's own is taken. Intuit's help "How
to import credit notes" tells of another import, without its columns or its countries: no credit memo is written.
"""

from collections.abc import Mapping

from connector.accounting.files.form import Form, amount, day
from connector.accounting.settings import FileSettings
from connector.domain.documents import INVOICE, Document, Line

SYSTEM = "quickbooks-csv"
MOST_INVOICES, MOST_ROWS = 100, 999
_TAX_CODE = "Item Tax Code"
_HEADER = (
    *("*InvoiceNo", "*Customer", "*InvoiceDate", "*DueDate", "Terms", "Location", "Memo", "Item(Product/Service)"),
    *("ItemDescription", "ItemQuantity", "ItemRate", "*ItemAmount"),
)
_UPLOAD = (
    "In QuickBooks, with custom transaction numbers on: Settings > Import data > Invoices; dates {dates}{taxed};"
    " create no customers and no items. Compare number, customer and total of what was imported, then move the file to"
    " {{kept}}."
)


def form(settings: FileSettings) -> Form:
    """How QuickBooks takes files, with a column of tax codes or without."""
    dates = "MM/DD/YYYY" if settings.month_first else "DD/MM/YYYY"
    taxed = ", amounts exclusive of tax" if settings.has_tax else ""
    return Form(
        system=SYSTEM,
        stems={INVOICE: "quickbooks-invoices"},
        header=(*_HEADER, _TAX_CODE) if settings.has_tax else _HEADER,
        row=_row,
        most_documents=MOST_INVOICES,
        most_rows=MOST_ROWS,
        rows_are_limited=True,
        number_max_length=21,
        upload=_UPLOAD.format(dates=dates, taxed=taxed),
        tax="line_or_rate" if settings.has_tax else "line",
    )


def _row(document: Document, line: Line, settings: FileSettings) -> Mapping[str, str]:
    return {
        "*InvoiceNo": document.number,
        "*Customer": settings.contacts[document.party.partner_id],
        "*InvoiceDate": day(document.dated, settings),
        "*DueDate": day(document.due, settings),
        "Memo": document.reference,
        "Item(Product/Service)": line.item_code or "",
        "ItemDescription": line.description,
        "ItemQuantity": str(line.quantity),
        "ItemRate": amount(line.unit_minor, document.currency),
        "*ItemAmount": amount(line.net_minor, document.currency),
        **({_TAX_CODE: line.tax_code} if settings.has_tax else {}),
    }
