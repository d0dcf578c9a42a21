"""A folder that is named like a file."""

from pathlib import Path


def make() -> str:
    Path("clients.csv").mkdir()
    return "clients.csv"
