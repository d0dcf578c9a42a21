"""The partner-billing connector: from client workbooks to invoices in the accounting system."""

__version__ = "0.1.0"
