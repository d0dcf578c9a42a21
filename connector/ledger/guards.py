"""The triggers that make tables append-only, and the check that they are there.

A stranger's trap: a migration of Django that rebuilds a table on SQLite drops its triggers without a word, so they are
installed again after every migration and compared, text by text, at every open.

Each unique key has a guard of its own, because INSERT OR REPLACE on any of them would delete the row it collides with.
An insert refuses on the same key whether or not the contents are the same: to skip known rows is the caller's step.
"""

from collections.abc import Iterator
from hashlib import sha256

from connector.ledger import database
from connector.ledger.schemas import APPEND_ONLY, UNIQUE

_PREFIX = "guard_"
_REVISION = (
    "a revision above 1 exists only where the one before it is fully credited,"
    " and there are no credit notes in this version"
)


def triggers() -> dict[str, str]:
    """Every guard's name and the SQL that makes it."""
    return {name: f"CREATE TRIGGER {name} {body}" for table in APPEND_ONLY for name, body in _of(table)}


def _of(table: str) -> Iterator[tuple[str, str]]:
    for verb, done in (("UPDATE", "changed"), ("DELETE", "deleted")):
        refusal = f"{table} is append-only: its rows are never {done}"
        yield f"{_PREFIX}{table}_{verb.lower()}", f'BEFORE {verb} ON "{table}" BEGIN {_raise(refusal)} END'
    # In a BEFORE INSERT trigger an automatic id is still −1, which no row has: a constraint of the table sees to that.
    keys = (*UNIQUE[table], ("id",)) if "id" in APPEND_ONLY[table] else UNIQUE[table]
    for key in keys:
        same = " AND ".join(f'"{column}" = NEW."{column}"' for column in key)
        refusal = f"{table} holds a row with this {', '.join(key)} already"
        taken = f'WHEN EXISTS (SELECT 1 FROM "{table}" WHERE {same})'  # noqa: S608 - names from the schemas
        body = f'BEFORE INSERT ON "{table}" {taken} BEGIN {_raise(refusal)} END'
        yield f"{_PREFIX}{table}_insert_{'_'.join(key)}", body
    if table == "charge":
        yield (
            f"{_PREFIX}charge_revision",
            f"BEFORE INSERT ON charge WHEN NEW.revision > 1 BEGIN {_raise(_REVISION)} END",
        )


def _raise(refusal: str) -> str:
    return f"SELECT RAISE(ABORT, '{refusal}');"


def version() -> int:
    """A number that changes with the guards; the database keeps it while its guards are complete."""
    text = "\n".join(triggers().values())
    return int.from_bytes(sha256(text.encode()).digest()[:4], "big") >> 1 or 1


def remove() -> None:
    """Take every guard away, for a migration that rebuilds or fills a guarded table."""
    database.require_transaction("removing guards")
    for (name,) in database.fetch("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        if name.startswith(_PREFIX):
            database.execute(f'DROP TRIGGER "{name}"')


def install() -> None:
    """Put every guard in place, in the open transaction, replacing what has its name."""
    remove()
    for sql in triggers().values():
        database.execute(sql)


def missing() -> tuple[str, ...]:
    """The names of guards that are absent or not as they were installed."""
    found = dict(database.fetch("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    return tuple(name for name, sql in triggers().items() if found.get(name) != sql)
