"""JSON without floats, for every system: amounts are written digit by digit and read as Decimal.

`json.dumps` cannot write a Decimal as a number, and the remote wants numbers; hence the few lines here.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any


def dump(value: object) -> str:
    """The value as compact JSON. A Decimal becomes a plain number with exactly its digits.

    Raises:
        TypeError: a value that JSON has no form for, a float among them.
    """
    if isinstance(value, Decimal):
        if not value.is_finite():
            message = "a number that is not finite has no JSON form"
            raise TypeError(message)
        return format(value, "f")
    if value is None or isinstance(value, str | int):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{dump(str(name))}:{dump(part)}" for name, part in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ",".join(dump(part) for part in value) + "]"
    message = f"{type(value).__name__} has no exact JSON form"
    raise TypeError(message)


def load(body: bytes) -> dict[str, Any] | None:
    """The object that a reply's body holds, or None when it holds anything else (a page, plain text, nothing)."""
    try:
        value = json.loads(body, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse(word: str) -> None:
    message = f"{word} is no number"
    raise ValueError(message)
