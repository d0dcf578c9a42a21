"""Permission to call: never more calls in any minute, nor more at a time, than one tenant allows.

A permit is taken for every call, reads and repeated calls too. A wait is at most one minute; whatever lasts longer is
handed up as `RetryLater`, so that no process sleeps through a day.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock, Semaphore

from connector.accounting.answers import RetryLater

WINDOW = timedelta(seconds=60)
KEPT_FOR = timedelta(seconds=2)
CONCURRENT_PAUSE = timedelta(seconds=2)
LONGEST_HOLD = timedelta(days=2)
USED_UP = "The calls of this minute are used up."


@dataclass(frozen=True)
class Limit:
    """At most `most` calls in any `seconds` (60 or fewer): of one kind only, or of every kind where none is named."""

    most: int
    seconds: int = 60
    kind: str = ""


class _Window:
    """The calls that one limit still counts. Whoever uses it holds the lock."""

    def __init__(self, limit: Limit) -> None:
        self.kind = limit.kind
        self._most = limit.most
        self._span = timedelta(seconds=limit.seconds)
        self._sent: deque[datetime] = deque()

    @property
    def a_minute(self) -> int:
        """How many calls it allows in a minute."""
        return int(self._most * (WINDOW / self._span))

    def wait(self, now: datetime) -> timedelta:
        """How long until there is a place; nothing when there is one now."""
        self._forget(now)
        if len(self._sent) < self._most:
            return timedelta()
        # The minimum bounds the wait when the clock was set back in between.
        return min(self._sent[0] + self._span - now, self._span)

    def add(self, now: datetime) -> None:
        """Count a call."""
        self._sent.append(now)

    def move(self, then: datetime, now: datetime) -> bool:
        """Count a call now that was counted before it was made; False where it would be one too many by now."""
        self._forget(now)
        if then in self._sent:
            self._sent.remove(then)
        elif len(self._sent) >= self._most:
            return False
        self._sent.append(now)
        return True

    def leave(self, left: int, now: datetime) -> None:
        """Count so many calls that no more than `left` are left, where that is less than by our own count."""
        self._forget(now)
        for _ in range(self._most - left - len(self._sent)):
            self._sent.append(now)

    def _forget(self, now: datetime) -> None:
        while self._sent and now - self._sent[0] >= self._span:
            self._sent.popleft()


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
        more: Sequence[Limit] = (),
    ) -> None:
        """Args: the two limits; `clock`, the time in UTC; `sleep`, takes seconds; `more`, further limits."""
        self._minute = _Window(Limit(calls_per_minute))
        self._windows = (self._minute, *map(_Window, more))
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._flights = Semaphore(in_flight)
        self._held: RetryLater | None = None
        self._kept: dict[str, deque[datetime]] = defaultdict(deque)
        self._left_today: int | None = None

    @property
    def left_today(self) -> int | None:
        """Calls left this day, as the last answer told; None where none has."""
        return self._left_today

    def most_a_minute(self, kind: str = "") -> int:
        """How many calls of a kind the limits allow in a minute."""
        return min(window.a_minute for window in self._windows if window.kind in ("", kind))

    def keep(self, kind: str) -> timedelta | RetryLater:
        """Keep a place for a call of a kind that is made at once: zero, or how long until there is one.

        A place that is not used within `KEPT_FOR` is lost.
        """
        with self._lock:
            now = self._clock()
            pause = self._count(kind, now)
            if pause is not None:
                return pause
            self._kept[kind].append(now)
        return timedelta()

    @contextmanager
    def permit(self, kind: str = "", not_after: datetime | None = None) -> Iterator[RetryLater | None]:
        """Hold one call's place, from before it is sent until it is answered; `RetryLater` when none is to be had.

        No place is waited for that comes later than `not_after`.
        """
        with self._flights:
            yield None if self._takes_kept(kind) else self._wait(kind, not_after)

    def _takes_kept(self, kind: str) -> bool:
        """Whether a place was kept just now, and no refusal came since; the call counts from this moment on."""
        with self._lock:
            now, kept = self._clock(), self._kept[kind]
            while kept and not self._is_held(now):
                then = kept.popleft()
                if abs(now - then) <= KEPT_FOR and all(one.move(then, now) for one in self._counting(kind)):
                    return True
            return False

    def _wait(self, kind: str, not_after: datetime | None) -> RetryLater | None:
        waited = timedelta()
        while True:
            pause = self._try(kind)
            if not isinstance(pause, timedelta):
                return pause
            free = self._clock() + pause
            if not_after is not None and free > not_after:
                return RetryLater(free, USED_UP, whole_tenant=False)
            if waited + pause > WINDOW:
                return RetryLater(free, USED_UP, whole_tenant=True)
            waited += pause
            self._sleep(pause.total_seconds())

    def _try(self, kind: str) -> timedelta | RetryLater | None:
        """Count the call, or tell how long to wait for a place, or why there will be none."""
        with self._lock:
            return self._count(kind, self._clock())

    def _count(self, kind: str, now: datetime) -> timedelta | RetryLater | None:
        if self._is_held(now):
            return self._held
        counting = self._counting(kind)
        pause = max(window.wait(now) for window in counting)
        if pause:
            return pause
        for window in counting:
            window.add(now)
        return None

    def _is_held(self, now: datetime) -> bool:
        return self._held is not None and now < self._held.not_before

    def _counting(self, kind: str) -> list[_Window]:
        """The windows that count a call of this kind."""
        return [window for window in self._windows if window.kind in ("", kind)]

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take over what an answer says is left: of the day, and of the minute where we count more ourselves."""
        today = _whole(headers.get("x-daylimit-remaining"))
        if today is not None:
            self._left_today = today
        left = _whole(headers.get("x-minlimit-remaining"))
        if left is None:
            return
        with self._lock:
            self._minute.leave(left, self._clock())

    def hold(self, refusal: RetryLater) -> None:
        """The remote takes no call before then: nobody tries."""
        with self._lock:
            self._held = refusal

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
            held = RetryLater(now + min(wait, LONGEST_HOLD), USED_UP, whole_tenant=True)
        self.hold(held)
        return held


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


def _to_midnight(now: datetime) -> timedelta:
    """Until the next day begins in UTC, for a refusal that does not say when."""
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return tomorrow - now
