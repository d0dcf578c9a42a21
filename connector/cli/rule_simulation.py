"""rules simulate: what other rules would do, in money, before they are real."""

from pathlib import Path
from typing import Annotated

import typer

_LEDGER = "ledger"


def attach(to: typer.Typer) -> None:
    """Add this command to an application."""
    to.command("simulate")(simulate)


def simulate(
    new: Annotated[Path, typer.Argument(help="The folder of the rules that are asked about.", metavar="NEW")],
    *,
    against: Annotated[
        list[str] | None,
        typer.Option(
            "--against",
            help="'ledger' (all it knows; the default), or a workbook or export; repeat it for more.",
            metavar="LEDGER|FILE",
        ),
    ] = None,
    start: Annotated[
        str, typer.Option("--from", help="The day the change takes effect. Default: today.", metavar="DATE")
    ] = "",
    old: Annotated[
        Path | None,
        typer.Option("--old", help="The rules in force. Default: those of the working folder.", metavar="FOLDER"),
    ] = None,
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", help="Write the lines and totals as a workbook too.", metavar="OUT.xlsx")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Show every line, not only those that change.")] = False,
    folder: Annotated[
        Path, typer.Option("--folder", "-C", help="The working folder.", envvar="CONNECTOR_FOLDER", show_default=False)
    ] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """What other rules would bill, keep, credit and bill again, client by client. Nothing is written."""
    from connector.cli import simulated

    named = against or [_LEDGER]
    files = [Path(one) for one in named if one.lower() != _LEDGER]
    if len(files) not in (0, len(named)):
        raise typer.BadParameter("--against names the ledger or files, not both: files are told apart by the ledger")
    asked = simulated.Asked(new, old, tuple(files), start, xlsx, every=every)
    simulated.simulate(folder, asked, as_json=as_json)
