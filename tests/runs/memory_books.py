"""Books of a tenant in memory, behind the accounting port: what a push sends is there at once, and nothing ever fails.

A stranger's trap: they outlive the push. One that was stopped after the wire finds its document here when it looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from connector.accounting.answers import (
    Account,
    Allocated,
    Applied,
    Booked,
    Budget,
    Catalogue,
    Change,
    Changes,
    ContactAbsent,
    ContactAnswer,
    ContactFound,
    CreditPair,
    NumberTaken,
    Outcome,
    RemoteDocument,
    TaxCode,
)
from connector.accounting.port import Application, Capabilities, Submission
from connector.domain.documents import CREDIT_NOTE, INVOICE, Party

_CAPABILITIES = Capabilities(
    system="memory",
    batch_size=50,
    batch_bytes=1_000_000,
    in_flight=1,
    key_lifetime=timedelta(minutes=5),
    quiet=timedelta(seconds=1),
    time_out=timedelta(seconds=1),
    number_is_unique=True,
    search_is_consistent=True,
    commits_after_failure=False,
    number_max_length=21,
    description_max_length=4000,
    adoptable=frozenset({"AUTHORISED"}),
    applies_credits=True,
)
_CATALOGUE = Catalogue(
    organisation="Books in memory",
    base_currency="USD",
    currencies=None,
    lock_dates={},
    tax_codes={"OUTPUT": TaxCode(Decimal("8.25"), for_revenue=True, is_active=True)},
    accounts={"200": Account("Sales", is_active=True, for_lines=True)},
    items={"SPOKE-FULL": "Full feature Spoke"},
    fetched_at=datetime(2025, 1, 1, tzinfo=UTC),
)


@dataclass
class MemoryBooks:
    """An `AccountingSystem` whose books are contacts by partner, documents by kind and number, and applied credits."""

    tenant: str
    contacts: dict[str, str] = field(default_factory=dict)
    documents: dict[tuple[str, str], RemoteDocument] = field(default_factory=dict)
    applied: dict[CreditPair, int] = field(default_factory=dict)

    @property
    def capabilities(self) -> Capabilities:
        return _CAPABILITIES

    def catalogue(self) -> Catalogue:
        return _CATALOGUE

    def find_contacts(self, parties: Sequence[Party]) -> Mapping[str, ContactAnswer]:
        return {
            one.partner_id: ContactFound(self.contacts[one.partner_id], "number")
            if one.partner_id in self.contacts
            else ContactAbsent()
            for one in parties
        }

    def create_contacts(self, parties: Sequence[Party], _key: str, _not_after: datetime) -> Mapping[str, ContactAnswer]:
        for one in parties:
            assert one.partner_id not in self.contacts
            self.contacts[one.partner_id] = f"contact of {one.partner_id}"
        return {one.partner_id: ContactFound(self.contacts[one.partner_id], "created") for one in parties}

    def batches(self, submissions: Sequence[Submission]) -> list[list[Submission]]:
        return [[one] for one in submissions]

    def budget(self) -> Budget:
        return Budget(60, 60, None, {INVOICE: 40, CREDIT_NOTE: 40})

    def place(self) -> timedelta:
        return timedelta()

    def create(self, batch: Sequence[Submission], _not_after: datetime) -> Mapping[str, Outcome]:
        return {one.document.number: self._create(one) for one in batch}

    def read_back(self, numbers: Sequence[str], kind: str = INVOICE) -> Mapping[str, RemoteDocument]:
        return {one: self.documents[kind, one] for one in numbers if (kind, one) in self.documents}

    def allocations(self, pairs: Sequence[CreditPair]) -> Mapping[CreditPair, Allocated]:
        return {one: self._stands(one) for one in pairs}

    def apply_credit(self, asked: Application, _not_after: datetime) -> Applied:
        stands = self._stands(asked.pair)
        assert stands.applied_minor == 0
        assert 0 < asked.amount_minor <= min(stands.remaining_minor, stands.due_minor)
        self.applied[asked.pair] = asked.amount_minor
        return Applied()

    def _stands(self, pair: CreditPair) -> Allocated:
        totals = {one.id: one.total_minor for one in self.documents.values()}
        used = sum(minor for one, minor in self.applied.items() if one.credit_id == pair.credit_id)
        paid = sum(minor for one, minor in self.applied.items() if one.invoice_id == pair.invoice_id)
        return Allocated(
            "USD", self.applied.get(pair, 0), totals[pair.credit_id] - used, totals[pair.invoice_id] - paid
        )

    def changes(self, _since: datetime) -> Changes:
        return Changes(tuple(Change(one.id, kind, number) for (kind, number), one in self.documents.items()))

    def _create(self, wanted: Submission) -> Outcome:
        document = wanted.document
        if (document.kind, document.number) in self.documents:
            return NumberTaken(f"{document.number} is in use")
        made = RemoteDocument(
            id=f"{document.kind} {document.number}",
            number=document.number,
            contact_id=wanted.contact_id,
            currency=document.currency,
            net_minor=document.net.minor,
            tax_minor=document.tax.minor,
            total_minor=document.total.minor,
            status="AUTHORISED",
        )
        self.documents[document.kind, document.number] = made
        return Booked(made)
