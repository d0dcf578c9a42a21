"""Who asks for something, when, and how the books are reached, as the wiring hands it in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from connector.accounting.connect import Connect, connect


@dataclass(frozen=True)
class Clock:
    """The moment in UTC, a wait in seconds, and seconds that only grow, if any."""

    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    monotonic: Callable[[], float] | None = None


@dataclass(frozen=True)
class Asked:
    """For which day (None: today), by which clock and by whom something is asked for, and how the books are reached."""

    as_of: date | None
    clock: Clock
    by: str
    connect: Connect = connect
