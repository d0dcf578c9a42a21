"""Xero: invoices are only ever created (PUT), because POST edits an existing invoice of the same number in silence."""
