"""Repair, from outside: one file that was read, and the path of the marked one. Nothing is ever overwritten."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from connector.intake.door import Intake
from connector.intake.guard import Repaired, repair_workbook
from connector.intake.limits import Limits
from connector.intake.repair.fresh import fresh_workbook
from connector.intake.repair.plan import plan_repair

_NO_LIMITS_GIVEN = Limits()
_ARCHIVE = b"PK\x03\x04"


@dataclass(frozen=True)
class Repair:
    """What came of a repair.

    Attributes:
        path: the file written; None when none was.
        marked_cells: cells filled and commented.
        not_kept: what the marked file does not have, or what could not be marked; one sentence each.
        message: one sentence for a person.
        next_step: what to do when nothing was written although something should have been; "" else.
    """

    path: Path | None
    marked_cells: int
    not_kept: tuple[str, ...]
    message: str
    next_step: str = ""


def repair(intake: Intake, path: Path, out: Path, *, limits: Limits = _NO_LIMITS_GIVEN) -> Repair:
    """Write the file once more, with every problem of it marked.

    Args:
        intake: the file as it was read, and its problems.
        path: the file, as it was named for reading.
        out: where the marked file is written; it must not exist.
        limits: ceilings for the process that touches the file.
    """
    source = path.as_posix()
    info = next(info for info in intake.sources if info.name == source)
    found = sum(problem.place.file == source for problem in intake.problems)
    if info.failed:
        return _nothing("the file could not be read, so there is nothing to mark", "Mend what is listed first.")
    if not found:
        return _nothing("no faults: nothing to repair")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != info.sha256:
        return _nothing(f"{source} has changed since it was read", "Run the command again.")
    patched, why = _patched(intake, source, data, limits)
    if patched is not None:
        return _finished(patched, (), out, found)
    fresh, lost = _anew(intake, path, why, limits)
    return fresh if isinstance(fresh, Repair) else _finished(fresh, lost, out, found)


def _patched(intake: Intake, source: str, data: bytes, limits: Limits) -> tuple[Repaired | None, tuple[str, ...]]:
    """The file itself with its marks; None when it is no workbook that can be patched, and why."""
    if not data.startswith(_ARCHIVE):
        return None, ()
    marked = repair_workbook(data, plan_repair(intake, source).to_json(), source, limits)
    if not marked.problems:
        return marked, ()
    return None, tuple(f"The file is written anew: {problem.message}." for problem in marked.problems)


def _anew(
    intake: Intake, path: Path, lost: tuple[str, ...], limits: Limits
) -> tuple[Repaired | Repair, tuple[str, ...]]:
    """A fresh workbook of what was read, with its marks."""
    source = path.as_posix()
    fresh = fresh_workbook(intake, source, path.suffix.lower())
    if not fresh.data:
        return _nothing(f"{source} has more rows than a workbook holds", "Split it, and check the parts."), ()
    marked = repair_workbook(fresh.data, plan_repair(intake, source, fresh.names).to_json(), source, limits)
    if marked.problems:
        wrong = marked.problems[0]
        return _nothing(f"{source} cannot be marked: {wrong.message}", wrong.next_step), ()
    return marked, (*lost, *fresh.not_kept)


def _finished(marked: Repaired, lost: tuple[str, ...], out: Path, problems: int) -> Repair:
    if out.suffix.lower() != marked.suffix:
        what = f"the marked file is a {marked.suffix} workbook, but its name would end in {out.suffix or 'nothing'}"
        return _nothing(what, f"Name it {out.with_suffix(marked.suffix).name}.")
    if not _write(out, marked.data):
        return _nothing(f"{out} exists already, and nothing is overwritten", "Name another file after --repair.")
    return Repair(out, marked.marked_cells, (*lost, *marked.remarks), _told(out, marked.marked_cells, problems))


def _nothing(message: str, next_step: str = "") -> Repair:
    return Repair(None, 0, (), message, next_step)


def _told(out: Path, cells: int, problems: int) -> str:
    what = "1 problem" if problems == 1 else f"{problems:,} problems"
    where = "1 cell" if cells == 1 else f"{cells:,} cells"
    return f"Written: {out}, {what} on {where}, all in its Fix list"


def _write(out: Path, data: bytes) -> bool:
    """Write the whole file or none; False when there is one already.

    Raises:
        OSError: the folder or the disk does not let it.
    """
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(data)
        os.link(partial, out)  # unlike a rename, it never takes the place of another file
    except FileExistsError:
        return False
    finally:
        partial.unlink(missing_ok=True)
    return True
