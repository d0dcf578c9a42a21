"""Signing in and out, joining by a link, and passwords."""

from typing import cast

from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.views import LoginView, LogoutView, redirect_to_login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
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


@never_cache
@sensitive_post_parameters("now", "password", "again")
def password(request: HttpRequest) -> HttpResponse:
    """Whoever is signed in chooses another password; other sessions of theirs end."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    faults: list[str] = []
    if request.method == "POST":
        try:
            _changed(cast("PageRequest", request))
        except ValidationError as error:
            faults = error.messages
        else:
            messages.success(request, "Your password is changed; elsewhere you are signed out.")
            return redirect("home")
    return render(request, "web/password.html", {"faults": faults}, status=400 if faults else 200)


def _changed(request: PageRequest) -> None:
    given = {name: request.POST.get(name, "") for name in ("now", "password", "again")}
    if not request.user.check_password(given["now"]):
        raise ValidationError("That is not your password.")
    if given["password"] != given["again"]:
        raise ValidationError("The two passwords are not the same.")
    validate_password(given["password"], request.user)
    request.user.set_password(given["password"])
    request.user.save()
    update_session_auth_hash(request, request.user)
    deeds.note(request.user.name, "chose a new password")


def _joined(request: PageRequest, secret: str) -> Person:
    password = request.POST.get("password", "")
    if password != request.POST.get("again", ""):
        raise invitations.RefusedError("The two passwords are not the same.")
    return invitations.accept(secret, request.POST.get("name", ""), password)
