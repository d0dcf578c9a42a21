"""Proposals of rules as people read them, and as JSON."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from connector.cli import opening
from connector.cli.output import finish, table
from connector.runs import proposals
from connector.runs.errors import INPUT
from connector.runs.proposal_files import Proposal, every


def listed(folder: Path, *, as_json: bool) -> None:
    """Show every proposal, the newest first."""
    found = every(opening.config(folder))

    def render(to: Console) -> None:
        rows = [(str(one.number), one.title, one.state, str(one.day or ""), one.events[-1].by) for one in found]
        if rows:
            to.print(table("Proposals", ["proposal", "what it is for", "state", "from", "last by"], rows))
        else:
            to.print(Text("No proposals. They are made by the page: 'connector serve'."))

    finish({"proposals": [_plain(one) for one in found]}, 0, as_json=as_json, render=render)


def activate(folder: Path, *, as_json: bool) -> None:
    """Put in force what is due; end with 1 where something could not be."""
    with opening.opened(folder) as config:
        due = proposals.activate_due(config, opening.asked(None))

        def render(to: Console) -> None:
            for one in due:
                if one.why_not:
                    to.print(Text(f"Proposal {one.proposal.number} is not in force: {one.why_not}", style="red"))
                    to.print(Text(f"  {one.next_step}"))
                else:
                    to.print(Text(f"Proposal {one.proposal.number} is in force from now on: {one.proposal.title}."))
            if not due:
                to.print(Text("Nothing is due."))

        plain = [{**_plain(one.proposal), "why_not": one.why_not, "next_step": one.next_step} for one in due]
        code = INPUT if any(one.why_not for one in due) else 0
        finish({"due": plain}, code, as_json=as_json, render=render)


def _plain(one: Proposal) -> dict[str, Any]:
    return {
        "number": one.number,
        "title": one.title,
        "state": one.state,
        "from": one.day,
        "events": [asdict(event) for event in one.events],
        "changes": [{"file": change.name, "change": change.change} for change in one.differences],
    }
