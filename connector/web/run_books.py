"""Runs as workbooks: one of few rows is made when it is asked for, one of many by a work, and then kept awhile.

A stranger's trap: what is kept is of the run as it stood. Another state, another line on hold or an erasure makes it
stale, and every erasure removes it.
"""

import shutil
from pathlib import Path

from connector.printed import workbook
from connector.runs import holds
from connector.runs.errors import INPUT, StopError
from connector.runs.looked import Looked, look
from connector.runs.plan_tables import MOST_ON_A_SHEET, plan_about, plan_tables
from connector.runs.wholefile import replace_whole
from connector.runs.workspace import ReadProgress, read_silently
from connector.web.site import site

MOST_AT_ONCE = 5_000


def takes_long(run: Looked) -> bool:
    """Whether the run has too many rows and lines for a request to wait for its workbook."""
    rows = sum(sum(kinds.values()) for kinds in run.plain["row_kinds"].values())
    return rows + run.frame("lines").height > MOST_AT_ONCE


def made(run_id: str, progress: ReadProgress = read_silently, scratch: Path | None = None) -> bytes:
    """The workbook of a run as it stands; `scratch` is where its rows lie meanwhile."""
    plan, state = holds.planned(run_id)
    about, tables = plan_about(plan, state.state), plan_tables(plan, MOST_ON_A_SHEET)
    return workbook(f"Run plan {plan.run_id}", about, tables, progress, scratch)


def keep(run_id: str, progress: ReadProgress) -> Path:
    """Make the workbook of a run and keep it, in the place of an earlier one.

    Args:
        run_id: a run that is known to exist.
        progress: told what is done, how many rows, and of how many.

    Raises:
        StopError: the run has become another meanwhile; nothing is kept.
    """
    path = _path(look(run_id))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    data = made(run_id, progress, path.parent)
    replace_whole(path, data)
    if _path(look(run_id)) != path:  # perhaps a name was erased
        path.unlink()
        raise StopError(f"{run_id} has changed while its workbook was made", "Make it again.", INPUT)
    for other in path.parent.iterdir():
        if other != path:
            shutil.rmtree(other) if other.is_dir() else other.unlink()
    return path


def ready(run: Looked) -> Path | None:
    """The workbook of the run as it stands, where it is kept."""
    path = _path(run)
    return path if path.is_file() else None


def _path(run: Looked) -> Path:
    return site().run_book(run.run_id) / f"{run.mark}.xlsx"
