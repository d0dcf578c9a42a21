"""The check of a ledger's file when it is opened: pages whole, indexes sound. It may run beside other work.

SQLite reads the whole file for it, so its cost grows with the ledger; a command that reads uploads first need not wait.
A stranger's trap: what runs beside must have ended before anything of the ledger is believed, and ends with it.
"""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from threading import Thread
from urllib.parse import quote

from connector.ledger.dialects import sqlite
from connector.ledger.errors import StoreError
from connector.ledger.locks import PAUSE_SECONDS

RESTORE = "Stop using this ledger; restore the latest backup, then run `connector doctor`."
_TOLD = 3  # of the damages


class FileCheck:
    """One check of one file, begun when it is made."""

    def __init__(self, target: Path, patience_seconds: float = sqlite.BUSY_SECONDS) -> None:
        """Args: `patience_seconds`, how long it waits for another program that keeps the file locked."""
        self._target = target
        self._fault: StoreError | None = None
        # Made here, so that it can be interrupted from here.
        where = f"file:{quote(os.fsencode(target))}?mode=ro"
        self._connection = sqlite3.connect(where, uri=True, timeout=patience_seconds, check_same_thread=False)
        self._thread = Thread(target=self._look, name="check of the ledger's file", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait for its end.

        Raises:
            StoreError: the file is damaged, or could not be read.
        """
        self._thread.join()
        if self._fault is not None:
            raise self._fault

    def stop(self) -> None:
        """End it, whatever it would have found."""
        while self._thread.is_alive():
            with suppress(sqlite3.ProgrammingError):  # it has just ended, and its connection with it
                self._connection.interrupt()
            self._thread.join(PAUSE_SECONDS)  # what has not begun yet cannot be interrupted

    def _look(self) -> None:
        with closing(self._connection) as connection:
            try:
                told = [line for (text,) in connection.execute("PRAGMA quick_check") for line in text.splitlines()]
            except sqlite3.Error as error:
                self._fault = sqlite.fault(error) or StoreError(f"the ledger {self._target}: {error}", RESTORE)
                return
        damage = [line for line in told if line != "ok" and not line.startswith("***")]
        if damage:
            message = f"the ledger {self._target} is damaged: {'; '.join(damage[:_TOLD])}"
            self._fault = StoreError(message, RESTORE)
