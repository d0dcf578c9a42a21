"""What every command does first: who is asking, when it is, and the working folder they mean."""

import getpass
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from connector import ledger
from connector.runs import crashpoints, workspace
from connector.runs.asking import Asked, Clock
from connector.runs.config import FILE, Config, load_config
from connector.runs.errors import StopError


def now() -> datetime:
    """The moment, UTC. Only the doors read the clock."""
    return datetime.now(UTC)


def clock() -> Clock:
    """The real time, and real waiting."""
    return Clock(now, time.sleep, _seconds)


def _seconds() -> float:
    """Seconds that only grow, those of a machine asleep included; nobody can set them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def who() -> str:
    """The person who runs the command: `CONNECTOR_USER`, else the account's name."""
    return os.environ.get("CONNECTOR_USER") or getpass.getuser()


def asked(day: date | None) -> Asked:
    """A plan for a day (None: today), asked for now by this person."""
    return Asked(day, clock(), who())


def config(folder: Path) -> Config:
    """The settings of the working folder."""
    return load_config(folder, os.environ)


def rules_of(folder: Path) -> tuple[Path, str]:
    """Where the rules of a folder are, and how places name them.

    Args:
        folder: a working folder, one that holds `rules/`, or the folder of rules itself.
    """
    if (folder / FILE).is_file():
        return config(folder).rules, "rules"
    if (folder / "rules").is_dir():
        return folder / "rules", "rules"
    return folder, folder.as_posix()


@contextmanager
def opened(folder: Path, *, beside: bool = False) -> Iterator[Config]:
    """The working folder with its ledger open; entries are made in the name of whoever runs the command.

    Args:
        folder: the working folder.
        beside: see `workspace.open_ledger`.
    """
    arm_crash_point()
    settings = config(folder)
    workspace.open_ledger(settings, beside=beside)
    try:
        with ledger.acting(who()):
            yield settings
    finally:
        ledger.close_store()


@contextmanager
def rehearsed(folder: Path) -> Iterator[Config]:
    """The working folder with its ledger open for looking; where it has none yet, with an empty one elsewhere."""
    settings = config(folder)
    with TemporaryDirectory(prefix="connector-rehearsal-") as place:
        if not workspace.has_ledger(settings):
            settings = replace(settings, ledger=Path(place) / "ledger.sqlite3")
        workspace.open_ledger(settings)
        try:
            yield settings
        finally:
            ledger.close_store()


def arm_crash_point() -> None:
    """Arm the crash point that a test names in the environment."""
    try:
        crashpoints.arm_from(os.environ.get(crashpoints.VARIABLE, ""))
    except ValueError as error:
        raise StopError(f"{crashpoints.VARIABLE}: {error}", "Unset it; only tests of crashes set it.") from error
