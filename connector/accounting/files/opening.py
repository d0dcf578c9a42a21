"""From settings to an outbox. Nothing is written here."""

from collections.abc import Callable
from datetime import datetime

from connector.accounting.files import quickbooks_csv, xero_csv
from connector.accounting.files.adapter import FileBooks
from connector.accounting.settings import FileSettings

XERO_CSV, QUICKBOOKS_CSV = xero_csv.SYSTEM, quickbooks_csv.SYSTEM


def open_outbox(name: str, system: str, settings: FileSettings, clock: Callable[[], datetime]) -> FileBooks:
    """The files of one tenant, in the form of its system.

    Args:
        name: our name of the tenant.
        system: `xero-csv` or `quickbooks-csv`.
        settings: what is declared of its books.
        clock: the time in UTC.
    """
    form = quickbooks_csv.form(settings) if system == QUICKBOOKS_CSV else xero_csv.form()
    return FileBooks(name, form, settings, clock)
