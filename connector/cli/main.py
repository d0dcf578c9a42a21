"""The commands. Each imports what it needs when it runs, so that `--help` and wrong usage answer at once."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from connector.cli import (
    connecting_commands,
    deciding_commands,
    keeping_commands,
    moving_commands,
    nightly_commands,
    rule_checks,
    rule_files,
    rule_proposals,
    rule_simulation,
    rules_app,
    serving_commands,
)
from connector.cli.options import HERE, AsJson, Folder, Run

Sources = Annotated[
    list[Path], typer.Argument(help="Workbooks, CSV files and exports (JSON, NDJSON, Parquet).", metavar="FILE…")
]

app = typer.Typer(
    name="connector",
    help="Bills partners for their clients: workbooks in, invoices in the accounting system out, nothing billed twice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

mapping = typer.Typer(help="The mappings: how workbooks and exports become records.", no_args_is_help=True)
app.add_typer(mapping, name="mapping")
app.add_typer(rules_app.app, name="rules")
app.add_typer(connecting_commands.app, name="connect")
rule_checks.attach(rules_app.app)
rule_files.attach(rules_app.app)
rule_simulation.attach(rules_app.app)
rule_proposals.attach(rules_app.app)
deciding_commands.attach(app)
keeping_commands.attach(app)
moving_commands.attach(app)
nightly_commands.attach(app)
serving_commands.attach(app)


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="The folder to make.", metavar="DIR")] = HERE,
    *,
    as_json: AsJson = False,
) -> None:
    """Make a working folder that runs as it is: settings, rules, mappings, samples, a workbook template."""
    from connector.cli import setting_up

    setting_up.init(directory, as_json=as_json)


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--folder", "-C", help="Where the demo lives.")] = Path("demo"),
    *,
    as_json: AsJson = False,
) -> None:
    """Run the main job on the samples, end to end, against the sandbox."""
    from connector.cli import demonstration

    demonstration.run(folder, as_json=as_json)


@app.command()
def check(
    files: Sources,
    *,
    repair: Annotated[
        Path | None,
        typer.Option("--repair", help="Write the file once more, its faults marked.", metavar="OUT.xlsx"),
    ] = None,
    suggest: Annotated[
        bool, typer.Option("--suggest-mapping", help="Propose a mapping for a file that none knows, and print it.")
    ] = False,
    save: Annotated[
        str,
        typer.Option("--save", help="Save the proposal as mappings/NAME.yaml; nothing is overwritten.", metavar="NAME"),
    ] = "",
    sheet: Annotated[
        str, typer.Option("--sheet", help="Propose for this sheet only, known or not.", metavar="SHEET")
    ] = "",
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Read and validate files; write nothing, except a marked copy when one is asked for.

    With --suggest-mapping, propose how to read an unknown layout.
    """
    from connector.cli import mapping_files, planning

    if suggest and repair is not None:
        raise typer.BadParameter("--repair and --suggest-mapping are two questions: ask them one after the other")
    if suggest:
        mapping_files.suggest(folder, files, save=save, sheet=sheet or None, as_json=as_json)
    elif save or sheet:
        raise typer.BadParameter("--save and --sheet belong to --suggest-mapping")
    else:
        planning.check(folder, files, repair, as_json=as_json)


