"""hold, release, correct, reconcile: the commands by which a person decides about what is billed."""

from typing import Annotated

import typer

from connector.cli.options import HERE, AsJson, Folder, Run


def attach(to: typer.Typer) -> None:
    """Add these commands to an application."""
    to.command("hold")(hold)
    to.command("release")(release)
    to.command("correct")(correct)
    to.command("reconcile")(reconcile)


def hold(
    run: Run,
    lines: Annotated[
        list[str], typer.Argument(help="Charges, documents, partners or clients, by their ids; or 'all'.")
    ],
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is shown wherever the line is told of.")],
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Put lines of a run plan on hold: neither this run nor a later one bills them until they are released."""
    from connector.cli import deciding

    deciding.hold(folder, run, lines, reason, as_json=as_json)


def release(
    lines: Annotated[list[str], typer.Argument(help="Charges or partners, by their ids; or 'all'.")],
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Release lines that are on hold; the plan that waits for approval bills them again, or the next one does."""
    from connector.cli import deciding

    deciding.release(folder, lines, reason, as_json=as_json)


def correct(
    billed: Annotated[list[str], typer.Argument(help="Charges, documents (US-000001) or lines of them (US-000001/2).")],
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept with the run.")],
    credit_only: Annotated[
        bool, typer.Option("--credit-only", help="Take it back, and bill nothing in its place.")
    ] = False,
    difference: Annotated[
        bool, typer.Option("--difference", help="Credit nothing: bill or give back what the amount differs by.")
    ] = False,
    as_of: Annotated[
        str,
        typer.Option("--as-of", help="The day of its documents. Default: today.", metavar="DATE"),
    ] = "",
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Plan a correction: credit what is billed, whole, and bill it again by what is known and ruled now."""
    from connector.cli import deciding
    from connector.runs.rebilling import Wanted

    wanted = Wanted(billed, reason, bill_again=not credit_only, difference=difference)
    deciding.correct(folder, wanted, as_of, as_json=as_json)


def reconcile(
    *,
    since: Annotated[
        str,
        typer.Option(
            "--since",
            help="Look at what has changed since this day, if it is before the last look. Default: since that.",
            metavar="DATE",
        ),
    ] = "",
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", help="Take a document as the books have it; may be given again.", metavar="NUMBER"),
    ] = None,
    reissue: Annotated[
        list[str] | None,
        typer.Option(
            "--reissue",
            help="Plan to bill again what a document billed that the books have no more; may be given again.",
            metavar="NUMBER",
        ),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, for --accept and --reissue; it is kept.")] = "",
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Read the books back: what was edited, voided, deleted or paid there, and foreign documents under our numbers."""
    from connector.cli import reconciling

    if bool(since) + bool(accept) + bool(reissue) > 1 or (reason and not (accept or reissue)):
        raise typer.BadParameter("--since, --accept and --reissue are asked one at a time; --reason is for an answer")
    if accept:
        reconciling.accept(folder, accept, reason, as_json=as_json)
    elif reissue:
        reconciling.reissue(folder, reissue, reason, as_json=as_json)
    else:
        reconciling.reconcile(folder, since, as_json=as_json)
