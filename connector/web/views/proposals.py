"""Proposals of rules: begun, proposed for a day, reviewed, put in force; what each changes, and what happened to it."""

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from connector.domain.problems import errors
from connector.rulebook import examine
from connector.rulebook.views import compare, difference_tables, verdict
from connector.runs import proposal_checks, proposal_files, proposal_money, proposals, rule_drafts
from connector.runs.errors import INPUT, StopError
from connector.runs.proposal_files import Proposal
from connector.web import deeds, works
from connector.web.asked import PageRequest
from connector.web.paging import MOST, Pager, wanted
from connector.web.site import site
from connector.web.uploading import day_of

_SUBJECT = "proposal {}"


def listing(request: PageRequest) -> HttpResponse:
    """Every proposal, the newest first: what is being changed, and the history of what was."""
    asked = wanted(request)
    config = site().config()
    text = asked.search.lower()
    found = [one for one in proposal_files.every(config) if text in f"{one.number} {one.title} {one.state}".lower()]
    told = {"found": found[asked.start : asked.start + MOST], "pager": Pager(asked, len(found), request.path)}
    return render(request, "web/proposals.html", told | {"elsewhere": _changed_by_hand()})


def begin(request: PageRequest) -> HttpResponse:
    """Begin a proposal with the rules as they are."""
    made = proposals.begin(site().config(), request.POST.get("title", ""), site().asked(request.user.name))
    deeds.note(request.user.name, "began a proposal", _SUBJECT.format(made.number), made.title)
    return redirect("rules-proposal", number=made.number)


def one(request: PageRequest, number: int) -> HttpResponse:
    """One proposal: where it stands, its files with their differences, its faults, its money, its history."""
    config = site().config()
    proposal = known(number)
    checked = proposal_checks.check(config, proposal)
    open_ = proposal.state in (proposal_files.DRAFT, proposal_files.PROPOSED, proposal_files.APPROVED)
    proposer = proposal.last(proposal_files.PROPOSED)
    simulating = works.going(works.SIMULATE, proposal=number)
    told = {
        "proposal": proposal,
        "digest": proposal.digest,
        "open": open_,
        "files": sorted(rule_drafts.texts(proposal.rules)),
        "differences": proposal.differences,
        "wrong": len(errors(checked.problems)),
        "checked": checked,
        "tested": proposal_checks.test(proposal, checked),
        "changed": proposal_checks.changed_since(config, proposal) if open_ else (),
        "own": config.two_persons and proposer is not None and proposer.by == request.user.name,
        "due": proposal.day is not None and proposal.day <= site().now().date(),
        "day": proposal.day or site().now().date(),
        "money": proposal_money.kept(proposal),
        "fits": proposal_money.fits(proposal),
        "simulating": simulating,
    }
    return render(request, "web/proposal.html", told)


def meaning(request: PageRequest, number: int) -> HttpResponse:
    """What a proposal changes in the tables that people know: a part of its page for htmx, else a page."""
    proposal = known(number)
    before, after = (examine(at, label=label) for at, label in ((proposal.before, "before"), (proposal.rules, "after")))
    told: dict[str, object] = {"proposal": proposal, "tables": ()}
    if before.declared is not None and after.declared is not None and after.rulebook is not None:
        found = compare(before.declared, after.declared)
        same = before.rulebook is not None and before.rulebook.digest == after.rulebook.digest
        told |= {"tables": difference_tables(found), "verdict": verdict(found, same_text=same)}
    return render(request, "web/parts/meaning.html" if request.htmx else "web/proposal_meaning.html", told)


def propose(request: PageRequest, number: int) -> HttpResponse:
    """Say that a draft shall be in force from a day on, and see what that does to the money."""
    known(number)
    day = day_of(request.POST.get("day", ""))
    if not day:
        raise StopError("no day was given", "Say from which day it shall be in force.", INPUT)
    asked = site().asked(request.user.name)
    made = proposals.propose(site().config(), number, date.fromisoformat(day), asked)
    deeds.note(request.user.name, "proposed rules", _SUBJECT.format(number), f"{made.title}, from {day}")
    if proposal_money.fits(made):
        return redirect("rules-proposal", number=number)
    work = works.start(works.SIMULATE, request.user.name, {"proposal": number, "start": day})
    return redirect("work", number=work.pk)


def take_back(request: PageRequest, number: int) -> HttpResponse:
    """Make a proposal a draft again."""
    proposals.take_back(site().config(), known(number).number, site().asked(request.user.name))
    return _done(request, number, "took a proposal back", "It is a draft again.")


def withdraw(request: PageRequest, number: int) -> HttpResponse:
    """Give a proposal up."""
    proposals.withdraw(site().config(), known(number).number, site().asked(request.user.name))
    return _done(request, number, "withdrew a proposal", "It is given up. Its files stay to be read.")


def take_over(request: PageRequest, number: int) -> HttpResponse:
    """Take into a proposal what was changed in the rules in force meanwhile."""
    proposals.take_over(site().config(), known(number).number, site().asked(request.user.name))
    return _done(request, number, "took over changes", "It starts from the rules in force now, and is a draft.")


def review(request: PageRequest, number: int) -> HttpResponse:
    """Approve a proposal as it was seen, or send it back with a reason."""
    config, asked = site().config(), site().asked(request.user.name)
    known(number)
    if request.POST.get("verdict") == "refuse":
        made = proposals.refuse(config, number, request.POST.get("reason", ""), asked)
        return _done(request, number, "refused rules", "It is a draft again.", made.events[-1].told)
    if request.POST.get("verdict") != "approve":
        raise StopError("neither 'approve' nor 'refuse' was chosen", "Choose one of them.", INPUT)
    made = proposals.approve(config, number, request.POST.get("seen", ""), asked)
    return _done(request, number, "approved rules", f"It is approved, in force from {made.day}.", made.events[-1].told)


def activate(request: PageRequest, number: int) -> HttpResponse:
    """Put in force what is due, this proposal and any other."""
    known(number)
    for found in proposals.activate_due(site().config(), site().asked(request.user.name)):
        if found.why_not:
            messages.warning(request, f"Proposal {found.proposal.number}: {found.why_not}. {found.next_step}")
        else:
            deeds.note(request.user.name, "put rules in force", _SUBJECT.format(found.proposal.number))
            messages.success(request, f"Proposal {found.proposal.number} is in force from now on.")
    return redirect("rules-proposal", number=number)


def known(number: int) -> Proposal:
    """The proposal of an address.

    Raises:
        Http404: there is none of this number.
    """
    try:
        return proposal_files.one(site().config(), number)
    except StopError:
        raise Http404(number) from None


def _done(request: PageRequest, number: int, what: str, told: str, detail: str = "") -> HttpResponse:
    deeds.note(request.user.name, what, _SUBJECT.format(number), detail)
    messages.success(request, told)
    return redirect("rules-proposal", number=number)


def _changed_by_hand() -> tuple[str, ...]:
    """The files that were changed in another way since the last proposal was put in force; none where there is none."""
    config = site().config()
    active = [(one.events[-1].at, one) for one in proposal_files.every(config) if one.state == proposal_files.ACTIVE]
    if not active:
        return ()
    last = max(active, key=lambda one: one[0])[1]
    return tuple(one.name for one in rule_drafts.differences(last.rules, config.rules))
