"""The files of uploads beside the working folder, which anybody may remove: what was planned of them is kept elsewhere.

A stranger's trap: they are what people sent, as it was, with every name in it. They are for the screens alone, so they
go with the first erasure, and after the time that uploads are kept.
"""

import shutil
from datetime import datetime
from pathlib import Path

FOLDER = "uploads"


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
