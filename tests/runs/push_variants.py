"""Pushes that lack what they must have: each must break a history, by a seed that is written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from connector.accounting.answers import Allocated, CreditPair, Outcome, RemoteDocument, RetryLater
from connector.accounting.port import AccountingSystem, Capabilities, Submission
from connector.domain.documents import INVOICE

_MANY = 1_000_000


@dataclass(frozen=True)
class Variant:
    """What a push must not be without, taken away from it.

    Attributes:
        sees: look-ups find what is in the books.
        rests: the remote's quiet period is waited out.
        expires: nothing is sent after its time.
        keeps_key: a repeated call has the key of the first.
        is_steady: the quiet period does not end because the machine's clock is set.
        reads_credits: what of a credit note is applied already is read.
    """

    sees: bool = True
    rests: bool = True
    expires: bool = True
    keeps_key: bool = True
    is_steady: bool = True
    reads_credits: bool = True


SOUND = Variant()


class Crippled:
    """An accounting system as a variant has it."""

    def __init__(self, system: AccountingSystem, variant: Variant, random: Random) -> None:
        self._system = system
        self._variant = variant
        self._random = random

    def __getattr__(self, name: str) -> Any:
        return getattr(self._system, name)

    @property
    def capabilities(self) -> Capabilities:
        able = self._system.capabilities
        return able if self._variant.rests else replace(able, quiet=timedelta())

    def create(self, batch: Sequence[Submission], not_after: datetime) -> Mapping[str, Outcome]:
        if not self._variant.expires:
            not_after += timedelta(days=1)
        if not self._variant.keeps_key:
            batch = [replace(one, epoch=self._random.randrange(_MANY)) for one in batch]
        return self._system.create(batch, not_after)

    def read_back(self, numbers: Sequence[str], kind: str = INVOICE) -> Mapping[str, RemoteDocument] | RetryLater:
        found = self._system.read_back(numbers, kind)
        return found if self._variant.sees or isinstance(found, RetryLater) else {}

    def allocations(self, pairs: Sequence[CreditPair]) -> Mapping[CreditPair, Allocated] | RetryLater:
        found = self._system.allocations(pairs)
        if self._variant.reads_credits or isinstance(found, RetryLater):
            return found
        return {pair: _as_before(one) for pair, one in found.items()}


def _as_before(one: Allocated) -> Allocated:
    """How the pair stood before anything of the one was applied to the other."""
    back = one.applied_minor
    return replace(one, applied_minor=0, remaining_minor=one.remaining_minor + back, due_minor=one.due_minor + back)
