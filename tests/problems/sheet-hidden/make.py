"""A hidden sheet with clients in it."""

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
    sheet.sheet_state = "hidden"
    book.create_sheet("Notes")["A1"] = "Old clients are hidden."
    book.save("clients.xlsx")
    return "clients.xlsx"
