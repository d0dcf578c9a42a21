"""The first page of several."""

from pathlib import Path

TEXT = """\
{"clients": [
{"clientId": "C-1", "hubId": "P-1", "name": "Acme", "plan": "Full", "created": "2025-03-01", "status": "Active"}
], "next_cursor": "eyJpZCI6MX0"}
"""


def make() -> str:
    Path("clients.json").write_text(TEXT, encoding="utf-8")
    return "clients.json"
