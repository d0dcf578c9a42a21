"""The declared schemas of the frames that travel between rooms.

A frame is checked against its schema where it enters and leaves a room, so that a renamed column fails there and not
three rooms later. Money travels as whole minor units with its currency in the same row.
"""

from connector.tables.nothing import kept_for_nothing
from connector.tables.schemas import (
    BUNDLES,
    CLIENTS,
    EVENTS,
    PARTNERS,
    RATED,
    RECORDS,
    ROWS,
    TEMPLATES,
    SchemaError,
    conform,
    empty,
)

__all__ = [
    "BUNDLES",
    "CLIENTS",
    "EVENTS",
    "PARTNERS",
    "RATED",
    "RECORDS",
    "ROWS",
    "TEMPLATES",
    "SchemaError",
    "conform",
    "empty",
    "kept_for_nothing",
]
