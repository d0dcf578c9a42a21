"""A client made here that an export has too: the suggestions with their evidence, and a person who joins the two."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from connector.runs import one_client, workspace
from connector.runs.errors import INPUT, StopError
from connector.web import made, making
from connector.web.asked import PageRequest
from connector.web.site import site
from connector.web.views.making import made_step


def join(request: PageRequest, number: int) -> HttpResponse:
    """What may be the same client, by its domain and name or by the id that a person looks for; and joining with it.

    Raises:
        StopError: no upload has that id under this partner, or the two cannot be joined.
    """
    step = made_step(request, number)
    mappings = workspace.open_mappings(site().config())
    asked = (request.POST if request.method == "POST" else request.GET).get("client_ref", "")
    looked_for = asked.strip()[: making.LONGEST]
    found = one_client.matches(step.whole, mappings, looked_for)
    if request.method == "POST":
        space = request.POST.get("namespace", "")
        match = next((one for one in found if (one.namespace, one.client_ref) == (space, looked_for)), None)
        if match is None:
            message = f"no upload has a client {looked_for} of partner {step.made.partner_id}"
            raise StopError(message, "Choose one of those that are listed.", INPUT)
        made.join(step, match, mappings, request.user.name)
        messages.success(request, f"{step.made.reference} and {match.client_ref} are one client from now on.")
        return redirect("client-made", number=number)
    told = {"step": step, "made": step.made, "row": step.whole, "found": found, "looked_for": looked_for}
    return render(request, "web/made_join.html", told)
