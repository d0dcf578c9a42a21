"""A process of its own that pushes: `push_driver.py URL FOLDER`, stopped at the point that the environment names."""

import os
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from push_kit import now, place, system

from connector.ledger import StoreError, open_store
from connector.runs import crashpoints
from connector.runs.push import Progress, push

BUSY = 75


def main(url: str, folder: Path) -> int:
    store = place(folder)
    crashpoints.arm_from(os.environ.get(crashpoints.VARIABLE, ""))
    open_store(store)
    swap = folder / "swap"

    def hear(progress: Progress) -> None:
        # The test changes the organisation's tax rate now, between the check and the call.
        if swap.exists() and progress.message.startswith("Creating"):
            swap.unlink()
            while not (folder / "swapped").exists():
                time.sleep(0.01)

    def clock() -> datetime:
        # What an earlier push left in doubt is at rest by now, so that this one need not wait for it.
        return now() + timedelta(minutes=10)

    try:
        made = push(system(url), store=store, clock=clock, sleep=time.sleep, report=hear)
    except StoreError:
        return BUSY
    sys.stdout.write(f"{len(made.booked)} {len(made.adopted)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
