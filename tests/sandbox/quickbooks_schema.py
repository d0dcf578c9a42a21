"""The vendor's own schema as a judge of bodies; absent, nothing is judged and one test says so."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

ORACLE = Path(__file__).parents[2].parent / "shared" / "oracles" / "quickbooks" / "qbo.schema.json"
# What the schema leaves to the text of the documentation.
REQUIRED = {"Invoice": ("CustomerRef", "Line"), "CreditMemo": ("CustomerRef", "Line")}


@cache
def definitions() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ORACLE.read_text(encoding="utf-8"))["definitions"]
    # Two of its entities hold a list of answers where the schema, made from XML, has only one.
    for name, schema in found["QueryResponse"]["properties"].items():
        if schema.get("$ref", "").startswith("#/definitions/") and name not in ("Warnings", "Fault"):
            found["QueryResponse"]["properties"][name] = {"type": "array", "items": schema}
    return found


@cache
def _validator(name: str) -> Draft7Validator:
    return Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": definitions()})


def faults(name: str, body: Any) -> list[str]:
    """What the vendor's schema finds wrong with an object of that kind; nothing when the schema is not here."""
    if not ORACLE.exists():
        return []
    found = _validator(name).iter_errors(body)
    return [f"{'/'.join(map(str, fault.absolute_path))}: {fault.message[:200]}" for fault in found]


def reply_faults(body: dict[str, Any]) -> list[str]:
    """The same for a reply, whichever of the forms it has."""
    if not ORACLE.exists() or "fault" in body:  # what comes from before the accounting service has no schema
        return []
    wrong = []
    for name, value in body.items():
        if name in ("BatchItemResponse", "CDCResponse"):
            wrong += [fault for one in value for fault in faults(name, one)]
        elif name not in definitions():
            wrong += [] if name == "time" else [f"{name}: the vendor has no such entity"]
        else:
            wrong += faults(name, value)
    return wrong
