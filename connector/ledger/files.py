"""The ledger's file before any database looks at it: made if absent, and known as a ledger by its header.

A stranger's trap: a database that is connected to is changed by that (its journal mode is part of the file), so whether
a file is a ledger is read from its first bytes.
"""

import os
import sqlite3
from pathlib import Path

from connector.ledger.dialects.sqlite import fault
from connector.ledger.errors import StoreError

_MAGIC = b"SQLite format 3\x00"
_APPLICATION_ID = 0x50424C31  # "PBL1"
_APPLICATION_AT = 68  # where SQLite keeps it in the header
_ANOTHER = "Name another file; nothing was changed in this one."


def make_place(target: Path) -> None:
    """Make the folder and an empty file where they are absent, for this user only.

    Raises:
        StoreError: the folder or the file cannot be made or written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            target.touch(mode=0o600)  # it will hold who is billed for what
    except OSError as error:
        raise _unopened(target, error) from error
    if not (os.access(target, os.W_OK) and os.access(target.parent, os.W_OK)):
        message = f"the ledger {target} cannot be written"
        raise StoreError(message, "Make the file and its folder writable for this user.")


def claim_file(target: Path) -> None:
    """Mark an empty file as a ledger, and refuse one that is something else.

    Raises:
        StoreError: the file is no database, another program's, or refuses to be read or written.
    """
    try:
        with target.open("rb") as file:
            header = file.read(_APPLICATION_AT + 4)
    except OSError as error:
        raise _unopened(target, error) from error
    if not header:
        _mark(target)
    elif not header.startswith(_MAGIC):
        message = f"{target} is not a ledger: it is no SQLite database"
        raise StoreError(message, _ANOTHER)
    elif int.from_bytes(header[_APPLICATION_AT:], "big") != _APPLICATION_ID:
        message = f"{target} is a database of another program, not a ledger"
        raise StoreError(message, _ANOTHER)


def _mark(target: Path) -> None:
    connection = sqlite3.connect(target, isolation_level=None)
    try:
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    except sqlite3.Error as error:
        unknown = StoreError(f"the ledger {target} cannot be made ({error})", "Check the disk and its free space.")
        raise fault(error) or unknown from error
    finally:
        connection.close()


def _unopened(target: Path, error: OSError) -> StoreError:
    message = f"the ledger {target} cannot be opened ({error.strerror})"
    return StoreError(message, "Name a file in a folder that this user may write to.")
