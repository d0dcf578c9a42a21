"""One page: its address, its name, what answers it, and who may ask. The table of all of them is in `urls`.

A stranger's trap: rights are checked here and nowhere else, for every page and every verb. A view may trust that
whoever it serves has the right of its page; of an advisor it still has to keep to the one partner.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

from connector.runs.errors import StopError
from connector.web.asked import PageRequest
from connector.web.rights import Right
from connector.web.views import failing

if TYPE_CHECKING:
    from django.urls import URLPattern

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes:
        route: its address, as Django writes patterns.
        name: its name; those of one room begin alike.
        view: what answers.
        right: what it needs; None for whoever comes, signed in or not.
        verbs: how it may be asked.
    """

    route: str
    name: str
    view: View
    right: Right | None
    verbs: tuple[str, ...] = ("GET",)

    def pattern(self) -> "URLPattern":
        """For Django's table of addresses."""
        from django.urls import path  # noqa: PLC0415 - Django is configured by then

        return path(self.route, self.answer, name=self.name)

    def answer(self, request: HttpRequest, **parts: str | int) -> HttpResponseBase:
        """The view's answer, if this person may ask."""
        if self.right is not None:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            if self.right not in request.user.rights:
                return failing.forbidden(cast("PageRequest", request), self.right)
        verb = "GET" if request.method == "HEAD" else request.method
        if verb not in self.verbs:
            return HttpResponseNotAllowed(self.verbs)
        try:
            answer = self.view(request, **parts)
        except Http404 as error:
            answer = failing.missing(cast("PageRequest", request), error)
        except StopError as stop:
            answer = failing.stopped(cast("PageRequest", request), stop)
        if self.right is not None:  # what somebody may see is not left in a browser for whoever comes next
            answer.headers.setdefault("Cache-Control", "private, no-store")
        return answer


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in and back; a part of a page sends the whole page there."""
    back = request.get_full_path() if request.method == "GET" and not getattr(request, "htmx", False) else "/"
    answer = redirect_to_login(back)
    if getattr(request, "htmx", False):
        moved = HttpResponse(status=204)
        moved["HX-Redirect"] = answer["Location"]
        return moved
    return answer
