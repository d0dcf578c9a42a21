"""How numbers, moments and errors of workbooks are spelled as text: alike from .xlsx, .xls, .xlsb and .ods.

The value reader of .xlsx sets the spelling (`12`, `0.333333333`, `2025-03-04 00:00:00`); the other readers follow it. A
moment that no calendar has stays recognisable as one, so that whoever reads the date can refuse it: it is never moved
to a neighbouring day.
"""

import math
import re
from datetime import date, timedelta

ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
UNKNOWN_ERROR = "#ERROR"
TRUTH = ("false", "true")

_LOST_FROM = 10**15  # numbers of more than 15 digits
_DAY_MS = 86_400_000
_LEAP_DAY = 60  # Excel's 29 February 1900, which no calendar has
_FIRST_DAY, _BEFORE_LEAP_DAY, _FIRST_DAY_1904 = date(1899, 12, 30), date(1899, 12, 31), date(1904, 1, 1)
_CYCLE_DAYS, _CYCLE_YEARS = 146_097, 400  # after which the calendar repeats
_LAST_YEAR = 9999
_FARTHEST_DAY = 10**8
_DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}  # those built into Excel
_NO_SIGN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)


def number_text(value: float) -> str:
    """A number in plain digits: whole ones without a point, others with at most nine decimals."""
    if not math.isfinite(value):
        return str(value)
    text = f"{value:.9f}"
    return text.rstrip("0").rstrip(".")


def loses_digits(value: float) -> bool:
    """Whether a number has more digits than spreadsheet programs keep."""
    return abs(value) >= _LOST_FROM


def serial_text(serial: float, *, from_1904: bool) -> str:
    """The moment that a number shown as a date stands for; one beyond all calendars stays a number."""
    if not abs(serial) < _FARTHEST_DAY:
        return number_text(serial)
    days = math.floor(serial)
    milliseconds = math.floor((serial - days) * _DAY_MS * 2 + 1) // 2
    return moment_text(days, milliseconds, from_1904=from_1904)


def moment_text(days: int, milliseconds: int, *, from_1904: bool) -> str:
    """The moment so many days and milliseconds after the first day that the workbook counts from."""
    days, milliseconds = days + milliseconds // _DAY_MS, milliseconds % _DAY_MS
    seconds, rest = divmod(milliseconds, 1_000)
    fraction = f".{rest:03}" if rest else ""
    time = f"{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"
    if days == _LEAP_DAY and not from_1904:
        return f"1900-02-29 {time}"
    first = _FIRST_DAY_1904 if from_1904 else _BEFORE_LEAP_DAY if days < _LEAP_DAY else _FIRST_DAY
    return f"{_day_text(first, days)} {time}"


def _day_text(first: date, days: int) -> str:
    """The day so many days after the first; years of more than four digits carry a sign, as in ISO 8601."""
    cycles, rest = divmod(days, _CYCLE_DAYS)
    day = first + timedelta(days=rest)
    year = day.year + cycles * _CYCLE_YEARS
    sign = "+" if year > _LAST_YEAR else "-" if year < 0 else ""
    return f"{sign}{abs(year):04}-{day.month:02}-{day.day:02}"


def is_date_format(number: int, code: str) -> bool:
    """Whether a number format shows dates, times or durations.

    Args:
        number: its number, by which those built into Excel are known.
        code: its code, "" for a built-in one.
    """
    if not code:
        return number in _DATE_FORMATS
    plain = _NO_SIGN.sub("", code.partition(";")[0]).lower()
    return "general" not in plain and re.search("[ymdhs]", plain) is not None
