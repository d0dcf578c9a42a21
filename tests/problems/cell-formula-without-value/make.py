"""A formula as programs write it: without a value."""

import openpyxl


def make() -> str:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Clients"
    sheet.append(["Client ID", "Partner ID", "Client name", "Plan", "Created on", "Employees", "Status"])
    sheet.append(["C-1", "P-1", "Northwind Clinics", "Full", "2025-03-01", "=25+25", "Active"])
    book.save("clients.xlsx")
    return "clients.xlsx"
