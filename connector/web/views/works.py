"""A work as it goes on."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from connector.web import works
from connector.web.asked import PageRequest
from connector.web.models import Work

_OF_BOOKS = (works.READ_BACK, works.ACCEPT, works.REISSUE)
_STOP_POLLING = 286  # htmx's own word for: do not ask again


def one(request: PageRequest, number: int) -> HttpResponse:
    """How far a work is; once it is done, on to what it made."""
    work = get_object_or_404(Work, pk=number)
    stands = works.standing(work)
    if stands.state == works.DONE:
        to = _made(work)
        if work.by == request.user.name:
            _tell(request, work)
        if not request.htmx:
            return redirect(to)
        answer = HttpResponse(status=_STOP_POLLING)
        answer["HX-Redirect"] = to
        return answer
    told = {"work": work, "title": works.TITLES[work.kind], "stands": stands, "back": _from(work)}
    status = _STOP_POLLING if request.htmx and stands.state == works.FAILED else 200
    return render(request, "web/parts/work.html" if request.htmx else "web/work.html", told, status=status)


def _tell(request: PageRequest, work: Work) -> None:
    """Say what a work that is done has changed."""
    found = work.found or {}
    for taken in found.get("accepted", ()) if work.kind == works.ACCEPT else ():
        messages.success(request, f"{taken['number']} is accepted: {taken['what']}.")
    if work.kind == works.APPROVE:
        count = found["documents"]
        messages.success(request, f"{found['run']} is approved: {count} document{'s' if count != 1 else ''} to send.")
        for tenant, reason in found["unasked"].items():
            messages.warning(request, f"The books of {tenant} could not be asked for their lock dates: {reason}")
    if work.kind == works.EXPORT:
        messages.success(request, f"{found['run']}.xlsx is made, and can be downloaded here.")


def _made(work: Work) -> str:
    """The address of what a work made."""
    if work.kind in (works.PLAN, works.REISSUE) and work.found is not None:
        return reverse("run", kwargs={"run_id": work.found["run"]})
    return _from(work)


def _from(work: Work) -> str:
    """Where a work was started."""
    if work.kind == works.SIMULATE:
        return reverse("rules-proposal", kwargs={"number": work.given["proposal"]})
    if work.kind == works.LOOK:
        return reverse(work.given["back"])
    if work.kind in _OF_BOOKS:
        return reverse("books")
    if work.kind in (works.APPROVE, works.PUSH, works.EXPORT):
        return reverse("run", kwargs={"run_id": work.given["run"]})
    return reverse("runs") if work.upload is None else reverse("upload", kwargs={"number": work.upload.pk})
