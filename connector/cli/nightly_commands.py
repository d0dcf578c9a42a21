"""sync: the command that a timer starts every night."""

from pathlib import Path
from typing import Annotated

import typer

from connector.cli.options import HERE, AsJson, Folder


def attach(to: typer.Typer) -> None:
    """Add the command to an application."""
    to.command("sync")(sync)


def sync(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Workbooks, CSV files and exports to read besides what is fetched.", metavar="[FILE…]"),
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be planned and decided; write nothing anywhere.")
    ] = False,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Do the night's work: fetch, plan, approve by the declared policy, push, reconcile, report.

    One that was stopped goes on where it was.
    """
    from connector.cli import nightly

    nightly.sync(folder, files or (), dry_run=dry_run, as_json=as_json)
