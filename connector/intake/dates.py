"""Dates as text: ISO and month names are read as they stand; 03/04/2025 only when it is known what comes first.

What comes first is declared in the mapping, or proved by the column itself (a 25 cannot be a month) with nothing in it
that proves the contrary. It is never guessed from a locale.
"""

import re
from collections.abc import Iterable
from datetime import date

from connector.intake import kinds
from connector.intake.values import Wrong, quoted

FIRST = date(2000, 1, 1)
LAST = date(2100, 12, 31)
DAY_FIRST = "day_first"
MONTH_FIRST = "month_first"
_MONTHS = 12
_TIME = r"(?:[ T][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:\s?[AaPp]\.?\s?[Mm]\b\.?)?(\D.*)?)?"
_ISO = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})" + _TIME)
_PARTS = re.compile(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4})" + _TIME)
# What may stand behind a time: Z, an offset, UTC, EST, GMT+1, Europe/London, [Europe/London].
_ZONE = re.compile(r"\s*(?:[+\-\u2212][0-9:]{1,8}|z|[A-Z]{1,5}(?:[+-][0-9:]{1,5})?|\[?[A-Za-z_]+/[A-Za-z_/+-]+\]?)")
_DAY_NAME = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?[-/. ]+([A-Za-z]{3,9})\.?,?[-/. ]+([0-9]{4})")
_NAME_DAY = re.compile(r"([A-Za-z]{3,9})\.?[-/. ]+([0-9]{1,2})(?:st|nd|rd|th)?,?[-/. ]+([0-9]{4})")
_NAMES = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)


def order_of(texts: Iterable[str], declared: str | None) -> str | None:
    """What comes first in a column: as declared, or as all its dates together prove; None when neither says."""
    if declared is not None:
        return declared
    parts = [found for text in texts if (found := _PARTS.fullmatch(text))]
    day_first = any(int(found[1]) > _MONTHS for found in parts)
    month_first = any(int(found[2]) > _MONTHS for found in parts)
    if day_first == month_first:
        return None
    return DAY_FIRST if day_first else MONTH_FIRST


def read_date(text: str, order: str | None, field: str, place: str) -> date | Wrong:
    """One date.

    Args:
        text: as it stands.
        order: what comes first, None when it is not known.
        field: the field's name, for the next step.
        place: the mapping's file, for the next step.
    """
    if found := _ISO.fullmatch(text):
        return _cut_off(text, found[4]) or _day(text, found[1], found[2], found[3])
    if found := _DAY_NAME.fullmatch(text) or _NAME_DAY.fullmatch(text):
        name, day = (found[1], found[2]) if found[1].isalpha() else (found[2], found[1])
        return _day(text, found[3], _month(name), day)
    if found := _PARTS.fullmatch(text):
        first, second = int(found[1]), int(found[2])
        if order is None and first != second and max(first, second) <= _MONTHS and not found[4]:
            message = f"{quoted(text)} can be read day first or month first"
            next_step = f"Declare date_order: {{{field}: day_first}} (or month_first) in {place}, or write 2025-03-01."
            return Wrong(kinds.DATE_AMBIGUOUS, message, next_step)
        day_first = order == DAY_FIRST or (order is None and first > _MONTHS)
        day = _day(text, found[3], found[2 if day_first else 1], found[1 if day_first else 2])
        return _cut_off(text, found[4]) or day
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        message = f"{quoted(text)} is a bare number, not a date"
        return Wrong(kinds.DATE, message, "Format the cell as a date, or write it as 2025-03-01.")
    return Wrong(kinds.DATE, f"{quoted(text)} is not a date", "Write it as 2025-03-01.")


def _cut_off(text: str, behind: str | None) -> Wrong | None:
    """What is wrong with a date whose time goes on. A time alone is cut off; with a zone the day is not known."""
    if not behind:
        return None
    if _ZONE.fullmatch(behind):
        message = f"{quoted(text)} is a moment with a time zone: which day it was depends on the selling entity"
        return Wrong(kinds.DATE, message, "Write the day alone, such as 2025-03-01, as it was at the selling entity.")
    return Wrong(kinds.DATE, f"{quoted(text)} is not a date", "Write it as 2025-03-01.")


def _month(name: str) -> int:
    return next((number for number, full in enumerate(_NAMES, 1) if _is_month(name.lower(), full)), 0)


def _is_month(name: str, full: str) -> bool:
    return name in {full, full[:3]} or (full == "september" and name == "sept")


def _day(text: str, year: str, month: str | int, day: str) -> date | Wrong:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return Wrong(kinds.DATE, f"{quoted(text)} is not a day of the calendar", "Write it as 2025-03-01.")
    if not FIRST <= found <= LAST:
        message = f"{found} lies outside {FIRST} to {LAST}"
        return Wrong(kinds.DATE, message, "Mend the date; a date near 1900 is often a number shown as a date.")
    return found
