"""What every accounting system must do, whatever it is: the push protocol rests on each of these.

A subclass says how to reach a system whose faults can be ordered; the documents are counted at the end, not the calls.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Protocol

import pytest

from connector.accounting.answers import (
    Allocated,
    Applied,
    Applying,
    Booked,
    Catalogue,
    Change,
    Changes,
    ContactAbsent,
    ContactFound,
    CreditPair,
    NumberTaken,
    OutcomeUnknown,
    Rejected,
    RetryLater,
)
from connector.accounting.compare import differences, drift
from connector.accounting.port import AccountingSystem, Application, Submission
from connector.accounting.preflight import check
from connector.accounting.totals import predict_tax_minor
from connector.domain.documents import CREDIT_NOTE, INVOICE, Document, Line, Party


class Remote(Protocol):
    """The far side: faults are ordered, and documents and contacts counted, without going through the port."""

    def fault(self, kind: str) -> None:
        """Let the next write of documents go wrong in this way."""

    def documents(self) -> int:
        """Documents in the books, in whatever state."""

    def contacts(self) -> int:
        """Contacts in the books."""

    def void(self, number: str) -> None:
        """Void the document of that number, as a person would."""

    def rest(self) -> None:
        """Let the quiet period pass."""


class RemoteOfCredits(Remote, Protocol):
    """The far side of a system that applies credits."""

    def fault_of_credit(self, kind: str) -> None:
        """Let the next application of a credit note go wrong in this way."""


Connect = Callable[[], AccountingSystem]


def later() -> datetime:
    """A time after which nothing may be sent: far away."""
    return datetime.now(UTC) + timedelta(minutes=5)


class AccountingContract:
    """The contract. Fixtures `connect` and `remote` come from the subclass, and what its books know.

    Attributes:
        known: what a line and its document are made of here.
        refused: what makes a line one that these books refuse, and the word by which their answer tells it.
        absent: what makes a line one that the books' catalogue does not allow.
        many: more documents than one call takes.
    """

    known: ClassVar[Mapping[str, Any]] = {
        "account": "200",
        "tax_code": "OUTPUT",
        "tax_percent": Decimal("8.25"),
        "currency": "USD",
    }
    refused: ClassVar[tuple[Mapping[str, Any], str]] = ({"account": "310"}, "310")
    absent: ClassVar[Mapping[str, Any]] = {"account": "999", "tax_percent": Decimal(7)}
    many: ClassVar[int] = 120

    def line(self, charge: str, net_minor: int = 180_000, **changes: Any) -> Line:
        values = {name: value for name, value in {**self.known, **changes}.items() if name != "currency"}
        values = {
            "charge_id": charge,
            "description": "Full Spoke: Zażółć „quotes” & <tags> 🙂",
            "item": "SPOKE-FULL",
            "item_code": "SPOKE-FULL",
            "quantity": 1,
            "unit_minor": net_minor,
            "net_minor": net_minor,
            "tax_minor": predict_tax_minor(net_minor, values["tax_percent"], self.known["currency"]),
            **values,
        }
        return Line(**values)

    def document(self, number: str, party: Party, *lines: Line, **changes: Any) -> Document:
        values = {
            "number": number,
            "kind": "invoice",
            "selling_entity": "us",
            "tenant": "books",
            "party": party,
            "currency": self.known["currency"],
            "dated": date(2026, 11, 2),
            "due": date(2026, 12, 2),
            "reference": "November 2026",
            "payment_method": "bank_transfer",
            "lines": lines or (self.line(f"CH-{number}"),),
            **changes,
        }
        return Document(**values)

    @pytest.fixture
    def system(self, connect: Connect) -> AccountingSystem:
        return connect()

    @pytest.fixture
    def contact(self, system: AccountingSystem) -> str:
        return self.created(system, Party("P-1", "Harbor Advisory"))

    def created(self, system: AccountingSystem, party: Party) -> str:
        answer = system.create_contacts([party], party.partner_id, later())[party.partner_id]
        assert isinstance(answer, ContactFound), answer
        return answer.contact_id

    def send(self, system: AccountingSystem, contact: str, *numbers: str, epoch: int = 0) -> dict[str, object]:
        party = Party("P-1", "Harbor Advisory")
        batch = [Submission(self.document(number, party), contact, epoch) for number in numbers]
        return dict(system.create(batch, later()))

    def test_a_document_is_booked_with_the_predicted_totals(
        self, system: AccountingSystem, contact: str, remote: Remote
    ) -> None:
        three = [self.line(f"CH-{n}", n) for n in (2506, 2561, 2563)]
        made = self.document("C-1", Party("P-1", "Harbor Advisory"), *three)
        outcome = system.create([Submission(made, contact)], later())["C-1"]
        assert isinstance(outcome, Booked)
        got = outcome.receipt
        assert (got.number, got.contact_id, got.currency) == ("C-1", contact, self.known["currency"])
        assert (got.net_minor, got.total_minor - got.net_minor) == (made.net.minor, got.tax_minor)
        assert drift(made, got, system.capabilities.tax) is None
        assert got.tax_minor == made.tax.minor or system.capabilities.tax != "line"
        assert differences(made, contact, got, system.capabilities) == ()
        assert system.read_back(["C-1"]) == {"C-1": got}
        assert remote.documents() == 1

    def test_a_place_is_kept_for_the_next_call_and_the_limits_are_told(
        self, system: AccountingSystem, contact: str
    ) -> None:
        budget = system.budget()
        if budget is not None:
            assert 0 < budget.writes_a_minute <= budget.calls_a_minute
            assert all(budget.numbers_at_once[kind] > 0 for kind in (INVOICE, CREDIT_NOTE))
        for number in ("C-1", "C-2"):
            assert system.place() == timedelta()
            assert isinstance(self.send(system, contact, number)[number], Booked)

    def test_what_has_changed_is_told_with_its_id_and_number(
        self, system: AccountingSystem, contact: str, remote: Remote
    ) -> None:
        begun = datetime.now(UTC) - timedelta(seconds=2)
        self.send(system, contact, "C-1", "C-2")
        remote.rest()
        there = system.read_back(["C-1", "C-2"])
        assert not isinstance(there, RetryLater)
        told = system.changes(begun)
        assert isinstance(told, Changes)
        wanted = {Change(there[number].id, INVOICE, number) for number in ("C-1", "C-2")}
        assert (set(told.documents), told.whole) == (wanted, True)
        remote.void("C-1")
        assert system.changes(begun) in (told, replace(told, documents=told.documents[::-1]))
        assert system.changes(datetime.now(UTC) + timedelta(minutes=1)) == Changes(())

    def test_one_faulty_document_leaves_the_others_of_its_batch_alone(
        self, system: AccountingSystem, contact: str, remote: Remote
    ) -> None:
        party = Party("P-1", "Harbor Advisory")
        bad = self.document("C-2", party, self.line("CH-2", **self.refused[0]))
        batch = [Submission(self.document("C-1", party), contact), Submission(bad, contact)]
        got = system.create(batch, later())
        assert isinstance(got["C-1"], Booked)
        assert isinstance(got["C-2"], Rejected)
        assert self.refused[1] in str(got["C-2"])
        assert remote.documents() == 1

    def test_a_number_in_use_is_told_from_other_refusals(
        self, system: AccountingSystem, contact: str, remote: Remote
    ) -> None:
        self.send(system, contact, "C-1")
        got = self.send(system, contact, "C-1", "C-2", epoch=1)
        assert isinstance(got["C-1"], NumberTaken)
        assert isinstance(got["C-2"], Booked)
        assert remote.documents() == 2

    def test_the_same_call_again_books_nothing_more(
        self, system: AccountingSystem, contact: str, remote: Remote
    ) -> None:
        first = self.send(system, contact, "C-1", "C-2")
        assert self.send(system, contact, "C-1", "C-2") == first
        assert remote.documents() == 2

    @pytest.mark.parametrize("kind", ["reply_lost_after_commit", "late_commit", "error_500_after", "html"])
    def test_a_lost_answer_is_unknown_and_the_document_is_found(
        self, system: AccountingSystem, contact: str, remote: Remote, kind: str
    ) -> None:
        remote.fault(kind)
        assert isinstance(self.send(system, contact, "C-1")["C-1"], OutcomeUnknown)
        remote.rest()
        found = system.read_back(["C-1"])
        assert not isinstance(found, RetryLater)
        if "C-1" not in found:  # a page instead of an answer says nothing about what was done
            assert isinstance(self.send(system, contact, "C-1", epoch=1)["C-1"], Booked)
        assert remote.documents() == 1

    @pytest.mark.parametrize("kind", ["error_500_before", "unavailable_503", "offline_503", "drop_before"])
    def test_a_failure_before_the_work_is_unknown_and_nothing_is_found(
        self, system: AccountingSystem, contact: str, remote: Remote, kind: str
    ) -> None:
        remote.fault(kind)
        assert isinstance(self.send(system, contact, "C-1")["C-1"], OutcomeUnknown)
        remote.rest()
        assert system.read_back(["C-1"]) == {}
        assert isinstance(self.send(system, contact, "C-1", epoch=1)["C-1"], Booked)
        assert remote.documents() == 1

    @pytest.mark.parametrize(
        ("kind", "whole_tenant"),
        [
            ("throttle_minute", True),
            ("throttle_day", True),
            ("throttle_appminute", True),
            ("throttle_concurrent", False),
        ],
    )
    def test_too_many_calls_is_a_refusal_before_anything_happened(
        self, system: AccountingSystem, contact: str, remote: Remote, kind: str, *, whole_tenant: bool
    ) -> None:
        remote.fault(kind)
        got = self.send(system, contact, "C-1")["C-1"]
        assert isinstance(got, RetryLater)
        assert got.whole_tenant == whole_tenant
        assert got.not_before > datetime.now(UTC)
        assert remote.documents() == 0

    def test_an_expired_token_is_renewed_without_a_second_document(
        self, system: AccountingSystem, contact: str, remote: Remote
    ) -> None:
        remote.fault("token_expired")
        assert isinstance(self.send(system, contact, "C-1")["C-1"], Booked)
        assert remote.documents() == 1

    def test_nothing_is_sent_after_the_deadline(self, system: AccountingSystem, contact: str, remote: Remote) -> None:
        made = Submission(self.document("C-1", Party("P-1", "Harbor Advisory")), contact)
        got = system.create([made], datetime.now(UTC) - timedelta(seconds=1))["C-1"]
        assert isinstance(got, RetryLater)
        assert remote.documents() == 0

    def test_a_voided_document_is_found_and_is_not_ours(
        self, system: AccountingSystem, contact: str, remote: Remote
    ) -> None:
        self.send(system, contact, "C-1")
        remote.void("C-1")
        found = system.read_back(["C-1"])
        assert not isinstance(found, RetryLater)
        made = self.document("C-1", Party("P-1", "Harbor Advisory"))
        faults = differences(made, contact, found["C-1"], system.capabilities)
        assert faults
        assert "its status is VOIDED" in faults[-1]

    def test_many_numbers_are_read_back_at_once(self, system: AccountingSystem, contact: str, remote: Remote) -> None:
        numbers = [f"C-{n:03d}" for n in range(self.many)]
        party = Party("P-1", "Harbor Advisory")
        submissions = [Submission(self.document(number, party), contact) for number in numbers]
        batches = system.batches(submissions)
        assert [one for batch in batches for one in batch] == submissions
        assert max(len(batch) for batch in batches) <= system.capabilities.batch_size
        for batch in batches:
            assert {type(one) for one in system.create(batch, later()).values()} == {Booked}
        found = system.read_back([*numbers, "C-999"])
        assert not isinstance(found, RetryLater)
        assert sorted(found) == numbers
        assert remote.documents() == self.many

    def test_a_contact_is_found_by_its_number_and_never_by_its_name(
        self, system: AccountingSystem, contact: str, remote: Remote
    ) -> None:
        again = system.find_contacts([Party("P-1", "Another spelling"), Party("P-2", "Harbor Advisory")])
        assert again == {"P-1": ContactFound(contact, "number"), "P-2": ContactAbsent()}
        assert remote.contacts() == 1

    def test_a_name_that_is_taken_is_a_question_for_a_person(
        self, system: AccountingSystem, contact: str, remote: Remote
    ) -> None:
        del contact
        got = system.create_contacts([Party("P-2", "Harbor Advisory")], "k", later())["P-2"]
        assert isinstance(got, Rejected)
        assert remote.contacts() == 1

    def test_creating_a_contact_twice_gives_the_same_one(
        self, system: AccountingSystem, contact: str, remote: Remote
    ) -> None:
        again = system.create_contacts([Party("P-1", "Harbor Advisory")], "another key", later())["P-1"]
        assert again == ContactFound(contact, "number")
        assert remote.contacts() == 1

    def test_many_contacts_are_created_and_found_at_once(self, system: AccountingSystem, remote: Remote) -> None:
        most = min(40, system.capabilities.batch_size)
        parties = [Party(f"P-{n}", f"Partner {n}", email=f"p{n}@example.com") for n in range(most)]
        assert system.find_contacts(parties) == {party.partner_id: ContactAbsent() for party in parties}
        made = system.create_contacts(parties, "k", later())
        assert {type(one) for one in made.values()} == {ContactFound}
        found = system.find_contacts(parties)
        assert not isinstance(found, RetryLater)
        assert {one.contact_id for one in found.values() if isinstance(one, ContactFound)} == {
            one.contact_id for one in made.values() if isinstance(one, ContactFound)
        }
        linked = [replace(party, contact_id=one.contact_id) for party, one in zip(parties, made.values(), strict=True)]  # type: ignore[union-attr]
        stored = system.find_contacts(linked)
        assert not isinstance(stored, RetryLater)
        assert {one.how for one in stored.values() if isinstance(one, ContactFound)} == {"stored"}
        assert remote.contacts() == most

    def test_the_catalogue_lets_a_good_document_pass_and_stops_a_bad_one(self, system: AccountingSystem) -> None:
        catalogue = system.catalogue()
        assert isinstance(catalogue, Catalogue)
        party = Party("P-1", "Harbor Advisory")
        good = self.document("C-1", party)
        bad = self.document("C-2", party, self.line("CH-2", **self.absent))
        assert list(check([good, bad], catalogue)) == ["C-2"]

    def test_a_credit_note_is_booked_beside_its_invoice_and_found_by_its_own_number(
        self, system: AccountingSystem, contact: str, remote: Remote
    ) -> None:
        party = Party("P-1", "Harbor Advisory")
        lines = [self.line(f"CH-{n}", n) for n in (2506, 2561)]
        both = [
            Submission(self.document("CN-1", party, *lines, kind="credit_note"), contact),
            Submission(self.document("C-1", party, *lines), contact),
        ]
        batches = system.batches(both)
        assert [[one.document.number for one in batch] for batch in batches] == [["C-1"], ["CN-1"]]
        booked = {number: one for batch in batches for number, one in system.create(batch, later()).items()}
        got = booked["CN-1"]
        assert isinstance(got, Booked), got
        made = both[0].document
        assert drift(made, got.receipt, system.capabilities.tax) is None
        assert differences(made, contact, got.receipt, system.capabilities) == ()
        assert system.read_back(["CN-1", "CN-2"], "credit_note") == {"CN-1": got.receipt}
        assert system.read_back(["CN-1"]) == {}
        if system.capabilities.number_is_unique:
            again = system.create([Submission(made, contact, epoch=1)], later())["CN-1"]
            assert isinstance(again, NumberTaken)
        assert remote.documents() == 1  # of invoices


class AppliesCredits(AccountingContract):
    """The contract of systems that apply credits; its remote can let the next application go wrong."""

    @pytest.fixture
    def pair(self, system: AccountingSystem, contact: str) -> CreditPair:
        """A credit note of 25.06 and tax, and an invoice of 25.61 and tax."""
        party = Party("P-1", "Harbor Advisory")
        made = [
            self.document("CN-1", party, self.line("CH-1", 2506), kind="credit_note", reference="C-1"),
            self.document("C-1", party, self.line("CH-2", 2561)),
        ]
        booked = [system.create([Submission(one, contact)], later())[one.number] for one in made]
        ids = [one.receipt.id for one in booked if isinstance(one, Booked)]
        return CreditPair(*ids)

    def apply(self, system: AccountingSystem, pair: CreditPair, minor: int = 2000, epoch: int = 1) -> Applying:
        application = Application(pair, minor, self.known["currency"], date(2026, 11, 3), epoch)
        return system.apply_credit(application, later())

    def stands(self, system: AccountingSystem, pair: CreditPair) -> tuple[int, bool]:
        """What of the credit is applied to the invoice, and whether the rest of both is told rightly."""
        read = system.allocations([pair])
        assert not isinstance(read, RetryLater)
        percent, currency = self.known["tax_percent"], self.known["currency"]
        credit, owed = (net + predict_tax_minor(net, percent, currency) for net in (2506, 2561))
        applied = read[pair].applied_minor
        return applied, read[pair] == Allocated(currency, applied, credit - applied, owed - applied)

    def test_a_credit_is_applied_and_told(self, system: AccountingSystem, pair: CreditPair) -> None:
        other = CreditPair(pair.credit_id, "99999999-0000-4000-8000-000000000001")
        read = system.allocations([pair, other, CreditPair(other.invoice_id, pair.invoice_id)])
        assert not isinstance(read, RetryLater)
        assert list(read) == [pair]
        assert self.stands(system, pair) == (0, True)
        assert self.apply(system, pair) == Applied()
        assert self.apply(system, pair) == Applied()  # the same key again: the same answer, and nothing more
        assert self.stands(system, pair) == (2000, True)
        assert isinstance(self.apply(system, pair, 2562, epoch=2), Rejected)
        late = Application(pair, 100, self.known["currency"], date(2026, 11, 3), 3)
        assert isinstance(system.apply_credit(late, datetime.now(UTC) - timedelta(seconds=1)), RetryLater)
        assert self.stands(system, pair) == (2000, True)

    @pytest.mark.parametrize(
        ("kind", "answer", "applied"),
        [
            ("reply_lost_after_commit", OutcomeUnknown, 2000),
            ("late_commit", OutcomeUnknown, 2000),
            ("error_500_after", OutcomeUnknown, 2000),
            ("error_500_before", OutcomeUnknown, 0),
            ("unavailable_503", OutcomeUnknown, 0),
            ("drop_before", OutcomeUnknown, 0),
            ("throttle_minute", RetryLater, 0),
            ("throttle_concurrent", RetryLater, 0),
            ("token_expired", Applied, 2000),
        ],
    )
    def test_an_application_that_goes_wrong_is_told_for_what_it_is(
        self, system: AccountingSystem, remote: RemoteOfCredits, pair: CreditPair, kind: str, answer: type, applied: int
    ) -> None:
        remote.fault_of_credit(kind)
        assert isinstance(self.apply(system, pair), answer)
        remote.rest()
        if isinstance(read := system.allocations([pair]), RetryLater):  # the limit that was met holds its time
            assert (answer, read.whole_tenant) == (RetryLater, True)
            return
        assert self.stands(system, pair) == (applied, True)
