"""Clients made by the page: a new one, what was made, an upgrade, archiving, and a plan of all of them."""

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from connector.domain.words import ClientStatus, Plan
from connector.runs import made_here
from connector.runs.errors import INPUT, StopError
from connector.web import deeds, made, made_templates, making, works
from connector.web.asked import PageRequest
from connector.web.models import MadeStep
from connector.web.paging import MOST, Pager, wanted


def new(request: PageRequest) -> HttpResponse:
    """A new client in three steps, each a form; the fourth shows all of it and the price, and makes the client."""
    state = making.go_on(request)
    if state.made is not None:
        messages.success(
            request, f"{state.made.reference} is made. It is billed by the next run of what was made here."
        )
        return redirect("client-made", number=state.made.pk)
    own = request.user.partner_id
    told = {
        "state": state,
        "given": state.given,
        "number": making.STEPS.index(state.step) + 1,
        "told": made.words(state.quote) if state.quote else "",
        "templates": made_templates.offered(own) if state.step == making.PLAN else (),
    }
    return render(request, "web/new_client.html", told, status=400 if state.fault else 200)


def listing(request: PageRequest) -> HttpResponse:
    """The clients made here that this person may see, the newest first."""
    asked, found = wanted(request), made.latest(request.user.partner_id)
    if asked.search:
        texts = ("made__name", "made__domain", "made__partner_id", "by")
        fits = Q(made_id=made_here.number_of(asked.search))
        for one in texts:
            fits |= Q(**{f"{one}__icontains": asked.search})
        found = found.filter(fits)
    shown = found[asked.start : asked.start + MOST]
    told = {"found": shown, "pager": Pager(asked, found.count(), request.path)}
    return render(request, "web/made_clients.html", told)


def one(request: PageRequest, number: int) -> HttpResponse:
    """One client made here: what it is, and what was made of it by whom."""
    step = made_step(request, number)
    told = {"step": step, "made": step.made, "row": step.whole, "steps": step.made.steps.all()}
    return render(request, "web/made_client.html", told)


def upgrade(request: PageRequest, number: int) -> HttpResponse:
    """Upgrade a client to a full feature Spoke: the price is shown, and then confirmed.

    Raises:
        StopError: it is no client on Assessment Only, or its price is another than that which was shown.
    """
    step = made_step(request, number)
    _refuse_inactive(step)
    asked = making.asking(request)
    now = made_here.quote(asked, made.quoted_rows(step, {}))
    if now.plan != Plan.ASSESSMENT_ONLY.value:
        raise StopError(f"{step.made.reference} is not on Assessment Only", "There is nothing to upgrade.", INPUT)
    day = made_here.today(asked.files.rulebook, step.made.partner_id, asked.now)
    changed = {"plan": Plan.FULL_SPOKE.value, "upgraded_on": day.isoformat()}
    size = request.POST.get("employees", request.GET.get("employees", "")).strip()[: making.LONGEST]
    if size:
        changed |= {"employees": size}
    quote, fault = None, None
    try:
        quote = making.priced(asked, made.quoted_rows(step, changed))
        if request.method == "POST":
            making.refuse_other(quote, request.POST.get("told", ""))
            made.change(step.made, made.UPGRADED, changed, request.user.name, made.words(quote))
            messages.success(request, f"{step.made.reference} is upgraded. It is billed by the next run.")
            return redirect("client-made", number=number)
    except StopError as stop:
        fault = stop
    told = {
        "step": step,
        "made": step.made,
        "quote": quote,
        "fault": fault,
        "told": made.words(quote) if quote else "",
        "employees": size or step.row.get("employees", ""),
    }
    return render(request, "web/made_upgrade.html", told, status=400 if fault and request.method == "POST" else 200)


def archive(request: PageRequest, number: int) -> HttpResponse:
    """Archive a client.

    Raises:
        StopError: it is archived already.
    """
    step = made_step(request, number)
    asked = making.asking(request)
    day = made_here.today(asked.files.rulebook, step.made.partner_id, asked.now)
    changed = {"status": ClientStatus.ARCHIVED.value, "archived_on": day.isoformat()}
    made.change(step.made, made.ARCHIVED, changed, request.user.name, "")
    messages.success(request, f"{step.made.reference} is archived.")
    return redirect("client-made", number=number)


def users(request: PageRequest, number: int) -> HttpResponse:
    """Say how many client users there are, where that was left for later or has changed.

    Raises:
        StopError: it is no number, or the client is archived or joined.
    """
    step = made_step(request, number)
    _refuse_inactive(step)
    count = request.POST.get("users", "").strip()[: making.LONGEST]
    if not count:
        raise StopError("no number of client users was given", "Write how many there are.", INPUT)
    changed = {"users": count}
    making.priced(making.asking(request), made.quoted_rows(step, changed))  # refused where it cannot be read
    made.change(step.made, made.COUNTED, changed, request.user.name, "")
    messages.success(request, f"{step.made.reference} has {count} client users now.")
    return redirect("client-made", number=number)


def plan(request: PageRequest) -> HttpResponse:
    """Plan what was made here.

    Raises:
        StopError: nothing was made.
    """
    if not made.billed().exists():
        raise StopError("no client was made here yet", "Make one, then plan.", INPUT)
    work = works.start(works.PLAN, request.user.name, {"made_here": True})
    deeds.note(request.user.name, "planned", made_here.FILE)
    return redirect("work", number=work.pk)


def _refuse_inactive(step: MadeStep) -> None:
    """Refuse to change what is an active client no more.

    Raises:
        StopError: it is archived, or joined with the client of an export.
    """
    if step.row["status"] != ClientStatus.ACTIVE.value:
        raise StopError(f"{step.made.reference} is {step.row['status']}", "Only an active client is changed.", INPUT)


def made_step(request: PageRequest, number: int) -> MadeStep:
    """What a client is now; one of another partner is as if there was none."""
    found = made.latest(request.user.partner_id).filter(made_id=number).first()
    if found is None:
        raise Http404(number)
    return found
