"""Opening and closing the ledger's file: Django's set-up, migrations, guards, and whether the file is sound.

A stranger's trap: opening changes the file (a new one is made, an old one is migrated). A file that is not a ledger is
refused before anything is written to it.
"""

import secrets
from pathlib import Path

from connector.ledger import database, entries, guards
from connector.ledger.errors import StoreError
from connector.ledger.files import claim_file, make_place
from connector.ledger.locks import process_lock
from connector.ledger.registers import ALIAS_KEY

_OPENING_SECONDS = 60
_KEY_BYTES = 32
_ENTRIES = ("ledger", "0006_entries")  # before it, rows had no digest


def open_store(path: Path) -> None:
    """Open the ledger of this process, making or migrating it if needed; one that is open is closed first.

    Args:
        path: the ledger's file; its folder is made.

    Raises:
        StoreError: it is not a ledger, was written by a newer program, cannot be written, is damaged, lacks a guard, or
            is locked by another program; the message and the next step say which.
    """
    close_store()
    _configure()
    target = path.absolute()
    make_place(target)
    try:
        with process_lock(target, "opening", _OPENING_SECONDS):
            claim_file(target)
            _point_at(str(target))
            _prepare()
        _check(target)
    except BaseException:
        close_store()
        raise


def close_store() -> None:
    """Close the ledger; nothing happens when none is open."""
    from django.conf import settings  # noqa: PLC0415 - Django is loaded at the first open, not at import

    if settings.configured:
        _point_at(database.NOWHERE)


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


def _point_at(name: str) -> None:
    from django.db import connections  # noqa: PLC0415 - Django is loaded at the first open, not at import

    connections["default"].close()
    connections.settings["default"]["NAME"] = name
    del connections["default"]


def _pragma(name: str) -> int:
    [(value,)] = database.fetch(f"PRAGMA {name}")
    return int(value)


def _prepare() -> None:
    """Migrate and guard the file where it is not of this program's version."""
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415 - loaded at the first open

    with database.translated():
        executor = MigrationExecutor(database.connection())
        unknown = sorted({*executor.loader.applied_migrations} - {*executor.loader.disk_migrations})
        if unknown:
            steps = ", ".join(f"{app} {name}" for app, name in unknown)
            message = f"the ledger was written by a newer version of this program (unknown: {steps})"
            raise StoreError(message, "Use the newer version, or restore a backup made with this one.")
        targets = executor.loader.graph.leaf_nodes()
        plan = executor.migration_plan(targets)
        if not plan and _pragma("user_version") == guards.version():
            return
        with database.transaction():
            guards.remove()
            database.execute("PRAGMA user_version = 0")  # so that the next open installs them if this one is cut short
        executor.migrate(targets, plan)
    with database.transaction():
        if any((step.app_label, step.name) == _ENTRIES for step, _ in plan):
            entries.seal_earlier()
        guards.install()
        database.execute(
            "INSERT INTO ledger_key (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
            (ALIAS_KEY, secrets.token_hex(_KEY_BYTES)),
        )
        database.execute(f"PRAGMA user_version = {guards.version()}")


def _check(target: Path) -> None:
    restore = "Stop using this file; restore the latest backup, then run `connector doctor`."
    absent = guards.missing()
    if absent:
        message = f"the ledger {target} lacks what makes it append-only: {', '.join(absent)}"
        raise StoreError(message, restore)
    told = [line for (text,) in database.fetch("PRAGMA quick_check") for line in text.splitlines()]
    damage = [line for line in told if line != "ok" and not line.startswith("***")]
    if damage:
        message = f"the ledger {target} is damaged: {'; '.join(damage[:3])}"
        raise StoreError(message, restore)
