"""The vendor's own schema as a judge of bodies; absent, nothing is judged and one test says so."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator
from referencing import Registry
from referencing.jsonschema import DRAFT4

ORACLE = Path(__file__).parents[2].parent / "shared" / "oracles" / "xero" / "xero_accounting.yaml"
# Replies carry these although the schemas do not name them; the vendor's own examples do.
BESIDE_LISTS = ("Id", "Status", "ProviderName", "DateTimeUTC")
BESIDE_DATES = ("DateString", "DueDateString")


def _specification() -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(ORACLE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return found


def _closed(specification: dict[str, Any]) -> dict[str, Any]:
    for schema in specification["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return specification


def _for_replies(specification: dict[str, Any]) -> dict[str, Any]:
    schemas = specification["components"]["schemas"]
    for schema in schemas.values():
        if "x-objectArrayKey" in schema:
            schema["properties"] |= {name: {"type": "string"} for name in BESIDE_LISTS}
    for name in ("Invoice", "CreditNote"):
        schemas[name]["properties"] |= {field: {"type": "string"} for field in BESIDE_DATES}
    # A failed element is shown whole, not only by the ids the schema of Element lists.
    for name in ("Invoice", "CreditNote", "Contact", "Allocation"):
        schemas["Element"]["properties"] = {**schemas[name]["properties"], **schemas["Element"]["properties"]}
    return specification


@cache
def _registry(side: str) -> Registry[Any]:
    specification = _closed(_specification())
    contents = _for_replies(specification) if side == "read" else specification
    made: Registry[Any] = Registry().with_resource("urn:xero", DRAFT4.create_resource(contents))
    return made


@cache
def _validator(side: str, name: str) -> Any:  # the library is untyped
    kind = OAS30ReadValidator if side == "read" else OAS30WriteValidator
    schema = {"$ref": f"urn:xero#/components/schemas/{name}"}
    return kind(schema, registry=_registry(side), format_checker=kind.FORMAT_CHECKER)


def faults(side: str, name: str, body: bytes | str) -> list[str]:
    """What the vendor's schema finds wrong with a body; nothing when the schema is not here."""
    if not ORACLE.exists():
        return []
    found = _validator(side, name).iter_errors(json.loads(body))
    return [f"{'/'.join(map(str, fault.absolute_path))}: {fault.message[:200]}" for fault in found]
