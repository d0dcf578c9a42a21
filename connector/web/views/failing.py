"""What a person sees when something cannot be done: what is wrong, and the next step; never a traceback."""

import logging
import sys
from pathlib import Path

from django.http import HttpResponse
from django.shortcuts import render

from connector import ledger
from connector.runs.errors import StopError
from connector.runs.stops import DefectError, as_stop
from connector.web.asked import PageRequest
from connector.web.rights import Right

_LOG = logging.getLogger("connector.web")


def _page(
    request: PageRequest, status: int, title: str, message: str, step: str, problems: object = ()
) -> HttpResponse:
    told = {"title": title, "message": message, "next_step": step, "problems": problems}
    answer = render(request, "web/failed.html", told, status=status)
    if getattr(request, "htmx", False):  # a part of a page that fails takes the whole page with it
        answer["HX-Retarget"], answer["HX-Reswap"], answer["HX-Reselect"] = "body", "outerHTML", "body"
    return answer


def stopped(request: PageRequest, stop: StopError) -> HttpResponse:
    """What a flow refuses, in the words of the command line."""
    return _page(request, 409, "That cannot be done", _sentence(stop), stop.next_step, stop.problems)


def forbidden(request: PageRequest, right: Right) -> HttpResponse:
    """What this person's role does not allow."""
    role = request.user.role
    message = f"To {right.value} is not part of the role {role}."
    return _page(request, 403, "Not allowed", message, "Ask an admin, who can change what you are here.")


def forged(request: PageRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from a page of ours, or whose page is too old."""
    _LOG.warning("a form was refused: %s", reason)
    step = "Go back, load the page again, and send it once more."
    return _page(request, 403, "The form was not accepted", "It did not come from a page that you have open now.", step)


def bad(request: PageRequest, exception: Exception) -> HttpResponse:
    """A request that makes no sense."""
    _LOG.warning("a request was not understood: %s", type(exception).__name__)
    return _page(request, 400, "That makes no sense", "The request was not understood.", "Go back and try again.")


def missing(request: PageRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's own name
    """An address without a page."""
    return _page(request, 404, "There is no such page", "Nothing is kept under this address.", "Start at the overview.")


def defect(request: PageRequest) -> HttpResponse:
    """What nobody expected: the log tells where its details are; a person is told a reference by which to find them."""
    error = sys.exc_info()[1]
    stop = as_stop(error if isinstance(error, Exception) else RuntimeError("unknown"))
    if isinstance(error, ledger.StoreError | ledger.RefusedError):
        return _page(request, 503, "That did not work", _sentence(stop), stop.next_step)
    _LOG.error("%s %s: %s. %s", request.method, request.path, stop.message, stop.next_step)
    if not isinstance(stop, DefectError):
        return _page(request, 500, "That did not work", _sentence(stop), stop.next_step)
    step = f"Tell whoever runs the page this reference: {Path(stop.written).stem}. What was done before is kept."
    return _page(request, 500, "That did not work", _sentence(stop), step)


def _sentence(stop: StopError) -> str:
    return f"{stop.message[0].upper()}{stop.message[1:]}."
