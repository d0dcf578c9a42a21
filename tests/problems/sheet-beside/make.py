"""A page with more than its records."""

from pathlib import Path

TEXT = """\
{"clients": [
{"clientId": "C-1", "hubId": "P-1", "name": "Acme", "plan": "Full", "created": "2025-03-01", "status": "Active"}
], "meta": {"exported_at": "2025-04-01", "version": 3}}
"""


def make() -> str:
    Path("clients.json").write_text(TEXT, encoding="utf-8")
    return "clients.json"
