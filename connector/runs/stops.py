"""Any error as what a person is told: a sentence, the next step, and the exit code; the doors share it.

What nobody expected is a defect: it says so, where its details were written, and that nothing half-done was kept.
"""

import os
import tempfile
import traceback

from connector.runs.errors import INPUT, USAGE, StopError


class DefectError(StopError):
    """What nobody expected; `written` is the private file with its details."""

    def __init__(self, error: Exception, written: str) -> None:
        message = f"this is a defect of the program: {type(error).__name__}"
        step = f"Its details are in {written}; send them with your report. What was committed before is kept."
        super().__init__(message, step, INPUT)
        self.written = written


_DISK = "Check the rights of the folder and the room on the disk."


def as_stop(error: Exception) -> StopError:
    """Any error as a message with its next step and exit code; what is none of the expected ones is a defect."""
    if isinstance(error, StopError):
        return error
    # These rooms are loaded by then if one of their errors is here, and are not worth loading for '--help'.
    from connector.ledger import RefusedError, StoreError  # noqa: PLC0415
    from connector.net.errors import SetupError  # noqa: PLC0415

    if isinstance(error, StoreError | SetupError):
        return StopError(error.message, error.next_step, USAGE)
    if isinstance(error, RefusedError):
        message = f"the ledger refused what would have been written twice or wrongly: {error}"
        return StopError(message, "Nothing was written. Plan again and approve that.", INPUT)
    if isinstance(error, OSError):
        told = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
        return StopError(told, _DISK, USAGE)
    return DefectError(error, _written(error))


def _written(error: Exception) -> str:
    """Write the traceback of a defect to a private file, and say where."""
    handle, path = tempfile.mkstemp(prefix="connector-defect-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("".join(traceback.format_exception(error)))
    return path
