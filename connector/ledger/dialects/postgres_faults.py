"""What PostgreSQL's errors mean, by their five-character code; a connection that never came to be has only a text.

A stranger's trap: the detail of a refused row holds its values, which may be personal. Only names are taken from it.
"""

import re
from collections.abc import Mapping

import psycopg
from psycopg import errors

from connector.ledger.errors import RefusedError, StoreError

_AGAIN = "Run the same command again; nothing of this step was written."
_SERVER = "See that the server runs and is reached from here, then run the same command again."
_LOGIN = "Give the password in PGPASSWORD or ~/.pgpass, or see the server's pg_hba.conf."
_FAULTS: Mapping[str, tuple[str, str]] = {
    "08": ("the connection to the ledger's server was lost", _SERVER),
    "25006": ("the ledger cannot be written: the server only lets it be read", "Name the server that may be written."),
    "28": ("the ledger's server does not let this login in", _LOGIN),
    "3D": ("the ledger's database is not there", "Let an administrator make it: CREATE DATABASE …"),
    "40": ("another process wrote to the ledger at the same moment", _AGAIN),
    "53100": ("there is no space left for the ledger", f"Free space on the server's disk. {_AGAIN}"),
    "53": ("the ledger's server has no room for more work", f"Wait a little, or raise its limits. {_AGAIN}"),
    "55P03": ("another program has kept the ledger locked for too long", f"Wait until it ends, or end it. {_AGAIN}"),
    "57014": ("the ledger's server stopped a step that took too long", _AGAIN),
    "57": ("the ledger's server was shut down or crashed", _SERVER),
    "58": ("the ledger's server failed to read or write its disk", "Check the server's disk, then `connector doctor`."),
    "XX001": ("the ledger's database is damaged", "Stop using it; restore the latest dump, then `connector doctor`."),
    "XX002": (
        "an index of the ledger is damaged",
        "Let an administrator run REINDEX DATABASE, then `connector doctor`.",
    ),
}
_UNCONNECTED = (
    ("password authentication failed", "28"),
    ("no password supplied", "28"),
    ("no pg_hba.conf entry", "28"),
    ("is not permitted to log in", "28"),
    ("role ", "28"),
    ("database ", "3D"),
    ("the database system is", "57"),
    ("too many", "53"),
    ("remaining connection slots", "53"),
)
_REFUSING = ("22", "23", "42501", "P0001")


def named(cause: BaseException) -> StoreError | RefusedError | None:
    """What an error means: a rule of the ledger, or the server."""
    if not isinstance(cause, psycopg.Error):
        return None
    code = cause.sqlstate or ""
    if code.startswith(_REFUSING) or isinstance(cause, psycopg.DataError):  # the library refuses some values itself
        return RefusedError(f"the ledger refuses the entry: {_told(cause)}")
    found = _found(code)
    if found is None and isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError) and not code:
        found = _unconnected(str(cause))
    return None if found is None else StoreError(f"{found[0]} ({_first_line(str(cause))})", found[1])


def gone(cause: BaseException) -> bool:
    """Whether the connection is of no use any more."""
    code = getattr(cause, "sqlstate", None) or ""
    lost = isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError) and not code
    return lost or (code.startswith(("08", "57P")))


def _found(code: str) -> tuple[str, str] | None:
    return _FAULTS.get(code) or _FAULTS.get(code[:2])


def _unconnected(text: str) -> tuple[str, str]:
    if "FATAL" in text:
        for words, code in _UNCONNECTED:
            if words in text:
                return _FAULTS[code]
    if "fe_sendauth" in text:
        return _FAULTS["28"]
    return ("the ledger's server cannot be reached", _SERVER)


def _told(cause: psycopg.Error) -> str:
    if isinstance(cause, errors.UniqueViolation):
        named = re.match(r'[^(]*\("?(.*?)"?\)=', cause.diag.message_detail or "")
        columns = named[1].replace('"', "") if named else cause.diag.constraint_name
        return f"{cause.diag.table_name} holds a row with this {columns} already"
    return cause.diag.message_primary or _first_line(str(cause))


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
