"""verify, rebuild, erase: the commands by which a ledger proves itself and forgets persons."""

from typing import Annotated

import typer

from connector.cli.options import HERE, AsJson, Folder


def attach(to: typer.Typer) -> None:
    """Add these commands to an application."""
    to.command("verify")(verify)
    to.command("rebuild")(rebuild)
    to.command("erase")(erase)


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


def erase(
    who: Annotated[
        str, typer.Argument(help="A partner by its id; a client by our id, its id in a workbook, or its name.")
    ] = "",
    *,
    uploads: Annotated[
        bool, typer.Option("--uploads", help="Erase uploads past their retention (retention_days) instead.")
    ] = False,
    older_than: Annotated[
        int | None, typer.Option("--older-than", help="Erase uploads older than so many days.", metavar="DAYS", min=1)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Erase the names of a client or partner, or uploads past their retention; entries and money stay."""
    from connector.cli import erasing

    if bool(who) == (uploads or older_than is not None):
        raise typer.BadParameter("name whom to erase, or say --uploads or --older-than DAYS")
    if who:
        erasing.owner(folder, who, yes=yes, as_json=as_json)
    else:
        erasing.uploads(folder, older_than, yes=yes, as_json=as_json)
