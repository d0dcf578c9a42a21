"""What the accounting systems told when somebody looked at them last by the page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connector.runs.contacts import Found
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
        contacts: by tenant and partner, what the books say of the partner's contact.
        unasked: by tenant, why they could not be asked for contacts.
    """

    by: str
    at: datetime | None
    connections: Mapping[str, Connection] = field(default_factory=dict)
    contacts: Mapping[str, Mapping[str, Found]] = field(default_factory=dict)
    unasked: Mapping[str, str] = field(default_factory=dict)


def last() -> Seen:
    """The last look that was finished."""
    work = Work.objects.filter(kind=works.LOOK, state=works.DONE).first()
    if work is None or work.found is None:
        return Seen("", None)
    found = [Connection.from_plain(one) for one in work.found["connections"]]
    contacts = {
        tenant: {partner: Found(**told) for partner, told in own.items()}
        for tenant, own in work.found["contacts"].items()
    }
    return Seen(work.by, work.ended_at, {one.tenant: one for one in found}, contacts, work.found["unasked"])
