"""The state file: one SQLite database, one connection, one lock.

Owns the schema and the transactions. What a stranger would get wrong: all that a request changes, its idempotency
record included, is one transaction, so a killed process leaves whole batches only; ``synchronous=NORMAL`` in WAL mode
survives the death of the process (not of the machine), which is what a stand-in needs.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.sandbox import jsontext, settings
from connector.sandbox.settings import Settings

_FIRST = """
create table meta(name text primary key, value text not null) without rowid;
create table objects(
    seq integer primary key,
    tenant text not null, kind text not null, id text not null,
    number text not null, name_key text not null, reference text not null, status text not null, type text not null,
    contact_id text not null, email text not null, day text not null, app text not null,
    created_ms integer not null, updated_ms integer not null, body text not null,
    unique(tenant, kind, id));
create index objects_by_number on objects(tenant, kind, number);
create index objects_by_name on objects(tenant, kind, name_key);
create index objects_by_reference on objects(tenant, kind, reference);
create index objects_by_contact on objects(tenant, kind, contact_id);
create table tokens(token text primary key, app text not null, scope text not null, expires_ms integer not null);
create table keys(
    app text not null, key text not null, fingerprint text not null, first_ms integer not null,
    status integer not null, content_type text not null, body blob not null, primary key(app, key)) without rowid;
create table calls(app text not null, tenant text not null, at_ms integer not null);
create index calls_by_tenant on calls(app, tenant, at_ms);
create index calls_by_app on calls(app, at_ms);
create table counters(name text primary key, n integer not null) without rowid;
create table faults(
    id integer primary key, kind text not null, times integer not null, skip integer not null, path text not null,
    tenant text not null, method text not null, seconds text not null, retry_after integer not null);
"""

_SECOND = """
alter table faults add column service text not null default 'xero';
create table codes(
    code text primary key, realm text not null, scope text not null, redirect text not null,
    expires_ms integer not null) without rowid;
create table refresh_tokens(
    token text primary key, realm text not null, scope text not null, issued_ms integer not null,
    expires_ms integer not null, hard_ms integer not null) without rowid;
"""

_THIRD = """
create table xero_codes(
    code text primary key, client text not null, scope text not null, redirect text not null, challenge text not null,
    expires_ms integer not null) without rowid;
create table xero_refresh_tokens(
    token text primary key, client text not null, scope text not null, expires_ms integer not null,
    replaced_ms integer not null) without rowid;
create table xero_connections(
    client text not null, tenant text not null, connected_ms integer not null,
    primary key(client, tenant)) without rowid;
"""

STEPS = (_FIRST, _SECOND, _THIRD)
VERSION = len(STEPS)


class StateError(Exception):
    """The state file cannot be used: it is no database, or of another version of the sandbox."""


@contextmanager
def _worded(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, StateError) as error:
        message = f"{path} cannot be used as a sandbox state file: {error}"
        raise StateError(message) from error


class Store:
    """The open state file; every use goes through ``transaction``."""

    def __init__(self, path: Path, clock_ms: Callable[[], int]) -> None:
        """Open the file, or make it; ``StateError`` when it is something else."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        with _worded(path):
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._db.create_function("clock_ms", 0, clock_ms)
        try:
            with _worded(path):
                self._prepare()
        except StateError:
            self._db.close()
            raise

    def _prepare(self) -> None:
        self._db.execute("pragma journal_mode=wal")
        self._db.execute("pragma synchronous=normal")
        (version,) = self._db.execute("pragma user_version").fetchone()
        if version not in range(VERSION + 1):
            message = f"it was written by version {version} of the sandbox, this is version {VERSION}"
            raise StateError(message)
        if version < VERSION:
            steps = " ".join(STEPS[version:])
            self._db.executescript(f"begin immediate; {steps} pragma user_version={VERSION}; commit;")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One writer at a time; commits at the end, rolls back on any exception."""
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def close(self) -> None:
        """Close the file; a later use is an error."""
        with self._lock:
            self._db.close()


def get(db: sqlite3.Connection, name: str) -> object:
    """A remembered JSON value, or ``None``."""
    row = db.execute("select value from meta where name = ?", (name,)).fetchone()
    return None if row is None else jsontext.read(row[0])


def put(db: sqlite3.Connection, name: str, value: object) -> None:
    """Remember a JSON value."""
    db.execute("insert or replace into meta values (?, ?)", (name, jsontext.write(value)))


def count(db: sqlite3.Connection, name: str) -> int:
    """Add one to a counter and give its new value."""
    sql = "insert into counters values (?, 1) on conflict(name) do update set n = n + 1 returning n"
    (value,) = db.execute(sql, (name,)).fetchone()
    return int(value)


def counted(db: sqlite3.Connection, name: str) -> int:
    """The value of a counter; 0 before its first count."""
    row = db.execute("select n from counters where name = ?", (name,)).fetchone()
    return 0 if row is None else int(row[0])


def now_ms(db: sqlite3.Connection) -> int:
    """The sandbox's clock: the time it was given, plus the shift set by ``POST /sandbox/clock``."""
    shift = get(db, "clock_shift_ms")
    (now,) = db.execute("select clock_ms()").fetchone()
    return int(now) + (shift if isinstance(shift, int) else 0)


def settings_in_force(db: sqlite3.Connection, name: str, default: Settings) -> Settings:
    """The limits or switches remembered under that name, over the defaults."""
    return settings.changed(default, jsontext.as_record(get(db, name)) or {})
