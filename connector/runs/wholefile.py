"""Writing a file that appears whole or not at all."""

import os
import shutil
from pathlib import Path

from connector.runs.errors import StopError


def refuse_taken(out: Path) -> None:
    """Say early that a file cannot be written, before the work that fills it.

    Raises:
        StopError: something is there already.
    """
    if out.exists() or out.is_symlink():
        raise StopError(f"{out} exists already, and nothing is overwritten", "Name another file.")


def write_whole(out: Path, data: bytes) -> None:
    """Write a new file beside its place, then move it there: never in the place of another.

    Raises:
        StopError: something is there already, or it cannot be written.
    """
    refuse_taken(out)
    replace_whole(out, data)


def replace_whole(out: Path, data: bytes) -> None:
    """Give a file new content at once, with the rights that it had, or make it.

    Raises:
        StopError: it cannot be written.
    """
    partial = out.with_name(f".{out.name}.partial")
    try:
        partial.write_bytes(data)
        if out.exists():
            shutil.copymode(out, partial)
        os.replace(partial, out)  # noqa: PTH105  # the rename that makes a whole file appear at once
    except OSError as error:
        partial.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise StopError(
            f"{out} cannot be written: {reason}", "Check the folder's rights and the room on the disk."
        ) from error
