"""An identifier of 17 digits as a number."""

import openpyxl


def make() -> str:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Clients"
    sheet.append(["Client ID", "Partner ID", "Client name", "Plan", "Created on", "Employees", "Status"])
    sheet.append([12345678901234567, "P-1", "Northwind Clinics", "Full", "2025-03-01", 50, "Active"])
    book.save("clients.xlsx")
    return "clients.xlsx"
