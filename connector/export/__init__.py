"""Exports of the platform, fetched over HTTP into files that the intake reads: declared, bounded, resumable."""
