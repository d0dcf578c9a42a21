"""Half a workbook."""

from pathlib import Path

import openpyxl


def make() -> str:
    openpyxl.Workbook().save("clients.xlsx")
    whole = Path("clients.xlsx").read_bytes()
    Path("clients.xlsx").write_bytes(whole[: len(whole) // 2])
    return "clients.xlsx"
