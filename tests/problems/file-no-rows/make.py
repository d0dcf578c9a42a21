"""A workbook with one empty sheet."""

import openpyxl


def make() -> str:
    openpyxl.Workbook().save("clients.xlsx")
    return "clients.xlsx"
