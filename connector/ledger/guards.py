"""The triggers and rights that make tables append-only, and the check that they are there.

A stranger's trap: a migration of Django that rebuilds a table on SQLite drops its triggers without a word, so they are
installed again after every migration and compared, text by text, at every open. What they are, each dialect says.
"""

from hashlib import sha256

from connector.ledger import database


def version() -> int:
    """A number that changes with the guards; the database keeps it while its guards are complete."""
    own = database.dialect()
    text = "\n".join([*own.guards().values(), *own.rights()])
    return int.from_bytes(sha256(text.encode()).digest()[:4], "big") >> 1 or 1


def noted() -> int:
    """The version that the database keeps; 0: none, or a migration was cut short."""
    [(number,)] = database.fetch(database.dialect().VERSION)
    return int(number)


def note(number: int) -> None:
    """Keep the version in the database."""
    database.execute(database.dialect().mark(number))


def remove() -> None:
    """Take every guard away, for a migration that rebuilds or fills a guarded table."""
    database.require_transaction("removing guards")
    for _, _, drop in database.fetch(database.dialect().GUARDS):
        database.execute(drop)


def install() -> None:
    """Put every guard in place, in the open transaction, replacing what has its name."""
    remove()
    own = database.dialect()
    for name, sql in own.guards().items():
        for step in (sql, *own.completion(name)):
            database.execute(step)
    for step in own.rights():
        database.execute(step)


def missing() -> tuple[str, ...]:
    """The names of guards that are absent or not as they were installed."""
    own = database.dialect()
    found = {name: text for name, text, _ in database.fetch(own.GUARDS)}
    return tuple(name for name, sql in own.guards().items() if found.get(name) != sql)
