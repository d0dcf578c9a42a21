"""Dates as text: ISO and month names are read as they stand; 03/04/2025 only when it is known what comes first.

What comes first is declared in the mapping, or proved by the column itself (a 25 cannot be a month) with nothing in it
that proves the contrary. It is never guessed from a locale.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

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
_SHORT_YEAR = re.compile(
    r"(?:[0-9]{1,2}[-/. ][0-9]{1,2}|[0-9]{1,2}[-/. ]+[A-Za-z]{3,9}|[A-Za-z]{3,9}\.?[-/. ]+[0-9]{1,2},?)"
    r"[-/. ]+'?[0-9]{2}" + _TIME
)
_EPOCH = date(1899, 12, 30)  # the day 0 of serial numbers from March 1900 on
_LAST_SERIAL = 2_958_465  # 9999-12-31
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


@dataclass(frozen=True)
class Order:
    """What comes first in the dates of one column, and how that is known.

    Attributes:
        first: `day_first` or `month_first`; None when it is not known.
        declared: whether the mapping says so.
        odd: dates that can only be read otherwise than others of the column.
        example: a date that those others are like.
    """

    first: str | None
    declared: bool = False
    odd: frozenset[str] = frozenset()
    example: str = ""


def order_of(texts: Iterable[str], declared: str | None) -> Order:
    """What comes first in a column: as declared, or as all its dates together prove.

    A column that proves both proves nothing: those of the rarer order are odd, or all of them when neither is rarer.

    Args:
        texts: the column's distinct texts.
        declared: what the mapping says, None for nothing.
    """
    if declared is not None:
        return Order(declared, declared=True)
    parts = [found for text in texts if (found := _PARTS.fullmatch(text))]
    day_first = sorted(found[0] for found in parts if int(found[1]) > _MONTHS)
    month_first = sorted(found[0] for found in parts if int(found[2]) > _MONTHS)
    if not day_first or not month_first:
        return Order(DAY_FIRST if day_first else MONTH_FIRST if month_first else None)
    rare, usual = sorted((day_first, month_first), key=len)
    odd = rare if len(rare) < len(usual) else (*rare, *usual)
    return Order(None, odd=frozenset(odd), example=usual[0])


def read_date(text: str, order: Order, field: str, place: str, zone: str = "") -> date | Wrong:
    """One date.

    Args:
        text: as it stands.
        order: what comes first.
        field: the field's name, for the next step.
        place: the mapping's file, for the next step.
        zone: the IANA name of the zone in whose days moments with an offset are told; "" when none is declared.
    """
    if found := _ISO.fullmatch(text):
        if zone and found[4] and (moment := _moment(text)) is not None:
            return _within(moment.astimezone(ZoneInfo(zone)).date())
        return _cut_off(text, found[4], place) or _day(text, found[1], found[2], found[3])
    if found := _DAY_NAME.fullmatch(text) or _NAME_DAY.fullmatch(text):
        name, day = (found[1], found[2]) if found[1].isalpha() else (found[2], found[1])
        return _day(text, found[3], _month(name), day)
    if found := _PARTS.fullmatch(text):
        return _cut_off(text, found[4], place) or _in_order(found, order, field, place)
    return Wrong(kinds.DATE, _no_date(text), "Write it as 2025-03-01.")


def _in_order(found: re.Match[str], order: Order, field: str, place: str) -> date | Wrong:
    """A date of three numbers, the year last."""
    text, first, second = found[0], int(found[1]), int(found[2])
    if text in order.odd:
        message = f"{quoted(text)} can only be read {_said(first > _MONTHS)}, but the column has both"
        others = f", such as {quoted(order.example)}" if order.example != text else ""
        return Wrong(kinds.DATE, f"{message} orders{others}", "Write it as 2025-03-01.")
    if order.first is None and first != second and max(first, second) <= _MONTHS:
        message = f"{quoted(text)} can be read day first or month first"
        next_step = f"Declare date_order: {{{field}: day_first}} (or month_first) in {place}, or write 2025-03-01."
        return Wrong(kinds.DATE_AMBIGUOUS, message, next_step)
    day_first = order.first == DAY_FIRST or (order.first is None and first > _MONTHS)
    if order.declared and (second if day_first else first) > _MONTHS >= (first if day_first else second):
        message = f"{quoted(text)} is no date when it is read {_said(day_first)}, as the mapping declares"
        return Wrong(kinds.DATE, message, f"Write it as 2025-03-01, or mend date_order: in {place}.")
    return _day(text, found[3], found[2 if day_first else 1], found[1 if day_first else 2])


def _said(day_first: bool) -> str:  # noqa: FBT001  (read at its only callers)
    return "day first" if day_first else "month first"


def _no_date(text: str) -> str:
    """Why a text is no date: a serial number, a year of two digits, or something else."""
    if found := re.fullmatch(r"([0-9]{1,7})(?:\.[0-9]+)?", text):
        day = _EPOCH + timedelta(int(found[1])) if int(found[1]) <= _LAST_SERIAL else None
        shown = f"; formatted as a date it would be {day}" if day and FIRST <= day <= LAST else ", not a date"
        return f"{quoted(text)} is a bare number{shown}"
    if _SHORT_YEAR.fullmatch(text):
        return f"{quoted(text)} has a year of two digits, so its century is not known"
    bare = re.fullmatch(r"[0-9]+(\.[0-9]+)?", text)
    return f"{quoted(text)} is {'a bare number, not a date' if bare else 'not a date'}"


def _moment(text: str) -> datetime | None:
    """A moment with its offset from UTC; None when it names a zone otherwise, or is no moment."""
    plain = re.sub(r"\s*(?:UTC|GMT|z)$", "Z", text.strip()).replace("\u2212", "-")
    try:
        moment = datetime.fromisoformat(re.sub(r"\s+(?=[+-][0-9:]+$)", "", plain))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _cut_off(text: str, behind: str | None, place: str) -> Wrong | None:
    """What is wrong with a date whose time goes on. A time alone is cut off; with a zone the day is not known."""
    if not behind:
        return None
    if _ZONE.fullmatch(behind):
        message = f"{quoted(text)} is a moment with a time zone: which day it was depends on the selling entity"
        next_step = f"Declare time_zone: (such as Europe/London) in {place}, or write the day alone: 2025-03-01."
        return Wrong(kinds.DATE, message, next_step)
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
    return _within(found)


def _within(found: date) -> date | Wrong:
    """The day, or that it lies outside the years of this business."""
    if not FIRST <= found <= LAST:
        message = f"{found} lies outside {FIRST} to {LAST}"
        return Wrong(kinds.DATE, message, "Mend the date; a date near 1900 is often a number shown as a date.")
    return found
