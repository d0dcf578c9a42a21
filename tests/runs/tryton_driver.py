"""A process of its own that pushes to a Tryton, to be killed: `tryton_driver.py URL DATABASE FOLDER ROUND`."""

import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from push_kit import TENANT, place
from tryton_kit import now, settings

from connector.accounting.connect import connect
from connector.ledger import open_store
from connector.runs.push import push

AHEAD = timedelta(minutes=10)


def main(url: str, database: str, folder: Path, turn: int) -> None:
    def clock() -> datetime:
        # What an earlier push left in doubt is at rest by now, so that this one need not wait for it.
        return now() + AHEAD * turn

    store = place(folder)
    open_store(store)
    made = settings(url, own={"database": database}, name=TENANT)
    push(connect(made, clock, time.sleep), store=store, clock=clock, sleep=time.sleep)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
