"""A dump put back, into an empty ledger of either database: all of it or nothing.

A stranger's trap: a dump is read whole and every digest compared before the first row is written.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import polars as pl

from connector.ledger import database
from connector.ledger.dump import FORMAT, LIST, LIST_DIGEST, Progress, applied
from connector.ledger.errors import StoreError
from connector.ledger.every_table import Table, every_table
from connector.ledger.frames import stored
from connector.ledger.place import Place
from connector.ledger.store import unguarded

_ANOTHER = "Use another copy of it; nothing was written."
_KEPT = ("ledger_key",)  # what a new ledger is made with


def restore_dump(dump: Path, place: Place, progress: Progress) -> dict[str, int]:
    """Put a dump into the open ledger, which is empty.

    Args:
        dump: a file of `write_dump`.
        place: where the open ledger is.
        progress: told the table, how many are done, and of how many.

    Returns:
        per table, how many rows there are.

    Raises:
        StoreError: the file is no whole dump, or of another version; the ledger is not empty, or the login does not
            own it.
    """
    try:
        with ZipFile(dump) as archive:
            listed = _listed(dump, archive)
            tables = every_table()
            _same_version(dump, listed, tables)
            _whole(dump, archive, listed)
            with unguarded(place):
                _empty(tables)
                for name in _KEPT:
                    database.execute(f'DELETE FROM "{name}"')  # noqa: S608 - our own name
                for done, table in enumerate(tables, 1):
                    for part in listed["tables"][table.name]["parts"]:
                        _insert(table, pl.read_parquet(BytesIO(archive.read(part["name"]))))
                    progress(table.name, done, len(tables))
                for step in database.dialect().numbering([one.name for one in tables if one.numbered]):
                    database.fetch(step)
    except FileNotFoundError:
        raise StoreError(f"there is no file {dump}", "Name a file that 'connector dump' wrote.") from None
    except (BadZipFile, OSError) as error:
        raise _damaged(dump, str(error)) from error
    return {name: told["rows"] for name, told in listed["tables"].items()}


def _listed(dump: Path, archive: ZipFile) -> Mapping[str, Any]:
    try:
        data, digest = archive.read(LIST), archive.read(LIST_DIGEST).decode()
    except KeyError:
        raise _damaged(dump, "it has no list of its parts") from None
    if sha256(data).hexdigest() != digest:
        raise _damaged(dump, "its list was changed")
    listed: Mapping[str, Any] = json.loads(data)
    return listed


def _same_version(dump: Path, listed: Mapping[str, Any], tables: tuple[Table, ...]) -> None:
    then, now = {*listed["migrations"]}, {*applied()}
    if listed["format"] > FORMAT or then - now:
        message = f"{dump} was written by a newer version of this program"
        raise StoreError(message, "Restore it with that version; nothing was written.")
    columns = {table.name: {name: str(kind) for name, kind in table.schema.items()} for table in tables}
    if now - then or columns != {name: told["columns"] for name, told in listed["tables"].items()}:
        message = f"{dump} was written by an older version of this program"
        step = "Restore it with that version into a new ledger, and open that with this one. Nothing was written."
        raise StoreError(message, step)


def _whole(dump: Path, archive: ZipFile, listed: Mapping[str, Any]) -> None:
    for table in listed["tables"].values():
        for part in table["parts"]:
            try:
                data = archive.read(part["name"])
            except KeyError:
                raise _damaged(dump, f"{part['name']} is missing") from None
            if sha256(data).hexdigest() != part["sha256"]:
                raise _damaged(dump, f"{part['name']} was changed")


def _empty(tables: tuple[Table, ...]) -> None:
    filled = [
        table.name
        for table in tables
        if table.name not in _KEPT and database.fetch(f'SELECT 1 FROM "{table.name}" LIMIT 1')  # noqa: S608 - our own names
    ]
    if filled:
        message = f"the ledger is not empty: there are rows in {', '.join(filled[:3])}"
        raise StoreError(message, "Name a new ledger in connector.yaml or CONNECTOR_LEDGER; nothing was written.")


def _insert(table: Table, page: pl.DataFrame) -> None:
    database.write(table.name, stored(page))


def _damaged(dump: Path, why: str) -> StoreError:
    return StoreError(f"{dump} is no whole dump: {why}", _ANOTHER)
