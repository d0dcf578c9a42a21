"""demo: the main job on the samples, end to end, over real HTTP, against a sandbox that it starts itself.

It uses what the other commands use; only the working folder and the sandbox are made here. The folder stays, so the
second demo meets the ledger and the books of the first, and bills nothing.
"""

from datetime import date
from pathlib import Path

from rich.console import Console
from rich.text import Text

from connector.cli import opening, planning, sending
from connector.cli.output import console, finish, progress_bar
from connector.cli.show import show_balances, show_plan
from connector.runs import views, workspace
from connector.runs.config import FILE, Config
from connector.runs.errors import REMAINS, StopError
from connector.runs.runplan import RunPlan
from connector.runs.sending import Sent, Wish, send
from connector.runs.starter import SANDBOX_PORT, config_text, make_folder
from connector.sandbox import SandboxServer

# The samples' own present, so that every demo shows the same: first the list as it was in June, then the one of July.
UPLOADS = (("samples", date(2025, 6, 20)), ("samples/later", date(2025, 7, 15)))
_KINDS = (".xlsx", ".csv")
_NEXT = """\
  connector init my-billing        a working folder: settings, rules, mappings, samples; the rest goes on in it
  connector template clients.xlsx  an empty workbook with the columns that are read
  connector check clients.xlsx     what is wrong with your workbook, cell by cell
  connector plan clients.xlsx      what would be billed; then show, approve, push
  connector.yaml                   declare your Xero tenant there; its client id and secret come from the environment
  connector documents --folder {folder}
                                   what this demo has billed; explain NUMBER says why
  connector serve --folder {folder}
                                   the same in a browser: runs, documents, why; upload, plan, approve, send"""


def run(folder: Path, *, as_json: bool) -> None:
    """Run the demo and end with 0 when everything ties out, else 3."""
    sandbox = _started(folder)
    try:
        _prepare(folder, sandbox.url)
        with opening.opened(folder) as config:
            to = Console(quiet=True) if as_json else console()
            done = [_billed(config, config.folder / name, day, to, as_json=as_json) for name, day in UPLOADS]
            good = all(sending.exit_code(sent) == 0 for _, sent in done)
            again = not any(plan.documents for plan, _ in done)
            plain = {
                "runs": [{"plan": plan.to_plain(), "push": sent.to_plain()} for plan, sent in done],
                "billed_nothing": again,
            }
            finish(plain, 0 if good else REMAINS, as_json=as_json, render=lambda out: _ending(out, folder, again=again))
    finally:
        sandbox.stop()


def _started(folder: Path) -> SandboxServer:
    """The sandbox on its usual port, or on a free one when that is taken."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StopError(f"{folder} cannot be made: {error.strerror}", "Name another with --folder.") from error
    for port in (SANDBOX_PORT, 0):
        server = SandboxServer(state=folder / "sandbox.sqlite3", host="127.0.0.1", port=port)
        try:
            server.start()
        except OSError:
            if port == 0:
                raise
        else:
            return server
    raise AssertionError


def _prepare(folder: Path, url: str) -> None:
    if not (folder / FILE).exists():
        make_folder(folder, url)
    (folder / FILE).write_text(config_text(url), encoding="utf-8")


def _billed(config: Config, folder: Path, day: date, to: Console, *, as_json: bool) -> tuple[RunPlan, Sent]:
    """Plan, approve and push one upload, then show the bundle balances of its day."""
    samples = sorted(path for path in folder.iterdir() if path.suffix in _KINDS)
    to.print(Text(f"Plan: {', '.join(path.name for path in samples)}, as of {day}", style="bold"))
    plan = planning.make(config, samples, day, as_json=as_json)
    show_plan(to, plan)
    to.print(Text(f"Approve {plan.run_id}", style="bold"))
    files = workspace.open_files(config)
    with progress_bar("steps", shown=not as_json) as approving:
        approval = workspace.approve_run(config, files, plan.run_id, opening.asked(None), approving)
    planning.show_approval(to, approval)
    to.print(Text(f"Push {plan.run_id} to the sandbox, read it back, tie out", style="bold"))
    with progress_bar("documents", shown=not as_json) as bar:
        wish = Wish(plan.run_id, opening.who(), until_done=True)
        sent = send(config, wish, opening.clock(), sending.reporter(bar))
    sending.show_sent(to, sent)
    show_balances(to, views.bundle_balances(files.rulebook, day))
    return plan, sent


def _ending(to: Console, folder: Path, *, again: bool) -> None:
    if again:
        told = "Nothing new was billed: every charge of these files is in the ledger already."
        to.print(Text(told, style="bold"))
    else:
        to.print(Text("The demo has billed its samples; run it again and it bills nothing.", style="bold"))
    to.print(Text("What next, with your own workbook and your own Xero:", style="bold"))
    to.print(Text(_NEXT.format(folder=folder)))
