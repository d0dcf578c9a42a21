"""Exports of the platform, fetched over HTTP into files that the intake reads: declared, bounded, resumable."""

from connector.export.declare import Export, missing_variables, read_exports
from connector.export.outcomes import Fetched, Rejected, RetryLater

__all__ = ["Export", "Fetched", "Rejected", "RetryLater", "missing_variables", "read_exports"]
