"""One cell of an OpenDocument spreadsheet: from its attributes and the text it shows to one text and its mark.

The value counts, not how it is shown, with one exception: digits that are shown with leading zeros are an identifier.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from connector.intake.marks import DIGITS, ERROR, NO_VALUE
from connector.intake.odsnames import (
    BOOLEAN_VALUE,
    DATE_VALUE,
    FORMULA,
    SHOWN_TYPE,
    STRING_VALUE,
    TIME_VALUE,
    VALUE,
    VALUE_TYPE,
)
from connector.intake.spelling import moment_text

# Signs that no XML can hold stand for the white space that was meant, while the other runs of it shrink.
MEANT_SPACE, MEANT_TAB, MEANT_BREAK = "\x00", "\x01", "\x02"
_AS_MEANT = str.maketrans({MEANT_SPACE: " ", MEANT_TAB: "\t", MEANT_BREAK: "\n"})
_LAYOUT = re.compile("[ \t\r\n]+")
_PLAIN = re.compile("[^\x00-\x20]+(?: [^\x00-\x20]+)*")
_NUMBERS = {"float", "percentage", "currency"}
_KEPT_DIGITS = 15
_ERROR = re.compile(r"#[A-Z][A-Z0-9/_]*[!?]?|Err:[0-9]{3}")
_SPELLED = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{0,8}[1-9])?")  # just as `number_text` would
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,12}))?)?")
_DURATION = re.compile(
    r"(-?)P(?:([0-9]{1,7})D)?(?:T(?:([0-9]{1,7})H)?(?:([0-9]{1,7})M)?(?:([0-9]{1,9})(?:[.,]([0-9]{1,12}))?S)?)?"
)


def paragraph(text: str) -> str:
    """A paragraph as shown: a run of white space counts as one space, and as nothing at the ends, unless it is meant.

    Args:
        text: its characters, with `MEANT_SPACE` and its like where the document asks for one.
    """
    return text if _PLAIN.fullmatch(text) else _LAYOUT.sub(" ", text).strip(" ").translate(_AS_MEANT)


def cell_text(attributes: Mapping[str, str], shown: str) -> tuple[str, str]:
    """The cell's text, and a mark of it ("" for none), as a reader of workbooks hands them over.

    Args:
        attributes: of the cell, their names with the namespace before a `}`.
        shown: the paragraphs it shows, one a line.
    """
    kind = attributes.get(VALUE_TYPE, "")
    formula = attributes.get(FORMULA, "")
    if (formula or attributes.get(SHOWN_TYPE) == "error") and _ERROR.fullmatch(shown):
        return shown, ERROR
    if kind in _NUMBERS:
        value = attributes.get(VALUE, "")
        return _number(value, shown) if value else _without_value(formula, shown)
    if kind in _OTHERS:
        name, read = _OTHERS[kind]
        value = attributes.get(name, "")
        return (read(value), "") if value else _without_value(formula, shown)
    if kind or shown:
        return attributes.get(STRING_VALUE, shown), ""
    return _without_value(formula, shown)


def _without_value(formula: str, shown: str) -> tuple[str, str]:
    if formula and not shown:
        return "=" + (formula.partition("=")[2] or "…"), NO_VALUE
    return shown, ""


def _number(value: str, shown: str) -> tuple[str, str]:
    if shown[:1] == "0" and shown != value and shown.isdecimal() and shown.lstrip("0") == value:
        return shown, ""
    if _SPELLED.fullmatch(value):
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
    "date": (DATE_VALUE, _moment),
    "time": (TIME_VALUE, _duration),
    "boolean": (BOOLEAN_VALUE, str.lower),
}
