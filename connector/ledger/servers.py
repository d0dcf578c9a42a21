"""A PostgreSQL server before Django looks at it: reached, known as a ledger by its schema's comment, locked by name.

A stranger's trap: a lock is held by the connection that took it. When the server ends that connection (a restart), the
lock is free although its holder still works; what must then not happen twice is kept by keys and fences.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import psycopg

from connector.ledger.dialects import postgres
from connector.ledger.dialects.postgres_guards import MARK, MAY_BE, ROLE, SCHEMA
from connector.ledger.errors import StoreError
from connector.ledger.locks import PAUSE_SECONDS
from connector.ledger.place import Server

OLDEST = 15
_HOLDER = """
SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid)
 WHERE locktype = 'advisory' AND granted AND classid::bigint = %s AND objid::bigint = %s AND objsubid = 1
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@dataclass(frozen=True)
class Standing:
    """What a login finds in a database.

    Attributes:
        version: the server's main version.
        login: the login's name.
        comment: the comment of the schema `connector`; None: there is no such schema.
        owns: the login may make or change the ledger's tables.
        may_be: it may act as the role `connector_app`; None: there is no such role.
        makes_roles: it may make roles.
    """

    version: int
    login: str
    comment: str | None
    owns: bool
    may_be: bool | None
    makes_roles: bool

    @property
    def guarded(self) -> bool:
        """Whether guards and rights were installed to their end."""
        return (self.comment or "").startswith(MARK) and self.comment != f"{MARK}0"


def holds_ledger(server: Server) -> bool:
    """Whether the database holds a ledger."""
    with connected(server) as connection:
        return (standing(connection).comment or "").startswith(MARK)


def claim_schema(server: Server, connection: "psycopg.Connection[Any]") -> Standing:
    """Make the ledger's schema where it is absent, and refuse one that is something else.

    Raises:
        StoreError: it is another program's, the server is too old, or the login may not make it.
    """
    found = standing(connection)
    if found.version < OLDEST:
        message = f"the ledger's server is PostgreSQL {found.version}"
        raise StoreError(message, f"Use PostgreSQL {OLDEST} or newer.")
    if found.comment is None and not found.owns:
        message = f"{server} holds no ledger yet, and {found.login} may not make one"
        raise StoreError(message, "Let the database's owner run `connector doctor` first.")
    if found.comment is None:
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
        connection.execute(postgres.mark(0))
    elif not found.comment.startswith(MARK):
        message = f"{server} has a schema {SCHEMA!r} of another program"
        raise StoreError(message, "Name another database; nothing was changed in this one.")
    return found


def require_role(server: Server, found: Standing) -> None:
    """See that the login may act as the role that the program works as.

    Raises:
        StoreError: there is no such role, or it is not given to this login.
    """
    if found.may_be is None:
        message = f"{server}: there is no role {ROLE} to work as, and {found.login} may not make it"
        step = f"Let an administrator run: CREATE ROLE {ROLE} NOLOGIN; GRANT {ROLE} TO {found.login};"
        raise StoreError(message, step)
    if not found.may_be:
        message = f"{server}: {found.login} may not act as the role {ROLE}, as which the program works"
        raise StoreError(message, f"Let an administrator run: GRANT {ROLE} TO {found.login};")


def standing(connection: "psycopg.Connection[Any]") -> Standing:
    """Look without changing anything."""
    row = connection.execute(
        f"""
        SELECT current_setting('server_version_num')::int / 10000, current_user::text,
               CASE WHEN n.oid IS NOT NULL THEN coalesce(obj_description(n.oid, 'pg_namespace'), '') END,
               CASE WHEN n.oid IS NULL THEN has_database_privilege(current_database(), 'CREATE')
                    ELSE pg_has_role(n.nspowner, 'USAGE') END,
               {MAY_BE},
               (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user)
          FROM (SELECT 1) AS one LEFT JOIN pg_namespace AS n ON n.nspname = '{SCHEMA}'
        """  # noqa: S608 - names of ours
    ).fetchone()
    assert row is not None  # noqa: S101 - the query has exactly one row
    return Standing(*row)


@contextmanager
def server_lock(server: Server, name: str, wait_seconds: float = 0) -> "Iterator[psycopg.Connection[Any]]":
    """Hold a named lock of the ledger: `locks.process_lock` on a server. Yields the connection that holds it.

    Raises:
        StoreError: another process holds it, or the server refuses.
    """
    number = int.from_bytes(sha256(f"process lock {name}".encode()).digest()[:8], "big", signed=True)
    deadline = time.monotonic() + wait_seconds
    with connected(server) as connection:
        while not _taken(connection, number):
            if time.monotonic() >= deadline:
                holder = _holder(connection, number)
                message = f"another process ({holder}) holds the lock {name!r}"
                raise StoreError(message, "Wait until it ends, then run the same command again.")
            time.sleep(PAUSE_SECONDS)
        yield connection


def _taken(connection: "psycopg.Connection[Any]", number: int) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", (number,)).fetchone()
    return bool(row and row[0])


def _holder(connection: "psycopg.Connection[Any]", number: int) -> str:
    unsigned = number % 2**64
    row = connection.execute(_HOLDER, (unsigned >> 32, unsigned % 2**32)).fetchone()
    return str(row[0]).replace("connector ", "number ", 1) if row else "unknown"


@contextmanager
def connected(server: Server) -> "Iterator[psycopg.Connection[Any]]":
    """A connection of its own beside Django's, each statement committed by itself; errors of its users pass unchanged.

    Raises:
        StoreError: the server cannot be reached or refuses; the message holds no password.
    """
    connection = None
    try:
        connection = psycopg.connect(**postgres.parameters(server), autocommit=True)  # type: ignore[arg-type]
        yield connection
    except psycopg.Error as error:
        raise told(server, error) from None
    finally:
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()


def told(server: Server, error: psycopg.Error) -> StoreError:
    """What stands against using the server, without its password."""
    found = postgres.named(error)
    message = found.message if isinstance(found, StoreError) else str(found or error).strip()
    step = found.next_step if isinstance(found, StoreError) else "See the server's log, then run `connector doctor`."
    if server.password:
        message = message.replace(server.password, "…")
    return StoreError(f"{server}: {message}", step)
