"""A formula with the 0 that programs write before anything is calculated."""

import re
import zipfile

import openpyxl


def make() -> str:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Clients"
    sheet.append(["Client ID", "Partner ID", "Client name", "Plan", "Created on", "Employees", "Status", "Users"])
    sheet.append(["C-1", "P-1", "Northwind Clinics", "Full", "2025-03-01", 50, "Active", "=1+1"])
    book.save("clients.xlsx")
    with zipfile.ZipFile("clients.xlsx") as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    sheet_part = "xl/worksheets/sheet1.xml"
    parts[sheet_part] = re.sub(rb"</f><v ?/?>(</v>)?", b"</f><v>0</v>", parts[sheet_part])
    with zipfile.ZipFile("clients.xlsx", "w") as patched:
        for name, content in parts.items():
            patched.writestr(name, content)
    return "clients.xlsx"
