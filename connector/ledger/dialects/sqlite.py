"""SQLite: one file, one writer at a time; a transaction locks the whole ledger from its start.

A stranger's trap: SQLite stores anything in any column, and forgets a table's triggers when a migration rebuilds it.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from connector.ledger.conditions import (
    ADJUSTMENT_FITS,
    ADJUSTMENT_REFUSED,
    CREDIT_IS_WHOLE,
    CREDIT_REFUSED,
    REVISION_REFUSED,
    REVISION_STANDS,
    refusal,
)
from connector.ledger.dialects import Cursor
from connector.ledger.errors import RefusedError, StoreError
from connector.ledger.schemas import APPEND_ONLY, UNIQUE

BUSY_SECONDS = 30
GUARDS = """
SELECT name, sql, 'DROP TRIGGER "' || name || '"'
  FROM sqlite_master WHERE type = 'trigger' AND substr(name, 1, 6) = 'guard_'
"""
VERSION = "PRAGMA user_version"
STILL = "BEGIN DEFERRED"
DESCRIPTION = "SELECT 'SQLite ' || sqlite_version()"
ALIKE = "LIKE"
LISTED = "SELECT value FROM json_each(?)"
_PRIMARY_CODE = 0xFF  # the low byte of SQLite's extended result codes
_RESTORE = "Stop using this ledger; restore the latest backup, then run `connector doctor`."
_FAULTS = {
    sqlite3.SQLITE_FULL: (
        "there is no space left for the ledger",
        "Free space on its disk and run the same command again; nothing of this step was written.",
    ),
    sqlite3.SQLITE_READONLY: (
        "the ledger cannot be written",
        "Make the file and its folder writable for this user and run the same command again.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "the ledger cannot be opened",
        "Check that it is a file, and that this user may write to it and to its folder.",
    ),
    sqlite3.SQLITE_BUSY: (
        "another program has kept the ledger locked for too long",
        "Wait until it ends, or end it, and run the same command again; nothing of this step was written.",
    ),
    sqlite3.SQLITE_LOCKED: (
        "another part of this program keeps the ledger locked",
        "Run the same command again; nothing of this step was written.",
    ),
    sqlite3.SQLITE_IOERR: (
        "the disk failed to read or write the ledger",
        "Check the disk and its free space, then run `connector doctor`.",
    ),
    sqlite3.SQLITE_CORRUPT: ("the ledger's file is damaged", _RESTORE),
    sqlite3.SQLITE_NOTADB: (
        "the file is not a ledger: it is no SQLite database",
        "Name another file; nothing was changed in this one.",
    ),
}


def entry(path: Path) -> dict[str, Any]:
    """Django's settings for a file."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "timeout": BUSY_SECONDS,
            "transaction_mode": "IMMEDIATE",
            # recursive_triggers: without it INSERT OR REPLACE deletes a guarded row unseen.
            # secure_delete: an erased name is overwritten in the file, not only unlinked.
            # cache_size: digests are random keys; a run that writes many needs their indexes at hand (256 MiB).
            "init_command": (
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                " PRAGMA recursive_triggers = ON; PRAGMA secure_delete = ON; PRAGMA cache_size = -262144"
            ),
        },
    }


def named(cause: BaseException) -> StoreError | RefusedError | None:
    """What an error means: a rule of the ledger, or the file."""
    if not isinstance(cause, sqlite3.Error):
        return None
    if _code(cause) == sqlite3.SQLITE_CONSTRAINT:
        return RefusedError(f"the ledger refuses the entry: {cause}")
    return fault(cause)


def fault(error: sqlite3.Error) -> StoreError | None:
    """What an error of SQLite says about the file; None when it is about the statement."""
    found = _FAULTS.get(_code(error))
    return None if found is None else StoreError(f"{found[0]} ({error})", found[1])


def _code(error: sqlite3.Error) -> int:
    """What SQLite says; Python's own complaint, about a text that is no UTF-8, has no code and means damage."""
    told: int | None = getattr(error, "sqlite_errorcode", None)
    if told is None:
        return sqlite3.SQLITE_CORRUPT if "decode" in str(error) else sqlite3.SQLITE_ERROR
    return told & _PRIMARY_CODE


def gone(_cause: BaseException) -> bool:
    """A file does not go away."""
    return False


def moment(column: str) -> str:
    """Times are stored as text."""
    return f'CAST("{column}" AS TEXT)'


def day(column: str) -> str:
    """So are days."""
    return f'CAST("{column}" AS TEXT)'


def json(column: str) -> str:
    """JSON is stored as text."""
    return f'"{column}"'


