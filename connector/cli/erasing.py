"""erase: forget a client, a partner, or old uploads. It cannot be undone, so a person is asked, or says --yes."""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from connector.cli import opening
from connector.cli.output import finish
from connector.runs import erase, proposal_money, workspace
from connector.runs.config import Config
from connector.runs.errors import USAGE, StopError
from connector.web import made_files
from connector.web.kept import forget, forget_books


def owner(folder: Path, who: str, *, yes: bool, as_json: bool) -> None:
    """Erase the names of a client or partner."""
    with opening.opened(folder) as config:
        mappings = workspace.open_mappings(config)
        namespaces = sorted({mapping.namespace for mapping in mappings.items})
        here = made_files.called(config.folder, mappings, who)
        owner_type, owner_id = erase.find_owner(who, namespaces, here)
        _ask(f"every name of {owner_type} {owner_id}", owner_id, yes=yes)
        done = erase.erase_owner(owner_type, owner_id, now=opening.now(), by=opening.who())
        made = made_files.forget(config.folder, mappings, owner_id)
        _finish([done], _removed(config, made=made), as_json=as_json)


def uploads(folder: Path, days: int | None, *, yes: bool, as_json: bool) -> None:
    """Erase uploads past their retention."""
    with opening.opened(folder) as config:
        kept = config.retention_days if days is None else days
        if kept is None:
            raise StopError(
                "nothing says how long uploads are kept",
                "Set retention_days in connector.yaml, or say --older-than DAYS.",
            )
        _ask(f"every upload older than {kept} days", str(kept), yes=yes)
        exports = config.folder / "exports"
        done = erase.erase_uploads(kept, exports, now=opening.now(), by=opening.who())
        _finish(done, _removed(config, opening.now() - timedelta(days=kept)), as_json=as_json)


def _ask(what: str, word: str, *, yes: bool) -> None:
    """Ask twice on a terminal.

    Raises:
        StopError: nobody can be asked, or the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise StopError(f"erasing {what} cannot be undone", "Say --yes to do it.")
    sure = typer.confirm(f"Erase {what}? It cannot be undone", err=True)
    if not sure or typer.prompt(f"Type {word} to erase", err=True) != word:
        raise StopError("nothing was erased", "Run the command again to erase it.", USAGE)


@dataclass(frozen=True)
class _Removed:
    """What was removed beside the ledger.

    Attributes:
        uploads: the files of how many uploads.
        books: the workbooks of how many runs.
        simulations: how many simulations of proposals.
        made: how many clients that were made here.
    """

    uploads: int
    books: int
    simulations: int
    made: int


def _removed(config: Config, before: datetime | None = None, made: int = 0) -> _Removed:
    """Remove what names clients beside the ledger; of uploads, those made before that time (None: all)."""
    books = forget_books(config.folder)
    return _Removed(forget(config.folder, before), books, proposal_money.forget(config.folder), made)


def _finish(done: Sequence[erase.Erasure], removed: _Removed, *, as_json: bool) -> None:
    plain = {
        "erased": [asdict(one) for one in done],
        "uploads_of_the_page": removed.uploads,
        "workbooks_of_runs": removed.books,
        "simulations_of_proposals": removed.simulations,
        "made_here": removed.made,
    }
    finish(plain, 0, as_json=as_json, render=lambda to: _show(to, done, removed))


def _show(to: Console, done: Sequence[erase.Erasure], removed: _Removed) -> None:
    for one in done:
        to.print(Text(f"{one.owner_type} {one.owner_id}: {one.items} names, cells, sentences and keys are erased."))
        if one.kept:
            told = f"  {one.kept} events quote a name in an answer of the accounting system: entries, which stay."
            to.print(Text(told, style="yellow"))
        if one.plans:
            to.print(Text(f"  plan again what waited for approval: {', '.join(one.plans)}", style="yellow"))
    if removed.uploads:
        told = f"The files of {removed.uploads} upload{'s' if removed.uploads > 1 else ''} by the page are removed."
        to.print(Text(told))
    if removed.books:
        to.print(Text("Workbooks of runs that the page has made are removed: make them again."))
    if removed.simulations:
        to.print(Text("What proposals of rules do to the money has names in it and is removed: simulate them again."))
    if removed.made:
        told = "what was made here of it: its row leaves made-here.csv, and its name and domain the page."
        to.print(Text(f"Erased is {told}"))
    if not done and not removed.uploads:
        to.print(Text("No upload is older."))
    to.print(Text("Backups, and your own workbooks, keep what they held. A row uploaded again brings its name back."))
