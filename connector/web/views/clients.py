"""Clients: the list, and one with what was said of it, what it is billed and why. An advisor sees their own alone."""

from django.http import Http404, HttpResponse
from django.shortcuts import render

from connector.runs import people_views, workspace
from connector.web.asked import PageRequest
from connector.web.paging import MOST, Pager, wanted
from connector.web.site import site


def listing(request: PageRequest) -> HttpResponse:
    """Every client that this person may see, the one that was said something of last first."""
    asked = wanted(request)
    namespaces = sorted({mapping.namespace for mapping in workspace.open_mappings(site().config()).items})
    narrowed = people_views.Asked(asked.search, asked.start, MOST, request.user.partner_id)
    found, total = people_views.clients(narrowed, namespaces)
    return render(request, "web/clients.html", {"found": found, "pager": Pager(asked, total, request.path)})


def one(request: PageRequest, client_id: str) -> HttpResponse:
    """One client."""
    file = people_views.client(client_id, request.user.partner_id)
    if file is None:
        raise Http404(client_id)
    return render(request, "web/client.html", {"file": file, "client": file.client})
