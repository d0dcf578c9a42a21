"""sync: the nightly run, or its rehearsal."""

import os
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from connector.cli import opening
from connector.cli.output import finish, progress_bar
from connector.cli.sending import reporter
from connector.cli.show import show_attention, show_tie_out
from connector.runs import night_report, workspace
from connector.runs.config import Config
from connector.runs.errors import INPUT, REMAINS, USAGE
from connector.runs.nightly import Told, Wanted, end_night, rehearse, run_night
from connector.runs.nights import Outcome
from connector.runs.push_result import Progress
from connector.web import made_files


def sync(folder: Path, paths: Sequence[Path], *, dry_run: bool, as_json: bool) -> None:
    """Do the night's work and write its report; or say what it would do."""
    asked = opening.asked(None)
    if dry_run:
        with opening.rehearsed(folder) as config:
            told = rehearse(config, Wanted(paths, os.environ, asked, _ignore, made_here))
            _finish(told, (), as_json=as_json)
    with opening.opened(folder) as config, progress_bar("documents", shown=not as_json) as bar:
        told = run_night(config, Wanted(paths, os.environ, asked, reporter(bar), taken_over))
        written = night_report.write_report(folder, told)
        end_night(told, asked)
    _finish(told, written, as_json=as_json)


def made_here(config: Config, to: Path) -> Sequence[Path]:
    """Write the files of what was made here into a folder; their paths."""
    return made_files.write(config.folder, workspace.open_mappings(config).made_here, to)


def taken_over(config: Config, to: Path) -> Sequence[Path]:
    """The same, once clients of earlier versions are known by ids of their own."""
    mappings = workspace.open_mappings(config)
    made_files.take_over(config.folder, mappings, now=opening.now(), by=opening.who())
    return made_files.write(config.folder, mappings.made_here, to)


def _ignore(_progress: Progress) -> None:
    """A rehearsal sends nothing that could be told of."""


def _finish(told: Told, written: Sequence[Path], *, as_json: bool) -> None:
    plain = {**night_report.to_plain(told), "reports": [str(path) for path in written]}
    finish(plain, exit_code(told), as_json=as_json, render=lambda to: _show(to, told, written))


def exit_code(told: Told) -> int:
    """2 when something could not be done, 1 when the input has errors, 3 when something waits, else 0."""
    if told.outcome is Outcome.FAILED:
        return USAGE
    if told.plan is not None and any(one.severity == "error" for one in told.plan.problems):
        return INPUT
    return REMAINS if told.outcome is Outcome.WAITS else 0


def _show(to: Console, told: Told, written: Sequence[Path]) -> None:
    for sentence in night_report.sentences(told):
        to.print(Text(sentence))
    for tied in told.sent.tied if told.sent else ():
        show_tie_out(to, tied)
    if told.attention:
        show_attention(to, told.attention)
    for path in written:
        to.print(Text(f"Wrote {path}."))
