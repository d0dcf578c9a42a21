"""Signing in and out, and joining by a link."""

from django.contrib.auth import login
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from connector.web import deeds, invitations
from connector.web.asked import PageRequest
from connector.web.models import Person
from connector.web.rights import TOLD, Role

_LOGIN = LoginView.as_view(template_name="web/sign_in.html", redirect_authenticated_user=True)
_LOGOUT = LogoutView.as_view()
_BACKEND = "django.contrib.auth.backends.ModelBackend"


def sign_in(request: PageRequest) -> HttpResponseBase:
    """Name and password; too many wrong ones, and nothing more for a while."""
    answer = _LOGIN(request)
    if request.method == "POST" and request.user.is_authenticated:
        deeds.note(request.user.name, "signed in")
    return answer


def sign_out(request: PageRequest) -> HttpResponseBase:
    """The session ends."""
    if request.user.is_authenticated:
        deeds.note(request.user.name, "signed out")
    return _LOGOUT(request)


@never_cache
@sensitive_post_parameters("password", "again", "key")
def join(request: PageRequest) -> HttpResponse:
    """A person is made by the link of an invitation."""
    secret = request.POST.get("key", "") or request.GET.get("key", "")
    try:
        found = invitations.standing(secret)
    except invitations.RefusedError as error:
        return render(request, "web/join.html", {"faults": [str(error)]}, status=410)
    faults: list[str] = []
    if request.method == "POST":
        try:
            person = _joined(request, secret)
        except ValidationError as error:
            faults = error.messages
        except invitations.RefusedError as error:
            faults = [str(error)]
        else:
            login(request, person, backend=_BACKEND)
            return redirect("home")
    told = {
        "key": secret,
        "faults": faults,
        "invitation": found,
        "role_told": TOLD[Role(found.role)],
        "name": request.POST.get("name", ""),
    }
    return render(request, "web/join.html", told, status=400 if faults else 200)


def _joined(request: PageRequest, secret: str) -> Person:
    password = request.POST.get("password", "")
    if password != request.POST.get("again", ""):
        raise invitations.RefusedError("The two passwords are not the same.")
    return invitations.accept(secret, request.POST.get("name", ""), password)
