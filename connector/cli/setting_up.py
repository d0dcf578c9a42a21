"""init, template, sandbox."""

import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from connector.cli import opening
from connector.cli.output import finish, print_json, say
from connector.runs import workspace
from connector.runs.errors import StopError
from connector.runs.starter import make_folder
from connector.runs.templatebook import write_template

_HOST = "127.0.0.1"
TEMPLATE = "clients-template.xlsx"


def init(directory: Path, *, as_json: bool) -> None:
    """Make a working folder."""
    made = [path.name for path in make_folder(directory)]
    write_template(directory / TEMPLATE, workspace.open_mappings(opening.config(directory)).general)
    made.append(TEMPLATE)

    def render(to: Console) -> None:
        to.print(Text(f"Made in {directory}: {', '.join(made)}."))
        to.print(Text("Rules, prices, accounts and samples are invented: make them yours before you bill."))
        go = "" if str(directory) == "." else f"cd {directory}; "
        to.print(Text(f"Next, in one terminal:  {go}connector sandbox"))
        to.print(Text(f"Then, in another:       {go}connector plan samples/*.xlsx samples/*.csv"))

    finish({"folder": str(directory), "made": made}, 0, as_json=as_json, render=render)


def template(folder: Path, out: Path, *, as_json: bool) -> None:
    """Write the workbook template."""
    write_template(out, workspace.open_mappings(opening.config(folder)).general)
    text = Text(f"Wrote {out}. Fill it in, then 'connector check {out}'.")
    finish({"written": str(out)}, 0, as_json=as_json, render=lambda to: to.print(text))


def sandbox(port: int, state: Path, *, as_json: bool) -> None:
    """Run the sandbox until it is told to stop."""
    from connector.sandbox import StateError, serve  # noqa: PLC0415  # only this command needs the server

    def announce(url: str) -> None:
        if as_json:
            print_json({"url": url, "state": str(state)})
            sys.stdout.flush()
        say(f"The sandbox of Xero and QuickBooks listens at {url}; its books are in {state}. Ctrl-C stops it.")

    try:
        serve(state, _HOST, port, announce)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StopError(f"the sandbox cannot listen on port {port}: {reason}", "Name another with --port.") from error
    except StateError as error:
        raise StopError(f"the sandbox's books cannot be used: {error}", "Name another file with --state.") from error
