"""Tables as frames: read with their declared schema, appended in one statement for all rows.

A stranger's trap: `append` does not skip what is there already. A key that exists is refused and the whole transaction
with it; callers with many rows leave out known keys by an anti-join first.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from connector.ledger import billed_lines, billed_sums, database
from connector.ledger.entries import stamped
from connector.ledger.schemas import APPEND_ONLY, SEALED, TABLES, UNIQUE, insert_schema
from connector.ledger.times import time_text
from connector.tables.schemas import Schema, conform, empty

DAY_FORMAT = "%Y-%m-%d"
TIME_FORMAT = "%Y-%m-%d %H:%M:%S%.6f"
_TIME_READ_FORMAT = "%Y-%m-%d %H:%M:%S%.f"  # Django leaves out a fraction of zero
PAGE_ROWS = 50_000
_APPENDED = {*APPEND_ONLY, "contact_link", "personal"}
_PUT = ("contact_link", "personal")


def read(
    table: str, where: str = "", params: Sequence[Any] = (), *, columns: Sequence[str] | None = None
) -> pl.DataFrame:
    """Rows of a table under its declared schema, in the order of arrival where it has an `id`, else of its key.

    Args:
        table: a name of `schemas.TABLES`.
        where: an SQL condition on its columns, `?` for each parameter; empty for all rows.
        params: the parameters; days and times may be `date` and aware `datetime`.
        columns: only these columns, in this order.

    Raises:
        KeyError: no such table or column, a defect of the program.
        StoreError: the file refuses.
    """
    declared = TABLES[table]
    schema = declared if columns is None else {name: declared[name] for name in columns}
    selected = ", ".join(column_sql(name, kind) for name, kind in schema.items())
    keys = ("id",) if "id" in declared else UNIQUE[table][0]
    order = ", ".join(database.bytewise(name) if declared[name] == pl.String else f'"{name}"' for name in keys)
    condition = f" WHERE {where}" if where else ""
    # Names come from the declared schemas, values travel as parameters.
    sql = f'SELECT {selected} FROM "{table}"{condition} ORDER BY {order}'  # noqa: S608
    values = [time_text(one) if isinstance(one, datetime) else one for one in params]
    return framed(database.fetch(sql, values), schema)


def read_among(table: str, column: str, values: Iterable[str], *, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """The rows of a table whose `column` is one of these texts, in one question however many there are.

    Args:
        table: as `read`.
        column: a column of texts.
        values: what is looked for.
        columns: as `read`.

    Raises:
        KeyError, StoreError: as `read`.
    """
    if TABLES[table][column] != pl.String:
        message = f"{column} of {table} is no text"
        raise ValueError(message)
    listed = list(values)
    if not listed:
        declared = TABLES[table]
        return empty(declared if columns is None else {name: declared[name] for name in columns})
    wanted = json.dumps(listed)
    return read(table, f'"{column}" IN ({database.dialect().LISTED})', [wanted], columns=columns)


def append(table: str, frame: pl.DataFrame) -> None:
    """Add rows, in the open transaction or in one of their own.

    Args:
        table: an append-only table, or `contact_link` or `personal`.
        frame: exactly the columns of `schemas.insert_schema(table)`.

    Raises:
        SchemaError: the frame has other columns or types, a defect of the program.
        RefusedError: a key is taken, a reference is missing, or a value breaks a rule of the table.
        StoreError: the file refuses.
    """
    if table not in _APPENDED:
        message = f"rows of {table} are not appended: it has functions of its own"
        raise ValueError(message)
    _insert(table, frame)


def put(table: str, frame: pl.DataFrame) -> None:
    """Add rows of `contact_link` or `personal`, replacing those with the same key.

    Raises:
        ValueError: any other table.
        SchemaError, RefusedError, StoreError: as `append`.
    """
    if table not in _PUT:
        message = f"rows of {table} are never replaced"
        raise ValueError(message)
    key = UNIQUE[table][0]
    rows = frame.unique(key, keep="last", maintain_order=True)
    _insert(table, rows, key)


def _insert(table: str, frame: pl.DataFrame, key: Sequence[str] = ()) -> None:
    if frame.is_empty():
        conform(frame, insert_schema(table))
        return
    with database.joined():
        rows = stored(conform(frame, insert_schema(table)))
        database.write(table, stamped(table, rows) if table in SEALED else rows, key)
        if table == "charge":
            billed_lines.count(rows)
        if table in billed_sums.LINES:
            billed_sums.add(table, rows["document_id"].unique().to_list())


def pages(table: str, size: int = PAGE_ROWS) -> Iterator[pl.DataFrame]:
    """All rows of an append-only table, some at a time, in the order of arrival where it has an `id`."""
    schema = TABLES[table]
    return (framed(rows, schema) for rows in raw_pages(table, schema, size))


def raw_pages(table: str, schema: Schema, size: int = PAGE_ROWS) -> Iterator[list[tuple[Any, ...]]]:
    """The same rows before they are typed, so that one that was damaged can still be told.

    Args:
        table: a name of `schemas.APPEND_ONLY`.
        schema: the columns wanted, those of `schemas.SEALS` among them.
        size: rows at a time.
    """
    # A table without an id is read by SQLite's own row numbers: an index could tell another story than the table.
    key = "id" if "id" in schema else database.row_key(UNIQUE[table][0][0])
    selected = ", ".join(column_sql(name, kind) for name, kind in schema.items())
    after: Any = None
    while True:
        condition = "" if after is None else f" WHERE {key} > ?"
        sql = f'SELECT {key}, {selected} FROM "{table}"{condition} ORDER BY {key} LIMIT {size:d}'  # noqa: S608 - names from the schemas
        rows = database.fetch(sql, () if after is None else (after,))
        if not rows:
            return
        after = rows[-1][0]
        yield [row[1:] for row in rows]


def as_stored(rows: list[tuple[Any, ...]], schema: Schema) -> pl.DataFrame:
    """Raw rows as the database holds them: what `stored` makes of the typed rows.

    Raises:
        polars.exceptions.PolarsError, TypeError, ValueError, OverflowError: a value is none of its column's type.
    """
    return pl.DataFrame(rows, schema={name: _raw(kind) for name, kind in schema.items()}, orient="row")


def column_sql(name: str, kind: pl.DataType | type[pl.DataType]) -> str:
    """The column as a type that every row shares; days and times become times in the frame, not row by row."""
    if kind == pl.Boolean:
        return f'CAST("{name}" AS INTEGER)'
    if kind == pl.Date:
        return database.dialect().day(name)
    return database.moment(name) if kind == pl.Datetime else f'"{name}"'


def framed(rows: list[tuple[Any, ...]], schema: Schema) -> pl.DataFrame:
    """Rows of columns that were asked for by `column_sql`, under their types."""
    if not rows:
        return empty(schema)
    raw = {name: _raw(kind) for name, kind in schema.items()}
    frame = pl.DataFrame(rows, schema=raw, orient="row")
    return frame.with_columns(_typed(name, kind) for name, kind in schema.items() if _raw(kind) != kind)


def _raw(kind: pl.DataType | type[pl.DataType]) -> pl.DataType | type[pl.DataType]:
    if kind == pl.Boolean:
        return pl.Int64
    return pl.String if kind in (pl.Date, pl.Datetime) else kind


def _typed(name: str, kind: pl.DataType | type[pl.DataType]) -> pl.Expr:
    column = pl.col(name)
    if kind == pl.Boolean:
        return column.cast(pl.Boolean)
    if kind == pl.Date:
        return column.str.to_date(DAY_FORMAT)
    return column.str.to_datetime(_TIME_READ_FORMAT, time_unit="us", time_zone="UTC")


def stored(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows as the database holds them: days and times as text, yes and no as 1 and 0."""
    return frame.with_columns(
        pl.selectors.date().dt.strftime(DAY_FORMAT),
        pl.selectors.datetime().dt.strftime(TIME_FORMAT),
        pl.selectors.boolean().cast(pl.Int64),
    )
