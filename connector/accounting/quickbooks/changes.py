"""What has changed in a company: by questions for what stands there, and by the list of changes for what was deleted.

What a stranger would get wrong: the list of changes tells so many objects and so many days, which the vendor has not
said for certain, and is cut without a word. So it is believed where it says that something is gone, and nothing rests
on it; whoever must know of every deleted document asks by number now and then.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.accounting.port import Change, Changes, RetryLater
from connector.accounting.quickbooks import queries
from connector.accounting.quickbooks.client import Client
from connector.accounting.quickbooks.documents import ENTITIES

MOST_RESULTS = queries.MOST_RESULTS
MOST_PAGES = 60  # whoever has more to tell is asked by number

Element = dict[str, Any]


def since(client: Client, moment: datetime) -> Changes | RetryLater:
    """The documents of both kinds that have changed since a moment, UTC."""
    found: list[Change] = []
    whole = True
    for kind, entity in ENTITIES.items():
        read = _of_kind(client, kind, entity, moment)
        if isinstance(read, RetryLater):
            return read
        found += read.documents
        whole &= read.whole
    deleted = client.changes(tuple(ENTITIES.values()), _text(moment))
    if isinstance(deleted, RetryLater):
        return deleted
    kinds = [(kind, one) for kind, entity in ENTITIES.items() for one in (deleted or {}).get(entity, [])]
    found += [Change(str(one.get("Id", "")), kind) for kind, one in kinds if one.get("status") == "Deleted"]
    return Changes(tuple(found), whole and deleted is not None)


def _of_kind(client: Client, kind: str, entity: str, moment: datetime) -> Changes | RetryLater:
    """The next question begins where the last answer ended: what changes meanwhile moves to the end."""
    found: list[Change] = []
    for _ in range(MOST_PAGES):
        told = client.query(queries.changed(entity, _text(moment), MOST_RESULTS), entity)
        if isinstance(told, RetryLater):
            return told
        found += [Change(str(one.get("Id", "")), kind, str(one.get("DocNumber", ""))) for one in told]
        if len(told) < MOST_RESULTS:
            return Changes(tuple(found))
        last = _latest(told)
        if last is None or last < moment + timedelta(seconds=1):
            break  # more than a page within one second, and no way past it
        moment = last
    return Changes(tuple(found), whole=False)


def _latest(told: Sequence[Element]) -> datetime | None:
    """When the last of them changed."""
    data = told[-1].get("MetaData")
    text = data.get("LastUpdatedTime") if isinstance(data, dict) else None
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return None


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
