"""Values as Tryton's JSON-RPC writes them, and single fields of its answers, none of which is taken on trust.

What a stranger would get wrong: an amount, a day and a moment are objects that name their class; and the body has just
three keys, or the answer has another shape.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.accounting import exactjson
from connector.domain.currency import is_currency
from connector.domain.money import Money

Element = dict[str, Any]
_DAY = ("year", "month", "day")
_TIME = ("hour", "minute", "second", "microsecond")


def body(method: str, params: Sequence[object]) -> bytes:
    """The body of one call."""
    return exactjson.dump({"id": 0, "method": method, "params": [_written(one) for one in params]}).encode()


def _written(value: object) -> object:
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": format(value, "f")}
    if isinstance(value, datetime):
        at = value.astimezone(UTC)
        return {"__class__": "datetime", **{name: getattr(at, name) for name in (*_DAY, *_TIME)}}
    if isinstance(value, date):
        return {"__class__": "date", **{name: getattr(value, name) for name in _DAY}}
    if isinstance(value, Mapping):
        return {name: _written(part) for name, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_written(part) for part in value]
    return value


def elements(value: object) -> list[Element]:
    """The records of an answer; empty where it has none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def whole(element: Mapping[str, Any], name: str) -> int | None:
    """The whole number of a field, such as the id of another record; None where there is none."""
    value = element.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def ids(element: Mapping[str, Any], name: str) -> list[int]:
    """The ids of several other records."""
    value = element.get(name)
    return [one for one in value if isinstance(one, int)] if isinstance(value, list) else []


def text(element: Mapping[str, Any], name: str) -> str:
    """The text of a field, empty when it is absent or no text."""
    value = element.get(name)
    return value if isinstance(value, str) else ""


def inner(element: Mapping[str, Any], name: str) -> Element:
    """The fields of another record that were asked for by a dot; empty where there is none."""
    value = element.get(f"{name}.")
    return value if isinstance(value, dict) else {}


def number(element: Mapping[str, Any], name: str) -> Decimal | None:
    """The exact number of a field; None when it is absent or no number."""
    value = element.get(name)
    if not isinstance(value, dict) or value.get("__class__") != "Decimal":
        return None
    try:
        found = Decimal(str(value.get("decimal")))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def minor(element: Mapping[str, Any], name: str, currency: str) -> int | None:
    """The amount of a field in whole minor units; None when it is absent or no amount."""
    amount = number(element, name)
    return None if amount is None or not is_currency(currency) else Money.rounded(amount, currency).minor


def day(element: Mapping[str, Any], name: str) -> date | None:
    """The day of a field; None when it is absent."""
    parts = _parts(element, name, "date", _DAY)
    return None if parts is None else date(*parts)


def moment(element: Mapping[str, Any], name: str) -> datetime | None:
    """The moment of a field, in UTC; None when it is absent."""
    parts = _parts(element, name, "datetime", (*_DAY, *_TIME))
    if parts is None:
        return None
    year, month, of_month, hour, minute, second, fraction = parts
    return datetime(year, month, of_month, hour, minute, second, fraction, tzinfo=UTC)


def _parts(element: Mapping[str, Any], name: str, kind: str, wanted: Sequence[str]) -> list[int] | None:
    value = element.get(name)
    if not isinstance(value, dict) or value.get("__class__") != kind:
        return None
    found = [value.get(part) for part in wanted]
    numbers = [one for one in found if isinstance(one, int)]
    return numbers if len(numbers) == len(wanted) else None
