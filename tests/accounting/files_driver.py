"""A process of its own that writes documents into files: `files_driver.py FOLDER COUNT EPOCH`, what is left of them."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from accounting_kit import document
from files_kit import settings

from connector.accounting.answers import Booked, RetryLater
from connector.accounting.connect import connect
from connector.accounting.port import Submission

OF_A_FILE = 5


def now() -> datetime:
    return datetime.now(UTC)


def main(folder: Path, count: int, epoch: int) -> None:
    made = connect(settings(folder), now, lambda _seconds: None)
    numbers = [f"US-{number:06d}" for number in range(1, count + 1)]
    there = made.read_back(numbers)
    assert not isinstance(there, RetryLater)
    left = [Submission(document(number), "P-1", epoch) for number in numbers if number not in there]
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    for start in range(0, len(left), OF_A_FILE):
        got = made.create(left[start : start + OF_A_FILE], now() + timedelta(minutes=1))
        assert {type(one) for one in got.values()} == {Booked}, got


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
