"""The files of uploads, and workbooks of runs, which anybody may remove: what they are of is kept elsewhere.

A stranger's trap: they are what people sent, as it was, with every name in it. They are for the screens alone, so they
go with the first erasure, and after the time that uploads are kept.
"""

import shutil
from datetime import datetime
from pathlib import Path

FOLDER, BOOKS = "uploads", "workbooks"


def forget(folder: Path, before: datetime | None = None) -> int:
    """Remove the files of uploads. Returns of how many.

    Args:
        folder: the working folder.
        before: only of those made before that time; None: of all.
    """
    place = folder / FOLDER
    found = [one for one in place.iterdir() if one.is_dir()] if place.is_dir() else []
    old = [one for one in found if before is None or one.stat().st_ctime < before.timestamp()]
    for one in old:
        shutil.rmtree(one)
    return len(old)


def forget_books(folder: Path) -> int:
    """Remove the workbooks of runs, whatever their age: they are made again when asked for. Returns how many runs."""
    place = folder / BOOKS
    found = len(list(place.iterdir())) if place.is_dir() else 0
    shutil.rmtree(place, ignore_errors=not found)
    return found
