"""Permission to call: never more calls in any minute, nor more at a time, than one tenant allows.

A permit is taken for every call, reads and repeated calls too. A wait is at most one minute; whatever lasts longer is
handed up as `RetryLater`, so that no process sleeps through a day.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock, Semaphore

from connector.accounting.port import RetryLater

WINDOW = timedelta(seconds=60)
CONCURRENT_PAUSE = timedelta(seconds=2)
LONGEST_HOLD = timedelta(days=2)


class Limiter:
    """The calls to one tenant. Safe to use from several threads.

    A window is kept rolling although the remote may reset its own at fixed times: rolling is the stricter of the two.
    """

    def __init__(
        self,
        calls_per_minute: int,
        in_flight: int,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        """Args: the two limits; `clock`, the time in UTC; `sleep`, takes seconds."""
        self._most = calls_per_minute
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._flights = Semaphore(in_flight)
        self._sent: deque[datetime] = deque()
        self._held: RetryLater | None = None

    @contextmanager
    def permit(self) -> Iterator[RetryLater | None]:
        """Hold one call's place, from before it is sent until it is answered; `RetryLater` when none is to be had."""
        with self._flights:
            yield self._wait()

    def _wait(self) -> RetryLater | None:
        waited = timedelta()
        while True:
            pause = self._try()
            if not isinstance(pause, timedelta):
                return pause
            if waited + pause > WINDOW:
                return RetryLater(self._clock() + pause, "The calls of this minute are used up.", whole_tenant=True)
            waited += pause
            self._sleep(pause.total_seconds())

    def _try(self) -> timedelta | RetryLater | None:
        """Count the call, or tell how long to wait for a place, or why there will be none."""
        with self._lock:
            now = self._clock()
            if self._held is not None and now < self._held.not_before:
                return self._held
            self._forget(now)
            if len(self._sent) < self._most:
                self._sent.append(now)
                return None
            # The minimum bounds the wait when the clock was set back in between.
            return min(self._sent[0] + WINDOW - now, WINDOW)

    def _forget(self, now: datetime) -> None:
        while self._sent and now - self._sent[0] >= WINDOW:
            self._sent.popleft()

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take over what an answer says is left of the minute, where that is less than we count ourselves."""
        left = _whole(headers.get("x-minlimit-remaining"))
        if left is None:
            return
        with self._lock:
            now = self._clock()
            self._forget(now)
            for _ in range(self._most - left - len(self._sent)):
                self._sent.append(now)

    def refused(self, headers: Mapping[str, str]) -> RetryLater:
        """What a refusal for too many calls means, by its headers; the tenant is held until then."""
        now = self._clock()
        problem = headers.get("x-rate-limit-problem", "").strip().lower()
        seconds = _whole(headers.get("retry-after"))
        if problem.startswith("concurrent"):
            return RetryLater(now + CONCURRENT_PAUSE, "Too many calls at the same time.", whole_tenant=False)
        if problem in ("day", "daily"):
            wait = timedelta(seconds=seconds) if seconds is not None else _to_midnight(now)
            held = RetryLater(now + min(wait, LONGEST_HOLD), "The calls of this day are used up.", whole_tenant=True)
        else:
            wait = timedelta(seconds=seconds) if seconds is not None else WINDOW
            held = RetryLater(now + min(wait, LONGEST_HOLD), "The calls of this minute are used up.", whole_tenant=True)
        with self._lock:
            self._held = held
        return held


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


def _to_midnight(now: datetime) -> timedelta:
    """Until the next day begins in UTC, for a refusal that does not say when."""
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return tomorrow - now
