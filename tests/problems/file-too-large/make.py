"""One byte more than is read."""

from pathlib import Path


def make() -> str:
    with Path("clients.csv").open("wb") as stream:
        stream.truncate(200_000_001)
    return "clients.csv"
