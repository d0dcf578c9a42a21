"""The second opinion of the histories of billing: which term of which client was billed at what, by a table of prices.

It knows rows, days and prices, and nothing of events, keys, documents or the ledger.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

# Of each band in whole dollars, from the first day on; the second list is declared by the change of prices.
BANDS = ("2-10", "11-50", "51-200")
FIRST_DAY, CHANGE_DAY, NEXT_YEAR = date(2025, 3, 1), date(2025, 7, 1), date(2026, 1, 1)
PRICES = {FIRST_DAY: (900, 1800, 3600), CHANGE_DAY: (1000, 1900, 3700), NEXT_YEAR: (945, 1890, 3780)}


@dataclass(frozen=True)
class Client:
    """A client as its row says it today; `archived_on` may be unknown of an archived one."""

    number: int
    partner: str
    full: bool
    created: date
    band: str
    name: str = "Client"
    upgraded: date | None = None
    archived: bool = False
    archived_on: date | None = None

    @property
    def start(self) -> date:
        """The day of what is billed first."""
        return self.upgraded or self.created


@dataclass(frozen=True)
class Term:
    """What one term of a client stands at, in whole dollars; `again` counts how often it was billed again."""

    amount: int
    band: str
    again: int = 0
    credited: bool = False


Key = tuple[int, int]  # the client, and which of its terms, from 1


@dataclass
class Oracle:
    """What must have been billed by what has been planned and approved."""

    changed: bool = False
    terms: dict[Key, Term] = field(default_factory=dict)
    known: dict[int, Client] = field(default_factory=dict)
    away: dict[int, list[list[date | None]]] = field(default_factory=dict)  # archived from, to (None: still)
    listed: frozenset[int] = frozenset()
    asked: set[int] = field(default_factory=set)

    def price(self, day: date, band: str) -> int:
        """What a term that begins on a day costs."""
        days = [one for one in PRICES if one <= day and (self.changed or one != CHANGE_DAY)]
        return PRICES[max(days)][BANDS.index(band)]

    def doubtful(self, client: Client) -> bool:
        """Whether its row asks a question: it moved, or was archived before it was billed."""
        known = self.known.get(client.number)
        moved = known is not None and known.partner != client.partner
        return moved or (client.archived and client.full and (known is None or not known.full))

    def plan(self, clients: Iterable[Client]) -> None:
        """Questions stand from a plan on, approved or not: of its rows, and of those that are gone from the list."""
        here = {one.number: one for one in clients}
        self.asked |= self.listed - set(here)
        self.asked -= {number for number, one in here.items() if not self.doubtful(one)}
        self.asked |= {number for number, one in here.items() if self.doubtful(one)}
        self.asked &= set(self.known)
        self.listed = frozenset(here)

    def approve(self, clients: Iterable[Client], today: date) -> None:
        """What a plan of these rows bills: first terms of those without a question, then every term that has begun."""
        for one in clients:
            if self.doubtful(one):
                continue
            self._archive(one, today)
            self.known[one.number] = one
            if one.full and (one.number, 1) not in self.terms:
                self.terms[one.number, 1] = Term(self.price(one.start, one.band), one.band)
        for number in {number for number, _ in self.terms} - self.asked:
            self._renew(self.known[number], today)

    def again(self, key: Key) -> Term:
        """What a term comes to if it is billed again by what is known now."""
        number, ordinal = key
        client, term = self.known[number], self.terms[key]
        band = client.band if ordinal == 1 else self._band_before(number, ordinal)
        return Term(self.price(months_after(client.start, ordinal - 1), band), band, term.again + 1)

    def take_back(self, key: Key) -> None:
        """A term that is credited and not billed again."""
        self.terms[key] = replace(self.terms[key], credited=True)

    def _renew(self, client: Client, today: date) -> None:
        if self.terms[client.number, 1].credited:
            return
        ordinal, due = 2, {}
        while (day := months_after(client.start, ordinal - 1)) <= today:
            if (client.number, ordinal) not in self.terms and not self._is_away(client.number, day):
                band = self._band_before(client.number, ordinal)
                due[client.number, ordinal] = Term(self.price(day, band), band)
            ordinal += 1
        self.terms |= due

    def _band_before(self, number: int, ordinal: int) -> str:
        return self.terms[number, max(at for who, at in self.terms if who == number and at < ordinal)].band

    def _archive(self, client: Client, today: date) -> None:
        spans = self.away.setdefault(client.number, [])
        gone = bool(spans) and spans[-1][1] is None
        if client.archived and not gone:
            spans.append([client.archived_on or today, None])
        if gone and not client.archived:
            spans[-1][1] = today
        if gone and client.archived and client.archived_on:
            spans[-1][0] = client.archived_on

    def _is_away(self, number: int, day: date) -> bool:
        spans = self.away.get(number, [])
        return any(start is not None and start <= day and (end is None or day < end) for start, end in spans)


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of a shorter month."""
    years, month = divmod(day.month - 1 + months, 12)
    last = monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))


def net(terms: Mapping[Key, Term]) -> dict[Key, int]:
    """What each term comes to after credits, in cents."""
    return {key: 0 if one.credited else one.amount * 100 for key, one in terms.items()}
