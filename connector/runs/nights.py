"""Nightly runs, as stored: how far each has come. Rows are only added; the latest of a night counts.

A stranger's trap: a night that has no end was stopped. The next start goes on with it, unless it is of another day.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

GOES_ON_FOR = timedelta(hours=20)  # a night that began before that is not gone on with


class Stage(StrEnum):
    """How far a night is."""

    STARTED = "started"
    FETCHED = "fetched"
    PLANNED = "planned"
    DECIDED = "decided"
    PUSHED = "pushed"
    RECONCILED = "reconciled"
    ENDED = "ended"
    ABANDONED = "abandoned"


class Outcome(StrEnum):
    """How a night ended."""

    DONE = "done"
    WAITS = "waits"  # something waits for a person, or for the next night
    FAILED = "failed"  # a stage could not be done


@dataclass(frozen=True)
class Night:
    """One nightly run.

    Attributes:
        night_id: `S-0001` …
        began: when it was started, UTC.
        stage: how far it is.
        at: since when.
        outcome: how it ended; empty before.
        files: what was fetched, once it was.
        run_id: the plan that was made; empty before.
    """

    night_id: str
    began: datetime
    stage: Stage
    at: datetime
    outcome: str = ""
    files: tuple[str, ...] = ()
    run_id: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it was neither ended nor given up."""
        return self.stage not in (Stage.ENDED, Stage.ABANDONED)


def begin(now: datetime, by: str) -> tuple[Night, bool]:
    """The night to go on with, or a new one; and whether it was begun before.

    A night that was stopped too long ago is given up: what it left is found by the new one.
    """
    before = last()
    if before is not None and before.is_open:
        if now - before.began < GOES_ON_FOR:
            return before, True
        step(before, Stage.ABANDONED, now, by)
    number = 1 if before is None else int(before.night_id.removeprefix("S-")) + 1
    new = Night(f"S-{number:04}", now, Stage.STARTED, now)
    return step(new, Stage.STARTED, now, by), False


def step(night: Night, stage: Stage, now: datetime, by: str, **said: Any) -> Night:  # noqa: ANN401 - values of `Night`
    """Record that a night has come to a stage; the night as it is then. `said`: what it knows by now."""
    from connector.runs.models import NightEvent

    NightEvent.objects.create(night=night.night_id, stage=stage.value, at=now, by=by, said=_plain(said))
    return replace(night, stage=stage, at=now, **said)


def _plain(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}


def every() -> tuple[Night, ...]:
    """The nights, in the order they were begun."""
    from connector.runs.models import NightEvent

    nights: dict[str, Night] = {}
    for event in NightEvent.objects.order_by("id"):
        known = nights.get(event.night) or Night(event.night, event.at, Stage.STARTED, event.at)
        told = event.said.items()
        said: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in told}
        nights[event.night] = replace(known, stage=Stage(event.stage), at=event.at, **said)
    return tuple(nights.values())


def last() -> Night | None:
    """The night begun last; None before the first."""
    found = every()
    return found[-1] if found else None


def alarm(now: datetime, after: timedelta) -> str:
    """Why the nightly run gives cause for alarm, in a sentence; empty where it does not.

    Args:
        now: the moment, UTC.
        after: how old the last night that ended may be.
    """
    ended = [one for one in every() if one.stage is Stage.ENDED]
    if not ended:
        return "no nightly run has ever ended"
    latest = ended[-1]
    if now - latest.at > after:
        hours = after // timedelta(hours=1)
        return f"the last nightly run, {latest.night_id}, ended {latest.at:%Y-%m-%d %H:%M} UTC, over {hours} hours ago"
    if latest.outcome == Outcome.FAILED:
        return f"the last nightly run, {latest.night_id}, failed"
    return ""
