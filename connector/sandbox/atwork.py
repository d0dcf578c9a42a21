"""What is at work right now: calls that hold a key, calls that go on after their connection was dropped; and the time.

Owns the threads' meeting points and the clock. What a stranger would get wrong: all of it is in memory, for a killed
process is at work on nothing.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Running:
    """The keys whose first call is still at work."""

    def __init__(self) -> None:
        """Begin with no call at work."""
        self._free = threading.Condition()
        self._keys: set[tuple[str, str]] = set()

    @contextmanager
    def hold(self, app: str, key: str, *, wait: bool) -> Iterator[bool]:
        """Hold the key; yields ``False`` when another call holds it and we do not wait."""
        taken = self._take(app, key, wait=wait)
        try:
            yield taken
        finally:
            if taken:
                with self._free:
                    self._keys.discard((app, key))
                    self._free.notify_all()

    def _take(self, app: str, key: str, *, wait: bool) -> bool:
        with self._free:
            while key and (app, key) in self._keys:
                if not wait:
                    return False
                self._free.wait()
            self._keys.add((app, key))
            return True


class Slots:
    """How many calls of an app run against a tenant right now."""

    def __init__(self) -> None:
        """Begin with no call running."""
        self._lock = threading.Lock()
        self._running: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def take(self, app: str, tenant: str, limit: int) -> Iterator[bool]:
        """Hold a slot for the length of a call; yields whether there was one."""
        with self._lock:
            is_free = self._running[app, tenant] < limit
            self._running[app, tenant] += is_free
        try:
            yield is_free
        finally:
            with self._lock:
                self._running[app, tenant] -= is_free


class RealTime:
    """The time of this machine. A simulation hands in its own, in which nothing happens by itself."""

    def __init__(self) -> None:
        """Begin with no work that goes on."""
        self._threads: list[threading.Thread] = []

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def begin(self, work: Callable[[], object]) -> None:
        """Do, beside all else, the work of a call whose connection was dropped; it waits by itself."""
        thread = threading.Thread(target=work, name="late commit", daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    def finish(self) -> None:
        """Wait until all of that is done."""
        for thread in self._threads:
            thread.join()
