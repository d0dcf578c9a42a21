"""What the schema of rule files is built from: texts, numbers, days and bands as `connector.declared` reads them.

YAML gives editors a number for `600` and a text for `"600"`; both are read alike, so both are allowed.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from connector.rulebook.read_when import LONGEST_LIST

Schema = dict[str, Any]

BAND = "^[1-9][0-9]*([+]|-[1-9][0-9]*)?$"
DEFS: Schema = {
    "text": {"type": ["string", "number"], "pattern": r"\S"},
    "day": {
        "description": "A day, year-month-day: 2025-03-01.",
        "type": "string",
        "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
    },
    "count": {"type": ["integer", "string"], "minimum": 0, "pattern": "^(0|[1-9][0-9]*)$"},
    "number": {"type": ["integer", "string"], "minimum": 1, "pattern": "^[1-9][0-9]*$"},
    "amount": {
        "description": "An amount in plain digits with no more decimals than the currency has: 1800 or 12.50.",
        "type": ["number", "string"],
        "minimum": 0,
        "pattern": r"^(0|[1-9][0-9]*)(\.[0-9]+)?$",
    },
    "signed": {"type": ["number", "string"], "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"},
    "currency": {"description": "A currency code of ISO 4217, such as USD.", "type": "string", "pattern": "^[A-Z]{3}$"},
    "unit_price": {
        "description": "One amount for each unit, or a ladder of steps from 1 to an open end.",
        "if": {"type": "object"},
        "then": {
            "type": "object",
            "properties": {
                "graduated": {
                    "description": "Each unit at the price of its own step.",
                    "$ref": "#/$defs/steps",
                },
                "volume": {
                    "description": "All units at the price of the step that the whole quantity falls into.",
                    "$ref": "#/$defs/steps",
                },
            },
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
        },
        "else": {"$ref": "#/$defs/amount"},
    },
    "steps": {
        "type": "object",
        "patternProperties": {BAND: {"$ref": "#/$defs/amount"}},
        "additionalProperties": False,
        "minProperties": 1,
    },
}
TEXT: Schema = {"$ref": "#/$defs/text"}
DAY: Schema = {"$ref": "#/$defs/day"}
COUNT: Schema = {"$ref": "#/$defs/count"}
NUMBER: Schema = {"$ref": "#/$defs/number"}
AMOUNT: Schema = {"$ref": "#/$defs/amount"}
SIGNED: Schema = {"$ref": "#/$defs/signed"}
CURRENCY: Schema = {"$ref": "#/$defs/currency"}
UNIT_PRICE: Schema = {"$ref": "#/$defs/unit_price"}


def told(schema: Mapping[str, Any], description: str) -> Schema:
    """The schema with the text that editors show."""
    return {"description": description, **schema}


def words(options: Iterable[str]) -> Schema:
    """One of the words."""
    return {"enum": [str(option) for option in options]}


def meanings(options: Mapping[str, str]) -> Schema:
    """One of the words, each told with its meaning."""
    return {"oneOf": [{"const": str(word), "description": meaning} for word, meaning in options.items()]}


def some(one: Mapping[str, Any], *, unique: bool = True) -> Schema:
    """One, or a list; in conditions a list of different ones, and not of too many."""
    many: Schema = {"type": "array", "items": dict(one), "minItems": 1}
    if unique:
        many |= {"maxItems": LONGEST_LIST, "uniqueItems": True}
    return {"if": {"type": "array"}, "then": many, "else": dict(one)}


def closed(properties: Mapping[str, Any], required: Iterable[str] = ()) -> Schema:
    """A mapping of these keys and no other."""
    made: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    needed = list(required)
    return {**made, "required": needed} if needed else made


def keyed(values: Mapping[str, Any]) -> Schema:
    """A mapping of any keys, at least one."""
    return {"type": "object", "additionalProperties": dict(values), "minProperties": 1}


def bounds(one: Mapping[str, Any], what: str) -> Schema:
    """Closed bounds: from, to, or both."""
    lows, highs = told(one, f"The first {what}, included."), told(one, f"The last {what}, included.")
    return {**closed({"from": lows, "to": highs}), "minProperties": 1}
