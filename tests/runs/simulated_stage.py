"""Simulated time, and one or two workers in it: exactly one moves at any moment, and a seed decides which.

A stranger's trap: nothing here takes real time. Time passes where somebody sleeps, stalls or calls; what a remote does
late is done when time has passed it.
"""

import heapq
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from django.db import connections

from connector.sandbox.atwork import RealTime

BEGIN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
_BEGIN_MS = int(BEGIN.timestamp() * 1000)


class KilledError(BaseException):
    """The process of a worker ends here, as by kill -9."""


class SimulatedTime(RealTime):
    """The one true time, in milliseconds; and the remote's late work, which waits for it."""

    def __init__(self, random: Random, late_ms: int) -> None:
        super().__init__()
        self._random = random
        self._late_ms = late_ms
        self._now = _BEGIN_MS
        self._late: list[tuple[int, int, Callable[[], object]]] = []
        self._begun = 0

    def now_ms(self) -> int:
        return self._now

    def now(self) -> datetime:
        return BEGIN + timedelta(milliseconds=self._now - _BEGIN_MS)

    def sleep(self, seconds: float) -> None:
        """The remote's own waiting, which has been waited already where it counts."""

    def begin(self, work: Callable[[], object]) -> None:
        """A connection was dropped: the work is done within the time that the remote declares, mostly late in it."""
        self._begun += 1
        after = self._late_ms - int(self._late_ms * self._random.random() ** 2)
        heapq.heappush(self._late, (self._now + after, self._begun, work))

    def advance(self, ms: int) -> None:
        """Let time pass."""
        until = self._now + ms
        while self._late and self._late[0][0] <= until:
            due, _, work = heapq.heappop(self._late)
            self._now = max(self._now, due)
            work()
        self._now = until


class _Worker:
    def __init__(self) -> None:
        self.resume = threading.Semaphore(0)
        self.wake_ms = 0
        self.ended = False
        self.error: BaseException | None = None


class Stage:
    """The workers that are there now."""

    def __init__(self, time: SimulatedTime, random: Random) -> None:
        self._time = time
        self._random = random
        self._workers: list[_Worker] = []
        self._moving: _Worker | None = None
        self._over = threading.Semaphore(0)

    def run(self, bodies: Sequence[Callable[[], None]]) -> None:
        """Let the workers work until all have ended; a worker that is killed has ended."""
        if len(bodies) == 1:
            _lived(bodies[0])
            return
        self._workers = [_Worker() for _ in bodies]
        threads = [
            threading.Thread(target=self._work, args=(one, body), daemon=True)
            for one, body in zip(self._workers, bodies, strict=True)
        ]
        for thread in threads:
            thread.start()
        self._moving = self._random.choice(self._workers)
        self._moving.resume.release()
        self._over.acquire()
        for thread in threads:
            thread.join()
        errors = [one.error for one in self._workers if one.error is not None]
        self._workers, self._moving = [], None
        if errors:
            raise errors[0]

    def _work(self, own: _Worker, body: Callable[[], None]) -> None:
        own.resume.acquire()
        try:
            _lived(body)
        except BaseException as error:  # noqa: BLE001  # told by whoever runs the workers
            own.error = error
        finally:
            connections["default"].close()
            own.ended = True
            following = self._next()
            (self._over if following is None else following.resume).release()

    def who(self) -> int:
        """The place of the worker that moves."""
        return 0 if self._moving is None else self._workers.index(self._moving)

    def sleep(self, seconds: float) -> None:
        """A worker waits; the other goes on meanwhile."""
        ms = round(seconds * 1000)
        if self._moving is None:
            self._time.advance(ms)
            return
        self._moving.wake_ms = self._time.now_ms() + ms
        self._hand_over()

    def may_hand_over(self, chance: float) -> None:
        """Another worker may go on from here."""
        if self._moving is not None and self._random.random() < chance:
            self._hand_over()

    def _hand_over(self) -> None:
        own, following = self._moving, self._next()
        assert own is not None
        assert following is not None
        if following is not own:
            following.resume.release()
            own.resume.acquire()

    def _next(self) -> _Worker | None:
        """Who goes on: one that does not sleep, else the first to wake."""
        living = [one for one in self._workers if not one.ended]
        if not living:
            return None
        self._time.advance(max(0, min(one.wake_ms for one in living) - self._time.now_ms()))
        self._moving = self._random.choice([one for one in living if one.wake_ms <= self._time.now_ms()])
        return self._moving


def _lived(body: Callable[[], None]) -> None:
    try:
        body()
    except KilledError:
        return


class _Done(Future[Any]):
    """A call that was made; in a set it stands at its place, so that one seed is one history."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self._place = place

    def __hash__(self) -> int:
        return self._place


class InOrder(Executor):
    """Makes the calls of a round one after the other; a kill in one of them ends the worker at once."""

    def __init__(self, _in_flight: int) -> None:
        self._made = 0

    def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        made = _Done(self._made)
        self._made += 1
        try:
            made.set_result(work(*args, **named))
        except KilledError:
            raise
        except Exception as error:  # noqa: BLE001  # told by the call's result, as by any executor
            made.set_exception(error)
        return made
