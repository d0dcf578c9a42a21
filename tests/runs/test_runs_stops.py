"""Any error as a sentence, a next step and an exit code; what nobody expected is a defect, written down privately."""

import re
from pathlib import Path

import pytest

from connector.ledger import RefusedError, StoreError
from connector.net.errors import SetupError
from connector.runs.errors import StopError
from connector.runs.stops import as_stop

DISK = "Check the rights of the folder and the room on the disk."
TWICE = "the ledger refused what would have been written twice or wrongly: it is there"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StopError("no", "Do.", 3), ("no", "Do.", 3)),
        (StoreError("locked", "Wait."), ("locked", "Wait.", 2)),
        (SetupError("no key", "Set it."), ("no key", "Set it.", 2)),
        (RefusedError("it is there"), (TWICE, "Nothing was written. Plan again and approve that.", 1)),
        (OSError(28, "No space left on device", "x.csv"), ("x.csv: No space left on device", DISK, 2)),
        (OSError(28, "No space left on device"), ("No space left on device", DISK, 2)),
        (OSError("odd"), ("odd", DISK, 2)),
    ],
)
def test_an_expected_error_says_what_to_do(error: Exception, told: tuple[str, str, int]) -> None:
    stop = as_stop(error)
    assert (stop.message, stop.next_step, stop.exit_code) == told


def test_a_defect_is_written_down_for_nobody_else() -> None:
    stop = as_stop(ZeroDivisionError("half of nothing"))
    assert (stop.message, stop.exit_code) == ("this is a defect of the program: ZeroDivisionError", 1)
    found = re.match(r"Its details are in (\S+); send them", stop.next_step)
    assert found is not None
    path = Path(found[1])
    assert "ZeroDivisionError: half of nothing" in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o077 == 0
    path.unlink()
