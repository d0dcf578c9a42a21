"""PostgreSQL: many writers at once, so that what must not happen together is held by name.

A stranger's trap: the program's own connection works as the role `connector_app` (see `postgres_guards`), whoever
logged in. Only migrations, guards and rights are made as the login itself.
"""

import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256
from typing import Any

import polars as pl

from connector.ledger.dialects import Cursor
from connector.ledger.dialects.postgres_faults import gone, named
from connector.ledger.dialects.postgres_guards import (
    DESCRIPTION,
    EXCESS,
    GUARDS,
    ROLE,
    SCHEMA,
    VERSION,
    completion,
    guards,
    mark,
    rights,
)
from connector.ledger.place import Server

__all__ = [
    "ALIKE",
    "DESCRIPTION",
    "EXCESS",
    "GUARDS",
    "LISTED",
    "ROLE",
    "STILL",
    "VERSION",
    "after_erasure",
    "before_guards",
    "bytewise",
    "completion",
    "damaged_text",
    "day",
    "entry",
    "gone",
    "guards",
    "hold",
    "integrity",
    "json",
    "mark",
    "moment",
    "named",
    "numbering",
    "parameters",
    "rights",
    "row_key",
    "write",
]

ALIKE = "ILIKE"
LISTED = "SELECT json_array_elements_text(?::json) AS value"
STILL = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
CONNECT_SECONDS = 10
_LOCK_SECONDS = 30  # as long as SQLite waits for a busy file
_STATEMENT_SECONDS = 1800
_ABANDONED_SECONDS = 1800
_SLOTS = 1024  # holds share so many locks: the server has room for some thousands in all
_SLICE_ROWS = 50_000
_BYTES = "\\\\x"  # what hexadecimal bytes begin with, escaped
_ESCAPES = (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))


def parameters(server: Server) -> dict[str, str]:
    """What every connection of the program is made with: bounded waits, our schema, and who it is."""
    limits = {
        "search_path": SCHEMA,
        "lock_timeout": f"{_LOCK_SECONDS}s",
        "statement_timeout": f"{_STATEMENT_SECONDS}s",
        "idle_in_transaction_session_timeout": f"{_ABANDONED_SECONDS}s",
    }
    return {
        "connect_timeout": str(CONNECT_SECONDS),
        **server.parameters(),
        "application_name": f"connector {os.getpid()} on {socket.gethostname()}"[:63],
        "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
    }


def entry(server: Server, *, as_login: bool = False) -> dict[str, Any]:
    """Django's settings for a server; `as_login`: without the role, for migrations."""
    options = parameters(server)
    stated = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    django = {name: options.pop(key, "") for name, key in stated.items()}
    role = {} if as_login else {"assume_role": ROLE}
    return {"ENGINE": "django.db.backends.postgresql", **django, "OPTIONS": {**options, **role}}


def moment(column: str) -> str:
    """The connection's time zone is UTC: Django sees to that."""
    return f"to_char(\"{column}\", 'YYYY-MM-DD HH24:MI:SS.US')"


def day(column: str) -> str:
    """Whatever the server's own style of dates is."""
    return f"to_char(\"{column}\", 'YYYY-MM-DD')"


def json(column: str) -> str:
    """Both of its types have a text."""
    return f'"{column}"::text'


def bytewise(column: str) -> str:
    """A database made for a language sorts by that language."""
    return f'"{column}" COLLATE "C"'


def write(cursor: Cursor, table: str, frame: pl.DataFrame, conflict: str) -> None:
    """COPY; one statement over arrays where rows are replaced, which COPY cannot do: of texts and whole numbers."""
    names = ", ".join(f'"{name}"' for name in frame.columns)
    if not conflict:
        with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
            for part in _copied(frame):
                copy.write(part)
        return
    arrays = ", ".join("%s::bigint[]" if kind.is_integer() else "%s::text[]" for kind in frame.dtypes)
    cursor.execute(
        f'INSERT INTO "{table}" ({names}) SELECT * FROM unnest({arrays}){conflict}',  # noqa: S608 - names from the schemas
        [frame[name].to_list() for name in frame.columns],
    )


def _copied(frame: pl.DataFrame) -> Iterator[bytes]:
    """The rows in COPY's own text form, which has an escape for every character and a mark for null.

    Times are in UTC, which is the connection's time zone: Django sees to that.
    """
    text: pl.Expr = pl.selectors.string()
    for sign, escape in _ESCAPES:
        text = text.str.replace_all(sign, escape, literal=True)
    held = [name for name, kind in frame.schema.items() if kind == pl.Binary]
    binary = [pl.concat_str(pl.lit(_BYTES), pl.col(name).bin.encode("hex")).alias(name) for name in held]
    for part in frame.iter_slices(_SLICE_ROWS):
        lines = part.with_columns(text, *binary)
        yield lines.write_csv(include_header=False, separator="\t", quote_style="never", null_value="\\N").encode()


def hold(cursor: Cursor, group: str, names: Iterable[str]) -> None:
    """Locks that end with the transaction, taken in one order by everyone, so that two cannot wait for each other."""
    slots = sorted({_number(name) % _SLOTS for name in {*names}})
    cursor.execute(
        "SELECT pg_advisory_xact_lock(%s, slot) FROM unnest(%s::int[]) AS slot", (_number(group) >> 1, slots)
    )
    cursor.fetchall()


def _number(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:4], "big")


def after_erasure() -> Sequence[str]:
    """The server's own clean-up takes erased rows away; it alone decides when."""
    return ()


def row_key(column: str) -> str:
    """A table has no order of its own."""
    return f'"{column}"'


def damaged_text(_raw: object) -> AbstractContextManager[None]:
    """The server hands out no text that is none."""
    return nullcontext()


def integrity() -> Sequence[str]:
    """The server's own checks need more rights than the program has."""
    return ()


def before_guards() -> Sequence[str]:
    """References are checked at the end of a transaction, and no trigger can be made while a check waits."""
    return ("SET CONSTRAINTS ALL IMMEDIATE",)


def numbering(tables: Sequence[str]) -> Sequence[str]:
    """The owner's right is needed."""
    return [
        f"SELECT setval(pg_get_serial_sequence('{one}', 'id'), max(id)) FROM {one} HAVING max(id) > 0"  # noqa: S608 - our tables
        for one in tables
    ]
