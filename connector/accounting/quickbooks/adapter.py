"""QuickBooks Online behind the port. Every write is one batch with one request id; nothing is decided about resending.

What a stranger would get wrong: an item or tax code travels as the remote's own id, so the company's lists are read
before anything is sent; and the remote does not refuse a number that is in use, so that looking is the only safety.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from threading import Lock

from connector.accounting.answers import (
    Allocated,
    Applying,
    Budget,
    Catalogue,
    Changes,
    ContactAnswer,
    CreditPair,
    NumberTaken,
    Outcome,
    Rejected,
    RemoteDocument,
    RetryLater,
)
from connector.accounting.parallel import side_by_side
from connector.accounting.port import Application, Capabilities, Submission
from connector.accounting.quickbooks import batches, changes, customers, queries, receipts, totals
from connector.accounting.quickbooks.catalogue import Company, fetch
from connector.accounting.quickbooks.client import PAUSE, Client
from connector.accounting.quickbooks.documents import (
    ENTITIES,
    LONGEST_DESCRIPTION,
    LONGEST_NUMBER,
    Style,
    element,
)
from connector.accounting.settings import Taxation
from connector.domain.documents import CREDIT_NOTE, INVOICE, Party

IN_FLIGHT = 8
BATCH_BYTES = 1_000_000
LISTS_AGE = timedelta(minutes=15)
_HEAD_BYTES, _LINE_BYTES = 1_500, 500  # more than anything but descriptions can take


class QuickBooksSystem:
    """One company in QuickBooks Online."""

    def __init__(self, name: str, realm: str, client: Client, style: Style, times: tuple[timedelta, timedelta]) -> None:
        """Args: `times`, the quiet period and the time-out of one call."""
        self._name = name
        self._realm = realm
        self._client = client
        self._style = style
        self._capabilities = _capabilities(style.taxation, *times)
        self._lock = Lock()
        self._company: Company | None = None

    @property
    def tenant(self) -> str:
        """Our name of the company."""
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        """What QuickBooks can do, and what is assumed of it."""
        return self._capabilities

    def consent(self) -> str:
        """What was agreed to and until when, in words; empty before the first call."""
        return self._client.consent()

    def budget(self) -> Budget:
        """What the limits allow, by the settings."""
        return self._client.budget(dict.fromkeys(ENTITIES, queries.NUMBERS_AT_ONCE))

    def catalogue(self) -> Catalogue | RetryLater:
        """What the company has set up, in five calls."""
        with self._lock:
            read = self._read()
        return read if isinstance(read, RetryLater) else read.catalogue

    def find_contacts(self, parties: Sequence[Party]) -> Mapping[str, ContactAnswer] | RetryLater:
        """The customer of each party, by partner id."""
        return customers.find(self._client, parties)

    def create_contacts(self, parties: Sequence[Party], key: str, not_after: datetime) -> Mapping[str, ContactAnswer]:
        """Create one customer for each party, in one call; `key` is made unique to this company."""
        return customers.create(self._client, self._realm, parties, key, not_after)

    def batches(self, submissions: Sequence[Submission]) -> list[list[Submission]]:
        """At most 30 documents of one kind and 1 MB to a call."""
        cut: list[list[Submission]] = []
        size = BATCH_BYTES
        for submission in sorted(submissions, key=lambda one: one.document.kind == CREDIT_NOTE):
            own = _size(submission)
            other = cut and cut[-1][0].document.kind != submission.document.kind
            if not cut or other or len(cut[-1]) == batches.MOST_ITEMS or size + own > BATCH_BYTES:
                cut.append([])
                size = 0
            cut[-1].append(submission)
            size += own
        return cut

    def place(self) -> timedelta | RetryLater:
        """Keep a place for the next `create`, which follows at once: zero, or how long until there is one."""
        return self._client.place()

    def create(self, batch: Sequence[Submission], not_after: datetime) -> Mapping[str, Outcome]:
        """Create the documents of one batch in one call; one that cannot be sent whole is not sent."""
        company = self._known()
        if isinstance(company, RetryLater):
            return {one.document.number: company for one in batch}
        made = [(one, element(one, company.style, company.references)) for one in batch]
        outcomes: dict[str, Outcome] = {one.document.number: got for one, got in made if isinstance(got, Rejected)}
        texts = [(one, got) for one, got in made if isinstance(got, str)]
        if texts:
            outcomes |= self._sent([one for one, _ in texts], [got for _, got in texts], not_after)
        return outcomes

    def _sent(self, batch: Sequence[Submission], texts: Sequence[str], not_after: datetime) -> Mapping[str, Outcome]:
        body = batches.body(texts, batch[0].document.kind)
        reply = self._client.batch(body, batches.request_id(self._realm, batch, body), not_after)
        if isinstance(reply, dict):
            return batches.outcomes(batch, reply)
        if isinstance(reply, Rejected | NumberTaken):
            return batches.refused(batch, reply)
        return {one.document.number: reply for one in batch}

    def read_back(self, numbers: Sequence[str], kind: str = INVOICE) -> Mapping[str, RemoteDocument] | RetryLater:
        """The documents of these numbers; voided ones too, while deleted ones are found no more."""
        calls = [partial(self._found, ENTITIES[kind], chunk) for chunk in queries.chunks(numbers)]
        found: list[RemoteDocument] = []
        for read in side_by_side(calls, IN_FLIGHT):
            if isinstance(read, RetryLater):
                return read
            found += read
        return receipts.living_first(found)

    def _found(self, entity: str, numbers: Sequence[str]) -> list[RemoteDocument] | RetryLater:
        """The documents of as many numbers as one question takes."""
        listed = self._client.query(queries.documents(entity, numbers), entity)
        if isinstance(listed, RetryLater):
            return listed
        wanted = [one for one in listed if one.get("DocNumber") in numbers]
        read = [one for one in map(receipts.parsed, wanted) if one is not None]
        if len(read) < len(wanted):
            reason = "QuickBooks' answer to a look-up by number is not whole."
            return RetryLater(self._client.now() + PAUSE, reason, whole_tenant=True)
        return read

    def allocations(self, _pairs: Sequence[CreditPair]) -> Mapping[CreditPair, Allocated] | RetryLater:
        """Nothing: see `Capabilities.applies_credits`."""
        return {}

    def apply_credit(self, _application: Application, _not_after: datetime) -> Applying:
        """Nothing: the company's own setting applies a credit memo, or a person does."""
        return Rejected("Credit memos are not applied by this program.", "Apply it in QuickBooks.")

    def changes(self, since: datetime) -> Changes | RetryLater:
        """The invoices and credit memos that have changed since then, those of other programs too."""
        return changes.since(self._client, since)

    def _known(self) -> Company | RetryLater:
        """The company's lists as last read, unless that was long ago."""
        with self._lock:
            held = self._company
            if held is not None and self._client.now() - held.catalogue.fetched_at < LISTS_AGE:
                return held
            return self._read()

    def _read(self) -> Company | RetryLater:
        read = fetch(self._client, self._style)
        if not isinstance(read, RetryLater):
            self._company = read
        return read


def _size(submission: Submission) -> int:
    """At most how many bytes of a batch the document takes."""
    lines = submission.document.lines
    return _HEAD_BYTES + sum(_LINE_BYTES + 2 * len(line.description.encode()) for line in lines)


def _capabilities(taxation: Taxation, quiet: timedelta, time_out: timedelta) -> Capabilities:
    return Capabilities(
        system="quickbooks",
        batch_size=batches.MOST_ITEMS,
        batch_bytes=BATCH_BYTES,
        in_flight=IN_FLIGHT,
        key_lifetime=timedelta(),  # nobody has said how long; nothing rests on it
        quiet=quiet,
        time_out=time_out,
        number_is_unique=False,
        search_is_consistent=False,
        commits_after_failure=True,
        number_max_length=LONGEST_NUMBER,
        description_max_length=LONGEST_DESCRIPTION,
        adoptable=frozenset({receipts.OPEN, receipts.PAID}),
        tax=totals.RULES[taxation],
    )
