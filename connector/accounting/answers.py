"""What an accounting system answers, as values.

An answer says what may be done next. `RetryLater` promises that nothing happened; whatever cannot promise that is
`OutcomeUnknown`, however likely a failure looks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from connector.domain.documents import CREDIT_NOTE, INVOICE
from connector.net.errors import SetupError

# States of a document that stands in a file for a person to import: the file waits; a person has moved it to the
# imported ones; it is not what was written any more; it is nowhere. None of them says what the books have.
WRITTEN, IMPORTED, CHANGED, GONE = "WRITTEN", "IMPORTED", "CHANGED", "GONE"


class CredentialsError(SetupError):
    """The accounting system does not accept the client id, the secret or the access they give."""


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
