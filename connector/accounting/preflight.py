"""What would make the accounting system refuse a document, found before anything is sent.

A fault blocks the whole document, never a line of it. A check that passes is no promise: the organisation can change
between this look and the call, and then the system's own refusal is what a person reads.
"""

from collections.abc import Iterable, Iterator, Mapping

from connector.accounting.answers import Catalogue
from connector.accounting.cells import cell_fault
from connector.accounting.totals import is_predictable, predict_tax_minor
from connector.domain.currency import is_currency
from connector.domain.documents import Document, Line

NUMBER_MAX_LENGTH = 21
DESCRIPTION_MAX_LENGTH = 4000


def check(
    documents: Iterable[Document],
    catalogue: Catalogue,
    *,
    number_max_length: int = NUMBER_MAX_LENGTH,
    description_max_length: int = DESCRIPTION_MAX_LENGTH,
) -> Mapping[str, tuple[str, ...]]:
    """The faults of each document that has any, by number; each is a sentence with what to do.

    Args:
        documents: what is to be sent.
        catalogue: what the organisation has set up.
        number_max_length: characters of a document number; the default fits every system.
        description_max_length: characters of a line's description.
    """
    found = {}
    for document in documents:
        faults = [*_head(document, catalogue, number_max_length)]
        for line in document.lines:
            faults += booking_faults(line, catalogue)
            faults += tax_faults(line, catalogue)
            faults += _amounts(line, document.currency)
            faults += _description(line, description_max_length)
        faults += _cells(document) if catalogue.in_cells else ()
        if faults:
            found[document.number] = tuple(dict.fromkeys(faults))
    return found


def _head(document: Document, catalogue: Catalogue, number_max_length: int) -> Iterator[str]:
    if len(document.number) > number_max_length:
        yield f"The number {document.number} has more than {number_max_length} characters. Shorten the prefix."
    if document.kind not in catalogue.kinds:
        yield (
            f"{catalogue.organisation} takes no {document.kind.replace('_', ' ')}s by the import of this file."
            " Make it there by hand, or reach the books by their interface."
        )
    if not document.lines:
        yield "The document has no lines. Plan it again."
    known = catalogue.currencies
    if not is_currency(document.currency) or (known is not None and document.currency not in known):
        yield (
            f"{catalogue.organisation} does not bill in {document.currency}."
            f" Add the currency there, or bill the partner in {catalogue.base_currency}."
        )
    for name, day in catalogue.lock_dates.items():
        if document.dated <= day:
            yield (
                f"The document is dated {document.dated}, and {catalogue.organisation} is locked up to {day}"
                f" ({name}). Move the lock date, or give the document a later date."
            )


def booking_faults(line: Line, catalogue: Catalogue) -> Iterator[str]:
    """What the organisation would refuse of a line's account and item."""
    where = catalogue.organisation
    yield from _account(line, catalogue) if catalogue.item_accounts is None else _item(line, catalogue)
    if line.item_code is not None and line.item_code not in catalogue.items:
        yield f"Item {line.item_code} is not sold in {where}. Create it there, or map {line.item} to another."


def tax_faults(line: Line, catalogue: Catalogue) -> Iterator[str]:
    """What the organisation would refuse of a line's tax code, or compute otherwise."""
    where = catalogue.organisation
    tax = catalogue.tax_codes.get(line.tax_code)
    if tax is None or not tax.is_active:
        yield f"Tax code {line.tax_code} does not exist in {where}. Create it, or map {line.item} to another."
    elif not tax.for_revenue:
        yield f"Tax code {line.tax_code} of {where} is not for sales. Map {line.item} to another."
    elif tax.percent is not None and tax.percent != line.tax_percent:
        yield (
            f"Tax code {line.tax_code} has {tax.percent.normalize():f} % in {where}, and the document was made with"
            f" {line.tax_percent.normalize():f} %. Correct the mapping and plan the document again."
        )


def _account(line: Line, catalogue: Catalogue) -> Iterator[str]:
    where = catalogue.organisation
    account = catalogue.accounts.get(line.account)
    if account is None:
        yield f"Account {line.account} does not exist in {where}. Create it, or map {line.item} to another."
    elif not account.is_active:
        yield f"Account {line.account} is archived in {where}. Restore it, or map {line.item} to another."
    elif not account.for_lines:
        yield f"Account {line.account} of {where} takes no sales. Map {line.item} to another."


def _item(line: Line, catalogue: Catalogue) -> Iterator[str]:
    """Where the item decides on the account, the mapping's account is what the accountant expects of it."""
    where = catalogue.organisation
    if line.item_code is None:
        yield f"{where} books by items, and {line.item} is mapped to none. Give it an item_code in the mapping."
        return
    names = (catalogue.item_accounts or {}).get(line.item_code, ())
    if names and line.account not in names:
        yield (
            f"Item {line.item_code} is booked to {names[0]} in {where}, and the mapping says {line.account}."
            f" Correct the account of {line.item} in the mapping, or that of the item there."
        )


def _amounts(line: Line, currency: str) -> Iterator[str]:
    if line.quantity * line.unit_minor != line.net_minor:
        yield f"The line of {line.item} is not its quantity times its price. Plan the document again."
    if not is_currency(currency):
        return
    if not is_predictable(line.net_minor, line.tax_percent, currency):
        yield f"The tax on {line.item} cannot be told exactly in {currency}, for want of its digits. Use a whole price."
    elif predict_tax_minor(line.net_minor, line.tax_percent, currency) != line.tax_minor:
        yield f"The tax on {line.item} is not what the books will compute. Plan the document again."


def _description(line: Line, longest: int) -> Iterator[str]:
    if not line.description.strip():
        yield f"The line of {line.item} has no description. Write one in the mapping."
    if len(line.description) > longest:
        yield f"The description of {line.item} has more than {longest} characters. Shorten it in the mapping."


def _cells(document: Document) -> Iterator[str]:
    """What of a document a spreadsheet would run, or an import would tear apart."""
    texts = [("number", document.number), ("reference", document.reference)]
    texts += [(f"description of {line.item}", line.description) for line in document.lines]
    for what, text in texts:
        fault = cell_fault(text)
        if fault:
            yield f"The {what} {fault}. Change it in the partners sheet, the clients or mappings/, and plan again."
