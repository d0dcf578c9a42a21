"""From a path to raw sheets through a guarded process, or to problems in plain sentences.

The bytes that are hashed are the bytes that are read: the file is read once here and handed over as a copy.
"""

import hashlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from connector.domain.places import Cell
from connector.domain.problems import Kind, Problem
from connector.intake import kinds
from connector.intake.limits import Limits
from connector.intake.rawsheet import FAR_CELLS, OUT_OF_MEMORY, REPAIR, RawSheet, RefusedError
from connector.intake.scratch import scratch_folder

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NO_CONTAINER = (  # first records of workbooks from before Excel 5, and of later ones that were taken out
    b"\x09\x00\x04\x00",
    b"\x09\x02\x06\x00",
    b"\x09\x04\x06\x00",
    b"\x09\x08\x08\x00",
    b"\x09\x08\x10\x00",
)
_SPACE = b"\xef\xbb\xbf \t\r\n"
_UTF_16 = b"\xff\xfe"
_HTML = (b"<html", b"<!doctype html", b"<table", b"<meta", b"<head", b"<body")
_KNOWN_SUFFIXES = {".xml", ".pdf"}
_JSON_SUFFIXES = {".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson"}
_JSON_HEAD = re.compile(rb"\{\s*[\"}]|\[\s*[\[{\"\]]")
_PARQUET = b"PAR1"
_KINDS_READ = "read are .xlsx, .xlsm, .xlsb, .xls, .ods, .csv, .json, .ndjson and .parquet"
_TEXT_SUFFIXES = {"", ".csv", ".txt", ".tsv", ".tab"}


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


def open_source(path: Path, label: str, limits: Limits) -> Opened:
    """Read one file in a process of its own.

    Args:
        path: the file.
        label: how places name it.
        limits: ceilings; the process is ended when it passes one.
    """
    data = b""
    try:
        data = _bytes(path, limits)
        kind = _kind(data, path.suffix.lower())
    except RefusedError as refused:
        digest = hashlib.sha256(data).hexdigest() if data else ""
        return Opened(digest, len(data), (), (_problem(refused, Cell(label)),))
    read = _read(data, kind, label, limits)
    return Opened(hashlib.sha256(data).hexdigest(), len(data), read.sheets, read.problems, read.lineage)


@dataclass(frozen=True)
class Repaired:
    """What came of marking a workbook: its bytes, and what `repair.patch.Patched` tells; or why it was not marked."""

    data: bytes
    suffix: str
    marked_cells: int
    remarks: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


def repair_workbook(data: bytes, task: str, label: str, limits: Limits) -> Repaired:
    """Mark a workbook in a process of its own.

    Args:
        data: its bytes.
        task: what to mark, as `repair.task.Task` writes it.
        label: how places name the file.
        limits: ceilings; the process is ended when it passes one.
    """
    with scratch_folder() as folder:
        (folder / "source").write_bytes(data)
        (folder / "task.json").write_text(task, encoding="utf-8")
        try:
            done = _run(folder, REPAIR, limits, time.monotonic() + limits.wall_seconds)
        except subprocess.TimeoutExpired:
            message = f"marking the file takes longer than {limits.wall_seconds:g} seconds"
            return Repaired(b"", "", 0, (), (_problem(_refused(kinds.FILE_TOO_COSTLY, message), Cell(label)),))
        if done.returncode:
            return Repaired(b"", "", 0, (), (_problem(_death(done, limits), Cell(label)),))
        if problems := _result(folder, label).problems:
            return Repaired(b"", "", 0, (), problems)
        told = json.loads((folder / "result.json").read_text("utf-8"))
        marked = (folder / "repaired").read_bytes()
        return Repaired(marked, told["suffix"], told["marked_cells"], tuple(told["remarks"]))


@dataclass(frozen=True)
class _Result:
    """What the reading process has told."""

    sheets: tuple[RawSheet, ...] = ()
    problems: tuple[Problem, ...] = ()
    lineage: str = ""


