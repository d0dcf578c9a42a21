"""What the accounting systems told when somebody looked at them last by the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from connector.runs.health import Connection
from connector.web import works
from connector.web.models import Work


@dataclass(frozen=True)
class Seen:
    """The last look.

    Attributes:
        by: who looked; empty before the first look.
        at: when it ended; None before the first look.
        connections: by tenant, how it stood.
    """

    by: str
    at: datetime | None
    connections: Mapping[str, Connection]


def last() -> Seen:
    """The last look that was finished."""
    work = Work.objects.filter(kind=works.LOOK, state=works.DONE).first()
    if work is None or work.found is None:
        return Seen("", None, {})
    found = [Connection.from_plain(one) for one in work.found["connections"]]
    return Seen(work.by, work.ended_at, {one.tenant: one for one in found})
