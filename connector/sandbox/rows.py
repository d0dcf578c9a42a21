"""The ``objects`` table: whatever a service keeps, one row each.

Owns reading and writing of rows. What a stranger would get wrong: the columns are copies for searching; the JSON in
``body`` is the object.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from connector.sandbox import jsontext
from connector.sandbox.jsontext import Record

_COLUMNS = "id, created_ms, updated_ms, status, body"
SEARCHED = ("number", "name_key", "reference", "status", "type", "contact_id", "email", "day", "app")


@dataclass(frozen=True, slots=True)
class Row:
    """One object as it stands; times in milliseconds since 1970."""

    id: str
    created_ms: int
    updated_ms: int
    status: str
    body: Record


def _load(key: str, created: int, updated: int, status: str, body: str) -> Row:
    return Row(key, created, updated, status, jsontext.as_record(jsontext.read(body)) or {})


def select(
    db: sqlite3.Connection,
    tenant: str,
    kind: str,
    condition: str,
    values: Iterable[object] = (),
    tail: str = "order by seq",
) -> list[Row]:
    """The objects that meet an SQL condition; the condition is ours, the values may be a caller's."""
    sql = f"select {_COLUMNS} from objects where tenant = ? and kind = ? and ({condition}) {tail}"  # noqa: S608  # no caller's text
    return [_load(*row) for row in db.execute(sql, (tenant, kind, *values))]


def count(db: sqlite3.Connection, tenant: str, kind: str, condition: str, values: Iterable[object] = ()) -> int:
    """How many objects meet an SQL condition, as ``select`` takes it."""
    sql = f"select count(*) from objects where tenant = ? and kind = ? and ({condition})"  # noqa: S608  # no caller's text
    (total,) = db.execute(sql, (tenant, kind, *values)).fetchone()
    return int(total)


def put(db: sqlite3.Connection, tenant: str, kind: str, row: Row, searched: dict[str, str]) -> None:
    """Insert the object, or replace the one of its id; who made it, and when, stays."""
    columns = dict.fromkeys(SEARCHED, "") | searched | {"status": row.status}
    changing = {**columns, "updated_ms": row.updated_ms, "body": jsontext.write(row.body)}
    assignments = ", ".join(f"{name} = excluded.{name}" for name in changing if name != "app")
    marks = ", ".join("?" for _ in changing)
    db.execute(
        f"insert into objects(tenant, kind, id, created_ms, {', '.join(changing)}) values (?, ?, ?, ?, {marks})"  # noqa: S608  # column names of ours
        f" on conflict(tenant, kind, id) do update set {assignments}",
        (tenant, kind, row.id, row.created_ms, *changing.values()),
    )
