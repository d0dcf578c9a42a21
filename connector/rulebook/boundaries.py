"""One below, at, and one above every bound: rated, and read plainly, which must come to the same.

The bounds come from the files themselves, so a bound added to a rule is checked without anybody writing a case for it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from connector.domain.employees import band_label
from connector.domain.money import Money
from connector.rulebook import kinds
from connector.rulebook.bounds import OTHER_PARTNER, events_at_bounds
from connector.rulebook.decide import Decided
from connector.rulebook.events import Event, frame_of
from connector.rulebook.plain import Plain, Verdict
from connector.rulebook.sources import Sources
from connector.rulebook.spec import CLIENTS_THIS_YEAR, PLACES_LEFT, Declared

Rate = Callable[[pl.DataFrame], pl.DataFrame]

_NOUNS = {
    "count": "employees",
    "quantity": "bundles",
    "advisors": "advisors",
    "users": "users",
    CLIENTS_THIS_YEAR: "clients this year",
    PLACES_LEFT: "places left",
}


@dataclass(frozen=True)
class Case:
    """One event at a bound.

    Attributes:
        event: its columns of `EVENTS`.
        about: which column was moved to the bound.
        plainly: what it becomes by the plain reading.
        rated: what it becomes by the rulebook.
    """

    event: Event
    about: str
    plainly: Verdict
    rated: Verdict

    def __str__(self) -> str:
        """The event in a line: `created full_spoke us P-1004 2025-07-01, 51 employees`."""
        named = ("event", "plan", "selling_entity", "partner", "event_on")
        known = {name: _shown(name, value) for name, value in self.event.items() if value is not None}
        words = " ".join(known[name] for name in named if name in known)
        short = [f"{self.event['term_days']} of {self.event['term_of']} days"] if "term_days" in self.event else []
        kept = [name for name in _NOUNS if self.event.get(name) is not None and self._told(name)]
        counts = [f"{self.event[name]} {_NOUNS[name]}" for name in kept]
        if "band_low" in self.event:
            counts.append(f"{band_label(self.event['band_low'], self.event['band_high'])} employees")
        rest = [f"{name} {known[name]}" for name in ("country", "domain", "template", "tags") if name in known]
        return ", ".join([words, *rest, *counts, *short])

    def _told(self, name: str) -> bool:
        """Whether a count says anything about the event: its headcount, and what was moved to a bound."""
        return name in ("count", self.about)


def check_boundaries(declared: Declared, decided: Decided, rate: Rate, sources: Sources) -> tuple[Case, ...]:
    """Rate every boundary case and note where the plain reading says otherwise, once for each rule and column.

    Args:
        declared: what the files say.
        decided: the proved decisions; they tell which events can occur.
        rate: from `tables.EVENTS` to `tables.RATED`; the rulebook's, unless a test of this very check says otherwise.
        sources: where differences are noted.

    Returns:
        all cases, in the order of the rules.
    """
    plain = Plain(declared)
    events: dict[str, tuple[Event, str]] = {}
    for event, about in events_at_bounds(declared, plain, decided.combos):
        events.setdefault(repr(sorted(event.items(), key=lambda pair: pair[0])), (event, about))
    rated = rate(frame_of([event for event, _ in events.values()]))
    cases = tuple(
        Case(event, about, plain.verdict(event), _verdict(row))
        for (event, about), row in zip(events.values(), rated.iter_rows(named=True), strict=True)
    )
    _differences(cases, declared, sources)
    return cases


def _shown(name: str, value: object) -> str:
    """A value of an event in words."""
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return "of another partner" if name == "partner" and text == OTHER_PARTNER else text


def _verdict(row: Mapping[str, object]) -> Verdict:
    names = ("outcome", "problem", "rule_id", "tier", "price_book", "amount_minor")
    return Verdict(*(row[name] for name in names))  # type: ignore[arg-type]  # `tables.RATED` has just these types


def _differences(cases: Iterable[Case], declared: Declared, sources: Sources) -> None:
    places = {rule.id: rule.place for rule in declared.rules}
    told: set[tuple[str | None, str]] = set()
    for case in cases:
        name = case.plainly.rule or case.rated.rule
        if case.plainly != case.rated and (name, case.about) not in told:
            told.add((name, case.about))
            message = f"{case}: rated, it is {_said(case.rated, case)}; read plainly, it is {_said(case.plainly, case)}"
            sources.fault(places.get(name or "", declared.rules_place), kinds.BOUNDARY, message)


def _said(verdict: Verdict, case: Case) -> str:
    amount = None if verdict.amount_minor is None else Money(verdict.amount_minor, case.event["currency"])
    by = f"by rule {verdict.rule}" if verdict.rule else None
    parts = (verdict.outcome, verdict.problem, amount, verdict.tier, verdict.price_book, by)
    return " ".join(str(part) for part in parts if part is not None)
