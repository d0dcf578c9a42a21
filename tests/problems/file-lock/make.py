"""What Excel leaves beside a workbook that is open."""

from pathlib import Path


def make() -> str:
    Path("~$clients.xlsx").write_bytes(b"owner")
    return "~$clients.xlsx"
