"""An uploaded file, opened: it is a regular file of bearable size, and its first and last bytes say what it is.

Only its ends are looked at here. Its bytes are read once, by the reading process, which also takes their digest: what
is hashed is what is read.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from connector.domain.problems import Kind
from connector.intake import kinds
from connector.intake.limits import Limits
from connector.intake.marks import RefusedError
from connector.intake.sniff import HEAD_BYTES, KINDS_READ, SPACE, TAIL_BYTES, kind_of

_CHUNK = 2**20


@dataclass(frozen=True)
class Upload:
    """An open file: its descriptor (positioned at the beginning, read only), its size, and its kind (see `sniff`)."""

    descriptor: int
    size_bytes: int
    kind: str

    def digest(self) -> str:
        """The sha256 of its bytes (hex), for a file that no reading process has told it of."""
        found = hashlib.sha256()
        position = 0
        while chunk := os.pread(self.descriptor, _CHUNK, position):
            found.update(chunk)
            position += len(chunk)
        return found.hexdigest()


def sized_digest(path: Path, limits: Limits) -> str:
    """The sha256 of a file's bytes (hex); empty where it may not be read."""
    try:
        with opened(path, limits) as upload:
            return upload.digest()
    except RefusedError:
        return ""


@contextmanager
def opened(path: Path, limits: Limits) -> Iterator[Upload]:
    """Open a file for one read.

    Raises:
        RefusedError: there is none, it may not be read, it is too large, or of a kind that is not read.
    """
    if path.name.startswith("~$"):
        raise _refused(kinds.FILE_LOCK, "this is Excel's lock file of an open workbook, not the workbook")
    try:
        if path.is_dir():
            raise _refused(kinds.FILE_FOLDER, "this is a folder, not a file")
        _check(path.stat(), limits)  # before it is opened: to open a device can already do something
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _refused(kinds.FILE_MISSING, "there is no file of this name") from error
    except OSError as error:
        message = f"the file may not be read ({error.strerror})"
        raise _refused(kinds.FILE_NO_PERMISSION, message) from error
    try:
        found = os.fstat(descriptor)
        _check(found, limits)  # and again: the name may lead elsewhere by now
        head = _head(descriptor)
        tail = os.pread(descriptor, TAIL_BYTES, max(0, found.st_size - TAIL_BYTES))
        yield Upload(descriptor, found.st_size, kind_of(head, tail, path.suffix.lower()))
    finally:
        os.close(descriptor)


def _head(descriptor: int) -> bytes:
    """The first bytes from the first chunk on that shows something.

    Raises:
        RefusedError: nothing shows.
    """
    position = 0
    while chunk := os.pread(descriptor, HEAD_BYTES if position == 0 else _CHUNK, position):
        if chunk.strip(SPACE):
            return chunk[:HEAD_BYTES]
        position += len(chunk)
    raise _refused(kinds.FILE_EMPTY, "the file is empty")


def _check(found: os.stat_result, limits: Limits) -> None:
    if not stat.S_ISREG(found.st_mode):
        message = f"this is no regular file, but a device, a pipe or a socket; {KINDS_READ}"
        raise _refused(kinds.FILE_KIND, message)
    if found.st_size > limits.file_bytes:
        message = f"the file has {found.st_size:,} bytes; at most {limits.file_bytes:,} are read"
        raise _refused(kinds.FILE_TOO_LARGE, message)


def _refused(kind: Kind, message: str) -> RefusedError:
    return RefusedError(kind.code, message, kind.remedy)
