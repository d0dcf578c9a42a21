"""Runs: the list, one run as tables, and what a person decides about it."""

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from connector.runs import holds, run_tables, store, workspace
from connector.runs.looked import Looked, look
from connector.runs.tieout import tie_out
from connector.web import deeds, run_books, works
from connector.web.asked import PageRequest
from connector.web.models import Deed, Work
from connector.web.paging import MOST, Pager, wanted
from connector.web.run_facts import facts, why
from connector.web.site import site
from connector.web.uploading import XLSX, day_of

_MOST_HELD = 1_000


def listing(request: PageRequest) -> HttpResponse:
    """Every run, the newest first."""
    asked = wanted(request)
    states = [
        one for one in store.run_states()[::-1] if asked.search.lower() in f"{one.run_id} {one.created_by}".lower()
    ]
    shown = states[asked.start : asked.start + MOST]
    rows = [(one, store.plain_plan(one.run_id)) for one in shown]
    told = {"rows": rows, "pager": Pager(asked, len(states), request.path), "today": site().now().date()}
    return render(request, "web/runs.html", told)


def plan_terms(request: PageRequest) -> HttpResponse:
    """Plan without files: what time alone brings about."""
    work = works.start(works.PLAN, request.user.name, {"as_of": day_of(request.POST.get("as_of", ""))})
    deeds.note(request.user.name, "planned", "without files")
    return redirect("work", number=work.pk)


def one(request: PageRequest, run_id: str) -> HttpResponse:
    """One run: what it comes to, what it waits for, and its tables."""
    run = look(run_id)
    sending = Work.objects.filter(kind=works.PUSH, given__run=run.run_id).first()
    comments = Deed.objects.filter(what="commented", subject=run.run_id).order_by("id")
    told = {
        "run": run,
        "facts": facts(run),
        "titles": run_tables.titles(run),
        "comments": comments,
        "sending": sending,
        "sending_stands": works.standing(sending) if sending else None,
        "xlsx": run_books.ready(run),
        "xlsx_takes_long": run_books.takes_long(run),
        "own": site().config().two_persons and run.state.created_by == request.user.name,
        **_table(run, "documents", request),
    }
    return render(request, "web/run.html", told)


def table(request: PageRequest, run_id: str, name: str) -> HttpResponse:
    """One table of a run: a part of its page for htmx, else a page."""
    run = look(run_id)
    told = {"run": run, "titles": run_tables.titles(run), **_table(run, name, request)}
    return render(request, "web/parts/run_table.html" if request.htmx else "web/run_table.html", told)


def _table(run: Looked, name: str, request: PageRequest) -> dict[str, object]:
    asked = wanted(request)
    try:
        page = run_tables.page(run, name, run_tables.Asked(asked.search, asked.choice, asked.start, MOST))
    except KeyError:
        raise Http404(name) from None
    address = reverse("run-table", kwargs={"run_id": run.run_id, "name": name})
    return {"page": page, "name": name, "asked": asked, "pager": Pager(asked, page.total, address), "address": address}


def tied(request: PageRequest, run_id: str) -> HttpResponse:
    """The way of every row and cent into the books: a part of the run's page for htmx, else a page."""
    run = look(run_id)
    told = {"run": run, "tied": tie_out(run.run_id)}
    return render(request, "web/parts/tie_out.html" if request.htmx else "web/tie_out.html", told)


def xlsx(request: PageRequest, run_id: str) -> HttpResponseBase:
    """The whole run as a workbook; one of many rows must have been made before."""
    run = look(run_id)
    ready = run_books.ready(run)
    if ready is not None:
        return FileResponse(ready.open("rb"), as_attachment=True, filename=f"{run.run_id}.xlsx", content_type=XLSX)
    if run_books.takes_long(run):
        messages.info(request, "Its workbook takes a while: make it, then download it here.")
        return redirect("run", run_id=run.run_id)
    answer = HttpResponse(run_books.made(run.run_id), content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="{run.run_id}.xlsx"'
    return answer


def make_xlsx(request: PageRequest, run_id: str) -> HttpResponse:
    """Make the workbook of a run, in a process of its own: one at a time."""
    run = store.resolve(run_id)
    going = works.going(works.EXPORT)
    if going is not None and going.given["run"] != run:
        messages.info(request, f"The workbook of {going.given['run']} is being made: wait until it is done.")
        return redirect("run", run_id=run)
    going = going or works.start(works.EXPORT, request.user.name, {"run": run})
    return redirect("work", number=going.pk)


def line(request: PageRequest, run_id: str, charge_id: str) -> HttpResponse:
    """Why a line is billed as it is."""
    run = look(run_id)
    found = why(run, charge_id)
    if found is None:
        raise Http404(charge_id)
    held = store.holds().get(charge_id)
    return render(request, "web/line.html", {"run": run, "why": found, "charge_id": charge_id, "held": held})


def hold(request: PageRequest, run_id: str) -> HttpResponse:
    """Take lines out of every plan until they are released."""
    words = request.POST.getlist("line")[:_MOST_HELD]
    made = holds.hold(run_id, words, request.POST.get("reason", ""), now=site().now(), by=request.user.name)
    deeds.note(request.user.name, "held", ", ".join(one.charge_id for one in made), made[0].reason)
    messages.success(request, f"{len(made)} line{'s' if len(made) > 1 else ''} put on hold.")
    return redirect("run", run_id=made[0].run_id)


def release(request: PageRequest, run_id: str) -> HttpResponse:
    """Put lines back."""
    words = request.POST.getlist("line")[:_MOST_HELD]
    freed = holds.release(words, request.POST.get("reason", ""), now=site().now(), by=request.user.name)
    deeds.note(request.user.name, "released", ", ".join(one.charge_id for one in freed), freed[0].reason)
    messages.success(request, f"{len(freed)} line{'s' if len(freed) > 1 else ''} released.")
    return redirect("run", run_id=store.resolve(run_id))


def comment(request: PageRequest, run_id: str) -> HttpResponse:
    """Say something about a run; it stays with it."""
    run, text = store.resolve(run_id), request.POST.get("text", "").strip()
    if text:
        deeds.note(request.user.name, "commented", run, text)
    return redirect("run", run_id=run)


def approve(request: PageRequest, run_id: str) -> HttpResponse:
    """Apply the plan exactly, or refuse with what has changed, in a process of its own: the books are asked for it."""
    run = store.resolve(run_id)
    workspace.require_another(site().config(), run, request.user.name)
    going = works.going(works.APPROVE, run=run) or works.start(works.APPROVE, request.user.name, {"run": run})
    return redirect("work", number=going.pk)


def push(request: PageRequest, run_id: str) -> HttpResponse:
    """Send what is approved, in a process of its own."""
    run = store.resolve(run_id)
    going = works.going(works.PUSH)
    if going is None:
        going = works.start(works.PUSH, request.user.name, {"run": run, "retry": bool(request.POST.get("retry"))})
        deeds.note(request.user.name, "sent", run)
    else:
        messages.info(request, "Something is being sent already; this is how far it is.")
    return redirect("work", number=going.pk)
