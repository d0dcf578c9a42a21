"""What has changed in an organisation, page by page.

What a stranger would get wrong: a document that changes while one reads moves to the last page, and all behind it move
up by one. So no second page is asked for: the next question begins where the last answer ended.
"""

from datetime import datetime, timedelta

from connector.accounting.port import Change, Changes, RetryLater
from connector.accounting.xero import wire
from connector.accounting.xero.client import PAUSE, Client
from connector.accounting.xero.invoices import SHAPES, Shape

PAGE_SIZE = 1000
MOST_PAGES = 60  # a minute of calls; whoever has more to tell is asked by number
_PAGE = {"order": "UpdatedDateUTC", "page": "1", "pageSize": str(PAGE_SIZE)}
_BRIEF = {"Invoices": {"summaryOnly": "true"}}  # credit notes know no such wish


def since(client: Client, moment: datetime) -> Changes | RetryLater:
    """The documents of both kinds that have changed since a moment, UTC."""
    found: list[Change] = []
    whole = True
    for kind, shape in SHAPES.items():
        read = _of_kind(client, kind, shape, moment)
        if isinstance(read, RetryLater):
            return read
        found += read.documents
        whole &= read.whole
    return Changes(tuple(found), whole)


def _of_kind(client: Client, kind: str, shape: Shape, moment: datetime) -> Changes | RetryLater:
    found: list[Change] = []
    for _ in range(MOST_PAGES):
        headers = {"If-Modified-Since": f"{moment:%Y-%m-%dT%H:%M:%S}"}
        reply = client.read(shape.collection, {**_PAGE, **_BRIEF.get(shape.collection, {})}, headers)
        if isinstance(reply, RetryLater):
            return reply
        if reply is None or shape.collection not in reply:
            reason = "Xero's answer to a look at what has changed is not whole."
            return RetryLater(client.now() + PAUSE, reason, whole_tenant=True)
        elements = wire.elements(reply, shape.collection)
        own = [one for one in elements if wire.text(one, "Type") == shape.type]
        found += [Change(wire.text(one, shape.id), kind, wire.text(one, shape.number)) for one in own]
        if len(elements) < PAGE_SIZE:
            return Changes(tuple(found))
        last = wire.moment(elements[-1], "UpdatedDateUTC")
        if last is None or last < moment + timedelta(seconds=1):
            break  # more than a page within one second, and no way past it
        moment = last
    return Changes(tuple(found), whole=False)
