"""An export in the making: the records fetched so far, and a journal of the pages that are durable.

`NAME.part` holds the records, `NAME.journal` one line for each page, written after the page has reached the disk. The
stranger's trap: what the part holds beyond its last journal line is a torn page, and is cut off before going on.
"""

import fcntl
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

FOLDER = "exports"
_VERSION = 1
_PRIVATE = 0o600
_CHUNK = 2**20


class BusyError(Exception):
    """Another process is fetching the same export."""


@dataclass
class Progress:
    """Where the part stands. `cursor` is None before the first page, and after the last one, when `done` is set."""

    pages: int = 0
    records: int = 0
    size: int = 0
    cursor: str | None = None
    done: bool = False


class PartFile:
    """The part and the journal of one export, both open and locked until `close`.

    Args:
        folder: the working folder's `exports`; made when it is not there.
        name: the export's name.
        digest: identifies what is fetched; a part of another digest is thrown away.
        restart: throw away what is there.
    """

    def __init__(self, folder: Path, name: str, digest: str, *, restart: bool = False) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._name = folder, name
        self._part_path, self._journal_path = folder / f"{name}.part", folder / f"{name}.journal"
        self._journal = _locked(self._journal_path)
        self._part = _opened(self._part_path)
        self._seen: set[str] = set()
        self._hash = hashlib.sha256()
        self.at, self.note = Progress(), ""
        try:
            self._take_up(digest, restart=restart)
        except BaseException:
            self.close()
            raise

    def was_seen(self, cursor: str) -> bool:
        """Whether a cursor has led to a page before."""
        return cursor in self._seen

    def append(self, page: bytes, records: int, cursor: str | None) -> None:
        """Add a page: its records to the part, then, once they are durable, its line to the journal."""
        self._part.write(page)
        _to_disk(self._part)
        self._hash.update(page)
        at = self.at
        at.pages, at.records, at.size = at.pages + 1, at.records + records, at.size + len(page)
        at.cursor, at.done = cursor, cursor is None
        self._seen.update({cursor} if cursor is not None else ())
        line = {
            "pages": at.pages,
            "records": at.records,
            "bytes": at.size,
            "sha256": self._hash.hexdigest(),
            "cursor": cursor,
        }
        self._write_line(line)

    def finish(self, now: datetime, suffix: str) -> Path:
        """Give the whole part its lasting name."""
        path = free_name(self._folder, self._name, now, suffix)
        self._part_path.rename(path)
        sync_folder(self._folder)
        self._journal_path.unlink()
        return path

    def close(self) -> None:
        """Close both; what is durable stays for the next fetch."""
        self._part.close()
        self._journal.close()

    def _take_up(self, digest: str, *, restart: bool) -> None:
        lines, whole = _lines(self._journal)
        if lines and not restart:
            self.note = self._differs(lines, digest)
            if not self.note:
                self._journal.truncate(whole)
                self._part.truncate(self.at.size)
                self._part.seek(0, os.SEEK_END)
                self._journal.seek(0, os.SEEK_END)
                return
        elif lines:
            self.note = "what was there is thrown away, as asked"
        self.at, self._hash, self._seen = Progress(), hashlib.sha256(), set()
        self._part.truncate(0)
        self._journal.truncate(0)
        self._part.seek(0)
        self._journal.seek(0)
        self._write_line({"version": _VERSION, "digest": digest})

    def _differs(self, lines: list[dict[str, Any]], digest: str) -> str:
        """Take over where the part stands, or say why it cannot be continued."""
        if lines[0] != {"version": _VERSION, "digest": digest}:
            return "connector.yaml describes another export than the one begun, so it begins anew"
        if len(lines) > 1:
            last = lines[-1]
            self.at = Progress(last["pages"], last["records"], last["bytes"], last["cursor"], last["cursor"] is None)
            self._seen = {line["cursor"] for line in lines[1:] if line["cursor"] is not None}
            self._hash = _hash_of(self._part, self.at.size)
            if self._hash.hexdigest() != last["sha256"]:
                return "the part fetched before is damaged, so it begins anew"
        return ""

    def _write_line(self, line: dict[str, Any]) -> None:
        self._journal.write(json.dumps(line).encode() + b"\n")
        _to_disk(self._journal)


def write_whole(folder: Path, name: str, body: bytes, now: datetime, suffix: str) -> Path:
    """Write a body under its lasting name, whole or not at all."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    passing = folder / f"{name}.{os.getpid()}.part"
    try:
        with _opened(passing) as stream:
            stream.truncate(0)
            stream.write(body)
            _to_disk(stream)
        path = free_name(folder, name, now, suffix)
        passing.rename(path)
    finally:
        passing.unlink(missing_ok=True)
    sync_folder(folder)
    return path


def free_name(folder: Path, name: str, now: datetime, suffix: str) -> Path:
    """The lasting name of an export fetched at this moment (UTC); numbered when there is one of that second."""
    stem = f"{name}-{now:%Y%m%dT%H%M%SZ}"
    path, number = folder / f"{stem}.{suffix}", 2
    while path.exists():
        path, number = folder / f"{stem}-{number}.{suffix}", number + 1
    return path


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _opened(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _PRIVATE), "r+b")


def _locked(path: Path) -> BinaryIO:
    """The journal, held by this process alone.

    Raises:
        BusyError: another process holds it.
    """
    while True:
        stream = _opened(path)
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and path.stat().st_ino == os.fstat(stream.fileno()).st_ino:
                return stream
        except BlockingIOError as error:
            stream.close()
            raise BusyError from error
        stream.close()  # whoever held it has finished and removed it between the two steps


def _to_disk(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def _lines(journal: BinaryIO) -> tuple[list[dict[str, Any]], int]:
    """The whole lines of the journal, and where they end; a torn one at the end is left out."""
    journal.seek(0)
    lines, whole = [], 0
    for line in journal:
        try:
            read = json.loads(line) if line.endswith(b"\n") else None
        except ValueError:
            read = None
        if not isinstance(read, dict):
            break
        lines.append(read)
        whole += len(line)
    return lines, whole


def _hash_of(part: BinaryIO, size: int) -> "hashlib._Hash":
    digest = hashlib.sha256()
    part.seek(0)
    left = size
    while left and (chunk := part.read(min(_CHUNK, left))):
        digest.update(chunk)
        left -= len(chunk)
    return digest
