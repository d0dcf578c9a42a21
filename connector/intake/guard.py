"""From a path to raw sheets through a guarded process, or to problems in plain sentences.

The bytes that are hashed are the bytes that are read: the process that reads them takes their digest.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from connector.domain.places import Cell
from connector.domain.problems import Kind, Problem
from connector.intake import kinds
from connector.intake.handover import take_up
from connector.intake.limits import Limits
from connector.intake.marks import OUT_OF_MEMORY, REPAIR, RefusedError
from connector.intake.rawsheet import RawSheet
from connector.intake.scratch import scratch_folder
from connector.intake.steps import Pace
from connector.intake.upload import Upload, opened

RowProgress = Callable[[int, int], None]
_TICK_SECONDS = 0.1
# The reading process keeps the memory it has asked for until it ends, a second later: giving it back and asking for it
# anew costs a twentieth of all its work.
_KEEP_MEMORY = (
    "glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=1073741824:glibc.malloc.top_pad=16777216"
)
_RAISE = "Split it, save only values, or raise limits: {} in connector.yaml."


def _to_nobody(_done: int, _total: int) -> None:
    """Nobody is told."""


@dataclass(frozen=True)
class Opened:
    """What came of one file.

    Attributes:
        sha256: of its bytes; "" when they could not be read.
        size_bytes: their number.
        sheets: its sheets; empty when it failed.
        problems: why it failed.
        lineage: see `door.SourceInfo`.
    """

    sha256: str
    size_bytes: int
    sheets: tuple[RawSheet, ...]
    problems: tuple[Problem, ...]
    lineage: str = ""


@dataclass(frozen=True)
class Repaired:
    """What came of marking a workbook: its bytes, and what `repair.patch.Patched` tells; or why it was not marked."""

    data: bytes
    suffix: str
    marked_cells: int
    remarks: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


def open_source(path: Path, label: str, limits: Limits, progress: RowProgress = _to_nobody) -> Opened:
    """Read one file in a process of its own.

    Args:
        path: the file.
        label: how places name it.
        limits: ceilings; the process is ended when it passes one.
        progress: told some times a second how many rows are read, about, and of how many.
    """
    place = Cell(label)
    try:
        with opened(path, limits) as upload, scratch_folder() as folder:
            told, death = _told(upload, folder, limits, progress)
            problems = _refusals(told, label) or ((refusal(death, place),) if death else ())
            if problems:
                return Opened(told.get("sha256") or upload.digest(), upload.size_bytes, (), problems)
            lineage = told["lineage"]
            sheets = tuple(take_up(folder, number, one, lineage) for number, one in enumerate(told["sheets"]))
            return Opened(told["sha256"], told["size_bytes"], sheets, (), lineage)
    except RefusedError as refused:
        return Opened("", 0, (), (refusal(refused, place),))


def repair_workbook(data: bytes, task: str, label: str, limits: Limits) -> Repaired:
    """Mark a workbook in a process of its own.

    Args:
        data: its bytes.
        task: what to mark, as `repair.task.Task` writes it.
        label: how places name the file.
        limits: ceilings; the process is ended when it passes one.
    """
    with scratch_folder() as folder, tempfile.TemporaryFile() as source:
        source.write(data)
        source.flush()
        (folder / "task.json").write_text(task, encoding="utf-8")
        told, death = _outcome(source, folder, REPAIR, limits, time.monotonic() + limits.wall_seconds)
        problems = _refusals(told, label) or ((refusal(death, Cell(label)),) if death else ())
        if problems:
            return Repaired(b"", "", 0, (), problems)
        marked = (folder / "repaired").read_bytes()
        return Repaired(marked, told["suffix"], told["marked_cells"], tuple(told["remarks"]))


def _told(
    upload: Upload, folder: Path, limits: Limits, progress: RowProgress
) -> tuple[dict[str, Any], RefusedError | None]:
    """What the reading process tells of a file, and what its end means when it has told nothing."""
    end = time.monotonic() + limits.wall_seconds
    with os.fdopen(os.dup(upload.descriptor), "rb") as source:
        return _outcome(source, folder, upload.kind, limits, end, progress)


def _outcome(
    source: IO[bytes], folder: Path, kind: str, limits: Limits, end: float, progress: RowProgress = _to_nobody
) -> tuple[dict[str, Any], RefusedError | None]:
    """One reading process to its end: what it has told, or what its end means."""
    source.seek(0)
    try:
        done = _run(source, folder, kind, limits, end, progress)
    except subprocess.TimeoutExpired:
        message = f"working on the file takes longer than {limits.wall_seconds:g} seconds"
        return {}, _refused(kinds.FILE_TOO_COSTLY, message, _RAISE.format("wall_seconds"))
    if done.returncode:
        return {}, _death(done, limits)
    told: dict[str, Any] = json.loads((folder / "result.json").read_text("utf-8"))
    return told, None


def _run(
    source: IO[bytes], folder: Path, kind: str, limits: Limits, end: float, progress: RowProgress
) -> subprocess.CompletedProcess[bytes]:
    """The process itself. It is killed when the time is up, and when this process ends in any way.

    Raises:
        TimeoutExpired: it was not done in time.
    """
    arguments = (str(folder), kind, json.dumps(asdict(limits)), str(os.getpid()))
    command = [sys.executable, "-P", "-m", "connector.intake.child", *arguments]
    checked = {"POLARS_SKIP_CPU_CHECK": "1"}  # by this very process
    environment = {"GLIBC_TUNABLES": _KEEP_MEMORY, **os.environ, "POLARS_MAX_THREADS": "1", **checked}
    pace = Pace(folder, time.monotonic())
    with subprocess.Popen(  # noqa: S603  (our own interpreter and module; the file comes on standard input)
        command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        try:
            while True:
                try:
                    out, err = process.communicate(timeout=max(0.0, min(_TICK_SECONDS, end - time.monotonic())))
                    return subprocess.CompletedProcess(command, process.returncode, out, err)
                except subprocess.TimeoutExpired:
                    if time.monotonic() >= end:
                        raise
                    if rows := pace.rows(time.monotonic()):
                        progress(*rows)
        except BaseException:  # an interrupt too: whoever goes leaves no process behind
            process.kill()
            raise


def _refusals(told: dict[str, Any], label: str) -> tuple[Problem, ...]:
    return tuple(
        refusal(
            RefusedError(refused["code"], refused["message"], refused["next_step"]),
            Cell(label, refused["sheet"], refused["row"], refused["column"]),
        )
        for refused in told.get("refused", ())
    )


def _death(done: subprocess.CompletedProcess[bytes], limits: Limits) -> RefusedError:
    """What the end of the reading process means."""
    code, told = done.returncode, done.stderr.decode("utf-8", "replace")
    memory = code == OUT_OF_MEMORY or "memory allocation of" in told or "capacity overflow" in told
    if memory or code == -signal.SIGKILL:
        message = f"reading the file needs more than {limits.memory_bytes // 2**20:,} MiB of memory"
        return _refused(kinds.FILE_TOO_COSTLY, message, _RAISE.format("memory_mb"))
    if code == -signal.SIGXCPU:
        message = f"reading the file takes more than {limits.cpu_seconds} seconds of computing"
        return _refused(kinds.FILE_TOO_COSTLY, message, _RAISE.format("cpu_seconds"))
    reason = told.strip().splitlines()[-1][:200] if told.strip() else f"signal {-code}"
    message = f"something in the file is broken and ends the program that reads it ({reason})"
    return _refused(kinds.FILE_DAMAGED, message)


def _refused(kind: Kind, message: str, next_step: str = "") -> RefusedError:
    return RefusedError(kind.code, message, next_step or kind.remedy)


def refusal(refused: RefusedError, place: Cell) -> Problem:
    """Why a file was not read, as a problem of its place."""
    kind = next(kind for kind in kinds.FILE_KINDS if kind.code == refused.code)
    return Problem(kind.code, kind.severity, place, str(refused), refused.next_step)
