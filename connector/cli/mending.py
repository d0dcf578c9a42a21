"""check --repair: the file comes back with its faults marked."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from connector.intake import Intake, Limits
from connector.intake.repair.door import Repair, repair
from connector.runs.errors import INPUT, USAGE, StopError


def refuse_early(paths: Sequence[Path], out: Path) -> None:
    """What can be refused before anything is read.

    Raises:
        StopError: several files are named, or the marked copy would take the place of a file.
    """
    if len({path.as_posix() for path in paths}) > 1:
        raise StopError("--repair marks one file, and several are named", "Name one FILE for each --repair.", USAGE)
    if out.exists() or out.is_symlink():
        raise StopError(f"{out} exists already, and nothing is overwritten", "Name another file after --repair.", USAGE)
    if not out.absolute().parent.is_dir():
        raise StopError(f"there is no folder {out.parent}", "Make it, or name another file after --repair.", USAGE)


def write(intake: Intake, path: Path, out: Path, limits: Limits) -> Repair:
    """Write the marked copy.

    Raises:
        StopError: there is something to mark, and it cannot be marked or written.
    """
    done = repair(intake, path, out, limits=limits)
    if done.path is None and done.next_step and not intake.sources[0].failed:
        raise StopError(done.message, done.next_step, INPUT, intake.problems)
    return done


def show(to: Console, done: Repair) -> None:
    """What came of it, for people."""
    to.print(Text(f"{done.message[0].upper()}{done.message[1:]}."))
    for sentence in done.not_kept:
        to.print(Text(f"- {sentence}"))


def to_plain(done: Repair) -> dict[str, Any]:
    """The same as plain values."""
    path = None if done.path is None else str(done.path)
    return {"path": path, "marked_cells": done.marked_cells, "not_kept": list(done.not_kept), "message": done.message}
