"""A print of the list instead of the list."""

from pathlib import Path


def make() -> str:
    Path("clients.pdf").write_bytes(b"%PDF-1.7\n")
    return "clients.pdf"
