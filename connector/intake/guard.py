"""From a path to raw sheets through a guarded process, or to problems in plain sentences.

The bytes that are hashed are the bytes that are read: the file is read once here and handed over by a pipe.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from connector.domain.places import Cell
from connector.domain.problems import Kind, Problem
from connector.intake import kinds
from connector.intake.limits import Limits
from connector.intake.rawsheet import RawSheet

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OUT_OF_MEMORY = 12
_KINDS_READ = "read are .xlsx and .csv"
_TEXT_SUFFIXES = {"", ".csv", ".txt", ".tsv", ".tab"}


@dataclass(frozen=True)
class Opened:
    """What came of one file.

    Attributes:
        sha256: of its bytes; "" when they could not be read.
        size_bytes: their number.
        sheets: its sheets; empty when it failed.
        problems: why it failed.
    """

    sha256: str
    size_bytes: int
    sheets: tuple[RawSheet, ...]
    problems: tuple[Problem, ...]


def open_source(path: Path, label: str, limits: Limits) -> Opened:
    """Read one file in a process of its own.

    Args:
        path: the file.
        label: how places name it.
        limits: ceilings; the process is ended when it passes one.
    """
    data, problem = _bytes(path, label, limits)
    digest = hashlib.sha256(data).hexdigest() if data else ""
    if problem is None:
        kind, problem = _kind(data, path.suffix.lower(), label)
    if problem is not None:
        return Opened(digest, len(data), (), (problem,))
    sheets, problems = _read(data, kind, label, limits)
    return Opened(digest, len(data), sheets, problems)


def _bytes(path: Path, label: str, limits: Limits) -> tuple[bytes, Problem | None]:
    if path.name.startswith("~$"):
        return b"", _problem(kinds.FILE_LOCK, label, "this is Excel's lock file of an open workbook, not the workbook")
    try:
        size = path.stat().st_size
        if path.is_dir():
            return b"", _problem(kinds.FILE_FOLDER, label, "this is a folder, not a file")
        if size > limits.file_bytes:
            message = f"the file has {size:,} bytes; at most {limits.file_bytes:,} are read"
            return b"", _problem(kinds.FILE_TOO_LARGE, label, message)
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return b"", _problem(kinds.FILE_MISSING, label, "there is no file of this name")
    except OSError as error:
        message = f"the file may not be read ({error.strerror})"
        return b"", _problem(kinds.FILE_NO_PERMISSION, label, message)
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        return data, _problem(kinds.FILE_EMPTY, label, "the file is empty")
    return data, None


def _kind(data: bytes, suffix: str, label: str) -> tuple[str, Problem | None]:
    """Which reader the content asks for, by its first bytes and not by its name."""
    head = data[:2_000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if data.startswith(b"PK\x03\x04"):
        return "xlsx", None
    if data.startswith(_OLE):
        if _ENCRYPTED in data:
            return "", _problem(kinds.FILE_ENCRYPTED, label, "the workbook is protected by a password")
        named = " named .xlsx" if suffix == ".xlsx" else ""
        return "", _problem(kinds.FILE_KIND, label, f"an Excel 97–2003 workbook (.xls){named}; {_KINDS_READ}")
    if head.startswith((b"<html", b"<!doctype html", b"<table", b"<meta", b"<head", b"<body")):
        message = f"a web page (HTML) named {suffix or 'without a suffix'}, not a workbook"
        next_step = "Open it in Excel and save it as .xlsx."
        return "", _problem(kinds.FILE_NOT_A_WORKBOOK, label, message, next_step)
    if head.startswith(b"<?xml") or head.startswith(b"%pdf") or suffix in {".json", ".xml", ".pdf", ".ods", ".xlsb"}:
        return "", _problem(kinds.FILE_KIND, label, f"a kind of file that is not read ({suffix}); {_KINDS_READ}")
    if suffix not in _TEXT_SUFFIXES:
        message = f"the content is no workbook, although the name ends in {suffix}"
        return "", _problem(kinds.FILE_NOT_A_WORKBOOK, label, message)
    return "csv", None


def _read(data: bytes, kind: str, label: str, limits: Limits) -> tuple[tuple[RawSheet, ...], tuple[Problem, ...]]:
    with TemporaryDirectory(prefix="intake-") as name:
        folder = Path(name)
        command = [sys.executable, "-P", "-m", "connector.intake.child", name, kind, json.dumps(asdict(limits))]
        environment = {**os.environ, "POLARS_MAX_THREADS": "1", "POLARS_SKIP_CPU_CHECK": "1"}  # checked by this process
        try:
            done = subprocess.run(  # noqa: S603  (our own interpreter and module; the file comes on standard input)
                command, input=data, capture_output=True, env=environment, timeout=limits.wall_seconds, check=False
            )
        except subprocess.TimeoutExpired:
            message = f"reading the file takes longer than {limits.wall_seconds:g} seconds"
            return (), (_problem(kinds.FILE_TOO_COSTLY, label, message),)
        if done.returncode:
            return (), (_death(done.returncode, done.stderr.decode("utf-8", "replace"), label, limits),)
        return _result(folder, label)


def _result(folder: Path, label: str) -> tuple[tuple[RawSheet, ...], tuple[Problem, ...]]:
    result = json.loads((folder / "result.json").read_text("utf-8"))
    problems = tuple(
        _problem(
            next(kind for kind in kinds.KINDS if kind.code == refused["code"]),
            Cell(label, refused["sheet"], refused["row"], refused["column"]),
            refused["message"],
            refused["next_step"],
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
        )
        for number, sheet in enumerate(result.get("sheets", ()))
    )
    return sheets, problems


def _death(code: int, told: str, label: str, limits: Limits) -> Problem:
    """What the end of the reading process means."""
    memory = code == _OUT_OF_MEMORY or "memory allocation of" in told or "capacity overflow" in told
    if memory or code == -signal.SIGKILL:
        message = f"reading the file needs more than {limits.memory_bytes // 2**20:,} MiB of memory"
        return _problem(kinds.FILE_TOO_COSTLY, label, message)
    if code == -signal.SIGXCPU:
        message = f"reading the file takes more than {limits.cpu_seconds} seconds of computing"
        return _problem(kinds.FILE_TOO_COSTLY, label, message)
    reason = told.strip().splitlines()[-1][:200] if told.strip() else f"signal {-code}"
    message = f"something in the file is broken and ends the program that reads it ({reason})"
    return _problem(kinds.FILE_DAMAGED, label, message)


def _problem(kind: Kind, place: str | Cell, message: str, next_step: str = "") -> Problem:
    where = place if isinstance(place, Cell) else Cell(place)
    return Problem(kind.code, kind.severity, where, message, next_step or kind.remedy)
