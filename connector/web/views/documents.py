"""Documents: where each is, what it bills, and why."""

from django.http import HttpResponse
from django.shortcuts import render

from connector.runs import drift, views, workspace
from connector.runs.explain import explain, of_document
from connector.runs.reconcile import standing
from connector.web.asked import PageRequest
from connector.web.paging import MOST, Pager, wanted
from connector.web.site import site


def listing(request: PageRequest) -> HttpResponse:
    """Every document, the newest number first."""
    asked = wanted(request)
    text = asked.search.lower()
    every = views.listed()
    found = [
        one
        for one in every
        if (not asked.choice or one.state == asked.choice)
        and text in f"{one.number} {one.partner_id} {one.partner}".lower()
    ]
    told = {
        "found": found[asked.start : asked.start + MOST],
        "states": sorted({one.state for one in every}),
        "asked": asked,
        "pager": Pager(asked, len(found), request.path),
    }
    return render(request, "web/documents.html", told)


def one(request: PageRequest, number: str) -> HttpResponse:
    """One document with its lines, each with its reasons; what is none but can be explained, with these."""
    asked = wanted(request)
    known = next(iter(views.documents(number=number)), None)
    if known is None:
        namespaces = sorted({mapping.namespace for mapping in workspace.open_mappings(site().config()).items})
        reasons = explain(number, namespaces)
    else:
        reasons = of_document(known, asked.start, MOST)
    differs = [one for one in standing() if one.number == number]
    told = {
        "known": known,
        "reasons": reasons,
        "pager": Pager(asked, len(known.document.lines) if known else 0, request.path),
        "number": number,
        "differs": differs,
        "history": drift.history(number),
    }
    return render(request, "web/document.html", told)
