"""One cell in the farthest corner."""

import openpyxl


def make() -> str:
    book = openpyxl.Workbook()
    book.active["A1"] = "near"
    book.active["XFD1048576"] = "far"
    book.save("clients.xlsx")
    return "clients.xlsx"
