"""JSON in and out with exact numbers.

Owns the text of every body. What a stranger would get wrong: ``json.dumps`` cannot write a ``Decimal`` as a JSON
number without passing through a float, so the writer here is our own; reading makes every fraction a ``Decimal``.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NoReturn

Record = dict[str, object]
FURTHEST_EXPONENT = 60
LONGEST_NUMBER = 100
_WORDS = {None: "null", True: "true", False: "false"}

_quote = json.encoder.encode_basestring_ascii


class NotJsonError(ValueError):
    """The text is not JSON, or holds a number that JSON has no name for."""


def read(text: bytes | str) -> object:
    """Parse JSON; fractions become ``Decimal``; NaN and Infinity are refused.

    Raises:
        NotJsonError: the text does not parse.
    """
    try:
        value: object = json.loads(text, parse_float=_fraction, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotJsonError(str(error)) from error
    return value


def _fraction(digits: str) -> Decimal:
    value = Decimal(digits)
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > FURTHEST_EXPONENT or len(digits) > LONGEST_NUMBER:
        message = f"{digits[:20]} is too large or too fine a number"
        raise ValueError(message)
    return value


def _refuse(name: str) -> NoReturn:
    message = f"{name} is not a JSON number"
    raise ValueError(message)


def write(value: object) -> str:
    """The value as JSON text, every ``Decimal`` as a plain number (never 1E+2)."""
    if isinstance(value, str):
        return _quote(value)
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, int | Decimal):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_quote(str(key))}:{write(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ",".join(map(write, value)) + "]"
    message = f"{type(value).__name__} has no JSON form here"
    raise TypeError(message)


def as_record(value: object) -> Record | None:
    """The value when it is a JSON object, else ``None``."""
    return value if isinstance(value, dict) else None


def records(value: object) -> list[Record]:
    """The JSON objects of a list; anything else in it, or no list at all, gives nothing."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(record: Mapping[str, object], field: str) -> str:
    """The field as stripped text; empty when it is absent, null or not text."""
    value = record.get(field)
    return value.strip() if isinstance(value, str) else ""


def number(record: Mapping[str, object], field: str) -> Decimal | None:
    """The field as an exact number; ``None`` when absent or null."""
    value = record.get(field)
    if isinstance(value, Decimal):
        return value
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else None
