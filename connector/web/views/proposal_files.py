"""The editor of a proposal's files: faults at their lines as one types, tables beside it, nothing lost on a clash."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from connector.domain.problems import Problem, errors
from connector.printed import Table
from connector.rulebook.views import tables_of
from connector.runs import proposal_checks, proposals, rule_drafts
from connector.runs.errors import INPUT, StopError
from connector.runs.proposal_files import DRAFT, Proposal
from connector.runs.rule_checks import Checked
from connector.web import deeds
from connector.web.asked import PageRequest
from connector.web.site import site
from connector.web.views.proposals import known


@dataclass(frozen=True)
class Told:
    """What is told of a text.

    Attributes:
        here: the faults and warnings of this file, each with its line.
        elsewhere: those of other files.
        wrong: how many of all are errors.
        lines: the numbers of the lines that are named, parted by spaces.
        tables: the tables of what stands in this file; none while there are errors.
    """

    here: Sequence[tuple[int, Problem]]
    elsewhere: Sequence[Problem]
    wrong: int
    lines: str
    tables: Sequence[Table]


def edit(request: PageRequest, number: int, name: str) -> HttpResponse:
    """The editor of one file; what is sent is kept, unless somebody else kept another text meanwhile."""
    proposal = known(number)
    there = rule_drafts.texts(proposal.rules)
    if name not in there:
        raise Http404(name)
    text, fault = there[name], None
    if request.method == "POST":
        text = _sent(request)
        try:
            _keep(request, proposal, name, there[name], text)
        except StopError as stop:
            fault = stop
        else:
            messages.success(request, f"{name} is kept.")
            return redirect("rules-edit", number=number, name=name)
    config = site().config()
    checked = proposal_checks.check_text(config, proposal, name, text)
    told = {
        "proposal": proposal,
        "editable": proposal.state == DRAFT,
        "name": name,
        "text": text,
        "seen": _digest(there[name]),
        "fault": fault,
        "told": _told(checked, proposal, name),
    }
    return render(request, "web/proposal_file.html", told, status=409 if fault else 200)


def check(request: PageRequest, number: int, name: str) -> HttpResponse:
    """What would be wrong with a text, without keeping it: a part of the editor."""
    proposal = known(number)
    checked = proposal_checks.check_text(site().config(), proposal, name, _sent(request))
    return render(request, "web/parts/draft_check.html", {"told": _told(checked, proposal, name)})


def add(request: PageRequest, number: int) -> HttpResponse:
    """A new file in a draft: a copy of another, or empty."""
    proposal = known(number)
    name, like = request.POST.get("name", "").strip(), request.POST.get("like", "")
    there = rule_drafts.texts(proposal.rules)
    if name in there:
        raise StopError(f"there is a file {name} already", "Give another name, or edit that file.", INPUT)
    if like and like not in there:
        raise StopError(f"there is no file {like} to copy", "Choose one of those listed.", INPUT)
    proposals.write(site().config(), number, name, there.get(like, ""))
    deeds.note(request.user.name, "added a file of rules", f"proposal {number}", name)
    return redirect("rules-edit", number=number, name=name)


def remove(request: PageRequest, number: int) -> HttpResponse:
    """Take a file out of a draft."""
    known(number)
    name = request.POST.get("name", "")
    proposals.remove(site().config(), number, name)
    deeds.note(request.user.name, "removed a file of rules", f"proposal {number}", name)
    messages.success(request, f"{name} is removed from this proposal.")
    return redirect("rules-proposal", number=number)


def _sent(request: PageRequest) -> str:
    """The text of a form; browsers send every line end as two signs."""
    return request.POST.get("text", "").replace("\r\n", "\n")


def _keep(request: PageRequest, proposal: Proposal, name: str, there: str, text: str) -> None:
    """Keep a text.

    Raises:
        StopError: it cannot be kept, or somebody else kept another one since the editor was opened.
    """
    if request.POST.get("seen") != _digest(there):
        step = "Your text stands below, unsaved. Copy what you need, open the file again, and make your change there."
        raise StopError(f"somebody else has changed {name} since you opened it", step, INPUT)
    proposals.write(site().config(), proposal.number, name, text)
    if text != there:
        deeds.note(request.user.name, "edited rules", f"proposal {proposal.number}", name)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _told(checked: Checked, proposal: Proposal, name: str) -> Told:
    place = f"{proposal.label}/{name}"
    here = [(getattr(one.place, "line", 0), one) for one in checked.problems if one.place.file == place]
    declared = checked.examined.declared
    sound = declared is not None and not errors(checked.problems)
    return Told(
        here,
        [one for one in checked.problems if one.place.file != place],
        len(errors(checked.problems)),
        " ".join(str(line) for line in sorted({line for line, _ in here})),
        _beside(tables_of(declared), place) if declared is not None and sound else (),
    )


def _beside(tables: Iterable[Table], place: str) -> list[Table]:
    """The tables of what stands in a file: those with a row from it, and the prices of its book."""
    tables = list(tables)
    own = [table for table in tables if any(str(row[-1]).startswith(f"{place}:") for row in table.rows)]
    books = {str(row[0]) for table in own if table.name == "versions" for row in table.rows if place in str(row[-1])}
    return [table for table in tables if table in own or table.name in {f"prices {book}" for book in books}]
