"""Connections: how each accounting system is reached, until when, and how many calls are left. Looking is a work.

To look calls the accounting systems and costs calls of their day: it needs the right to operate, as reading back does.
"""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import redirect, render

from connector.ledger import outbox
from connector.runs.health import Connection
from connector.web import seen, works
from connector.web.asked import PageRequest
from connector.web.site import site

PAGES = (
    "books-connections",
    "books-contacts",
    "books-mapping",
)  # that show what a look finds, and may be where it was started


@dataclass(frozen=True)
class Row:
    """A tenant of `connector.yaml`.

    Attributes:
        name, system: of the tenant.
        again: the command by which a person connects it; empty where nobody must agree.
        entities: the selling entities whose books it keeps.
        found: how it stood at the last look; None where nobody has looked since it was declared.
        until, why: until when nothing is sent to it and why; None and empty where nothing hinders.
    """

    name: str
    system: str
    again: str
    entities: tuple[str, ...]
    found: Connection | None
    until: datetime | None
    why: str


def listing(request: PageRequest) -> HttpResponse:
    """Every tenant as it stood at the last look. Nothing is asked by this."""
    config, looked, now = site().config(), seen.last(), site().now()
    rows = []
    for name, settings in config.tenants.items():
        entities = tuple(entity for entity, tenant in config.books.items() if tenant == name)
        until, why = outbox.tenant_hold(name) or (now, "")
        held = (until, why) if until > now else (None, "")
        again = settings.again if settings.consent is not None else ""
        rows.append(Row(name, settings.system, again, entities, looked.connections.get(name), *held))
    told = {"rows": rows, "looked": looked, "going": works.going(works.LOOK), "back": PAGES[0]}
    return render(request, "web/connections.html", told)


def look(request: PageRequest) -> HttpResponse:
    """Ask every accounting system now, in a process of its own; a look that goes on already is shown."""
    back = request.POST.get("back", "")
    given = {"back": back if back in PAGES else PAGES[0]}
    work = works.going(works.LOOK) or works.start(works.LOOK, request.user.name, given)
    return redirect("work", number=work.pk)
