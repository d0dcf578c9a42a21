"""Contacts: which contact each partner is billed to, how that was matched, and what the books said of it last.

Nobody chooses here: a contact is declared in the partners sheet, as on the command line, so that the next plan and the
next upload say the same.
"""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render

from connector.runs import people_views
from connector.runs.contacts import Found, Matched, matched
from connector.web import seen, works
from connector.web.asked import PageRequest
from connector.web.paging import MOST, Pager, wanted
from connector.web.site import site


@dataclass(frozen=True)
class Row:
    """A partner's contact in one tenant's books; `found` is what the books said of it, None where nobody asked."""

    matched: Matched
    found: Found | None
    unasked: str

    @property
    def differs(self) -> bool:
        """Whether the newest document was billed to another contact than the next one will be."""
        one = self.matched
        return bool(one.contact_id and one.billed_to) and one.contact_id.lower() != one.billed_to.lower()

    @property
    def is_new(self) -> bool:
        """Whether the books have no contact yet, and the next sending makes it."""
        return self.found is not None and not self.found.contact_id and not self.found.told


def listing(request: PageRequest) -> HttpResponse:
    """The contacts of every partner, a page of partners at a time."""
    asked, looked = wanted(request), seen.last()
    of = people_views.Asked(asked.search, asked.start, MOST)
    found, total = matched(site().config(), of, site().now().date())
    told = {
        "rows": [
            Row(one, looked.contacts.get(one.tenant, {}).get(one.partner_id), looked.unasked.get(one.tenant, ""))
            for one in found
        ],
        "looked": looked,
        "going": works.going(works.LOOK),
        "back": "books-contacts",
        "pager": Pager(asked, total, request.path),
    }
    return render(request, "web/contacts.html", told)
