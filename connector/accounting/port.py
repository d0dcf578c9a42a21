"""The port to an accounting system: its capabilities, its questions and its answers, as values.

An answer says what may be done next. `RetryLater` promises that nothing happened; whatever cannot promise that is
`OutcomeUnknown`, however likely a failure looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal, Protocol

from connector.domain.documents import CREDIT_NOTE, INVOICE, Document, Party
from connector.net.errors import SetupError

# Who computes the tax of a document, and how: rounded on each line; on each line or once for each rate, which the
# vendor does not say; the same, a half rounded to the even digit; or by the system alone, from what nobody else knows,
# so that only the net can be predicted.
TaxRule = Literal["line", "line_or_rate", "line_or_rate_even", "remote"]

# States of a document that stands in a file for a person to import: the file waits; a person has moved it to the
# imported ones; it is not what was written any more; it is nowhere. None of them says what the books have.
WRITTEN, IMPORTED, CHANGED, GONE = "WRITTEN", "IMPORTED", "CHANGED", "GONE"


class CredentialsError(SetupError):
    """The accounting system does not accept the client id, the secret or the access they give."""


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
class RemoteDocument:
    """A document as it stands in the accounting system. Amounts are whole minor units of its currency.

    Attributes:
        id: the system's own id.
        number: its number, which is ours where we sent it.
        contact_id: the system's id of the contact.
        currency: ISO 4217 code.
        net_minor, tax_minor, total_minor: the totals that the system computed.
        status: in the system's own words, such as `AUTHORISED` or `VOIDED`.
        others: ids of further living documents of the same number, where numbers are not unique.
        file: where it stands in a file that a person imports, the file's path in the working folder: what the books
            have of it is not known, and the totals are those that were written; else empty.
        given: the number that the system gave it, where it gives its own and `number` is the reference; else empty.
    """

    id: str
    number: str
    contact_id: str
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    status: str
    others: tuple[str, ...] = ()
    file: str = ""
    given: str = ""


@dataclass(frozen=True)
class Booked:
    """The document is in the books, as `receipt` says."""

    receipt: RemoteDocument


@dataclass(frozen=True)
class Rejected:
    """The system refused the document; nothing was booked, and a person must act before it is sent again."""

    reason: str
    next_step: str

    def __str__(self) -> str:
        """The reason, then what to do."""
        return f"{self.reason} {self.next_step}"


@dataclass(frozen=True)
class NumberTaken:
    """The system already has a document of this number: ours or another's, which only a look-up can tell."""

    reason: str


@dataclass(frozen=True)
class RetryLater:
    """Refused before anything happened: the same may be sent again from `not_before` on.

    Attributes:
        not_before: earliest time of the next call.
        reason: for people.
        whole_tenant: no other call to this tenant has a chance before then either.
    """

    not_before: datetime
    reason: str
    whole_tenant: bool


@dataclass(frozen=True)
class OutcomeUnknown:
    """Sent, but whether it was booked is not known: look it up after the quiet period, before anything else.

    Attributes:
        reason: for people.
        alone: the call failed as a whole, perhaps over one document: send each again in a call of its own.
    """

    reason: str
    alone: bool = False


Outcome = Booked | Rejected | NumberTaken | RetryLater | OutcomeUnknown


@dataclass(frozen=True)
class CreditPair:
    """A credit note and the invoice it is applied to, by the system's own ids."""

    credit_id: str
    invoice_id: str


@dataclass(frozen=True)
class Allocated:
    """How a credit note and its invoice stand in the books. Amounts are whole minor units of `currency`.

    Attributes:
        currency: ISO 4217 code of both.
        applied_minor: what of the credit note is applied to this invoice.
        remaining_minor: what of it is applied to nothing; 0 where it is voided or deleted.
        due_minor: what the invoice still owes; 0 where it is voided or deleted.
        blocked: why nothing can be applied before a person approves them; empty otherwise.
    """

    currency: str
    applied_minor: int
    remaining_minor: int
    due_minor: int
    blocked: str = ""


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
class Applied:
    """The amount of the application stands in the books."""


Applying = Applied | Rejected | RetryLater | OutcomeUnknown


@dataclass(frozen=True)
class ContactFound:
    """The contact of a partner: it exists and can be billed. `how` is `stored`, `number` or `created`."""

    contact_id: str
    how: str


@dataclass(frozen=True)
class ContactAbsent:
    """No contact carries the partner's id, and none is linked: one may be created."""


ContactAnswer = ContactFound | ContactAbsent | Rejected | RetryLater | OutcomeUnknown


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


@dataclass(frozen=True)
class TaxCode:
    """A tax code of the organisation.

    Attributes:
        percent: the rate the system computes with; None where it knows that only once it has the document.
        for_revenue: sales may use it.
        is_active: it was not deleted or archived.
    """

    percent: Decimal | None
    for_revenue: bool
    is_active: bool


@dataclass(frozen=True)
class Account:
    """An account of the organisation; `is_active` is false once archived, `for_lines` where no sale may be booked."""

    name: str
    is_active: bool
    for_lines: bool


@dataclass(frozen=True)
class Catalogue:
    """What the organisation has set up, as far as it decides whether a document can be booked.

    Attributes:
        organisation: its name.
        base_currency: ISO 4217 code.
        currencies: every code it can bill in, or None when the system does not tell.
        lock_dates: name of a lock → last locked day; documents dated on or before it are refused.
        tax_codes: by code.
        accounts: by code.
        items: code of each item that can be sold → its name.
        fetched_at: when this was read.
        item_accounts: where lines name an item and the item its account: code of each item → how that account may be
            called; None where lines name their account themselves.
        kinds: the kinds of documents it takes.
        in_cells: whether texts travel in cells of a file that a person may open, so that none may begin a formula.
    """

    organisation: str
    base_currency: str
    currencies: frozenset[str] | None
    lock_dates: Mapping[str, date]
    tax_codes: Mapping[str, TaxCode]
    accounts: Mapping[str, Account]
    items: Mapping[str, str]
    fetched_at: datetime
    item_accounts: Mapping[str, tuple[str, ...]] | None = None
    kinds: frozenset[str] = frozenset({INVOICE, CREDIT_NOTE})
    in_cells: bool = False


@dataclass(frozen=True)
class Change:
    """A document that was made, edited, paid, voided or deleted: its id, its kind, and its number where told."""

    id: str
    kind: str
    number: str = ""


@dataclass(frozen=True)
class Changes:
    """What has changed in the books.

    Attributes:
        documents: in the order they are told; one may be told twice.
        whole: whether that is all, but for deleted documents of which no system tells for sure. Where it is not, only
            asking by number tells everything.
    """

    documents: tuple[Change, ...]
    whole: bool = True


@dataclass(frozen=True)
class Budget:
    """What a tenant's limits allow, other programs left out of account.

    Attributes:
        calls_a_minute: of every kind.
        writes_a_minute: calls that create documents.
        left_today: calls of every kind, as the last answer told; None where the system does not tell or was not asked.
        numbers_at_once: by kind of document, how many numbers one look-up takes.
    """

    calls_a_minute: int
    writes_a_minute: int
    left_today: int | None
    numbers_at_once: Mapping[str, int]


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
