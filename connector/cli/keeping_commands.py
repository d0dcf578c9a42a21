"""verify, rebuild: the commands by which a ledger proves itself."""

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
    to.command("rebuild")(rebuild)


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


def rebuild(
    *,
    check: Annotated[bool, typer.Option("--check", help="Derive everything again, and compare.")] = False,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Derive numbers, totals, amounts, states and receipts again, from entries, plans and sources, and compare."""
    from connector.cli import keeping

    keeping.rebuild(folder, check=check, as_json=as_json)
