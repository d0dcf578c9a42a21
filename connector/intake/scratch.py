"""The folder a read works in, and what reads that were killed have left of theirs.

It holds a copy of the upload, so it must not stay. Who is interrupted cleans up after itself; who is killed cannot, so
the name says which process it was, and the next read removes the folders of processes that are no more.
"""

import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

_NAME = re.compile(r"intake-([1-9][0-9]{0,9})-[a-z0-9_]{8}")


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A fresh folder for one read, gone when the read has ended."""
    _sweep(Path(gettempdir()))
    with TemporaryDirectory(prefix=f"intake-{os.getpid()}-") as name:
        yield Path(name)


def _sweep(temporary: Path) -> None:
    """Remove the folders of reads whose process has ended; what another sweep takes first is no fault."""
    for path in temporary.iterdir():
        found = _NAME.fullmatch(path.name)
        if found and not _lives(int(found[1])) and _is_own_folder(path):
            shutil.rmtree(path, ignore_errors=True)


def _lives(process: int) -> bool:
    """Whether there is such a process, be it of another user or of another program that has got its number."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _is_own_folder(path: Path) -> bool:
    """Whether it is a folder of this user, and no link to one."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
