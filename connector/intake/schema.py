"""The JSON Schema of a mapping file, made from the fields themselves, so that editors complete and check what we read.

It ships as `mappings/mapping.schema.json`. What a schema cannot say (one header claimed by two fields) only the loader
tells; everything the schema refuses, the loader refuses too.
"""

import json
from collections.abc import Mapping
from typing import Any

from connector.domain.employees import BANDS, LETTER_MAPS, band_label
from connector.domain.words import RecordKind
from connector.intake.fields import DATE_ORDERS, FIELDS, MAPPED, NEEDED, SIZE_SOURCES, SIZES, Field, Sort
from connector.intake.fingerprints import FINGERPRINT
from connector.intake.load import TOP, TOP_REQUIRED

_Schema = dict[str, Any]
_DEFS: _Schema = {
    "text": {"type": ["string", "number"]},  # a header or word that YAML takes for a number is a text to us
    "texts": {"anyOf": [{"$ref": "#/$defs/text"}, {"type": "array", "items": {"$ref": "#/$defs/text"}, "minItems": 1}]},
    "headers": {
        "anyOf": [{"$ref": "#/$defs/text"}, {"type": "array", "items": {"$ref": "#/$defs/texts"}, "minItems": 1}]
    },
}
_TEXT: _Schema = {"$ref": "#/$defs/text"}
_TEXTS: _Schema = {"$ref": "#/$defs/texts"}
_HEADERS: _Schema = {"$ref": "#/$defs/headers"}
_ORDER: _Schema = {"enum": list(DATE_ORDERS)}


def mapping_schema() -> _Schema:
    """The whole schema, as plain values."""
    dates = sorted({field.name for fields in FIELDS.values() for field in fields.values() if field.sort is Sort.DATE})
    top: _Schema = {
        TOP: _told(_TEXT, "The mapping's name, as sources list it."),
        "namespace": _told(_TEXT, "Whose client ids these are; the same for every upload of one platform."),
        "ignore_sheets": _told(_TEXTS, "Sheets that are notes; their rows are counted as titles."),
        "date_order": _told(
            {"anyOf": [_ORDER, _object(dict.fromkeys(dates, _ORDER))]},
            "What comes first in text dates such as 03/04/2025: for all date fields, or for each.",
        ),
        "time_zone": _told(_TEXT, "The IANA name of the zone in whose days moments with an offset are told."),
        "records": _told(
            _object({kind.value: _records(kind) for kind in RecordKind}), "The kinds of record, each by its headers."
        ),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Mapping",
        "description": "How a workbook or an export becomes records.",
        **_object(top, TOP_REQUIRED),
        "$defs": _DEFS,
    }


def schema_text() -> str:
    """The schema as the file holds it."""
    return json.dumps(mapping_schema(), indent=1, ensure_ascii=False) + "\n"


def _records(kind: RecordKind) -> _Schema:
    fields = FIELDS[kind]
    names: _Schema = {"enum": list(fields)}
    group = {"anyOf": [names, {"type": "array", "items": names, "minItems": 1}]}
    parts: _Schema = {
        "columns": _told(
            _object({name: _told(_HEADERS, _about(field)) for name, field in fields.items()}),
            "field: its headers. Those in a list within the list are read only where none of the better ones stands.",
        ),
        "required": _told({"type": "array", "items": group}, "More fields that every record needs; [a, b]: one of."),
        "values": _told(
            _object({name: _words(field) for name, field in fields.items() if field.sort in MAPPED}),
            "field: {value: the words that mean it}.",
        ),
        "constants": _told(
            _object({name: _told(_TEXT, _about(field)) for name, field in fields.items()}),
            "field: the value of every record, where no column gives it.",
        ),
        "fingerprints": _told(
            {"type": "array", "items": {"type": "string", "pattern": f"^{FINGERPRINT.pattern}$"}},
            "Sheets that are always read by this mapping; written by connector check --suggest-mapping.",
        ),
    }
    if kind is RecordKind.CLIENTS:
        parts["size_source"] = _told(
            {"enum": list(SIZE_SOURCES)}, "Whose size is passed on where a client has a count and a band."
        )
        parts["size_letters"] = _told(
            {"enum": list(LETTER_MAPS)}, "The letter map by which bare letters A to I are sizes; without it none are."
        )
    needed = [
        {"anyOf": [_given(part, name) for name in group for part in ("columns", "constants")]} for group in NEEDED[kind]
    ]
    return {**_object(parts, ("columns",)), "allOf": needed}


def _given(part: str, name: str) -> _Schema:
    return {"required": [part], "properties": {part: {"type": "object", "required": [name]}}}


def _words(field: Field) -> _Schema:
    """Value → the words that mean it."""
    if field.words:
        return _told(_object(dict.fromkeys(field.words, _TEXTS)), _about(field))
    if field.sort not in SIZES:
        return {"type": "object", "additionalProperties": _TEXTS}
    bands = {} if field.sort is Sort.COUNT else {band_label(low, high): _TEXTS for low, high in BANDS}
    made = _told(_object(bands), "A band, or a whole number, and the words that mean it.")
    if field.sort is not Sort.BAND:
        made["patternProperties"] = {"^[1-9][0-9]*$": _TEXTS}
    return made


def _about(field: Field) -> str:
    return f"{field.title[0].upper()}{field.title[1:]} ({field.sort})."


def _told(schema: Mapping[str, Any], description: str) -> _Schema:
    return {"description": description, **schema}


def _object(properties: Mapping[str, Any], required: tuple[str, ...] = ()) -> _Schema:
    made = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return {**made, "required": list(required)} if required else made
