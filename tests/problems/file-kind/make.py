"""The first bytes of an old .xls file under the name of a new one."""

from pathlib import Path


def make() -> str:
    Path("clients.xlsx").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504))
    return "clients.xlsx"
