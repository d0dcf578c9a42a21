"""What was done by whom."""

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render

from connector.web.asked import PageRequest
from connector.web.models import Deed
from connector.web.paging import MOST, Pager, wanted


def listing(request: PageRequest) -> HttpResponse:
    """Every change, the newest first."""
    asked = wanted(request)
    texts = ("by", "what", "subject", "detail")
    fits = Q()
    for one in texts:
        fits |= Q(**{f"{one}__icontains": asked.search})
    found = Deed.objects.filter(fits) if asked.search else Deed.objects.all()
    told = {"found": found[asked.start : asked.start + MOST], "pager": Pager(asked, found.count(), request.path)}
    return render(request, "web/deeds.html", told)
