"""backup, dump, restore: the commands by which a ledger is kept safe and moved."""

from pathlib import Path
from typing import Annotated

import typer

from connector.cli.options import HERE, AsJson, Folder


def attach(to: typer.Typer) -> None:
    """Add these commands to an application."""
    to.command("backup")(backup)
    to.command("dump")(dump)
    to.command("restore")(restore)


def backup(
    out: Annotated[Path, typer.Argument(help="The copy to write; a new file.", metavar="OUT")],
    *,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Copy the ledger's file, while others may work with it. A server's ledger is backed up by pg_dump."""
    from connector.cli import moving

    moving.backup(folder, out, as_json=as_json)


def dump(
    out: Annotated[Path, typer.Argument(help="The dump to write; a new file.", metavar="OUT")],
    *,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Write the whole ledger into one file, from which SQLite and PostgreSQL can take it."""
    from connector.cli import moving

    moving.dump(folder, out, as_json=as_json)


def restore(
    dumped: Annotated[Path, typer.Argument(help="What 'connector dump' wrote.", metavar="FILE")],
    *,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Put a dump into the working folder's ledger, which must be empty, and prove it."""
    from connector.cli import moving

    moving.restore(folder, dumped, as_json=as_json)
