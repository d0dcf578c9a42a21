"""How much computing one file may take in all: the process that reads it, and what is made of its texts here.

The stranger's trap: a file may be cheap to read and dear to understand. A million texts that are almost dates are
looked at one by one, so the measure goes on until the last column is read.
"""

import resource
import time

from connector.intake.kinds import FILE_TOO_COSTLY
from connector.intake.limits import Limits
from connector.intake.marks import RefusedError

STEP = 20_000  # texts that are looked at between two measurements


class Effort:
    """The computing that one file has taken since this was made, in seconds, all processes and threads together."""

    def __init__(self, limits: Limits) -> None:
        self._most = limits.cpu_seconds
        self._before = _spent()

    def check(self) -> None:
        """Go on only within the limit.

        Raises:
            RefusedError: more computing was taken than `Limits.cpu_seconds`.
        """
        if _spent() - self._before > self._most:
            message = f"reading the file takes more than {self._most} seconds of computing"
            next_step = "Split it, save only values, or raise limits: cpu_seconds in connector.yaml."
            raise RefusedError(FILE_TOO_COSTLY.code, message, next_step)


def _spent() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def free() -> Effort:
    """For texts that come from no upload, such as the words of a mapping."""
    return Effort(Limits(cpu_seconds=3_600))
