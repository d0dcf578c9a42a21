"""People: who may do what, and links that invite."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from connector.runs.errors import INPUT, StopError
from connector.runs.known import read_partners
from connector.web import deeds, invitations
from connector.web.asked import PageRequest
from connector.web.models import Invitation, Person
from connector.web.rights import TOLD, Role
from connector.web.site import site


def listing(request: PageRequest) -> HttpResponse:
    """Everybody, and the form that invites; a new link is shown once."""
    secret = ""
    if request.method == "POST":
        secret = invitations.invite(_wanted(request), request.user.name)
    return _listing(request, secret)


def renew(request: PageRequest, number: int) -> HttpResponse:
    """A link by which a person chooses a new password, shown once.

    Raises:
        StopError: the person is switched off.
    """
    person = get_object_or_404(Person, pk=number)
    try:
        secret = invitations.renew(person, request.user.name)
    except invitations.RefusedError as error:
        raise StopError(str(error).rstrip("."), "Let them sign in again first.", INPUT) from error
    return _listing(request, secret)


def _listing(request: PageRequest, secret: str) -> HttpResponse:
    told = {
        "people": Person.objects.all(),
        "open": Invitation.objects.filter(used_at=None, ends_at__gt=site().now()).order_by("id"),
        "roles": [(role.value, TOLD[role]) for role in Role],
        "link": request.build_absolute_uri(f"{reverse('join')}?key={secret}") if secret else "",
    }
    return render(request, "web/people.html", told)


def change(request: PageRequest, number: int) -> HttpResponse:
    """Give a person another role, or switch them off or on.

    Raises:
        StopError: nobody would be admin any more.
    """
    person = get_object_or_404(Person, pk=number)
    wanted, active = _wanted(request), request.POST.get("active") == "yes"
    stays = active and wanted.role is Role.ADMIN
    others = Person.objects.filter(role=Role.ADMIN.value, is_active=True).exclude(pk=person.pk)
    if person.role == Role.ADMIN.value and not stays and not others.exists():
        raise StopError("nobody would be admin any more", "Make somebody else admin first.", INPUT)
    person.role, person.partner_id, person.is_active = wanted.role.value, wanted.partner_id, active
    person.save()
    standing = f"{person.role} {person.partner_id}".strip()
    deeds.note(request.user.name, "changed a person", person.name, standing if active else "switched off")
    messages.success(request, f"{person.name} is {standing if active else 'switched off'} now.")
    return redirect("people")


def _wanted(request: PageRequest) -> invitations.Wanted:
    """The role and partner of a form.

    Raises:
        StopError: there is no such role or partner.
    """
    role, partner = request.POST.get("role", ""), request.POST.get("partner", "").strip()
    if role not in {*Role}:
        raise StopError(f"there is no role {role}", "Choose one of the list.", INPUT)
    if role != Role.PARTNER.value:
        return invitations.Wanted(Role(role))
    if partner not in read_partners()["partner_id"].to_list():
        step = "Give the id of a partner that the partner master knows."
        raise StopError(f"there is no partner {partner or 'given'}", step, INPUT)
    return invitations.Wanted(Role.PARTNER, partner)
