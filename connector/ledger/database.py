"""The one door to Django's connection: statements, transactions, and the names of what can go wrong with the file.

A stranger's trap: after an error inside a transaction nothing more may be done in it. Some errors of SQLite (a full
disk) have ended the transaction already, and the next statement would be committed on its own.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import local
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from connector.ledger.errors import RefusedError, StoreError

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.utils import DatabaseError

NOWHERE = ":memory:"  # the database name while no ledger is open; never connected to
_PRIMARY_CODE = 0xFF  # the low byte of SQLite's extended result codes


class Finishing(Protocol):
    """What a transaction keeps while it is open."""

    def finish(self) -> None:
        """The last step before it is committed."""


_Kept = TypeVar("_Kept", bound=Finishing)


class _Open(local):
    """What the open transaction of this thread keeps; None while none is open."""

    kept: dict[Callable[[], Finishing], Finishing] | None = None


_open = _Open()

_RESTORE = "Stop using this file; restore the latest backup, then run `connector doctor`."
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


def connection() -> "BaseDatabaseWrapper":
    """Django's connection of this thread to the open ledger.

    Raises:
        RuntimeError: no ledger is open, a defect of the program.
    """
    from django.conf import settings  # noqa: PLC0415 - Django is loaded at the first open, not at import
    from django.db import connections  # noqa: PLC0415 - as above

    if not settings.configured or connections["default"].settings_dict["NAME"] == NOWHERE:
        message = "no ledger is open: open_store comes first"
        raise RuntimeError(message)
    return connections["default"]


@contextmanager
def translated() -> Iterator[None]:
    """Turn the database's errors into `StoreError` and `RefusedError`; what is neither passes as it is."""
    from django.db import DatabaseError  # noqa: PLC0415 - Django is loaded at the first open, not at import

    try:
        yield
    except DatabaseError as error:
        current = connection()
        if current.in_atomic_block:
            current.set_rollback(True)
        named = _named(error)
        if named is None:
            raise
        raise named from error


def _named(error: "DatabaseError") -> StoreError | RefusedError | None:
    cause = error.__cause__
    if not isinstance(cause, sqlite3.Error):
        return None
    if cause.sqlite_errorcode & _PRIMARY_CODE == sqlite3.SQLITE_CONSTRAINT:
        return RefusedError(f"the ledger refuses the entry: {error}")
    return fault(cause)


def fault(error: sqlite3.Error) -> StoreError | None:
    """What an error of SQLite says about the file; None when it is about the statement."""
    found = _FAULTS.get(error.sqlite_errorcode & _PRIMARY_CODE)
    return None if found is None else StoreError(f"{found[0]} ({error})", found[1])


@contextmanager
def transaction() -> Iterator[None]:
    """One transaction that locks the ledger for writing from its start (BEGIN IMMEDIATE … COMMIT).

    Leaving with an exception writes nothing.

    Raises:
        RuntimeError: it stands inside another transaction, or an error inside it was caught and passed over.
        StoreError: the file refuses.
    """
    from django.db.transaction import atomic  # noqa: PLC0415 - Django is loaded at the first open, not at import

    current = connection()
    if current.in_atomic_block:
        message = "a transaction of the ledger is open already: they are not nested"
        raise RuntimeError(message)
    with translated(), atomic(durable=True), _keeping() as kept:
        yield
        if current.needs_rollback:
            message = "a step of this transaction failed and was passed over: nothing is written"
            raise RuntimeError(message)
        for one in list(kept.values()):
            one.finish()


@contextmanager
def _keeping() -> Iterator[dict[Callable[[], Finishing], Finishing]]:
    _open.kept = {}
    try:
        yield _open.kept
    finally:
        _open.kept = None


def of_transaction(kind: Callable[[], _Kept]) -> _Kept:
    """The one object of this kind that the open transaction keeps, made at its first use.

    Its `finish` runs as the transaction's last step; after that, and after an error, it is gone.

    Raises:
        RuntimeError: no transaction is open.
    """
    if _open.kept is None:
        message = "this belongs into a transaction of the ledger"
        raise RuntimeError(message)
    return cast("_Kept", _open.kept.setdefault(kind, kind()))


@contextmanager
def joined() -> Iterator[None]:
    """The open transaction, or one of its own where none is open."""
    if connection().in_atomic_block:
        yield
    else:
        with transaction():
            yield


def require_transaction(what: str) -> None:
    """Refuse a step that is only right together with its caller's other entries.

    Raises:
        RuntimeError: no transaction is open.
    """
    if not connection().in_atomic_block:
        message = f"{what} belongs into the transaction of the entries it serves"
        raise RuntimeError(message)


def execute(sql: str, parameters: Sequence[Any] = ()) -> int:
    """Run one statement; `?` stands for a parameter. Returns the number of rows it changed."""
    with translated(), connection().cursor() as cursor:
        cursor.execute(_placed(sql), parameters)
        return int(cursor.rowcount)


def execute_many(sql: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run one statement for every row."""
    with translated(), connection().cursor() as cursor:
        cursor.executemany(_placed(sql), rows)


def fetch(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    with translated(), connection().cursor() as cursor:
        cursor.execute(_placed(sql), parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _placed(sql: str) -> str:
    """SQL with `?` as Django wants it: its `%s`, with every other per cent sign doubled."""
    return sql.replace("%", "%%").replace("?", "%s")


def row_key(column: str) -> str:
    """What pages of a table are ordered by: SQLite's own row number, elsewhere its key column."""
    return "rowid" if stores_text() else f'"{column}"'


def stores_text() -> bool:
    """Whether the database keeps days and times as the text that was written: SQLite does."""
    return bool(connection().vendor == "sqlite")


@contextmanager
def damaged_text() -> Iterator[None]:
    """Read text that is no UTF-8 any more with a mark in its place, instead of failing on all rows around it."""
    connection().ensure_connection()
    raw: Any = connection().connection
    if not stores_text():
        yield
        return
    usual, raw.text_factory = raw.text_factory, lambda text: text.decode(errors="replace")
    try:
        yield
    finally:
        raw.text_factory = usual


def integrity() -> list[str]:
    """What SQLite finds wrong in its own file: tables, and indexes that say other than their tables."""
    if not stores_text():
        return []
    told = [line for (text,) in fetch("PRAGMA integrity_check") for line in str(text).splitlines()]
    return [line for line in told if line != "ok" and not line.startswith("***")]
