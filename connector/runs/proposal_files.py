"""Proposals as they are kept: a folder each, `proposals/3/`, beside the settings of the working folder.

`proposal.json` says what it is and what happened to it, `before/` holds the rules as they were when it was begun, and
`rules/` as they would be. The folder is read anew each time, and every writer holds the lock.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from connector import ledger
from connector.runs import rule_drafts
from connector.runs.config import Config
from connector.runs.errors import INPUT, StopError
from connector.runs.rule_drafts import FileChange
from connector.runs.wholefile import replace_whole

FOLDER = "proposals"
DRAFT, PROPOSED, APPROVED, ACTIVE, WITHDRAWN = STATES = ("draft", "proposed", "approved", "active", "withdrawn")
MADE, TAKEN_BACK, REFUSED, TAKEN_OVER = "made", "taken back", "refused", "taken over"
_COMES_TO = dict.fromkeys((MADE, TAKEN_BACK, REFUSED, TAKEN_OVER), DRAFT)
_FILE, _LOCK, _WAIT_SECONDS = "proposal.json", "proposals", 10


@dataclass(frozen=True)
class Event:
    """Something that happened to a proposal: a state that it came to, or how it became a draft again."""

    what: str
    by: str
    at: datetime
    told: str = ""


@dataclass(frozen=True)
class Proposal:
    """Other rules, made beside those in force.

    Attributes:
        number: counts from 1.
        title: what it is for.
        day: the day from which it is in force; None while it is a draft that was never proposed.
        events: what happened to it, the oldest first.
        place: its folder.
    """

    number: int
    title: str
    day: date | None
    events: tuple[Event, ...]
    place: Path

    @property
    def state(self) -> str:
        """One of `STATES`."""
        last = self.events[-1].what
        return _COMES_TO.get(last, last)

    @property
    def rules(self) -> Path:
        """The rules as they would be, or as they became."""
        return self.place / "rules"

    @property
    def before(self) -> Path:
        """The rules as they were."""
        return self.place / "before"

    @property
    def label(self) -> str:
        """How places name its folder."""
        return f"proposal-{self.number}"

    @property
    def digest(self) -> str:
        """One word for the text of its rules."""
        return rule_drafts.digest_of(rule_drafts.state_of(self.rules))

    @property
    def differences(self) -> tuple[FileChange, ...]:
        """What it changes."""
        return rule_drafts.differences(self.before, self.rules)

    def last(self, what: str) -> Event | None:
        """The last event of a kind."""
        return next((one for one in reversed(self.events) if one.what == what), None)


def every(config: Config) -> tuple[Proposal, ...]:
    """All proposals, the newest first."""
    place = config.folder / FOLDER
    numbers = [int(one.name) for one in place.iterdir() if (one / _FILE).is_file()] if place.is_dir() else []
    return tuple(_read(config, number) for number in sorted(numbers, reverse=True))


def one(config: Config, number: int) -> Proposal:
    """A proposal.

    Raises:
        StopError: there is none of this number.
    """
    if not (config.folder / FOLDER / str(number) / _FILE).is_file():
        raise StopError(f"there is no proposal {number}", "'connector rules proposals' lists them.", INPUT)
    return _read(config, number)


def keep(proposal: Proposal) -> Proposal:
    """Write down what a proposal is, and what happened to it."""
    plain = {
        "number": proposal.number,
        "title": proposal.title,
        "day": proposal.day.isoformat() if proposal.day else None,
        "events": [{**asdict(event), "at": event.at.isoformat()} for event in proposal.events],
    }
    text = json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
    replace_whole(proposal.place / _FILE, text.encode())
    return proposal


def _read(config: Config, number: int) -> Proposal:
    place = config.folder / FOLDER / str(number)
    plain = json.loads((place / _FILE).read_text(encoding="utf-8"))
    events = tuple(Event(**{**event, "at": datetime.fromisoformat(event["at"])}) for event in plain["events"])
    day = date.fromisoformat(plain["day"]) if plain["day"] else None
    return Proposal(plain["number"], plain["title"], day, events, place)


@contextmanager
def locked(config: Config) -> Iterator[None]:
    """One at a time, whichever door it comes through."""
    try:
        with ledger.process_lock(config.ledger, _LOCK, _WAIT_SECONDS):
            yield
    except ledger.StoreError as error:
        raise StopError(error.message, error.next_step) from error
