"""One cell of an OpenDocument spreadsheet: from its attributes and the text it shows to one text and its mark.

The value counts, not how it is shown, with one exception: digits that are shown with leading zeros are an identifier.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from connector.intake.rawsheet import DIGITS, ERROR, NO_VALUE
from connector.intake.spelling import moment_text

_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_CALC = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
FORMULA = "urn:oasis:names:tc:opendocument:xmlns:table:1.0}formula"
TYPE = _OFFICE + "value-type"
VALUE = _OFFICE + "value"
TEXT = _OFFICE + "string-value"
_NUMBERS = {"float", "percentage", "currency"}
_KEPT_DIGITS = 15
_ERROR = re.compile(r"#[A-Z][A-Z0-9/_]*[!?]?|Err:[0-9]{3}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,12}))?)?")
_DURATION = re.compile(
    r"(-?)P(?:([0-9]{1,7})D)?(?:T(?:([0-9]{1,7})H)?(?:([0-9]{1,7})M)?(?:([0-9]{1,9})(?:[.,]([0-9]{1,12}))?S)?)?"
)


def cell_text(attributes: Mapping[str, str], shown: str) -> tuple[str, str]:
    """The cell's text, and a mark of it ("" for none), as a reader of workbooks hands them over.

    Args:
        attributes: of the cell, their names with the namespace before a `}`.
        shown: the paragraphs it shows, one a line.
    """
    kind = attributes.get(TYPE, "")
    formula = attributes.get(FORMULA, "")
    if (formula or attributes.get(_CALC + "value-type") == "error") and _ERROR.fullmatch(shown):
        return shown, ERROR
    if kind in _NUMBERS:
        value = attributes.get(VALUE, "")
        return _number(value, shown) if value else _without_value(formula, shown)
    if kind in _OTHERS:
        name, read = _OTHERS[kind]
        value = attributes.get(name, "")
        return (read(value), "") if value else _without_value(formula, shown)
    if kind or shown:
        return attributes.get(TEXT, shown), ""
    return _without_value(formula, shown)


def _without_value(formula: str, shown: str) -> tuple[str, str]:
    if formula and not shown:
        return "=" + (formula.partition("=")[2] or "…"), NO_VALUE
    return shown, ""


def _number(value: str, shown: str) -> tuple[str, str]:
    if shown[:1] == "0" and shown != value and shown.isdecimal() and shown.lstrip("0") == value:
        return shown, ""
    if value.isdecimal() and len(value) <= _KEPT_DIGITS and (value[0] != "0" or value == "0"):
        return value, ""
    if not _NUMBER.fullmatch(value):
        return value, ""
    number = Decimal(value)
    text = f"{number:.9f}".rstrip("0").rstrip(".")
    return text, DIGITS if number.adjusted() >= _KEPT_DIGITS else ""


def _moment(value: str) -> str:
    """A date, with or without a time, as the other readers spell it; one that no calendar has stays as it is."""
    found = _DATE.fullmatch(value)
    if not found:
        return value
    day, time, fraction = found.groups()
    moment = f"{day} {time or '00:00:00'}"
    if not fraction:
        return moment
    try:
        rounded = datetime.fromisoformat(moment) + timedelta(milliseconds=_thousandths(fraction))
    except (ValueError, OverflowError):
        return value
    return rounded.isoformat(sep=" ", timespec="milliseconds").removesuffix(".000")


def _duration(value: str) -> str:
    """A time or an elapsed time as the moment so long after the first day, which is what Excel makes of it."""
    found = _DURATION.fullmatch(value)
    if not found:
        return value
    sign, (days, hours, minutes, seconds) = found[1], (int(part or 0) for part in found.groups()[1:5])
    milliseconds = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000 + _thousandths(found[6] or "0")
    return moment_text(0, -milliseconds if sign else milliseconds, from_1904=False)


def _thousandths(fraction: str) -> int:
    """The digits behind a point in thousandths, rounded."""
    return (int(fraction[:6].ljust(6, "0")) + 500) // 1_000


_OTHERS: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "date": (_OFFICE + "date-value", _moment),
    "time": (_OFFICE + "time-value", _duration),
    "boolean": (_OFFICE + "boolean-value", str.lower),
}
