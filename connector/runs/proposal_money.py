"""What a proposal does to the money, kept beside it: the simulation as it came out, for its pages and its workbook.

A stranger's trap: it has the names of clients in it, so it goes with every erasure, and is made again when asked for.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from connector.runs import proposal_files, simulate
from connector.runs.asking import Asked
from connector.runs.config import Config
from connector.runs.errors import INPUT, StopError
from connector.runs.proposal_files import Proposal
from connector.runs.simulate import Question
from connector.runs.simulation_book import write_book
from connector.runs.wholefile import replace_whole

FOLDER = "money"
_ABOUT, _LINES, _TOTALS, _PARTNERS, _ASKING, _BOOK = (
    "about.json",
    "lines.parquet",
    "totals.parquet",
    "partners.parquet",
    "asking.parquet",
    "simulation.xlsx",
)


@dataclass(frozen=True)
class Kept:
    """A simulation that is kept.

    Attributes:
        digest: the text of the rules that were simulated, see `Proposal.digest`.
        against: the rulebook in force that they were compared with, its digest.
        start: the day from which the rules would be in force.
        at, by: when it was made, and by whom.
        subjects: how many clients and purchases were asked about.
        lines: how many lines there are, changed or not.
        notes: what a reader must know besides.
        place: where it is kept.
    """

    digest: str
    against: str
    start: date
    at: datetime
    by: str
    subjects: Mapping[str, int]
    lines: int
    notes: Sequence[str]
    place: Path

    @property
    def changed(self) -> pl.LazyFrame:
        """The lines to which the rules matter: perhaps many, of which a page shows some."""
        return pl.scan_parquet(self.place / _LINES)

    @property
    def totals(self) -> pl.DataFrame:
        """What each policy comes to, per currency."""
        return pl.read_parquet(self.place / _TOTALS)

    @property
    def partners(self) -> pl.DataFrame:
        """The same for each partner."""
        return pl.read_parquet(self.place / _PARTNERS)

    @property
    def asking(self) -> pl.LazyFrame:
        """The lines that need a person under some policy: perhaps many, too."""
        return pl.scan_parquet(self.place / _ASKING)

    @property
    def book(self) -> Path:
        """The same as a workbook."""
        return self.place / _BOOK


def simulated(config: Config, proposal: Proposal, start: date, asked: Asked, progress: simulate.Progress) -> Kept:
    """Ask the rules in force and those of a proposal about everything the ledger knows, and keep what comes out.

    Raises:
        StopError: one of the two has faults.
    """
    digest = proposal.digest
    old, faults = simulate.open_rules(config, config.rules, "rules")
    if old is None:
        raise StopError("the rules in force have faults", "Mend them first.", INPUT, faults)
    new, faults = simulate.open_rules(config, proposal.rules, proposal.label)
    if new is None:
        raise StopError("the rules of the proposal have faults", "Mend them first.", INPUT, faults)
    with simulate.looking(config):
        found = simulate.simulate(Question(old, new, start, asked.clock.now()), progress)
    place = proposal.place / FOLDER
    fresh = proposal.place / f".{FOLDER}"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)  # it names clients
    for name, frame in (
        (_LINES, found.changed),
        (_TOTALS, found.totals),
        (_PARTNERS, found.partners),
        (_ASKING, found.asking),
    ):
        frame.write_parquet(fresh / name)
    write_book(fresh / _BOOK, found, every=False, progress=progress)
    plain = {
        "digest": digest,
        "against": old.digest,
        "start": start.isoformat(),
        "at": asked.clock.now().isoformat(),
        "by": asked.by,
        "subjects": dict(found.subjects),
        "lines": found.lines.height,
        "notes": list(found.notes),
    }
    replace_whole(fresh / _ABOUT, json.dumps(plain).encode())
    shutil.rmtree(place, ignore_errors=True)
    fresh.rename(place)
    return _kept(plain, place)


def kept(proposal: Proposal) -> Kept | None:
    """The simulation that is kept; None where there is none."""
    about = proposal.place / FOLDER / _ABOUT
    return _kept(json.loads(about.read_text(encoding="utf-8")), about.parent) if about.is_file() else None


def fits(proposal: Proposal) -> bool:
    """Whether the simulation that is kept is of the text and the day of the proposal as they are."""
    found = kept(proposal)
    return found is not None and (found.digest, found.start) == (proposal.digest, proposal.day)


def forget(folder: Path) -> int:
    """Remove every simulation that is kept: they name clients. Returns how many."""
    found = list((folder / proposal_files.FOLDER).glob(f"*/{FOLDER}"))
    for place in found:
        shutil.rmtree(place)
    return len(found)


def _kept(plain: Mapping[str, Any], place: Path) -> Kept:
    days = {"start": date.fromisoformat(plain["start"]), "at": datetime.fromisoformat(plain["at"])}
    return Kept(**{**plain, **days, "place": place})
