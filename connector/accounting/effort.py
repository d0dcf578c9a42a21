"""How many calls the sending of documents takes, and how long, by what a tenant's limits allow. Pure.

A stranger's trap: it is an estimate. Calls that fail are made again, and other programs use the same limits.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from connector.accounting.answers import Budget
from connector.accounting.port import Capabilities
from connector.domain.documents import Document

_CATALOGUE, _CONTACTS_AT_ONCE = 5, 40


@dataclass(frozen=True)
class Effort:
    """What the sending of some documents takes.

    Attributes:
        calls: about how many calls, look-ups before and after among them.
        left_today: calls that the system still allows this day; None where it does not tell.
        minutes: how long it takes at most where every call is answered, from 1.
    """

    calls: int
    left_today: int | None
    minutes: int

    @property
    def is_too_much(self) -> bool:
        """Whether this day's calls do not suffice."""
        return self.left_today is not None and self.calls > self.left_today

    def __str__(self) -> str:
        """As a sentence for people."""
        of = "" if self.left_today is None else f" of the {self.left_today} that are left today"
        last = "it goes on when the next day's calls are to be had" if self.is_too_much else self._within
        return f"about {self.calls} calls{of}; {last}."

    @property
    def _within(self) -> str:
        return f"done within about {self.minutes} minute{'s' if self.minutes > 1 else ''} of its start"

    def to_plain(self) -> dict[str, Any]:
        """As JSON values."""
        return {"calls": self.calls, "calls_left_today": self.left_today, "minutes": self.minutes}

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> "Effort":
        """What `to_plain` wrote."""
        return cls(plain["calls"], plain["calls_left_today"], plain["minutes"])


def effort(documents: Sequence[Document], able: Capabilities, budget: Budget) -> Effort:
    """What it takes to send documents that were never sent, and to read them back.

    Args:
        documents: of one tenant; at least one.
        able: the tenant's system.
        budget: what its limits allow.
    """
    kinds = Counter(one.kind for one in documents)
    writes = sum(ceil(count / able.batch_size) for count in kinds.values())
    looks = sum(ceil(count / budget.numbers_at_once[kind]) for kind, count in kinds.items())
    partners = len({one.party.partner_id for one in documents})
    contacts = ceil(partners / _CONTACTS_AT_ONCE)
    calls = _CATALOGUE + contacts + writes + looks * (1 if able.number_is_unique else 2)
    minutes = max(ceil(writes / budget.writes_a_minute), ceil(calls / budget.calls_a_minute))
    return Effort(calls, budget.left_today, minutes)
