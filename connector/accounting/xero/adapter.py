"""Xero behind the port. Every write is one PUT with one idempotency key; nothing is decided about sending again."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

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
from connector.accounting.parallel import side_by_side
from connector.accounting.port import Application, Capabilities, Submission
from connector.accounting.xero import allocations, catalogue, changes, contacts, invoices, wire
from connector.accounting.xero.client import PAUSE, Client, Refused
from connector.domain.documents import CREDIT_NOTE, INVOICE, Party

BATCH_SIZE = 50
BATCH_BYTES = 3_000_000
PAGE_SIZE = 100
MOST_PAGES = 20
IN_FLIGHT = 5
_WRITE = {"summarizeErrors": "false", "unitdp": "4"}
_ALL_TOLD = {"summarizeErrors": "false"}
_ENVELOPE = len(invoices.body([]))
_TENANT_IN_KEY = 60
# Xero takes no list of credit note numbers: each is looked for by a filter of its own.
_NUMBERS_AT_ONCE = {INVOICE: 40, CREDIT_NOTE: 1}


class XeroSystem:
    """One organisation in Xero."""

    def __init__(
        self, name: str, tenant_id: str, client: Client, style: invoices.Style, times: tuple[timedelta, timedelta]
    ) -> None:
        """Args: `times`, the quiet period and the time-out of one call."""
        self._name = name
        self._tenant_id = tenant_id
        self._client = client
        self._style = style
        self._capabilities = _capabilities(style.status, *times)

    @property
    def tenant(self) -> str:
        """Our name of the organisation."""
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        """What Xero can do, and what is assumed of it."""
        return self._capabilities

    def consent(self) -> str:
        """What was agreed to and until when, in words; empty before the first call, and where nobody must agree."""
        return self._client.consent()

    def budget(self) -> Budget:
        """What the limits allow, by the settings and by the last answer."""
        return self._client.budget(_NUMBERS_AT_ONCE)

    def catalogue(self) -> Catalogue | RetryLater:
        """What the organisation has set up, in five calls, or six where lines are sorted under tracking categories."""
        return catalogue.fetch(self._client, self._client.now, self._style.tracking)

    def find_contacts(self, parties: Sequence[Party]) -> Mapping[str, ContactAnswer] | RetryLater:
        """The contact of each party, by partner id."""
        return contacts.find(self._client, parties)

    def create_contacts(self, parties: Sequence[Party], key: str, not_after: datetime) -> Mapping[str, ContactAnswer]:
        """Create one contact for each party, in one call; `key` is made unique to this organisation."""
        return contacts.create(self._client, parties, self._key(f"contacts {key}"), not_after)

    def batches(self, submissions: Sequence[Submission]) -> list[list[Submission]]:
        """At most 50 documents of one kind and 3 MB to a call."""
        cut: list[list[Submission]] = []
        size = BATCH_BYTES
        for submission in sorted(submissions, key=lambda one: one.document.kind == CREDIT_NOTE):
            own = len(invoices.element(submission, self._style).encode()) + 1
            other = cut and cut[-1][0].document.kind != submission.document.kind
            if not cut or other or len(cut[-1]) == BATCH_SIZE or size + own > BATCH_BYTES:
                cut.append([])
                size = _ENVELOPE
            cut[-1].append(submission)
            size += own
        return cut

    def place(self) -> timedelta | RetryLater:
        """Keep a place for the next `create`, which follows at once: zero, or how long until there is one."""
        return self._client.place()

    def create(self, batch: Sequence[Submission], not_after: datetime) -> Mapping[str, Outcome]:
        """Create the documents of one batch, all of one kind, in one call."""
        kind = batch[0].document.kind
        body = invoices.body((invoices.element(submission, self._style) for submission in batch), kind)
        named = sorted((submission.document.number, submission.epoch) for submission in batch)
        key = self._key(f"{kind}s {named} {sha256(body).hexdigest()}")
        reply = self._client.write(invoices.SHAPES[kind].collection, _WRITE, body, key, not_after)
        if isinstance(reply, dict):
            return invoices.outcomes(batch, reply)
        if isinstance(reply, Refused):
            return invoices.refused(batch, reply)
        return {submission.document.number: reply for submission in batch}

    def read_back(self, numbers: Sequence[str], kind: str = INVOICE) -> Mapping[str, RemoteDocument] | RetryLater:
        """The documents of these numbers; bills that suppliers gave the same number are none of them."""
        step = _NUMBERS_AT_ONCE[kind]
        pieces = [numbers[start : start + step] for start in range(0, len(numbers), step)]
        found: list[RemoteDocument] = []
        for read in side_by_side([partial(self._found, piece, kind) for piece in pieces], IN_FLIGHT):
            if isinstance(read, RetryLater):
                return read
            found += read
        return invoices.living_first(found)

    def allocations(self, pairs: Sequence[CreditPair]) -> Mapping[CreditPair, Allocated] | RetryLater:
        """How these credit notes and invoices stand, asked by id."""
        return allocations.read(self._client, pairs, IN_FLIGHT)

    def apply_credit(self, application: Application, not_after: datetime) -> Applying:
        """Apply a credit note to its invoice; one credit note to a call is all that Xero takes."""
        body = allocations.body(application)
        path = allocations.path(application.pair.credit_id)
        key = self._key(f"{path} {application.epoch} {sha256(body).hexdigest()}")
        return allocations.outcome(application, self._client.write(path, _ALL_TOLD, body, key, not_after))

    def changes(self, since: datetime) -> Changes | RetryLater:
        """The invoices and credit notes that have changed since then, those of other programs too."""
        return changes.since(self._client, since)

    def _found(self, wanted: Sequence[str], kind: str) -> list[RemoteDocument] | RetryLater:
        """The documents of so many numbers as one question takes, page by page."""
        shape = invoices.SHAPES[kind]
        found: list[RemoteDocument] = []
        for page in range(1, MOST_PAGES + 1):
            reply = self._client.read(shape.collection, _look_up(wanted, kind, page))
            if isinstance(reply, RetryLater):
                return reply
            elements = wire.elements(reply or {}, shape.collection)
            read = [invoices.parsed(one, shape) for one in elements if _is_wanted(one, wanted, shape)]
            whole = [one for one in read if one is not None]
            if len(whole) < len(read) or shape.collection not in (reply or {}):
                reason = "Xero's answer to a look-up by number is not whole."
                return RetryLater(self._client.now() + PAUSE, reason, whole_tenant=True)
            found += whole
            if len(elements) < PAGE_SIZE:
                break
        return found

    def _key(self, content: str) -> str:
        return f"{self._tenant_id[:_TENANT_IN_KEY]}-{sha256(content.encode()).hexdigest()}"


def _look_up(numbers: Sequence[str], kind: str, page: int) -> dict[str, str]:
    asked = {"InvoiceNumbers": ",".join(numbers), "includeArchived": "true"}
    if kind == CREDIT_NOTE:
        asked = {"where": f'CreditNoteNumber=="{numbers[0]}"'}
    return {**asked, "page": str(page), "pageSize": str(PAGE_SIZE)}


def _is_wanted(one: dict[str, Any], numbers: Sequence[str], shape: invoices.Shape) -> bool:
    return wire.text(one, "Type") == shape.type and wire.text(one, shape.number) in numbers


def _capabilities(status: str, quiet: timedelta, time_out: timedelta) -> Capabilities:
    approved = ("AUTHORISED", "PAID")
    return Capabilities(
        system="xero",
        batch_size=BATCH_SIZE,
        batch_bytes=BATCH_BYTES,
        in_flight=IN_FLIGHT,
        key_lifetime=timedelta(minutes=6),
        quiet=quiet,
        time_out=time_out,
        number_is_unique=True,
        search_is_consistent=False,
        commits_after_failure=True,
        number_max_length=255,
        description_max_length=4000,
        adoptable=frozenset(approved if status == "AUTHORISED" else ("DRAFT", "SUBMITTED", *approved)),
        applies_credits=True,
    )
