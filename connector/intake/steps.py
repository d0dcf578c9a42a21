"""How far a reading process has come, told to whoever waits for it: so many rows, and so much of the work.

The process reads one file and ends, so there is one `STEPS` in it. Nothing is told until `report_to` says where: a
reader that is called directly tells nobody.
"""

import os
import time
from pathlib import Path

FILE = "steps"
_EVERY_SECONDS = 0.1
_LENGTH = 32
_WHOLE = 10_000  # shares are told in ten-thousandths


class _Steps:
    """What is done of the file that this process reads."""

    def __init__(self) -> None:
        self._descriptor = -1
        self._next = 0.0
        self._total = self._done = 1
        self._weight = _WHOLE

    def report_to(self, folder: Path) -> None:
        """Tell the steps in this folder."""
        self._descriptor = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def expect(self, total: int, percent: int) -> None:
        """What comes now goes through so many bytes, and is so many percent of the whole work."""
        self._total, self._done, self._weight = max(total, 1), 0, percent * _WHOLE // 100

    def advance(self, size: int, rows: int) -> None:
        """So many further bytes are passed; so many rows were seen up to here."""
        self._done = min(self._done + size, self._total)
        if self._descriptor >= 0 and self._done and time.monotonic() >= self._next:
            self.tell(rows * self._total // self._done, self._weight * self._done // self._total)

    def tell(self, rows: int, share: int) -> None:
        """The file holds about so many rows, and this share of the work is done, in ten-thousandths."""
        if self._descriptor >= 0:
            os.pwrite(self._descriptor, f"{rows} {share}".ljust(_LENGTH).encode(), 0)
            self._next = time.monotonic() + _EVERY_SECONDS


STEPS = _Steps()


class Pace:
    """What was told, drawn out to the present moment: between two tellings the work goes on as fast as before."""

    def __init__(self, folder: Path, begun: float) -> None:
        """Args: `folder`, where the steps are told; `begun`, the moment the work began, in seconds that only grow."""
        self._file = folder / FILE
        self._begun = self._told_at = begun
        self._rows = self._share = 0

    def rows(self, now: float) -> tuple[int, int] | None:
        """About how many rows are done, and of how many; None while nothing is known."""
        told = self._file.read_bytes().split() if self._file.exists() else []
        if len(told) == len(("rows", "share")) and int(told[1]) > self._share:
            self._rows, self._share, self._told_at = int(told[0]), int(told[1]), now
        if not self._rows or self._told_at <= self._begun:
            return None
        rate = self._share / (self._told_at - self._begun)
        reached = min(self._share + rate * (now - self._told_at), _WHOLE * 0.97)
        return int(self._rows * reached / _WHOLE), self._rows
