"""Rows that a filter hides."""

from openpyxl import Workbook


def make() -> str:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Clients"
    header = "Client ID, Partner ID, Client name, Website, Plan, Created on, Employees, Status"
    sheet.append(header.split(", "))
    for number in range(1, 6):
        row = f"C-{number}, P-1, Client {number}, c{number}.example, Full feature Spoke, 2025-03-01, 50, Active"
        sheet.append(row.split(", "))
    for row in (3, 4, 6):
        sheet.row_dimensions[row].hidden = True
    book.save("clients.xlsx")
    return "clients.xlsx"
