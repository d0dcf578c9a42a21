"""A line that was cut off, between two that are whole."""

from pathlib import Path

TEXT = """\
{"clientId": "C-1", "hubId": "P-1", "name": "Acme", "plan": "Full", "created": "2025-03-01", "status": "Active"}
{"clientId": "C-2", "hubId": "P-1", "name": "Birch", "plan":
{"clientId": "C-3", "hubId": "P-1", "name": "Cedar", "plan": "Full", "created": "2025-03-01", "status": "Active"}
"""


def make() -> str:
    Path("clients.ndjson").write_text(TEXT, encoding="utf-8")
    return "clients.ndjson"
