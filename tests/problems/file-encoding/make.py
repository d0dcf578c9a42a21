"""A UTF-8 list with one line pasted in from a Windows-1252 file."""

from pathlib import Path


def make() -> str:
    header = "Client ID,Partner ID,Client name,Website,Plan,Created on,Employees,Status\n"
    line = "{},P-1,{},{},Full feature Spoke,2025-03-01,50,Active\n"
    good, bad = line.format("Café-1", "Zoë", "zoe.com"), line.format("C-2", "Bücher", "buecher.com")
    Path("clients.csv").write_bytes((header + good).encode("utf-8") + bad.encode("cp1252"))
    return "clients.csv"
