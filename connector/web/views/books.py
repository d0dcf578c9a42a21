"""Books: what stands in the accounting systems, what differs there from what was approved, and its two answers.

To read the books, and both answers, need the right to operate, as its name says: they are about what the books have,
and neither bills anybody. What is issued again is a plan, which another right approves.
"""

from django.http import HttpResponse
from django.shortcuts import redirect, render

from connector.runs import looks
from connector.runs.errors import INPUT, StopError
from connector.runs.reconcile import standing
from connector.web import deeds, works
from connector.web.asked import PageRequest
from connector.web.models import Work
from connector.web.paging import MOST, Pager, wanted

_MOST_ANSWERED = 200
_LONGEST_REASON = 500


def listing(request: PageRequest) -> HttpResponse:
    """What differs and waits for an answer, and when the books were read."""
    asked = wanted(request)
    text = asked.search.lower()
    every = standing()
    found = [one for one in every if text in f"{one.number} {one.partner_id} {one.tenant} {one.told}".lower()]
    last = Work.objects.filter(kind=works.READ_BACK, state=works.DONE).first()
    told = {
        "found": found[asked.start : asked.start + MOST],
        "waiting": len(every),
        "pager": Pager(asked, len(found), request.path),
        "looks": looks.latest(),
        "last": last,
        "going": works.going(works.READ_BACK),
    }
    return render(request, "web/books.html", told)


def read(request: PageRequest) -> HttpResponse:
    """Read the books back, in a process of its own; one that goes on already is shown."""
    work = works.going(works.READ_BACK)
    if work is None:
        work = works.start(works.READ_BACK, request.user.name, {})
        deeds.note(request.user.name, "read the books back")
    return redirect("work", number=work.pk)


def accept(request: PageRequest) -> HttpResponse:
    """Take documents as the books have them. The books are read again for it, in a process of its own."""
    return redirect("work", number=_answer(request, works.ACCEPT).pk)


def reissue(request: PageRequest) -> HttpResponse:
    """Plan to bill again what the books have no more; its run is shown once it is made."""
    return redirect("work", number=_answer(request, works.REISSUE).pk)


def _answer(request: PageRequest, kind: str) -> Work:
    """Start the work of an answer. What was answered is noted by the work, once it is done.

    Raises:
        StopError: no document was chosen, or no reason given.
    """
    numbers = list(dict.fromkeys(one for one in request.POST.getlist("number") if one))[:_MOST_ANSWERED]
    reason = request.POST.get("reason", "").strip()[:_LONGEST_REASON]
    if not numbers:
        raise StopError("no document was chosen", "Tick those that you answer.", INPUT)
    if not reason:
        raise StopError("an answer needs a reason", "Say why; it is kept.", INPUT)
    going = works.going(kind, numbers=numbers)
    return going or works.start(kind, request.user.name, {"numbers": numbers, "reason": reason})
