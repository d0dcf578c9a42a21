"""A few events, each said as a mapping, as the frame that is rated; and what each is to the conditions of rules.

A stranger's trap: an event has a headcount or a band. What holds for the smallest need not hold for the largest.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from connector.rulebook.evaluator import Fact
from connector.rulebook.spec import CLIENTS_THIS_YEAR, DAY, EMPLOYEES, PLACES_LEFT, TAG, TAGGED
from connector.tables import EVENTS

Event = Mapping[str, Any]  # column of EVENTS → its value; a column that is absent is null

_PLAIN = (
    *("event", "plan", "partner", "partner_kind", "selling_entity", "country", "domain", "template"),
    CLIENTS_THIS_YEAR,
    PLACES_LEFT,
)


def frame_of(events: Sequence[Event]) -> pl.DataFrame:
    """`tables.EVENTS` of these events, each numbered by its position."""
    rows = [{**dict.fromkeys(EVENTS), **event, "event_id": number} for number, event in enumerate(events)]
    return pl.DataFrame(rows, schema=dict(EVENTS))


def fact_of(event: Event, employees: int | None) -> Fact:
    """The attributes that conditions look at, with one headcount; what is not given is absent."""
    day: date = event["event_on"]
    fact = {name: event[name] for name in _PLAIN if event.get(name) is not None}
    fact |= {TAG + tag: TAGGED for tag in event.get("tags") or ()}
    return {**fact, DAY: day.toordinal(), **({} if employees is None else {EMPLOYEES: employees})}


def event_of(fact: Fact, usual: Event) -> Event:
    """The event that a fact tells of; what it leaves open is as usual."""
    event = dict(usual)
    tags = []
    for name, value in fact.items():
        if name.startswith(TAG):
            tags += [name.removeprefix(TAG)] if value == TAGGED else []
        elif name == DAY:
            event["event_on"] = date.fromordinal(int(value))
        else:
            event["count" if name == EMPLOYEES else name] = value
    return {**event, **({"tags": tags} if tags else {})}


def headcounts(event: Event, *, band_first: bool) -> tuple[int | None, int | None, str | None]:
    """The smallest and the largest headcount an event can mean, and which column says so.

    Returns:
        low, high and `count` or `band`; both None when the size is unknown; high None alone for "or more".
    """
    low, count = event.get("band_low"), event.get("count")
    if low is not None and (band_first or count is None):
        return low, event.get("band_high"), "band"
    return count, count, None if count is None else "count"
