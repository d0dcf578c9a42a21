"""Every table of the program with its columns, as Django's models declare them: what a dump holds.

A stranger's trap: rooms above the ledger have tables too. They are found through Django, which knows them by name; the
ledger imports none of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from connector.tables.schemas import Schema

_KINDS: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "TextField": pl.String,
    "CharField": pl.String,
    "JSONField": pl.String,
    "BigIntegerField": pl.Int64,
    "BigAutoField": pl.Int64,
    "BooleanField": pl.Boolean,
    "DateField": pl.Date,
    "DateTimeField": pl.Datetime("us", "UTC"),
    "BinaryField": pl.Binary,
}


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        name: its name in the database.
        room: the application whose migrations make it.
        key: its primary key's column, by which it is read in order.
        schema: its columns, in the models' order.
        json: those of them that hold JSON.
        numbered: its key is given by the database.
    """

    name: str
    room: str
    key: str
    schema: Schema
    json: frozenset[str]
    numbered: bool

    @property
    def page_rows(self) -> int:
        """How many rows are read at once: few where each may hold megabytes."""
        heavy = bool(self.json) or any(kind == pl.Binary for kind in self.schema.values())
        return 20 if heavy else 50_000


def every_table() -> tuple[Table, ...]:
    """All tables by name. The ledger is open."""
    from django.apps import apps  # noqa: PLC0415 - Django is loaded at the first open, not at import

    from connector.ledger.settings import INSTALLED_APPS  # noqa: PLC0415 - looks for the rooms that have models

    ours = [one for one in apps.get_models() if apps.get_app_config(one._meta.app_label).name in INSTALLED_APPS]  # noqa: SLF001 - Django's documented name
    return tuple(sorted((_table(one._meta) for one in ours), key=lambda one: one.name))  # noqa: SLF001 - as above


def _table(meta: Any) -> Table:  # noqa: ANN401 - Django's own
    fields = {field.column: field.target_field if field.is_relation else field for field in meta.local_fields}
    kinds = {column: field.get_internal_type() for column, field in fields.items()}
    return Table(
        name=meta.db_table,
        room=meta.app_label,
        key=meta.pk.column,
        schema={column: _KINDS[kind] for column, kind in kinds.items()},
        json=frozenset(column for column, kind in kinds.items() if kind == "JSONField"),
        numbered=meta.pk.get_internal_type() == "BigAutoField",
    )
