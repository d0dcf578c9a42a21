"""What has changed in an organisation: invoices and credit notes, by the time of their last change."""

from datetime import datetime
from functools import partial

from connector.accounting import changes
from connector.accounting.answers import Change, Changes, RetryLater
from connector.accounting.changes import Page
from connector.accounting.xero import wire
from connector.accounting.xero.client import PAUSE, Client
from connector.accounting.xero.invoices import SHAPES

PAGE_SIZE = 1000
_PAGE = {"order": "UpdatedDateUTC", "page": "1"}
_BRIEF = {"Invoices": {"summaryOnly": "true"}}  # credit notes know no such wish


def since(client: Client, moment: datetime) -> Changes | RetryLater:
    """The documents of both kinds that have changed since a moment, UTC."""
    return changes.together(changes.since(moment, partial(_page, client, kind)) for kind in SHAPES)


def _page(client: Client, kind: str, moment: datetime) -> Page | RetryLater:
    shape = SHAPES[kind]
    query = {**_PAGE, "pageSize": str(PAGE_SIZE), **_BRIEF.get(shape.collection, {})}
    reply = client.read(shape.collection, query, {"If-Modified-Since": f"{moment:%Y-%m-%dT%H:%M:%S}"})
    if isinstance(reply, RetryLater):
        return reply
    if reply is None or shape.collection not in reply:
        reason = "Xero's answer to a look at what has changed is not whole."
        return RetryLater(client.now() + PAUSE, reason, whole_tenant=True)
    elements = wire.elements(reply, shape.collection)
    own = [one for one in elements if wire.text(one, "Type") == shape.type]
    told = tuple(Change(wire.text(one, shape.id), kind, wire.text(one, shape.number)) for one in own)
    last = wire.moment(elements[-1], "UpdatedDateUTC") if elements else None
    return Page(told, len(elements) >= PAGE_SIZE, last)
