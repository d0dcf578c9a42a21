"""Times as the database holds them: text in UTC with six digits of a second, so that text order is time order."""

from datetime import UTC, datetime

_FORMAT = "%Y-%m-%d %H:%M:%S.%f"


def time_text(moment: datetime) -> str:
    """The stored form of a time.

    Raises:
        ValueError: the time has no time zone, a defect of the program.
    """
    if moment.tzinfo is None:
        message = f"{moment} has no time zone"
        raise ValueError(message)
    return moment.astimezone(UTC).strftime(_FORMAT)


def time_of(text: str) -> datetime:
    """The time of a stored form."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def time_or_none(text: str | None) -> datetime | None:
    """The time of a stored form; None stays None."""
    return None if text is None else time_of(text)
