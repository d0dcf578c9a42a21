"""Limits and switches as values: read, changed, told.

Owns what all services do with theirs. What a stranger would get wrong: a setting of a few words names them in its type
(``Literal``), which is what its new value is checked against.
"""

from dataclasses import asdict, fields, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

from connector.sandbox.jsontext import Record

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

MARGIN_SECONDS = 1
BODY_LIMIT_BYTES = 3_500_000

Settings = TypeVar("Settings", bound="DataclassInstance")


class SettingError(ValueError):
    """A limit or switch that does not exist, or a value it cannot take."""


def changed(current: Settings, change: Record) -> Settings:
    """The settings with the named ones replaced.

    Raises:
        SettingError: a name or a value is not known.
    """
    known = {field.name: field.type for field in fields(current)}
    values: dict[str, Any] = {}
    for name, value in change.items():
        if name not in known:
            message = f"{name} is not a setting; there are {', '.join(sorted(known))}"
            raise SettingError(message)
        values[name] = _fitting(name, known[name], value)
    return replace(current, **values)


def _fitting(name: str, kind: object, value: object) -> object:
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool) and value >= 0
    if kind is Decimal and is_number and isinstance(value, int | Decimal):
        return Decimal(value)
    if kind is int and is_number and isinstance(value, int):
        return value
    if kind in (bool, str) and type(value) is kind:
        return value
    if get_origin(kind) is Literal and value in get_args(kind):
        return value
    message = f"{name} cannot be {value!r}"
    raise SettingError(message)


def as_record(settings: "DataclassInstance") -> Record:
    """The settings by name."""
    return asdict(settings)
