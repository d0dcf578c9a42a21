"""Templates made by the page: the list, a new one with its plan, another name, archiving."""

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from connector.runs.errors import StopError
from connector.web import made_templates
from connector.web.asked import PageRequest
from connector.web.models import TemplateStep
from connector.web.paging import MOST, Pager, wanted


def listing(request: PageRequest) -> HttpResponse:
    """The templates made here that this person may see, the newest first."""
    asked, found = wanted(request), made_templates.latest(request.user.partner_id)
    if asked.search:
        found = found.filter(Q(name__icontains=asked.search) | Q(template__partner_id__icontains=asked.search))
    shown = found[asked.start : asked.start + MOST]
    told = {"found": shown, "pager": Pager(asked, found.count(), request.path)}
    return render(request, "web/made_templates.html", told)


def new(request: PageRequest) -> HttpResponse:
    """A new template: its name and the plan that it carries."""
    given = {name: _text(request, name) for name in ("partner", "name", "plan")}
    given["partner"] = request.user.partner_id or given["partner"]
    fault = None
    if request.method == "POST":
        try:
            made = made_templates.make(given["partner"], given["name"], given["plan"], request.user.name)
        except StopError as stop:
            fault = stop
        else:
            messages.success(request, "The template is made. New clients can be made from it.")
            return redirect("client-template", number=made.pk)
    told = {"given": given, "fault": fault}
    return render(request, "web/new_template.html", told, status=400 if fault else 200)


def one(request: PageRequest, number: int) -> HttpResponse:
    """One template: its plan, and what was made of it by whom."""
    step = _step(request, number)
    archived = step.what == made_templates.ARCHIVED
    told = {"step": step, "template": step.template, "steps": step.template.steps.all(), "archived": archived}
    return render(request, "web/made_template.html", told)


def rename(request: PageRequest, number: int) -> HttpResponse:
    """Give a template another name.

    Raises:
        StopError: it is archived, or the name cannot be given.
    """
    made_templates.rename(_step(request, number).template, _text(request, "name"), request.user.name)
    messages.success(request, "The template has another name. Clients that were made from it keep its plan.")
    return redirect("client-template", number=number)


def archive(request: PageRequest, number: int) -> HttpResponse:
    """Archive a template.

    Raises:
        StopError: it is archived already.
    """
    made_templates.archive(_step(request, number).template, request.user.name)
    messages.success(request, "The template is archived. Clients that were made from it keep its plan.")
    return redirect("client-template", number=number)


def _text(request: PageRequest, name: str) -> str:
    return request.POST.get(name, "").strip()[: made_templates.LONGEST]


def _step(request: PageRequest, number: int) -> TemplateStep:
    """What a template is now; one of another partner is as if there was none."""
    found = made_templates.latest(request.user.partner_id).filter(template_id=number).first()
    if found is None:
        raise Http404(number)
    return found
