"""The container in which Excel keeps an encrypted workbook."""

from pathlib import Path


def make() -> str:
    container = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
    Path("clients.xlsx").write_bytes(container + "EncryptedPackage".encode("utf-16-le"))
    return "clients.xlsx"
