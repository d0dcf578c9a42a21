"""Dates as Xero writes them: ``/Date(ms+0000)/`` out, ``YYYY-MM-DD`` or the same form in.

Owns parsing and wording of dates. What a stranger would get wrong: a document's date is a day, not an instant; its
``/Date(…)/`` form is midnight UTC of that day whatever the organisation's time zone is.
"""

import re
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS_FORM = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")
_DAY_FORM = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?")


def parse_day(value: str) -> date | None:
    """The day meant by a request's date text, or ``None`` when there is no such day."""
    found = _MS_FORM.fullmatch(value)
    try:
        if found:
            return instant(int(found.group(1))).date()
        day = _DAY_FORM.fullmatch(value)
        return date.fromisoformat(day.group(1)) if day else None
    except (ValueError, OverflowError):
        return None


def instant(ms: int) -> datetime:
    """Milliseconds since 1970 as an aware UTC time."""
    return _EPOCH + timedelta(milliseconds=ms)


def day_ms(day: date) -> int:
    """Midnight UTC of the day, in milliseconds."""
    return (day.toordinal() - _EPOCH.toordinal()) * 86_400_000


def ms_date(day: date) -> str:
    """A day in the ``/Date(…)/`` form."""
    return f"/Date({day_ms(day)}+0000)/"


def ms_stamp(ms: int) -> str:
    """An instant in the ``/Date(…)/`` form."""
    return f"/Date({ms}+0000)/"


def day_string(day: date) -> str:
    """A day as the companion field ``DateString`` has it."""
    return f"{day.isoformat()}T00:00:00"


def parse_modified_since(value: str) -> int | None:
    """The ``If-Modified-Since`` header (ISO or HTTP form) in milliseconds, or ``None`` when it is neither."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def in_words(day: date) -> str:
    """A day as Xero's messages word it: 31 March 2026."""
    return f"{day.day} {day:%B %Y}"
