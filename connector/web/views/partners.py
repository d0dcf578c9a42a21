"""Partners: the list, one with its versions, places, clients and documents. An advisor sees one partner alone."""

from django.http import Http404, HttpResponse
from django.shortcuts import render

from connector.billing.balance import Balance
from connector.runs import people_views, workspace
from connector.runs.errors import StopError
from connector.runs.views import bundle_balances
from connector.web.asked import PageRequest
from connector.web.paging import MOST, Pager, Wanted, wanted
from connector.web.site import site

_LATEST = 10


def listing(request: PageRequest) -> HttpResponse:
    """Every partner that this person may see."""
    asked = wanted(request)
    found, total = people_views.partners(_narrowed(asked, request.user.partner_id))
    return render(request, "web/partners.html", {"found": found, "pager": Pager(asked, total, request.path)})


def one(request: PageRequest, partner_id: str) -> HttpResponse:
    """One partner; the search and the pages are those of its clients."""
    found = people_views.partner(partner_id, request.user.partner_id)
    if found is None:
        raise Http404(partner_id)
    asked = wanted(request)
    clients, total = people_views.clients(_narrowed(asked, partner_id))
    latest = people_views.Asked(most=_LATEST, only=partner_id)
    documents, count = people_views.partner_documents(latest)
    balance, untold = _balance(partner_id)
    told = {
        "partner": found,
        "clients": clients,
        "pager": Pager(asked, total, request.path),
        "documents": documents,
        "document_count": count,
        "balance": balance,
        "untold": untold,
    }
    return render(request, "web/partner.html", told)


def documents(request: PageRequest, partner_id: str) -> HttpResponse:
    """The documents of a partner, the newest number first."""
    found = people_views.partner(partner_id, request.user.partner_id)
    if found is None:
        raise Http404(partner_id)
    asked = wanted(request)
    shown, total = people_views.partner_documents(_narrowed(asked, partner_id))
    told = {"partner": found, "documents": shown, "pager": Pager(asked, total, request.path)}
    return render(request, "web/partner_documents.html", told)


def document(request: PageRequest, number: str) -> HttpResponse:
    """One document as its partner may see it: its lines, each with its reasons."""
    asked = wanted(request)
    found = people_views.partner_document(number, request.user.partner_id, asked.start, MOST)
    if found is None:
        raise Http404(number)
    pager = Pager(asked, len(found[0].document.lines), request.path)
    return render(request, "web/partner_document.html", {"known": found[0], "reasons": found[1], "pager": pager})


def _narrowed(asked: Wanted, only: str) -> people_views.Asked:
    return people_views.Asked(asked.search, asked.start, MOST, only)


def _balance(partner_id: str) -> tuple[Balance | None, str]:
    """The Assessment Only places of a partner, or why they cannot be told."""
    try:
        rulebook = workspace.open_files(site().config()).rulebook
    except StopError as stop:
        return None, f"{stop.message[0].upper()}{stop.message[1:]}."
    found = bundle_balances(rulebook, site().now().date(), partner_id)
    return next(iter(found), None), "" if found else "Nothing says yet from which day its places count."
