"""The port to an accounting system: its capabilities, its questions, and what it is asked to do.

What it answers stands in `answers`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, Protocol

from connector.accounting.answers import (
    Allocated,
    Applying,
    Budget,
    Catalogue,
    Changes,
    ContactAnswer,
    CreditPair,
    Outcome,
    RemoteDocument,
    RetryLater,
)
from connector.domain.documents import INVOICE, Document, Party

# Who computes the tax of a document, and how: rounded on each line; on each line or once for each rate, which the
# vendor does not say; the same, a half rounded to the even digit; or by the system alone, from what nobody else knows,
# so that only the net can be predicted.
TaxRule = Literal["line", "line_or_rate", "line_or_rate_even", "remote"]


@dataclass(frozen=True)
class Capabilities:
    """What an accounting system can do and what it is assumed to do. The push protocol rests on every one of these.

    Attributes:
        system: its name in settings, such as `xero`.
        batch_size: most documents in one call.
        batch_bytes: largest body of one call.
        in_flight: most calls at a time.
        key_lifetime: how long the system remembers an idempotency key, counted from its first use.
        quiet: after this time without an answer a document is either there and found by number, or will never be. It is
            set above the remote's own time-out plus the lag of its search.
        time_out: the longest that one write waits for its answer.
        number_is_unique: a second document with a number in use is refused.
        search_is_consistent: a document is found by number as soon as it was answered.
        commits_after_failure: a call that failed or timed out may still be carried out afterwards.
        number_max_length: characters of a document number.
        description_max_length: characters of a line's description.
        adoptable: states in which a document found under our number counts as the one we sent.
        tax: who computes the tax, and how it is rounded.
        upload: where documents go into files: what a person does with one; empty where the system books by itself.
        applies_credits: a credit note can be applied to the invoice it refers to, by a call. QuickBooks applies credit
            memos by a setting of the company ("automatically apply credits"), or a person does.
        gives_number: the system gives each document a number of its own; ours travels as its reference.
        one_by_one: while it is not known of one document whether it was booked, no other may be sent: the system could
            be at work on both, and give one number twice, or the later day first.
    """

    system: str
    batch_size: int
    batch_bytes: int
    in_flight: int
    key_lifetime: timedelta
    quiet: timedelta
    time_out: timedelta
    number_is_unique: bool
    search_is_consistent: bool
    commits_after_failure: bool
    number_max_length: int
    description_max_length: int
    adoptable: frozenset[str]
    tax: TaxRule = "line"
    upload: str = ""
    applies_credits: bool = False
    gives_number: bool = False
    one_by_one: bool = False


@dataclass(frozen=True)
class Application:
    """One credit note to apply to one invoice.

    Attributes:
        pair: which.
        amount_minor: how much, in whole minor units of `currency`.
        currency: ISO 4217 code.
        dated: the day on which it is applied.
        epoch: how often it was sent, each time after the books were seen not to have it; part of the idempotency key.
    """

    pair: CreditPair
    amount_minor: int
    currency: str
    dated: date
    epoch: int


@dataclass(frozen=True)
class Submission:
    """One document to create.

    Attributes:
        document: what was approved.
        contact_id: the contact it bills.
        epoch: how often the document was found absent after having been sent; part of the idempotency key.
    """

    document: Document
    contact_id: str
    epoch: int = 0


class AccountingSystem(Protocol):
    """One tenant of one accounting system. Every method raises `SetupError` when nothing can work before a person acts.

    Reads answer `RetryLater` for every passing failure. Calls may come from several threads at once.
    """

    @property
    def tenant(self) -> str:
        """The tenant's name in our own settings and ledger."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What the system can do and is assumed to do."""
        ...

    def consent(self) -> str:
        """What a person has agreed to and until when, in words; empty before the first call, and where nobody must."""
        ...

    def budget(self) -> Budget | None:
        """What the limits allow, by the settings and by the last answer; None where nothing is called."""
        ...

    def catalogue(self) -> Catalogue | RetryLater:
        """What the organisation has set up."""
        ...

    def find_contacts(self, parties: Sequence[Party]) -> Mapping[str, ContactAnswer] | RetryLater:
        """The contact of each party, by partner id. A contact is never looked for by name.

        A stored contact id must exist and be active, or the answer is `Rejected`.
        """
        ...

    def create_contacts(self, parties: Sequence[Party], key: str, not_after: datetime) -> Mapping[str, ContactAnswer]:
        """Create one contact for each party, in one call, at most `batch_size` of them.

        The caller has just looked for them; `key` makes a repeated call harmless while the system remembers it.
        A name that another contact bears is `Rejected`: only a person can say whether it is the same partner.
        """
        ...

    def batches(self, submissions: Sequence[Submission]) -> list[list[Submission]]:
        """The submissions cut into calls of one kind each that respect the system's sizes, in the given order."""
        ...

    def place(self) -> timedelta | RetryLater:
        """Keep a place for the next `create`, which follows at once: zero, or how long until there is one.

        `RetryLater` says that no call has a chance for longer.
        """
        ...

    def create(self, batch: Sequence[Submission], not_after: datetime) -> Mapping[str, Outcome]:
        """Create the documents of one batch, all of one kind, in one call: one outcome for each number.

        Nothing is sent after `not_after` (the answer is then `RetryLater`); nothing is sent twice.
        """
        ...

    def read_back(self, numbers: Sequence[str], kind: str = INVOICE) -> Mapping[str, RemoteDocument] | RetryLater:
        """The documents of one kind with these numbers, voided and deleted ones too; an absent number is absent."""
        ...

    def allocations(self, pairs: Sequence[CreditPair], /) -> Mapping[CreditPair, Allocated] | RetryLater:
        """How these credit notes and invoices stand; a pair of which the books have one not is absent.

        Asked only where the system `applies_credits`, as is `apply_credit`.
        """
        ...

    def apply_credit(self, application: Application, not_after: datetime, /) -> Applying:
        """Apply a credit note to its invoice, in one call. It has no number: sent twice, it may be applied twice.

        So the caller has just read `allocations`, after the quiet period of whatever was sent before. Nothing is sent
        after `not_after` (the answer is then `RetryLater`).
        """
        ...

    def changes(self, since: datetime) -> Changes | RetryLater:
        """The invoices and credit notes that have changed since then, those of other programs too.

        Whoever relies on it asks from a little before the last time on: the remote's clock and search are its own.
        """
        ...
