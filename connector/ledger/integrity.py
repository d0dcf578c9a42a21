"""The check of a ledger's file when it is opened: pages whole, indexes sound. It may run beside other work.

SQLite reads the whole file for it, so its cost grows with the ledger; a command that reads uploads first need not wait.
A stranger's trap: what runs beside must have ended before anything of the ledger is believed, and ends with it.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Thread
from urllib.parse import quote

from connector.ledger.dialects import sqlite
from connector.ledger.errors import StoreError

RESTORE = "Stop using this ledger; restore the latest backup, then run `connector doctor`."
_TOLD = 3  # of the damages


class FileCheck:
    """One check of one file, begun when it is made."""

    def __init__(self, target: Path) -> None:
        self._target, self._found = target, [""]
        # Made here, so that it can be interrupted from here.
        self._connection = sqlite3.connect(f"file:{quote(str(target))}?mode=ro", uri=True, check_same_thread=False)
        self._thread = Thread(target=self._look, name="check of the ledger's file", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait for its end.

        Raises:
            StoreError: the file is damaged, or could not be read.
        """
        self._thread.join()
        if self._found:
            message = f"the ledger {self._target} is damaged: {'; '.join(self._found[:_TOLD])}"
            raise StoreError(message, RESTORE)

    def stop(self) -> None:
        """End it, whatever it would have found."""
        if self._thread.is_alive():
            self._connection.interrupt()
            self._thread.join()

    def _look(self) -> None:
        with closing(self._connection) as connection:
            try:
                told = [line for (text,) in connection.execute("PRAGMA quick_check") for line in text.splitlines()]
            except sqlite3.Error as error:
                fault = sqlite.fault(error)
                self._found = [str(error) if fault is None else fault.message]
                return
        self._found = [line for line in told if line != "ok" and not line.startswith("***")]
