"""Moments and days as QuickBooks writes them: ISO 8601 with the offset of a place.

Owns their wording. What a stranger would get wrong: replies are stamped in Pacific time, objects in the company's own;
an object's stamps have whole seconds, so two changes within one second look the same.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from connector.sandbox import dates

_PACIFIC = ZoneInfo("America/Los_Angeles")


def with_ms(now_ms: int) -> str:
    """The ``time`` of a reply."""
    return dates.instant(now_ms).astimezone(_PACIFIC).isoformat(timespec="milliseconds")


def of_object(ms: int, zone: str) -> str:
    """A stamp of an object, in whole seconds."""
    return dates.instant(ms - ms % 1000).astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")


def parse_moment(words: str) -> int | None:
    """A moment of a query in milliseconds; a day alone is its beginning in UTC; ``None`` when it is neither."""
    try:
        moment = datetime.fromisoformat(words)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - dates.instant(0)) // timedelta(milliseconds=1)


def parse_day(words: str) -> date | None:
    """The day of a date, which may carry a time or an offset behind it."""
    try:
        return date.fromisoformat(words[:10])
    except ValueError:
        return None
