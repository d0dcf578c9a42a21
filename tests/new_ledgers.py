"""New ledgers on SQLite, as copies of an empty one: to make one takes longer than all the rest of most tests.

Each has a key of its own, as if it had been made anew. How a ledger is made and migrated is for the tests of that room.
"""

import secrets
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from connector.ledger import close_store, open_store

_KEY_BYTES = 32


def put_new_ledger(path: Path) -> None:
    """Put a new ledger at this place, closed, for this user only; one that is there is written over."""
    content = _empty_ledger()  # the first time this closes the ledger that is open
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(content)
    with closing(sqlite3.connect(path)) as own, own:
        own.execute("PRAGMA synchronous = OFF")
        own.execute("UPDATE ledger_key SET value = ?", (secrets.token_hex(_KEY_BYTES),))


@cache
def _empty_ledger() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.sqlite3"
        open_store(path)
        close_store()
        return path.read_bytes()