def bytewise(column: str) -> str:
    """SQLite knows no other order."""
    return f'"{column}"'


def write(cursor: Cursor, table: str, frame: pl.DataFrame, conflict: str) -> None:
    """One statement for all rows.

    OR FAIL, as the guards of inserts say: a statement that could have to be taken back alone makes SQLite copy every
    page that it touches, which doubles the time. What fails is taken back with its transaction.
    """
    names = ", ".join(f'"{name}"' for name in frame.columns)
    marks = ", ".join(["%s"] * frame.width)
    verb = "INSERT" if conflict else "INSERT OR FAIL"
    sql = f'{verb} INTO "{table}" ({names}) VALUES ({marks}){conflict}'
    cursor.executemany(sql, frame.rows())


def hold(_cursor: Cursor, _group: str, _names: Iterable[str]) -> None:
    """The transaction holds the whole ledger already."""


def guards() -> Mapping[str, str]:
    """A trigger for each way to change a row.

    Each unique key has a guard of its own, because INSERT OR REPLACE on any of them would delete the row it collides
    with. An insert refuses on the same key whether or not the contents are the same: to skip known rows is the caller's
    step.
    """
    return {name: f"CREATE TRIGGER {name} {body}" for table in APPEND_ONLY for name, body in _of(table)}


def _of(table: str) -> Iterator[tuple[str, str]]:
    for verb in ("UPDATE", "DELETE"):
        yield f"guard_{table}_{verb.lower()}", f'BEFORE {verb} ON "{table}" BEGIN {_raise(refusal(table, verb))} END'
    # In a BEFORE INSERT trigger an automatic id is still −1, which no row has: a constraint of the table sees to that.
    keys = (*UNIQUE[table], ("id",)) if "id" in APPEND_ONLY[table] else UNIQUE[table]
    for key in keys:
        same = " AND ".join(f'"{column}" = NEW."{column}"' for column in key)
        told = f"{table} holds a row with this {', '.join(key)} already"
        taken = f'WHEN EXISTS (SELECT 1 FROM "{table}" WHERE {same})'  # noqa: S608 - names from the schemas
        yield f"guard_{table}_insert_{'_'.join(key)}", f'BEFORE INSERT ON "{table}" {taken} BEGIN {_fail(told)} END'
    if table == "charge":
        stands = REVISION_STANDS.format("")
        when = f"BEFORE INSERT ON charge WHEN NEW.revision > 1 AND NOT {stands}"
        yield "guard_charge_revision", f"{when} BEGIN {_fail(REVISION_REFUSED)} END"
    if table == "credit":
        when = f"BEFORE INSERT ON credit WHEN NOT {CREDIT_IS_WHOLE.format('')}"
        yield "guard_credit_amount", f"{when} BEGIN {_fail(CREDIT_REFUSED)} END"
    if table == "adjustment":
        when = f"BEFORE INSERT ON adjustment WHEN NOT {ADJUSTMENT_FITS.format('')}"
        yield "guard_adjustment_charge", f"{when} BEGIN {_fail(ADJUSTMENT_REFUSED)} END"


def _raise(told: str) -> str:
    return f"SELECT RAISE(ABORT, '{told}');"


def _fail(told: str) -> str:
    """Refuse the row; rows that the same statement has added before it are new ones like any other. See `write`."""
    return f"SELECT RAISE(FAIL, '{told}');"


def completion(_name: str) -> Sequence[str]:
    """A trigger is whole by its text."""
    return ()


def rights() -> Sequence[str]:
    """A file knows no users: who may write it may write all of it."""
    return ()


def mark(version: int) -> str:
    """The version stands in the file's header."""
    return f"PRAGMA user_version = {version:d}"


def after_erasure() -> Sequence[str]:
    """What was erased is overwritten in the write-ahead log too, unless another process is reading at that moment."""
    return ("PRAGMA wal_checkpoint(TRUNCATE)",)


def row_key(_column: str) -> str:
    """Its own row numbers: an index could tell another story than the table."""
    return "rowid"


@contextmanager
def damaged_text(raw: sqlite3.Connection) -> Iterator[None]:
    """A byte that was changed in the file can leave a text that is no UTF-8."""
    usual, raw.text_factory = raw.text_factory, lambda text: text.decode(errors="replace")
    try:
        yield
    finally:
        raw.text_factory = usual


def integrity() -> Sequence[str]:
    """Tables, and indexes that say other than their tables."""
    return ("PRAGMA integrity_check",)


def before_guards() -> Sequence[str]:
    """Nothing waits."""
    return ()


def numbering(_tables: Sequence[str]) -> Sequence[str]:
    """Numbers go on after the highest by themselves."""
    return ()
