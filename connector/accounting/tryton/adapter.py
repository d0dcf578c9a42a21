"""Tryton behind the port: one company, in which one user of its own makes and posts what was approved.

What a stranger would get wrong: under parallel posting the server can give one number twice, so there is one call at a
time, and none while another may still be carried out. The number of a document is Tryton's: ours is its reference, by
which it is found.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from threading import Lock

from connector.accounting.answers import (
    Allocated,
    Applying,
    Budget,
    Catalogue,
    Changes,
    ContactAnswer,
    CreditPair,
    Outcome,
    Rejected,
    RemoteDocument,
    RetryLater,
)
from connector.accounting.port import Application, Capabilities, Submission
from connector.accounting.settings import TrytonSettings
from connector.accounting.tryton import changes, documents, parties
from connector.accounting.tryton.catalogue import Company, fetch
from connector.accounting.tryton.client import Client
from connector.accounting.tryton.documents import Found
from connector.accounting.tryton.posting import Posting, found
from connector.domain.documents import CREDIT_NOTE, INVOICE, Party

IN_FLIGHT = 1
BATCH_SIZE, BATCH_BYTES = 50, 1_000_000
NUMBERS_AT_ONCE = 200
LISTS_AGE = timedelta(minutes=15)
LONGEST_NUMBER, LONGEST_DESCRIPTION = 255, 4000
# The writes of one batch begin within this part of the quiet period; the rest is for the answer to the last of them.
WRITING = 3


class TrytonSystem:
    """One company in Tryton."""

    def __init__(self, name: str, client: Client, settings: TrytonSettings, times: tuple[timedelta, timedelta]) -> None:
        """Args: `times`, the quiet period and the time-out of one call."""
        self._name = name
        self._client = client
        self._settings = settings
        self._capabilities = _capabilities(*times)
        self._lock = Lock()
        self._company: Company | None = None

    @property
    def tenant(self) -> str:
        """Our name of the company."""
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        """What Tryton can do, and what is assumed of it."""
        return self._capabilities

    def consent(self) -> str:
        """Nothing: a user and a password let us in."""
        return ""

    def budget(self) -> Budget:
        """What the settings allow."""
        return self._client.budget(dict.fromkeys((INVOICE, CREDIT_NOTE), NUMBERS_AT_ONCE))

    def catalogue(self) -> Catalogue | RetryLater:
        """What the company has set up, in eight calls."""
        with self._lock:
            read = self._read()
        return read if isinstance(read, RetryLater) else read.catalogue

    def find_contacts(self, parties_: Sequence[Party]) -> Mapping[str, ContactAnswer] | RetryLater:
        """The party of each partner, by partner id."""
        return parties.find(self._client, parties_)

    def create_contacts(self, parties_: Sequence[Party], key: str, not_after: datetime) -> Mapping[str, ContactAnswer]:
        """Create one party for each partner, in one call; their codes make a repeated call harmless, and not `key`."""
        del key
        return parties.create(self._client, parties_, not_after)

    def batches(self, submissions: Sequence[Submission]) -> list[list[Submission]]:
        """At most 50 documents of one kind to a call, the earliest first: a later day would block an earlier one."""
        cut: list[list[Submission]] = []
        for submission in sorted(submissions, key=_order):
            other = cut and cut[-1][0].document.kind != submission.document.kind
            if not cut or other or len(cut[-1]) == BATCH_SIZE:
                cut.append([])
            cut[-1].append(submission)
        return cut

    def place(self) -> timedelta | RetryLater:
        """Keep a place for the next `create`, which follows at once: zero, or how long until there is one."""
        return self._client.place()

    def create(self, batch: Sequence[Submission], not_after: datetime) -> Mapping[str, Outcome]:
        """Take the documents of one batch from nothing to posted.

        It begins by `not_after` or not at all, and takes several calls. The last write is sent early enough for the
        quiet period to begin with the first.
        """
        numbers = [one.document.number for one in batch]
        begun = self._client.now()
        if begun > not_after:
            reason = "The time to send it was over before it could be sent."
            return dict.fromkeys(numbers, RetryLater(begun, reason, whole_tenant=False))
        company = self._known()
        if isinstance(company, RetryLater):
            return dict.fromkeys(numbers, company)
        until = begun + self._capabilities.quiet / WRITING
        by_number = {one.document.number: one for one in batch}
        return Posting(self._client, company, self._capabilities.tax, by_number, until).run()

    def read_back(self, numbers: Sequence[str], kind: str = INVOICE) -> Mapping[str, RemoteDocument] | RetryLater:
        """The documents of these numbers, cancelled ones too. A draft that we made is no document yet."""
        company = self._known()
        if isinstance(company, RetryLater):
            return company
        told: list[Found] = []
        for start in range(0, len(numbers), NUMBERS_AT_ONCE):
            wanted = list(numbers[start : start + NUMBERS_AT_ONCE])
            read = found(self._client, company, [["reference", "in", wanted]])
            if isinstance(read, RetryLater):
                return read
            told += read
        own = [one for one in told if documents.is_of(one, kind) and not one.is_draft_of(company.user_id)]
        return documents.living_first(own)

    def allocations(self, _pairs: Sequence[CreditPair]) -> Mapping[CreditPair, Allocated] | RetryLater:
        """Nothing: see `Capabilities.applies_credits`."""
        return {}

    def apply_credit(self, _application: Application, _not_after: datetime) -> Applying:
        """Nothing: a person reconciles a credit note with its invoice."""
        return Rejected("Credit notes are not applied by this program.", "Reconcile it with its invoice in Tryton.")

    def changes(self, since: datetime) -> Changes | RetryLater:
        """The invoices and credit notes that have changed since then, those that others made too."""
        company = self._known()
        return company if isinstance(company, RetryLater) else changes.since(self._client, company, since)

    def _known(self) -> Company | RetryLater:
        """The company's lists as last read, unless that was long ago."""
        with self._lock:
            held = self._company
            if held is not None and self._client.now() - held.catalogue.fetched_at < LISTS_AGE:
                return held
            return self._read()

    def _read(self) -> Company | RetryLater:
        read = fetch(self._client, self._settings)
        if not isinstance(read, RetryLater):
            self._company = read
        return read


def _order(submission: Submission) -> tuple[bool, object]:
    return submission.document.kind == CREDIT_NOTE, submission.document.dated


def _capabilities(quiet: timedelta, time_out: timedelta) -> Capabilities:
    return Capabilities(
        system="tryton",
        batch_size=BATCH_SIZE,
        batch_bytes=BATCH_BYTES,
        in_flight=IN_FLIGHT,
        key_lifetime=timedelta(),  # it knows no keys; nothing rests on one
        quiet=quiet,
        time_out=time_out,
        number_is_unique=False,
        search_is_consistent=True,
        commits_after_failure=True,
        number_max_length=LONGEST_NUMBER,
        description_max_length=LONGEST_DESCRIPTION,
        adoptable=documents.ADOPTABLE,
        tax="line_or_rate_even",
        gives_number=True,
        one_by_one=True,
    )
