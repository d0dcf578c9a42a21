"""JSON as it was written: the order of its keys is part of what a plan shows.

A stranger's trap: PostgreSQL's usual type for JSON sorts the keys; its older one keeps the text.
"""

import json
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class OrderedJSONField(models.JSONField):
    """A JSON value whose keys keep their order on every database. It is read whole and never searched."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """The type that keeps the text."""
        return "json" if connection.vendor == "postgresql" else super().db_type(connection)

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 - Django's own signature
        """As text on PostgreSQL, which takes it for what the column is."""
        if connection.vendor == "postgresql":
            return json.dumps(value, cls=self.encoder)
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:  # noqa: ANN401 - as above
        """PostgreSQL's library has read it already."""
        return value if connection.vendor == "postgresql" else super().from_db_value(value, expression, connection)
