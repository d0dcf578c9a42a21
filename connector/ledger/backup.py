"""A copy of a ledger's file, made while others work with it, and looked at before it is called a backup.

A stranger's trap: copying the file itself loses what is still in the write-ahead log, and can mix two moments.
"""

import sqlite3
from pathlib import Path

from connector.ledger import database
from connector.ledger.dialects.sqlite import fault
from connector.ledger.dump import new_file
from connector.ledger.errors import StoreError
from connector.ledger.place import Place, Server

_PAGES = 2_000


def backup(place: Place, out: Path) -> int:
    """Copy the open ledger's file as it stands at one moment. Returns the copy's size in bytes.

    Raises:
        StoreError: the ledger is on a server, the copy's file is there already or cannot be written, or the copy is
            not sound.
    """
    if isinstance(place, Server):
        message = f"{place} is on a server, which keeps the files"
        raise StoreError(message, "Back it up with pg_dump; 'connector dump' writes a file for any database.")
    database.connection().ensure_connection()
    with new_file(out) as part:
        copy = sqlite3.connect(part, isolation_level=None)
        try:
            database.connection().connection.backup(copy, pages=_PAGES)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
            told = [line for (line,) in copy.execute("PRAGMA integrity_check")]
        except sqlite3.Error as error:
            raise fault(error) or StoreError(f"{out} cannot be written ({error})", "Check the disk.") from error
        finally:
            copy.close()
        if told != ["ok"]:
            raise StoreError(f"the copy is not sound: {told[0]}", "Run 'connector doctor'; no backup was made.")
    return out.stat().st_size