@app.command()
def fetch(
    names: Annotated[
        list[str] | None, typer.Argument(help="Exports of connector.yaml. Default: all.", metavar="NAME…")
    ] = None,
    *,
    restart: Annotated[bool, typer.Option("--restart", help="Throw away what an earlier fetch has left.")] = False,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Download the platform's exports that connector.yaml declares; one that stopped goes on where it was."""
    from connector.cli import fetching

    fetching.fetch(folder, names or (), restart=restart, as_json=as_json)


@app.command()
def plan(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Workbooks, CSV files and exports. None: only what time brings about.", metavar="[FILE…]"),
    ] = None,
    *,
    as_of: Annotated[
        str, typer.Option("--as-of", help="The day to plan for, such as 2025-06-30. Default: today.", metavar="DATE")
    ] = "",
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Make a run plan: documents, lines, money, and every row in its bucket. Nothing reaches the books.

    Every plan bills the terms that have begun; without FILES it bills nothing else.
    """
    from connector.cli import planning

    planning.plan(folder, files or (), as_of, as_json=as_json)


@app.command()
def show(
    run: Run = "latest",
    *,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write it as a page; nothing is overwritten.", metavar="OUT.html")
    ] = None,
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", help="Write it as a workbook; nothing is overwritten.", metavar="OUT.xlsx")
    ] = None,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show a run plan: documents, lines, money, and every row in its bucket."""
    from connector.cli import planning

    planning.show(folder, run, html, xlsx, as_json=as_json)


@app.command()
def approve(run: Run, *, folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Approve a run plan: it is applied exactly, or refused with what has changed."""
    from connector.cli import planning

    planning.approve(folder, run, as_json=as_json)


@app.command()
def push(
    run: Annotated[str, typer.Argument(help="A run, such as R-0001. Default: every approved run.")] = "",
    *,
    until_done: Annotated[
        bool, typer.Option("--until-done", help="Wait out limits and short outages too, not only quiet periods.")
    ] = False,
    retry_rejected: Annotated[
        bool, typer.Option("--retry-rejected", help="Send refused documents again, once their cause is mended.")
    ] = False,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Send approved documents to the accounting system, each exactly once, and tie the runs out."""
    from connector.cli import opening, sending
    from connector.runs.sending import Wish

    wish = Wish(run, opening.who(), until_done=until_done, retry_rejected=retry_rejected)
    sending.push(folder, wish, as_json=as_json)


@app.command()
def status(
    run: Run = "latest",
    *,
    alarm: Annotated[
        bool, typer.Option("--alarm", help="Look at the nightly run alone: end with 1 when it was missed or failed.")
    ] = False,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """What is where: the tie-out of a run, and how many things need a person."""
    from connector.cli import looking

    if alarm:
        looking.alarm(folder, as_json=as_json)
    looking.status(folder, run, as_json=as_json)


@app.command()
def runs(*, folder: Folder = HERE, as_json: AsJson = False) -> None:
    """List the runs."""
    from connector.cli import looking

    looking.runs(folder, as_json=as_json)


@app.command()
def documents(
    run: Annotated[str, typer.Argument(help="Only those of this run.")] = "",
    *,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """List the documents and where each is."""
    from connector.cli import looking

    looking.documents(folder, run, as_json=as_json)


@app.command()
def exceptions(*, folder: Folder = HERE, as_json: AsJson = False) -> None:
    """What needs a person, each with its next step."""
    from connector.cli import looking

    looking.exceptions(folder, as_json=as_json)


@app.command()
def explain(
    subject: Annotated[str, typer.Argument(help="A document, a line (US-000001/2), or a client.")],
    *,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Why it is billed as it is: rule, tier, price, source row."""
    from connector.cli import looking

    looking.explain(folder, subject, as_json=as_json)


@app.command()
def balance(
    partner: Annotated[str, typer.Argument(help="Only this partner.")] = "",
    *,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Assessment Only places: included, bought, used, left."""
    from connector.cli import looking

    looking.balance(folder, partner, as_json=as_json)


@app.command()
def template(
    out: Annotated[Path, typer.Argument(help="The workbook to write.", metavar="OUT.xlsx")],
    *,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Write an empty workbook with the columns that are read, and drop-downs of the allowed values."""
    from connector.cli import setting_up

    setting_up.template(folder, out, as_json=as_json)


@app.command()
def sandbox(
    *,
    port: Annotated[int, typer.Option(help="The port on this machine; 0 takes a free one.", min=0, max=65535)] = 8765,
    state: Annotated[Path, typer.Option(help="Where the sandbox keeps its books.")] = Path("sandbox.sqlite3"),
    as_json: AsJson = False,
) -> None:
    """Run a stand-in for Xero and QuickBooks on this machine, with books of its own, until Ctrl-C."""
    from connector.cli import setting_up

    setting_up.sandbox(port, state, as_json=as_json)


@mapping.command("check")
def mapping_check(*, folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Check the mapping files: every fault at once, each with its line."""
    from connector.cli import mapping_files

    mapping_files.check(folder, as_json=as_json)


@mapping.command("schema")
def mapping_schema() -> None:
    """Print the JSON Schema of mapping files, by which editors complete and check them."""
    from connector.cli import mapping_files

    mapping_files.schema()


@app.command()
def doctor(*, folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Check this installation, the working folder, its rules, its ledger and its accounting systems."""
    from connector.cli import health

    health.doctor(folder, as_json=as_json)


@app.command()
def version(*, as_json: AsJson = False) -> None:
    """Print the version."""
    from connector import __version__

    sys.stdout.write(f'{{"version": "{__version__}"}}\n' if as_json else f"connector {__version__}\n")


def main() -> None:
    """The program: every expected failure is one message, a next step and its exit code."""
    from connector.cli.failing import guarded

    sys.exit(guarded(app, sys.argv[1:]))
