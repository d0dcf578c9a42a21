"""Opening and closing the ledger: Django's set-up, migrations, guards, and whether it is sound.

A stranger's trap: opening changes the database (a new one is made, an old one is migrated). A file or schema that is
not a ledger is refused before anything is written to it.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.ledger import database, entries, guards
from connector.ledger.dialects import sqlite
from connector.ledger.errors import StoreError
from connector.ledger.files import claim_file, make_place
from connector.ledger.integrity import RESTORE, FileCheck
from connector.ledger.locks import process_lock
from connector.ledger.place import Place, Server
from connector.ledger.registers import ALIAS_KEY

if TYPE_CHECKING:
    from django.db.migrations import Migration
    from django.db.migrations.executor import MigrationExecutor

    _Plan = list[tuple[Migration, bool]]

_OPENING_SECONDS = 60
_KEY_BYTES = 32
_checks: list[FileCheck] = []  # that of the open ledger
_openings: list[Place] = []  # every ledger that this process has opened, in that order


def open_store(place: Place, *, beside: bool = False) -> None:
    """Open the ledger of this process, making or migrating it if needed; one that is open is closed first.

    Args:
        place: the ledger's file, whose folder is made, or its server.
        beside: let the check of the file run beside what comes next; `checked` must be asked before the ledger is.

    Raises:
        StoreError: it is not a ledger, was written by a newer program, cannot be reached or written, is damaged, lacks
            a guard, or is locked by another program; the message and the next step say which.
    """
    close_store()
    _configure()
    _openings.append(place)
    try:
        if isinstance(place, Server):
            _open_server(place)
        else:
            _open_file(place.absolute())
        if not beside:
            checked()
    except BaseException:
        close_store()
        raise


def opening() -> int:
    """The number of the ledger that is open, among all that this process has opened; a copy of one has another."""
    return len(_openings)


def _open_file(target: Path) -> None:
    make_place(target)
    with process_lock(target, "opening", _OPENING_SECONDS):
        claim_file(target)
        _point_at(sqlite.entry(target))
        if not _ready():
            _prepare()
    _check_guards(str(target))
    _checks.append(FileCheck(target))


def _open_server(server: Server) -> None:
    from connector.ledger import servers  # noqa: PLC0415 - psycopg is loaded when a server is used
    from connector.ledger.dialects import postgres  # noqa: PLC0415 - as above

    with servers.server_lock(server, "opening", _OPENING_SECONDS) as connection:
        found = servers.claim_schema(server, connection)
        usable = bool(found.may_be) and found.guarded
        if usable:
            _point_at(postgres.entry(server))
        if not usable or not _ready():
            if not (found.owns and found.makes_roles):
                servers.require_role(server, found)
            if not found.owns:
                message = f"{server} is of an older version of this program, and {found.login} may not migrate it"
                raise StoreError(message, "Let the ledger's owner run `connector doctor` with this version.")
            _point_at(postgres.entry(server, as_login=True))
            _prepare()
            servers.require_role(server, servers.standing(connection))
            _point_at(postgres.entry(server))
    _check_guards(str(server))
    excess = [what for (what,) in database.fetch(postgres.EXCESS)]
    if excess:
        message = f"{server} lets the role {postgres.ROLE} do what makes it no longer append-only: {', '.join(excess)}"
        raise StoreError(message, "Let the ledger's owner revoke it, and find out who granted it.")


def checked() -> None:
    """Wait until the file of the open ledger is found sound.

    Raises:
        StoreError: it is damaged.
    """
    for check in _checks:
        check.wait()


def close_store() -> None:
    """Close the ledger; nothing happens when none is open."""
    while _checks:
        _checks.pop().stop()
    from django.conf import settings  # noqa: PLC0415 - Django is loaded at the first open, not at import

    if settings.configured:
        _point_at({"ENGINE": "django.db.backends.sqlite3", "NAME": database.NOWHERE})


@contextmanager
def unguarded(place: Place) -> Iterator[None]:
    """One transaction of the open ledger in which its guards are away; for putting a dump into an empty ledger alone.

    Raises:
        StoreError: the login does not own the ledger's tables.
    """
    with process_lock(place, "opening", _OPENING_SECONDS):
        _as_owner(place)
        try:
            with database.transaction():
                guards.remove()
                yield
                for step in database.dialect().before_guards():
                    database.execute(step)
                guards.install()
                guards.note(guards.version())
        finally:
            _as_usual(place)


def _as_owner(place: Place) -> None:
    if isinstance(place, Server):
        from connector.ledger import servers  # noqa: PLC0415 - psycopg is loaded when a server is used
        from connector.ledger.dialects import postgres  # noqa: PLC0415 - as above

        with servers.connected(place) as connection:
            found = servers.standing(connection)
        if not found.owns:
            message = f"{place}: {found.login} does not own the ledger's tables"
            raise StoreError(message, "Let their owner run this command.")
        _point_at(postgres.entry(place, as_login=True))


def _as_usual(place: Place) -> None:
    if isinstance(place, Server):
        from connector.ledger.dialects import postgres  # noqa: PLC0415 - psycopg is loaded when a server is used

        _point_at(postgres.entry(place))


def described() -> str:
    """What the open ledger is in, for a person: SQLite and its version, or the server's, with its login and role."""
    [(told,)] = database.fetch(database.dialect().DESCRIPTION)
    return str(told)


