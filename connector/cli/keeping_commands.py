"""verify: the commands by which a ledger proves itself."""

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[
    Path, typer.Option("--folder", "-C", help="The working folder.", envvar="CONNECTOR_FOLDER", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
HERE = Path()


def attach(to: typer.Typer) -> None:
    """Add these commands to an application."""
    to.command("verify")(verify)


def verify(
    *,
    head: Annotated[
        list[str] | None,
        typer.Option(
            "--head", help="A chain head written down earlier; it must be on its chain.", metavar="ENTITY=DIGEST"
        ),
    ] = None,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Compute every digest of the ledger again: name the first entry that was altered, or the heads of the chains."""
    from connector.cli import keeping

    keeping.verify(folder, head or (), as_json=as_json)
