"""Books that must not be at work on two documents at once: while one is in doubt, no other is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from memory_books import MemoryBooks
from push_kit import TENANT, Time, approve, document, states

from connector.accounting.answers import Outcome, OutcomeUnknown
from connector.accounting.port import Capabilities, Submission
from connector.ledger import Place
from connector.runs.push import push

QUIET = timedelta(seconds=30)


@dataclass
class Doubtful(MemoryBooks):
    """Books that do the work of every third call without saying so; each call is kept with its time."""

    one_by_one: bool = True
    clock: Time = field(default_factory=Time)
    sent: list[tuple[str, datetime]] = field(default_factory=list)

    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, quiet=QUIET, one_by_one=self.one_by_one)

    def create(self, batch: Sequence[Submission], not_after: datetime) -> Mapping[str, Outcome]:
        made = super().create(batch, not_after)
        self.sent += [(number, self.clock.clock()) for number in made]
        if len(self.sent) % 3:
            return made
        return dict.fromkeys(made, OutcomeUnknown("It did not answer."))


@pytest.mark.parametrize("one_by_one", [True, False])
def test_while_a_document_is_in_doubt_no_other_is_sent(store: Place, *, one_by_one: bool) -> None:
    wanted = [document(number) for number in range(1, 8)]
    approve(wanted)
    books = Doubtful(TENANT, one_by_one=one_by_one)
    done = push(books, store=store, clock=books.clock.clock, sleep=books.clock.sleep)
    assert (done.waiting, set(states().values())) == ((), {"done"})
    assert sorted(number for number, _ in books.sent) == [one.number for one in wanted]
    pauses = [later - earlier for (_, earlier), (_, later) in zip(books.sent, books.sent[1:], strict=False)]
    assert [pause >= QUIET for pause in pauses] == [False, False, one_by_one, False, False, one_by_one]


def test_a_push_that_ended_in_doubt_is_waited_out_by_the_next(store: Place) -> None:
    approve([document(number) for number in range(1, 4)])
    books = Doubtful(TENANT, sent=[("earlier", Time().clock())] * 2)
    with pytest.raises(KeyboardInterrupt):
        push(books, store=store, clock=books.clock.clock, sleep=_stop)
    begun = books.clock.clock()
    approve([document(9)])
    push(books, store=store, clock=books.clock.clock, sleep=books.clock.sleep)
    assert set(states().values()) == {"done"}
    assert min(at for _, at in books.sent[3:]) >= begun + QUIET - timedelta(seconds=5)


def _stop(_seconds: float) -> None:
    raise KeyboardInterrupt
