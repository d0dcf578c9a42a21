"""Proposals: other rules, made beside those in force, looked at in money, reviewed, and put in force on a day.

A stranger's trap: the files in `rules/` of the working folder stay the truth. Whoever edits them in another way is
never overwritten: a proposal that was begun before that has to take it over first.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from connector.runs import proposal_checks, proposal_files, proposal_money, rule_drafts, workspace
from connector.runs.asking import Asked
from connector.runs.config import Config
from connector.runs.crashpoints import reached
from connector.runs.errors import INPUT, StopError
from connector.runs.proposal_files import (
    ACTIVE,
    APPROVED,
    DRAFT,
    MADE,
    PROPOSED,
    REFUSED,
    TAKEN_BACK,
    TAKEN_OVER,
    WITHDRAWN,
    Event,
    Proposal,
    every,
    keep,
    locked,
    one,
)

_LONGEST = 200


@dataclass(frozen=True)
class Due:
    """A proposal whose day has come: put in force, or why not and the next step."""

    proposal: Proposal
    why_not: str = ""
    next_step: str = ""


def begin(config: Config, title: str, asked: Asked) -> Proposal:
    """Begin a proposal with a copy of the rules in force.

    Raises:
        StopError: it has no title.
    """
    title = title.strip()[:_LONGEST]
    if not title:
        raise StopError("a proposal needs a title", "Say in a few words what it changes.", INPUT)
    with locked(config):
        number = max((known.number for known in every(config)), default=0) + 1
        place = config.folder / proposal_files.FOLDER / str(number)
        if place.exists():  # one that was stopped before it was written down
            shutil.rmtree(place)
        rule_drafts.copy(config.rules, place / "before")
        rule_drafts.copy(place / "before", place / "rules")
        return keep(Proposal(number, title, None, (Event(MADE, asked.by, asked.clock.now()),), place))


def write(config: Config, number: int, name: str, text: str) -> None:
    """Give a file of a draft this text, or make it.

    Raises:
        StopError: it is no draft, or the file cannot be so.
    """
    with locked(config):
        rule_drafts.write(_draft(config, number).rules, name, text)


def remove(config: Config, number: int, name: str) -> None:
    """Take a file out of a draft.

    Raises:
        StopError: it is no draft, or has no such file.
    """
    with locked(config):
        rule_drafts.remove(_draft(config, number).rules, name)


def propose(config: Config, number: int, day: date, asked: Asked) -> Proposal:
    """Say that a draft shall be in force from a day on.

    Raises:
        StopError: it is no draft, changes nothing, has faults or a test that fails, the rules in force have changed
            since it was begun, or the day is past.
    """
    with locked(config):
        draft = _draft(config, number)
        if day < asked.clock.now().date():
            raise StopError(f"{day} is past", "Choose today or a later day.", INPUT)
        if not draft.differences:
            raise StopError("nothing is changed", "Change a file first.", INPUT)
        _refuse_changed(config, draft)
        why_not = proposal_checks.unusable(config, draft)
        if why_not:
            raise StopError(why_not, "Mend the faults at their lines; then propose it.", INPUT)
        return _then(replace(draft, day=day), PROPOSED, asked, f"from {day}")


def take_back(config: Config, number: int, asked: Asked) -> Proposal:
    """Make a proposal that is not in force yet a draft again, to change it.

    Raises:
        StopError: it is neither proposed nor approved.
    """
    with locked(config):
        return _then(_in_state(config, number, (PROPOSED, APPROVED)), TAKEN_BACK, asked)


def withdraw(config: Config, number: int, asked: Asked) -> Proposal:
    """Give a proposal up. Its files stay to be read.

    Raises:
        StopError: it is in force, or given up already.
    """
    with locked(config):
        return _then(_in_state(config, number, (DRAFT, PROPOSED, APPROVED)), WITHDRAWN, asked)


def refuse(config: Config, number: int, reason: str, asked: Asked) -> Proposal:
    """Send a proposal back as a draft.

    Raises:
        StopError: it is not proposed, or no reason is given.
    """
    reason = reason.strip()[:_LONGEST]
    if not reason:
        raise StopError("no reason was given", "Say what has to be otherwise.", INPUT)
    with locked(config):
        return _then(_in_state(config, number, (PROPOSED,)), REFUSED, asked, reason)


def approve(config: Config, number: int, seen: str, asked: Asked) -> Proposal:
    """Agree that a proposal is put in force on its day.

    Args:
        config: the settings.
        number: the proposal.
        seen: the digest of what was looked at: text that was changed since is not agreed to.
        asked: who agrees.

    Raises:
        StopError: it is not proposed, was changed since or not simulated as it is, or two persons are required and
            this is the one who proposed.
    """
    with locked(config):
        proposal = _in_state(config, number, (PROPOSED,))
        proposer = proposal.last(PROPOSED)
        if config.two_persons and proposer is not None and proposer.by == asked.by:
            raise StopError("you proposed it, and two persons are required", "Somebody else has to approve it.", INPUT)
        if seen != proposal.digest:
            raise StopError("it has changed since you looked at it", "Look at it again.", INPUT)
        if not proposal_money.fits(proposal):
            raise StopError("nobody has looked at what it does to the money", "Simulate it first.", INPUT)
        return _then(proposal, APPROVED, asked, f"text {seen[:12]}")


def take_over(config: Config, number: int, asked: Asked) -> Proposal:
    """Take into a proposal what was changed in the rules in force since it was begun. It is a draft then.

    Raises:
        StopError: it is over, or both changed one file.
    """
    with locked(config):
        proposal = _in_state(config, number, (DRAFT, PROPOSED, APPROVED))
        both = rule_drafts.merged(proposal.before, proposal.rules, config.rules)
        if both:
            step = "Begin a new proposal, and make the change again there."
            raise StopError(f"changed here and in the rules in force: {', '.join(both)}", step, INPUT)
        shutil.rmtree(proposal.before)
        rule_drafts.copy(config.rules, proposal.before)
        return _then(proposal, TAKEN_OVER, asked)


def activate_due(config: Config, asked: Asked) -> tuple[Due, ...]:
    """Put in force what was approved for today or a day before.

    One that cannot be is told, and waits; the others are not kept from it. Stopped half way, it is gone on with the
    next time.
    """
    if not waiting(config, asked):
        return ()
    with locked(config):
        return tuple(_activated(config, found, asked) for found in waiting(config, asked))


def waiting(config: Config, asked: Asked) -> tuple[Proposal, ...]:
    """What was approved for today or a day before and is not in force, in the order of days. Nothing is done."""
    today = asked.clock.now().date()
    due = [
        (found.day, found.number, found)
        for found in every(config)
        if found.state == APPROVED and found.day is not None and found.day <= today
    ]
    return tuple(found for _, _, found in sorted(due, key=lambda one: one[:2]))


def files_in_force(
    config: Config, asked: Asked, tell: Callable[[tuple[Proposal, ...]], None] | None = None
) -> workspace.Files:
    """The accountants' files for a plan of whatever kind: what is due is put in force before they are read.

    Args:
        config: the settings.
        asked: who plans.
        tell: told what was put in force.

    Raises:
        StopError: as `in_force`, or the files have faults.
    """
    put = in_force(config, asked)
    if tell is not None:
        tell(put)
    return workspace.open_files(config)


def in_force(config: Config, asked: Asked) -> tuple[Proposal, ...]:
    """Put in force what is due, and see that nothing is left. Returns what was put in force.

    Raises:
        StopError: one cannot be; billing by the rules of before would be wrong by then.
    """
    due = activate_due(config, asked)
    for found in due:
        if found.why_not:
            message = f"proposal {found.proposal.number} is due from {found.proposal.day} and not in force"
            raise StopError(f"{message}: {found.why_not}", found.next_step, INPUT)
    return tuple(found.proposal for found in due)


def _activated(config: Config, proposal: Proposal, asked: Asked) -> Due:
    others = proposal_checks.changed_since(config, proposal)
    if others:
        step = f"Open proposal {proposal.number}, take over what has changed, and propose it again."
        return Due(proposal, proposal_checks.told_changed(others), step)
    why_not = proposal_checks.unusable(config, proposal)
    if why_not:
        return Due(proposal, why_not, f"Take proposal {proposal.number} back, mend that, and propose it again.")
    rule_drafts.put(proposal.rules, config.rules)
    reached("rules:put")
    return Due(_then(proposal, ACTIVE, asked))


def _refuse_changed(config: Config, proposal: Proposal) -> None:
    others = proposal_checks.changed_since(config, proposal)
    if others:
        raise StopError(proposal_checks.told_changed(others), "Take over what has changed; then propose it.", INPUT)


def _draft(config: Config, number: int) -> Proposal:
    return _in_state(config, number, (DRAFT,))


def _in_state(config: Config, number: int, states: tuple[str, ...]) -> Proposal:
    proposal = one(config, number)
    if proposal.state not in states:
        step = "Take it back to change it." if states == (DRAFT,) and proposal.state in (PROPOSED, APPROVED) else ""
        step = step or "Look at it again: what can be done now is shown there."
        raise StopError(f"proposal {number} is {proposal.state}", step, INPUT)
    return proposal


def _then(proposal: Proposal, what: str, asked: Asked, told: str = "") -> Proposal:
    events = (*proposal.events, Event(what, asked.by, asked.clock.now(), told))
    return keep(replace(proposal, events=events))
