"""What has changed in a company: invoices to customers by the time of their last change, drafts of ours left out.

What a stranger would get wrong: Tryton writes that time in the zone of its database's sessions, and tells nobody which.
So the question goes back by as much as the clocks of a zone can be behind, and may be answered with more than asked.
"""

from datetime import datetime, timedelta

from connector.accounting import changes
from connector.accounting.answers import Change, Changes, RetryLater
from connector.accounting.changes import Page
from connector.accounting.tryton import documents, wire
from connector.accounting.tryton.catalogue import Company
from connector.accounting.tryton.client import Client

PAGE_SIZE = 1000
BEHIND = timedelta(hours=12)


def since(client: Client, company: Company, moment: datetime) -> Changes | RetryLater:
    """The documents of both kinds that have changed since a moment, UTC."""

    def page(begin: datetime) -> Page | RetryLater:
        domain = [["company", "=", company.id], ["type", "=", "out"], ["write_date", ">=", begin]]
        fields = [*documents.FIELDS, "write_date"]
        order = [["write_date", "ASC"], ["id", "ASC"]]
        context = {**company.context, "active_test": False}
        read = client.read("account.invoice", "search_read", domain, 0, PAGE_SIZE, order, fields, context)
        if isinstance(read, RetryLater):
            return read
        found = [one for one in map(documents.parsed, read) if one is not None]
        if len(found) < len(read):
            return client.later("Tryton's answer to a look at what has changed is not whole.")
        told = [one for one in found if not one.is_draft_of(company.user_id)]
        last = wire.moment(read[-1], "write_date") if read else None
        return Page(
            tuple(Change(str(one.id), one.kind, one.document.number) for one in told), len(read) >= PAGE_SIZE, last
        )

    return Changes(()) if moment > client.now() else changes.since(moment - BEHIND, page)
