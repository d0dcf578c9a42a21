"""The mapping proposed for a sheet of an upload: looked at by whoever uploads, saved by whoever may change rules."""

from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from connector.intake import Mappings, SheetGuess, Suggestion, answered, name_of
from connector.runs import suggested, workspace
from connector.runs.errors import INPUT, StopError
from connector.web import checked, deeds, works
from connector.web.asked import PageRequest
from connector.web.models import Person, Upload
from connector.web.rights import RIGHTS, Right
from connector.web.site import site
from connector.web.suggestion_form import Filled, filled, named
from connector.web.views.uploads import read_sheet

_LONGEST_NAME = 60


def one(request: PageRequest, number: int, sheet: int) -> HttpResponse:
    """What each column is taken for, and why; with other choices posted, what these would make of it."""
    upload, known, guess = _guessed(number, sheet)
    return _page(request, upload, known, guess)


def save(request: PageRequest, number: int, sheet: int) -> HttpResponse:
    """Save what was confirmed as a mapping, and check the upload anew."""
    upload, known, guess = _guessed(number, sheet)
    config = site().config()
    mappings = workspace.open_mappings(config)
    try:
        made = _made(request, known, filled(guess, mappings, request.POST), mappings)
        suggested.check_name(made.name)
        _see_complete(made, is_draft=bool(request.POST.get("draft")))
        path = suggested.save(config.mappings, made, mappings)
    except StopError as stop:
        return _page(request, upload, known, guess, stop)
    deeds.note(request.user.name, "saved a mapping", path.name, known["file"])
    if made.open:
        step = f"Answer what is open in it, then rename it to {made.name}.yaml."
        messages.warning(request, f"Saved as {path.name}, which is not read yet. {step}")
        return redirect("upload", number=upload.pk)
    return redirect("work", number=works.start(works.CHECK, request.user.name, {}, upload).pk)


def _see_complete(made: Suggestion, *, is_draft: bool) -> None:
    """See that nothing is saved as a draft unless that is meant.

    Raises:
        StopError: something is open, and no draft is asked for.
    """
    if made.open and not is_draft:
        raise StopError("it is not complete yet", "Answer what is open, or save it as a draft.", INPUT)


def _guessed(number: int, sheet: int) -> tuple[Upload, dict[str, Any], SheetGuess]:
    upload, known = read_sheet(number, sheet)
    guess = checked.guessed(site().uploads(upload.pk), known)
    if guess is None:
        raise Http404(sheet)
    return upload, known, guess


def _made(request: PageRequest, known: dict[str, Any], form: Filled, mappings: Mappings) -> Suggestion:
    """The mapping that a form makes, under the name that was given."""
    usual = name_of(named(known["sheet"], Path(known["file"]).stem))[:_LONGEST_NAME]
    name = request.POST.get("name", usual).strip()
    return answered(known["file"], name, [form.guess], mappings, form.answers)


def _page(
    request: PageRequest, upload: Upload, known: dict[str, Any], guess: SheetGuess, stop: StopError | None = None
) -> HttpResponse:
    """The form as it is filled in; as it is proposed where that cannot be."""
    mappings = workspace.open_mappings(site().config())
    try:
        form = filled(guess, mappings, request.POST)
    except StopError as wrong:
        stop, form = stop or wrong, filled(guess, mappings, {})
    made = _made(request, known, form, mappings)
    told = {
        "upload": upload,
        "sheet": known,
        "form": form,
        "made": made,
        "stop": stop,
        "whom": [] if Right.RULES in request.user.rights else _who_may(),
        "folder": site().config().mappings.name,
    }
    return render(request, "web/suggestion.html", told, status=409 if stop else 200)


def _who_may() -> list[str]:
    """Who may save a mapping."""
    roles = [role.value for role, rights in RIGHTS.items() if Right.RULES in rights]
    return [one.name for one in Person.objects.filter(is_active=True, role__in=roles)]
