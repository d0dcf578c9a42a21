"""What has changed in a company: by questions for what stands there, and by the list of changes for what was deleted.

What a stranger would get wrong: the list of changes tells so many objects and so many days, which the vendor has not
said for certain, and is cut without a word. So it is believed where it says that something is gone, and nothing rests
on it; whoever must know of every deleted document asks by number now and then.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from connector.accounting import changes
from connector.accounting.answers import Change, Changes, RetryLater
from connector.accounting.changes import Page
from connector.accounting.quickbooks import queries
from connector.accounting.quickbooks.client import Client
from connector.accounting.quickbooks.documents import ENTITIES

MOST_RESULTS = queries.MOST_RESULTS

Element = dict[str, Any]


def since(client: Client, moment: datetime) -> Changes | RetryLater:
    """The documents of both kinds that have changed since a moment, UTC."""
    standing = changes.together(changes.since(moment, partial(_page, client, kind)) for kind in ENTITIES)
    return standing if isinstance(standing, RetryLater) else changes.together((standing, _deleted(client, moment)))


def _deleted(client: Client, moment: datetime) -> Changes | RetryLater:
    """The ids of what is told to have been deleted; not the whole where that lies too long ago to be told."""
    told = client.changes(tuple(ENTITIES.values()), _text(moment))
    if isinstance(told, RetryLater):
        return told
    if told is None:
        return Changes((), whole=False)
    every = [(kind, one) for kind, entity in ENTITIES.items() for one in told.get(entity, [])]
    return Changes(tuple(Change(str(one.get("Id", "")), kind) for kind, one in every if one.get("status") == "Deleted"))


def _page(client: Client, kind: str, moment: datetime) -> Page | RetryLater:
    entity = ENTITIES[kind]
    told = client.query(queries.changed(entity, _text(moment), MOST_RESULTS), entity)
    if isinstance(told, RetryLater):
        return told
    found = tuple(Change(str(one.get("Id", "")), kind, str(one.get("DocNumber", ""))) for one in told)
    return Page(found, len(told) >= MOST_RESULTS, _changed_at(told[-1]) if told else None)


def _changed_at(one: Element) -> datetime | None:
    data = one.get("MetaData")
    text = data.get("LastUpdatedTime") if isinstance(data, dict) else None
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return None


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
