"""The band 2-10 as Excel keeps it when it is typed into a cell."""

from datetime import date

import openpyxl


def make() -> str:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Clients"
    sheet.append(["Client ID", "Partner ID", "Client name", "Plan", "Created on", "Employees", "Status"])
    sheet.append(["C-1", "P-1", "Northwind Clinics", "Full", "2025-03-01", date(2025, 10, 2), "Active"])
    book.save("clients.xlsx")
    return "clients.xlsx"
