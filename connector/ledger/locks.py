"""Locks between processes: a file beside the ledger's file, or a lock of its server. They end with their process.

A stranger's trap: the lock file stays when the lock is given up. Deleting it would let two processes hold two files of
one name.
"""

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.ledger.errors import StoreError
from connector.ledger.place import Place, Server

PAUSE_SECONDS = 0.05


@contextmanager
def process_lock(place: Place, name: str, wait_seconds: float = 0) -> Iterator[None]:
    """Hold a named lock of the ledger, one process (and one holder within it) at a time.

    Args:
        place: the ledger's file or server.
        name: what is locked, such as an accounting tenant.
        wait_seconds: how long to wait for another holder.

    Raises:
        StoreError: another process holds it, the lock's file cannot be written, or the server cannot be reached.
    """
    if isinstance(place, Server):
        from connector.ledger.servers import server_lock  # noqa: PLC0415 - psycopg is loaded when a server is used

        with server_lock(place, name, wait_seconds):
            yield
    else:
        with _file_lock(place, name, wait_seconds):
            yield


@contextmanager
def _file_lock(path: Path, name: str, wait_seconds: float) -> Iterator[None]:
    readable = re.sub(r"[^A-Za-z0-9-]", lambda found: f"_{ord(found[0]):x}_", name)
    place = path.with_name(f"{path.name}.{readable}.lock")
    handle = _opened(place)
    try:
        _take(handle, name, time.monotonic() + wait_seconds)
        _sign(handle, place)
        yield
    finally:
        os.close(handle)


def _opened(place: Path) -> int:
    try:
        return os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unwritable(place, error) from error


def _take(handle: int, name: str, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                holder = os.pread(handle, 20, 0).decode(errors="replace") or "unknown"
                message = f"another process (number {holder}) holds the lock {name!r}"
                raise StoreError(message, "Wait until it ends, then run the same command again.") from error
            time.sleep(PAUSE_SECONDS)
        else:
            return


def _sign(handle: int, place: Path) -> None:
    """Write this process's number into the lock's file, for the message of the next one that comes."""
    try:
        os.truncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
    except OSError as error:
        raise _unwritable(place, error) from error


def _unwritable(place: Path, error: OSError) -> StoreError:
    message = f"the lock {place} cannot be written ({error.strerror})"
    return StoreError(message, "Make the ledger's folder writable for this user and see that its disk has space.")
