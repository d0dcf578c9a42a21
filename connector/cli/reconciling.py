"""reconcile: read the books back, and the two answers to what differs there."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from connector.cli import opening
from connector.cli.deciding import show_correction
from connector.cli.output import finish, table
from connector.cli.planning import parse_day, tell_in_force
from connector.cli.sending import show_files
from connector.runs import proposals, workspace
from connector.runs import reconcile as reconciling
from connector.runs.errors import REMAINS, USAGE
from connector.runs.looks import Look
from connector.runs.reconcile import Reconciled
from connector.runs.reissue import reissue_run


def reconcile(folder: Path, since: str, *, as_json: bool) -> None:
    """Compare the books with what was approved; end with 3 where something waits for an answer or was not read."""
    day = parse_day(since, "--since")
    with opening.opened(folder) as config:
        entities = workspace.open_files(config).rulebook.entities
        found = reconciling.reconcile(config, entities, day, opening.asked(None))
        finish(found.to_plain(), exit_code(found), as_json=as_json, render=lambda to: show_reconciled(to, found))


def accept(folder: Path, numbers: Sequence[str], reason: str, *, as_json: bool) -> None:
    """Take documents as the books have them."""
    with opening.opened(folder) as config:
        taken = reconciling.accept(config, numbers, reason, opening.asked(None))

        def render(to: Console) -> None:
            for one in taken:
                to.print(Text(f"Accepted: {one.number}: {one.told}."))

        finish({"accepted": [one.to_plain() for one in taken]}, 0, as_json=as_json, render=render)


def reissue(folder: Path, numbers: Sequence[str], reason: str, *, as_json: bool) -> None:
    """Plan to bill again what documents billed that the books have no more."""
    with opening.opened(folder) as config:
        asked = opening.asked(None)
        files = proposals.files_in_force(config, asked, tell_in_force)
        made = reissue_run(config, files, numbers, reason, asked)
        finish(made.to_plain(), 0, as_json=as_json, render=lambda to: show_correction(to, made))


def exit_code(found: Reconciled) -> int:
    """2 when a connection is set up wrongly, 3 when something waits or was not read, else 0."""
    if found.faults:
        return USAGE
    return REMAINS if found.drift or found.unread else 0


def show_reconciled(to: Console, found: Reconciled) -> None:
    """What a look at the books found, for people."""
    for one in found.looked:
        to.print(Text(f"{one.tenant}: {one.documents} documents compared{_since(one)}, {one.drift} differ."))
    if not (found.looked or found.unread or found.faults):
        to.print(Text("Nothing is in the books yet."))
    for name, reason in found.unread.items():
        to.print(Text(f"{name}: not read: {reason}", style="yellow"))
    for name, (message, next_step) in found.faults.items():
        to.print(Text(f"{name}: {message}", style="red"))
        to.print(Text(f"  {next_step}"))
    show_files(to, found.files)
    if found.paid:
        to.print(Text(f"{len(found.paid)} of them are paid, or settled by a credit: {', '.join(found.paid)}."))
    if found.drift:
        rows = [(one.number, one.tenant, one.told, one.next_step) for one in found.drift]
        to.print(table("Waiting for an answer", ["document", "tenant", "what", "next step"], rows))


def _since(one: Look) -> str:
    return "" if one.since is None else f" that have changed since {one.since:%Y-%m-%d %H:%M} UTC"
