"""The one door to Django's connection: statements, transactions, and the names of what can go wrong with the database.

A stranger's trap: after an error inside a transaction nothing more may be done in it. Some errors of SQLite (a full
disk) have ended the transaction already, and the next statement would be committed on its own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import local
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from connector.ledger.dialects import Dialect, sqlite

if TYPE_CHECKING:
    import polars as pl
    from django.db.backends.base.base import BaseDatabaseWrapper

# What becomes of a value where a row with its key is there: these of the old and the new one.
LEAST = "CASE WHEN excluded.{0} < {1}.{0} THEN excluded.{0} ELSE {1}.{0} END"
GREATEST = "CASE WHEN excluded.{0} > {1}.{0} THEN excluded.{0} ELSE {1}.{0} END"
SUM = "excluded.{0} + {1}.{0}"
_NEW = "excluded.{0}"
NOTHING_JOINED: Mapping[str, str] = {}
NOWHERE = ":memory:"  # the database name while no ledger is open; never connected to


class Finishing(Protocol):
    """What a transaction keeps while it is open."""

    def finish(self) -> None:
        """The last step before it is committed."""


_Kept = TypeVar("_Kept", bound=Finishing)


class _Open(local):
    """What the open transaction of this thread keeps; None while none is open."""

    kept: dict[Callable[[], Finishing], Finishing] | None = None


_open = _Open()


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


def dialect() -> Dialect:
    """What the database of the open ledger does in its own way."""
    if connection().vendor == "postgresql":
        from connector.ledger.dialects import postgres  # noqa: PLC0415 - psycopg is loaded only for a server

        return postgres
    return sqlite


@contextmanager
def translated() -> Iterator[None]:
    """Turn the database's errors into `StoreError` and `RefusedError`; what is neither passes as it is."""
    from django.db import Error  # noqa: PLC0415 - Django is loaded at the first open, not at import

    try:
        yield
    except Error as error:
        current, cause = connection(), error.__cause__ or error
        if current.in_atomic_block:
            current.set_rollback(True)
        elif dialect().gone(cause):
            current.close()  # the next step connects again
        named = dialect().named(cause)
        if named is None:
            raise
        raise named from error


@contextmanager
def transaction() -> Iterator[None]:
    """One transaction. Leaving with an exception writes nothing.

    On SQLite it locks the whole ledger for writing from its start (BEGIN IMMEDIATE). On PostgreSQL others write at the
    same time: what rests on something read must `hold` its names first.

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


def hold(names: Iterable[str], group: str = "records") -> None:
    """Keep every other transaction that names one of these from going on until this one ends.

    What is read afterwards is what the others left. Several groups are held in one order by everyone, or two
    transactions could wait for each other: first records (partners, clients), last the heads of hash chains.

    Raises:
        RuntimeError: no transaction is open.
        StoreError: another transaction holds one of them for too long.
    """
    require_transaction("holding names")
    with translated(), connection().cursor() as cursor:
        dialect().hold(cursor, group, names)


def write(
    table: str, frame: "pl.DataFrame", key: Sequence[str] = (), joined_by: Mapping[str, str] = NOTHING_JOINED
) -> None:
    """Add all rows of a frame by the database's fastest way, replacing those with the same `key` where one is given.

    Args:
        table: its name.
        frame: its rows.
        key: the columns of a unique key; empty where every row is new.
        joined_by: columns of which both values count where the key is there: the `LEAST`, the `GREATEST` or the `SUM`.
    """
    current = connection()
    with joined(), translated(), current.cursor() as cursor, current.wrap_database_errors:
        dialect().write(cursor, table, frame, conflict(table, frame.columns, key, joined_by))


def conflict(table: str, columns: Sequence[str], key: Sequence[str], joined_by: Mapping[str, str]) -> str:
    """What an insert does where its key is there, as both databases say it; empty without a key."""
    if not key:
        return ""
    rest = (f'"{one}" = {joined_by.get(one, _NEW).format(one, table)}' for one in columns if one not in key)
    names = ", ".join(f'"{one}"' for one in key)
    return f" ON CONFLICT ({names}) DO UPDATE SET {', '.join(rest)}"


def moment(column: str) -> str:
    """SQL for a time as its stored text, which `times.time_of` reads."""
    return dialect().moment(column)


def bytewise(column: str) -> str:
    """SQL that sorts a text by its bytes on every database."""
    return dialect().bytewise(column)


def overwrite_erased() -> None:
    """Let nothing of what was deleted remain where it lay, as far as the database can be told to.

    On SQLite that is done in the file and its write-ahead log when this returns, unless another process is reading just
    then; on PostgreSQL the server's clean-up does it later.
    """
    for step in dialect().after_erasure():
        fetch(step)


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
    """SQL for what pages of a table are ordered by: the table's own order of rows where it has one, else its key."""
    return dialect().row_key(column)


@contextmanager
def still() -> Iterator[None]:
    """One view of the ledger for several reads, whatever others write meanwhile. Nothing can be written inside."""
    execute(dialect().STILL)
    try:
        yield
    finally:
        execute("ROLLBACK")


@contextmanager
def damaged_text() -> Iterator[None]:
    """Read text that is no UTF-8 any more with a mark in its place, instead of failing on all rows around it."""
    connection().ensure_connection()
    with dialect().damaged_text(connection().connection):
        yield


def integrity() -> list[str]:
    """What the database finds wrong in its own tables and indexes, as far as it can be asked."""
    told = [line for step in dialect().integrity() for (text,) in fetch(step) for line in str(text).splitlines()]
    return [line for line in told if line != "ok" and not line.startswith("***")]
