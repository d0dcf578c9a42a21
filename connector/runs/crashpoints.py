"""Named points at which the program can be stopped dead, to prove that running it again counts one.

They stand in the production code, so that what is tested is what runs. Unarmed, a point does nothing.
"""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

POINTS = (
    "plan:read",
    "plan:locked",
    "plan:made",
    "plan:run-written",
    "plan:before-commit",
    "plan:stored",
    "approve:checked",
    "approve:sources",
    "approve:master",
    "approve:clients",
    "approve:charges",
    "approve:documents",
    "approve:sealed",
    "approve:before-commit",
    "approve:committed",
    "erase:before-commit",
    "erase:committed",
    "push:locked",
    "push:released",
    "push:claimed",
    "push:looked-up",
    "push:adopted",
    "push:quarantined",
    "push:epoch",
    "push:checked",
    "push:contact-before-wire",
    "push:contact-after-wire",
    "push:contact-linked",
    "push:intent",
    "push:before-wire",
    "push:after-wire",
    "push:settled",
    "push:drift",
    "push:round",
    "push:apply-claimed",
    "push:apply-read",
    "push:apply-intent",
    "push:apply-before-wire",
    "push:apply-after-wire",
    "push:apply-settled",
    "sync:fetched",
    "sync:planned",
    "sync:decided",
    "sync:pushed",
    "sync:reconciled",
    "sync:reported",
    "rules:file",
    "rules:put",
)
VARIABLE = "CONNECTOR_CRASH_AT"


def kill_self() -> None:
    """End this process as a power cut would: nothing is flushed, closed or rolled back by us."""
    os.kill(os.getpid(), signal.SIGKILL)


def _pass(_name: str) -> None:
    """Do nothing at a point."""


@dataclass
class _Armed:
    name: str = ""
    left: int = 0
    action: Callable[[], None] = kill_self
    watch: Callable[[str], None] = _pass


_armed = _Armed()
_lock = Lock()


def arm(name: str, nth: int = 1, action: Callable[[], None] = kill_self) -> None:
    """Stop the nth time (from 1) that the point is reached. One point is armed at a time.

    Args:
        name: one of `POINTS`.
        nth: which time.
        action: what to do there instead of ending the process, for tests within one process.

    Raises:
        ValueError: there is no such point, or `nth` is below 1.
    """
    if name not in POINTS or nth < 1:
        message = f"there is no crash point {name!r} with a time {nth}; the points are {', '.join(POINTS)}"
        raise ValueError(message)
    with _lock:
        _armed.name, _armed.left, _armed.action = name, nth, action


def arm_from(text: str) -> None:
    """Arm what a text says: `push:claimed`, or `push:claimed#3` for the third time; an empty text disarms.

    Raises:
        ValueError: the text names no point.
    """
    if not text:
        disarm()
        return
    name, _, nth = text.partition("#")
    arm(name, int(nth) if nth else 1)


def watch(action: Callable[[str], None]) -> None:
    """Have every point tell its name to this, until `disarm`: for a simulation that decides at each what happens."""
    with _lock:
        _armed.watch = action


def disarm() -> None:
    """Let every point do nothing again."""
    with _lock:
        _armed.name, _armed.watch = "", _pass


def reached(name: str) -> None:
    """Mark that the program has come to a point; ends it there when that point is armed."""
    _armed.watch(name)
    with _lock:
        if _armed.name != name:
            return
        _armed.left -= 1
        if _armed.left > 0:
            return
        _armed.name = ""
    _armed.action()