def _configure() -> None:
    """Set Django up, once per process, unless the program has done so already."""
    import django  # noqa: PLC0415 - Django is loaded at the first open, not at import
    from django.apps import apps  # noqa: PLC0415 - as above
    from django.conf import settings  # noqa: PLC0415 - as above

    from connector.ledger import settings as ours  # noqa: PLC0415 - looks for the rooms that have models

    if not settings.configured:
        settings.configure(**{name: value for name, value in vars(ours).items() if name.isupper()})
    if not apps.ready:
        django.setup()


def _point_at(entry: dict[str, Any]) -> None:
    from django.db import connections  # noqa: PLC0415 - Django is loaded at the first open, not at import

    connections["default"].close()
    own = connections.settings["default"]
    own.update({"USER": "", "PASSWORD": "", "HOST": "", "PORT": "", "OPTIONS": {}, **entry})
    del connections["default"]


def _ready() -> bool:
    """Whether the database is of this program's version.

    Raises:
        StoreError: it is of a newer one.
    """
    return not _plan(_executor()) and guards.noted() == guards.version()


def _executor() -> "MigrationExecutor":
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415 - loaded at the first open

    with database.translated():
        return MigrationExecutor(database.connection())


def _plan(executor: "MigrationExecutor") -> "_Plan":
    """The migrations that are still to be run, in their order."""
    unknown = sorted({*executor.loader.applied_migrations} - {*executor.loader.disk_migrations})
    if unknown:
        steps = ", ".join(f"{app} {name}" for app, name in unknown)
        message = f"the ledger was written by a newer version of this program (unknown: {steps})"
        raise StoreError(message, "Use the newer version, or restore a backup made with this one.")
    return executor.migration_plan(_leaves(executor))


def _leaves(executor: "MigrationExecutor") -> list[tuple[str, str]]:
    """The last migrations of the ledger's rooms; the page's own tables are elsewhere."""
    from connector.ledger.settings import INSTALLED_APPS  # noqa: PLC0415 - looks for the rooms that have models

    rooms = {name.rpartition(".")[2] for name in INSTALLED_APPS}
    return [leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] in rooms]


def _prepare() -> None:
    """Migrate and guard the database."""
    executor = _executor()
    plan = _plan(executor)
    with database.translated():
        with database.transaction():
            guards.remove()
            guards.note(0)  # so that the next open installs them if this one is cut short
        executor.migrate(_leaves(executor), plan)
    with database.transaction():
        # Asked of the chain, not of the plan: whoever died between the migrations and here left rows without a link.
        if not database.fetch("SELECT 1 FROM chain_link WHERE batch IS NOT NULL LIMIT 1"):
            entries.seal_earlier()
        guards.install()
        database.execute(
            "INSERT INTO ledger_key (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
            (ALIAS_KEY, secrets.token_hex(_KEY_BYTES)),
        )
        guards.note(guards.version())


def _check_guards(shown: str) -> None:
    absent = guards.missing()
    if absent:
        message = f"the ledger {shown} lacks what makes it append-only: {', '.join(absent)}"
        raise StoreError(message, RESTORE)