def _bytes(path: Path, limits: Limits) -> bytes:
    if path.name.startswith("~$"):
        raise _refused(kinds.FILE_LOCK, "this is Excel's lock file of an open workbook, not the workbook")
    try:
        if path.is_dir():
            raise _refused(kinds.FILE_FOLDER, "this is a folder, not a file")
        _check_file(path.stat(), limits)  # before it is opened: to open a device can already do something
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as stream:
            _check_file(os.fstat(stream.fileno()), limits)  # and again: the name may lead elsewhere by now
            data = stream.read(limits.file_bytes + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _refused(kinds.FILE_MISSING, "there is no file of this name") from error
    except OSError as error:
        message = f"the file may not be read ({error.strerror})"
        raise _refused(kinds.FILE_NO_PERMISSION, message) from error
    if len(data) > limits.file_bytes:
        message = f"the file has more than {limits.file_bytes:,} bytes; at most {limits.file_bytes:,} are read"
        raise _refused(kinds.FILE_TOO_LARGE, message)
    return data


def _check_file(found: os.stat_result, limits: Limits) -> None:
    if not stat.S_ISREG(found.st_mode):
        message = f"this is no regular file, but a device, a pipe or a socket; {_KINDS_READ}"
        raise _refused(kinds.FILE_KIND, message)
    if found.st_size > limits.file_bytes:
        message = f"the file has {found.st_size:,} bytes; at most {limits.file_bytes:,} are read"
        raise _refused(kinds.FILE_TOO_LARGE, message)


def _kind(data: bytes, suffix: str) -> str:
    """Which reader the content asks for, by its first bytes and not by its name."""
    head = data[:2_000].lstrip(_SPACE).lower()
    if not head and not data.strip(_SPACE):
        raise _refused(kinds.FILE_EMPTY, "the file is empty")
    if data.startswith(_PARQUET) and (suffix == ".parquet" or data.endswith(_PARQUET)):
        return "parquet"
    plain = data[:2_000].lstrip(_UTF_16).replace(b"\0", b"").lstrip(_SPACE)
    if suffix in _JSON_SUFFIXES or _JSON_HEAD.match(plain):
        return _JSON_SUFFIXES.get(suffix, "json")
    if data.startswith(b"PK\x03\x04"):
        return "archive"
    if data.startswith((_OLE, *_NO_CONTAINER)):
        return "xls"
    if head.startswith(_HTML):
        message = f"a web page (HTML) named {suffix or 'without a suffix'}, not a workbook"
        raise _refused(kinds.FILE_NOT_A_WORKBOOK, message, "Open it in Excel and save it as .xlsx.")
    if head.startswith((b"<?xml", b"%pdf")) or suffix in _KNOWN_SUFFIXES:
        raise _refused(kinds.FILE_KIND, f"a kind of file that is not read ({suffix or 'no suffix'}); {_KINDS_READ}")
    if suffix not in _TEXT_SUFFIXES:
        message = f"the content is no workbook, although the name ends in {suffix}"
        raise _refused(kinds.FILE_NOT_A_WORKBOOK, message)
    return "csv"


def _read(data: bytes, kind: str, label: str, limits: Limits) -> _Result:
    with scratch_folder() as folder:
        (folder / "source").write_bytes(data)  # a pipe would be fed in pieces of 4 KiB
        end = time.monotonic() + limits.wall_seconds
        try:
            done = _run(folder, kind, limits, end)
            death = _death(done, limits) if done.returncode else None
            if death is not None and death.code == kinds.FILE_TOO_COSTLY.code and kind == "archive":
                done = _run(folder, FAR_CELLS, limits, end)
        except subprocess.TimeoutExpired:
            message = f"reading the file takes longer than {limits.wall_seconds:g} seconds"
            return _Result(problems=(_problem(_refused(kinds.FILE_TOO_COSTLY, message), Cell(label)),))
        result = _Result() if done.returncode else _result(folder, label)
        return result if death is None or result.problems else _Result(problems=(_problem(death, Cell(label)),))


def _run(folder: Path, kind: str, limits: Limits, end: float) -> subprocess.CompletedProcess[bytes]:
    """One reading process to its end. It is killed when the time is up, and when this process ends in any way."""
    left = max(0.0, end - time.monotonic())
    told = (str(folder), kind, json.dumps(asdict(limits)), str(os.getpid()))
    command = [sys.executable, "-P", "-m", "connector.intake.child", *told]
    checked = {"POLARS_SKIP_CPU_CHECK": "1"}  # by this very process
    environment = {**os.environ, "POLARS_MAX_THREADS": "1", **checked}
    with (folder / "source").open("rb") as stream:
        return subprocess.run(  # noqa: S603  (our own interpreter and module; the file comes on standard input)
            command, stdin=stream, capture_output=True, env=environment, timeout=left, check=False
        )


def _result(folder: Path, label: str) -> _Result:
    result = json.loads((folder / "result.json").read_text("utf-8"))
    problems = tuple(
        _problem(
            RefusedError(refused["code"], refused["message"], refused["next_step"]),
            Cell(label, refused["sheet"], refused["row"], refused["column"]),
        )
        for refused in result.get("refused", ())
    )
    sheets = tuple(
        RawSheet(
            sheet["name"],
            sheet["hidden"],
            pl.read_ipc(folder / f"{number}.values"),
            pl.read_ipc(folder / f"{number}.marks"),
            sheet["width"],
            sheet["plain"],
            sheet["own"],
        )
        for number, sheet in enumerate(result.get("sheets", ()))
    )
    return _Result(sheets, problems, result.get("lineage", ""))


def _death(done: subprocess.CompletedProcess[bytes], limits: Limits) -> RefusedError:
    """What the end of the reading process means."""
    code, told = done.returncode, done.stderr.decode("utf-8", "replace")
    memory = code == OUT_OF_MEMORY or "memory allocation of" in told or "capacity overflow" in told
    if memory or code == -signal.SIGKILL:
        message = f"reading the file needs more than {limits.memory_bytes // 2**20:,} MiB of memory"
        return _refused(kinds.FILE_TOO_COSTLY, message)
    if code == -signal.SIGXCPU:
        message = f"reading the file takes more than {limits.cpu_seconds} seconds of computing"
        return _refused(kinds.FILE_TOO_COSTLY, message)
    reason = told.strip().splitlines()[-1][:200] if told.strip() else f"signal {-code}"
    message = f"something in the file is broken and ends the program that reads it ({reason})"
    return _refused(kinds.FILE_DAMAGED, message)


def _refused(kind: Kind, message: str, next_step: str = "") -> RefusedError:
    return RefusedError(kind.code, message, next_step or kind.remedy)


def _problem(refused: RefusedError, place: Cell) -> Problem:
    kind = next(kind for kind in kinds.FILE_KINDS if kind.code == refused.code)
    return Problem(kind.code, kind.severity, place, str(refused), refused.next_step)
