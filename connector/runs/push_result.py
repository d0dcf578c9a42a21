"""What a push did, document by document. Numbers are the documents' own."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Refused:
    """A document that a person must see to, and why. `next_step` is part of the reason."""

    number: str
    reason: str


@dataclass(frozen=True)
class AppliedCredit:
    """A credit note of which nothing more is to be applied to the invoice that it refers to.

    Attributes:
        number: the credit note.
        invoice: the invoice.
        amount_minor: what of it the books have applied to the invoice, in minor units; 0 where nothing was owed.
        currency: ISO 4217 code.
        told: the same in words, and what becomes of the rest.
    """

    number: str
    invoice: str
    amount_minor: int
    currency: str
    told: str


@dataclass(frozen=True)
class Waiting:
    """A document that is still to be sent or looked up: not before when, and why.

    `not_before` is None when the next push may go on at once.
    """

    number: str
    not_before: datetime | None
    reason: str


@dataclass(frozen=True)
class Progress:
    """How far a push is: a sentence, and the settled documents of all there were at its beginning."""

    message: str
    settled: int
    total: int


@dataclass(frozen=True)
class PushResult:
    """What became of a tenant's documents.

    Attributes:
        booked: created by this push.
        adopted: found in the books, sent earlier, and equal to what was approved.
        rejected: refused by us or by the accounting system.
        quarantined: something else stands under the number, and a person must decide.
        drift: booked at other totals than predicted; in `booked` or `adopted` as well.
        applied: credit notes that stand against their invoices now, as far as these owed something.
        unapplied: credit notes in the books that were refused for their invoices, and a person must act.
        waiting: everything that is still to be sent.
        stopped: why the push ended before everything was sent, or empty.
        resume_at: when the tenant can be called again, when that is known.
    """

    booked: tuple[str, ...] = ()
    adopted: tuple[str, ...] = ()
    rejected: tuple[Refused, ...] = ()
    quarantined: tuple[Refused, ...] = ()
    drift: tuple[Refused, ...] = ()
    applied: tuple[AppliedCredit, ...] = ()
    unapplied: tuple[Refused, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    stopped: str = ""
    resume_at: datetime | None = None


@dataclass
class Tally:
    """The same, while it is being counted."""

    booked: list[str] = field(default_factory=list)
    adopted: list[str] = field(default_factory=list)
    rejected: list[Refused] = field(default_factory=list)
    quarantined: list[Refused] = field(default_factory=list)
    drift: list[Refused] = field(default_factory=list)
    applied: list[AppliedCredit] = field(default_factory=list)
    unapplied: list[Refused] = field(default_factory=list)

    @property
    def settled(self) -> int:
        """Documents of which nothing more is to be done by a push."""
        return len(self.booked) + len(self.adopted) + len(self.rejected) + len(self.quarantined)

    @property
    def credited(self) -> int:
        """Credit notes of which nothing more is to be applied by a push."""
        return len(self.applied) + len(self.unapplied)

    def result(self, waiting: tuple[Waiting, ...], stopped: str, resume_at: datetime | None) -> PushResult:
        """The final account, in the order of the numbers."""
        return PushResult(
            tuple(sorted(self.booked)),
            tuple(sorted(self.adopted)),
            tuple(sorted(self.rejected, key=_number)),
            tuple(sorted(self.quarantined, key=_number)),
            tuple(sorted(self.drift, key=_number)),
            tuple(sorted(self.applied, key=_number)),
            tuple(sorted(self.unapplied, key=_number)),
            waiting,
            stopped,
            resume_at,
        )


def _number(told: Refused | AppliedCredit) -> str:
    return told.number
