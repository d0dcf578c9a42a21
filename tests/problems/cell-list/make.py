"""A record with two partners."""

from pathlib import Path

TEXT = """\
[{"clientId": "C-1", "hubId": ["P-1", "P-2"], "name": "Acme", "plan": "Full",
 "created": "2025-03-01", "status": "Active"},
{"clientId": "C-2", "hubId": "P-1", "name": "Birch", "plan": "Full",
 "created": "2025-03-01", "status": "Active"}]
"""


def make() -> str:
    Path("clients.json").write_text(TEXT, encoding="utf-8")
    return "clients.json"
