"""The reading process: one uploaded file on standard input, columns as Arrow files in a folder. Run by `guard`.

It limits itself before it looks at a byte, and it may die: that is a normal outcome, which `guard` puts into words. It
never outlives the program that has started it.
"""

import ctypes
import hashlib
import json
import os
import resource
import signal
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from connector.intake.kinds import FILE_TOO_LARGE
from connector.intake.limits import Limits
from connector.intake.marks import OUT_OF_MEMORY, REPAIR, RefusedError
from connector.intake.steps import STEPS

RESULT = "result.json"
TASK = "task.json"
REPAIRED = "repaired"
_ORPHANED = 1  # an exit code nobody reads
_PR_SET_PDEATHSIG = 1  # of prctl(2): the signal to get when the parent ends


def main(arguments: list[str]) -> int:
    """Read standard input; write `result.json`, and for sheet n `n.values` and `n.marks`, into the folder named.

    Args:
        arguments: the folder; the kind of file (a key of `_READERS`, or `repair` for a workbook to be marked); the
            limits as JSON; and the process id of the program that waits.

    Returns:
        the exit code: 0 also when the file was refused (the reason is in the result), 12 when memory ran out, 1 when
        nobody waits any more.
    """
    if not _die_with(int(arguments[3])):
        return _ORPHANED
    folder, kind, limits = Path(arguments[0]), arguments[1], Limits(**json.loads(arguments[2]))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    STEPS.report_to(folder)
    result: dict[str, object] = {}
    try:
        data = sys.stdin.buffer.read(limits.file_bytes + 1)
        result = {"sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}
        if len(data) > limits.file_bytes:
            message = f"the file has more than {limits.file_bytes:,} bytes; at most {limits.file_bytes:,} are read"
            raise RefusedError(FILE_TOO_LARGE.code, message, FILE_TOO_LARGE.remedy)  # noqa: TRY301  (told like others)
        result |= _repaired(data, folder, limits) if kind == REPAIR else _read(data, kind, folder, limits)
    except RefusedError as refused:
        place = {"sheet": refused.sheet, "row": refused.row, "column": refused.column}
        told = {"code": refused.code, "message": str(refused), "next_step": refused.next_step, **place}
        result |= {"refused": [told]}
    except MemoryError:
        return OUT_OF_MEMORY
    (folder / RESULT).write_text(json.dumps(result), encoding="utf-8")
    return 0


def _read(data: bytes, kind: str, folder: Path, limits: Limits) -> dict[str, object]:
    """Read the file with the reader of its kind, the only one that is loaded."""
    module, function = _READERS[kind]
    found = getattr(import_module(f"connector.intake.{module}"), function)(data, limits)
    _KEPT.append(found)
    sheets, lineage = found if kind == "archive" else (found, "")
    return {"sheets": [sheet.write(folder, number) for number, sheet in enumerate(sheets)], "lineage": lineage}


def _repaired(data: bytes, folder: Path, limits: Limits) -> dict[str, object]:
    """Mark the workbook as `task.json` says, into `repaired`."""
    from connector.intake.repair.patch import patch  # noqa: PLC0415  (reading, which is usual, does without it)
    from connector.intake.repair.task import task_from  # noqa: PLC0415

    done = patch(data, task_from((folder / TASK).read_text("utf-8")), limits)
    (folder / REPAIRED).write_bytes(done.data)
    return {"suffix": done.suffix, "marked_cells": done.marked_cells, "remarks": done.remarks}


def _die_with(parent: int) -> bool:
    """Ask Linux to end this process with the program that waits for it; False when that has ended already.

    The signal comes when the thread ends that has started this process: it waits for the result, so it lives as long.
    Elsewhere the limit of computing time ends a process that nobody waits for.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    return os.getppid() == parent


_READERS: Mapping[str, tuple[str, str]] = {
    "archive": ("archived", "read_archived"),
    "xls": ("xls", "read_xls"),
    "csv": ("csvfile", "read_text"),
    "json": ("jsonfile", "read_json"),
    "ndjson": ("jsonfile", "read_ndjson"),
    "parquet": ("parquetfile", "read_parquet"),
}
_KEPT: list[object] = []  # what was read: the process ends with it, rather than freeing cell by cell


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)
