"""What is at work right now: calls that hold a key, calls that go on after their connection was dropped.

Owns the threads' meeting points. What a stranger would get wrong: all of it is in memory, for a killed process is at
work on nothing.
"""

import threading
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


class Late:
    """Work that goes on after its connection was dropped."""

    def __init__(self) -> None:
        """Begin with none."""
        self._threads: list[threading.Thread] = []

    def begin(self, work: Callable[[], object]) -> None:
        """Do the work in a thread of its own."""
        thread = threading.Thread(target=work, name="late commit", daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    def finish(self) -> None:
        """Wait for all of it."""
        for thread in self._threads:
            thread.join()
