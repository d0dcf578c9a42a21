"""A whole ledger in one file, whatever database it is in: every row of every table, ids and keys included.

A stranger's trap: the file holds the ledger's secrets too (the digest key, the keys of snapshots), or it could not be
used again. Whoever erases must let go of older dumps as of older backups.

The file is an archive of one Parquet part for some rows of a table, a list of them all with their digests, and the
digest of that list. The same ledger gives the same bytes on every database.
"""

import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import polars as pl

from connector.ledger import database
from connector.ledger.errors import StoreError
from connector.ledger.every_table import Table, every_table

FORMAT = 1
LIST, LIST_DIGEST = "list.json", "list.sha256"
Progress = Callable[[str, int, int], None]
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the archive's entries have no time of their own


def write_dump(out: Path, progress: Progress) -> dict[str, int]:
    """Write the open ledger into a new file, as it stood at one moment.

    Args:
        out: the file; it must not be there.
        progress: told the table, how many are done, and of how many.

    Returns:
        per table, how many rows there are.

    Raises:
        StoreError: the file is there already or cannot be written, or the database refuses.
    """
    with new_file(out) as part:
        tables = every_table()
        listed: dict[str, dict[str, Any]] = {}
        with ZipFile(part, "w", ZIP_STORED) as archive, database.still():
            for done, table in enumerate(tables, 1):
                parts = [_put(archive, table, number, page) for number, page in enumerate(_pages(table), 1)]
                columns = {name: str(kind) for name, kind in table.schema.items()}
                rows = sum(one["rows"] for one in parts)
                listed[table.name] = {"columns": columns, "rows": rows, "parts": parts}
                progress(table.name, done, len(tables))
            _put_list(archive, listed)
    return {name: told["rows"] for name, told in listed.items()}


def applied() -> list[str]:
    """The migrations that the open ledger has."""
    rows = database.fetch(
        "SELECT app, name FROM django_migrations WHERE app IN ('ledger', 'runs', 'accounting', 'web')"
    )
    return sorted(f"{app} {name}" for app, name in rows)


@contextmanager
def new_file(out: Path) -> Iterator[Path]:
    """Give a temporary path beside a file and, once all is written there, put it in the file's place.

    Raises:
        StoreError: the file is there already, or cannot be written.
    """
    if out.exists():
        raise StoreError(f"{out} is there already", "Name a new file; nothing is ever written over.")
    part = out.with_name(f".{out.name}.{secrets.token_hex(4)}.part")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # it will hold who is billed for what
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        os.link(part, out)  # unlike a rename, this never takes the place of another file
    except OSError as error:
        message = f"{out} cannot be written ({error.strerror})"
        raise StoreError(message, "Name a new file in a folder with room that you may write to.") from error
    finally:
        part.unlink(missing_ok=True)


def _put(archive: ZipFile, table: Table, number: int, page: pl.DataFrame) -> dict[str, Any]:
    buffer = BytesIO()
    page.write_parquet(buffer, compression="zstd", statistics=False)
    name, data = f"{table.name}/{number:06}.parquet", buffer.getvalue()
    archive.writestr(ZipInfo(name, _EPOCH), data)
    return {"name": name, "rows": page.height, "sha256": sha256(data).hexdigest()}


def _put_list(archive: ZipFile, tables: dict[str, dict[str, Any]]) -> None:
    plain = {"format": FORMAT, "migrations": applied(), "tables": tables}
    data = json.dumps(plain, indent=1, sort_keys=True).encode()
    archive.writestr(ZipInfo(LIST, _EPOCH), data)
    archive.writestr(ZipInfo(LIST_DIGEST, _EPOCH), sha256(data).hexdigest())


def _pages(table: Table) -> Iterator[pl.DataFrame]:
    """The rows of a table in the order of its key, some at a time."""
    from connector.ledger.frames import column_sql, framed  # noqa: PLC0415 - frames knows the entries, and they this room

    columns = ", ".join(
        database.dialect().json(name) if name in table.json else column_sql(name, kind)
        for name, kind in table.schema.items()
    )
    by_key = f'"{table.key}"' if table.schema[table.key] == pl.Int64 else database.bytewise(table.key)
    place = list(table.schema).index(table.key)
    after: Any = None
    while True:
        condition = "" if after is None else f" WHERE {by_key} > ?"
        # Names come from the models, the key travels as a parameter.
        sql = f'SELECT {columns} FROM "{table.name}"{condition} ORDER BY {by_key} LIMIT {table.page_rows:d}'  # noqa: S608
        rows = database.fetch(sql, () if after is None else (after,))
        if not rows:
            return
        after = rows[-1][place]
        yield _plain(framed(rows, table.schema), table)


def _plain(page: pl.DataFrame, table: Table) -> pl.DataFrame:
    """JSON in one spelling: databases differ in spaces and escapes, which mean nothing."""
    return page.with_columns(
        pl.Series(name, [None if one is None else _spelled(one) for one in page[name]], pl.String)
        for name in sorted(table.json)
    )


def _spelled(text: str) -> str:
    return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))
