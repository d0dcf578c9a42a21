"""The working folder that the page serves: its settings as they stand on disk, its clock, its files.

A stranger's trap: `connector.yaml` and the rules are read when they are needed, so that what a person edits counts at
once, here as on the command line.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from connector.runs.asking import Asked, Clock
from connector.runs.config import Config, load_config
from connector.web.kept import BOOKS, FOLDER


@dataclass(frozen=True)
class Site:
    """What is served.

    Attributes:
        folder: the working folder, absolute.
        clock: the time.
    """

    folder: Path
    clock: Clock

    def config(self) -> Config:
        """The settings of the working folder.

        Raises:
            StopError: they have faults.
        """
        return load_config(self.folder, os.environ)

    def asked(self, by: str) -> Asked:
        """Something asked for now by this person."""
        return Asked(None, self.clock, by)

    def now(self) -> datetime:
        """The moment, UTC."""
        return self.clock.now()

    def uploads(self, number: int) -> Path:
        """Where the files of an upload are, and what was read from them."""
        return self.folder / FOLDER / str(number)

    def run_book(self, run_id: str) -> Path:
        """Where the workbook of a run is kept, which goes with every erasure."""
        return self.folder / BOOKS / run_id


_served: list[Site] = []


def serve_site(site: Site) -> None:
    """Say what this process serves."""
    _served[:] = [site]


def site() -> Site:
    """What this process serves."""
    return _served[0]
