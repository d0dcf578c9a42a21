"""The contract of accounting systems, kept by the QuickBooks adapter against the sandbox, under each open question."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import pytest
import requests

pytest.register_assert_rewrite("accounting_contract")
from accounting_contract import AccountingContract, Connect, later  # noqa: E402  # its asserts tell what they compared
from consent_kit import agree, now  # noqa: E402  # after the line above
from quickbooks_kit import settings  # noqa: E402  # as above

from connector.accounting.answers import (  # noqa: E402  # as above
    Booked,
    Catalogue,
    ContactFound,
    CreditPair,
    NumberTaken,
    Rejected,
    RetryLater,
)
from connector.accounting.compare import differences, drift  # noqa: E402  # as above
from connector.accounting.connect import connect  # noqa: E402  # as above
from connector.accounting.port import AccountingSystem, Application, Submission  # noqa: E402  # as above
from connector.accounting.preflight import check  # noqa: E402  # as above
from connector.accounting.totals import tax_per_rate_minor  # noqa: E402  # as above
from connector.domain.documents import Party  # noqa: E402  # as above
from connector.sandbox import QuickBooks, SandboxServer  # noqa: E402  # as above
from connector.sandbox.quickbooks import (  # noqa: E402  # as above
    UK_COMPANY,
    US_COMPANY,
    US_OLDER_COMPANY,
    Company,
    Limits,
    Switches,
)

LATE = Decimal("0.3")
LIMITS = Limits(second=10_000, minute=100_000, batch_minute=100_000, batch_minute_realm=100_000)
DEFAULTS = Switches(late_commit_seconds=LATE)
OTHER = replace(
    DEFAULTS,
    strict_fields=False,
    duplicate_numbers="refuse",
    requestid_single="ignore",
    requestid_batch="ignore",
    requestid_changed_body="execute",
    requestid_running="execute",
    batch_order="request",
    batch_items_count=True,
    second_limit="concurrent",
    throttle_form="lower_json",
    throttle_status=403,
    retry_after_seconds=30,
    amount_mismatch="6000",
    tax_rounding="per_line",
    missing_tax_code="TAX",
    description_limit=0,
    auto_apply_credit=True,
)
THIRD = replace(
    DEFAULTS,
    requestid_batch="fault",
    requestid_changed_body="refuse",
    requestid_lifetime_seconds=1,
    throttle_form="xml",
    amount_mismatch="accept",
    cdc_days=1,
    cdc_objects=1,
    refresh_rotates_after_seconds=0,
)


@dataclass(frozen=True)
class SandboxRemote:
    """The sandbox's control side, and a plain client for what a person would do in QuickBooks."""

    url: str
    company: Company
    switches: Switches
    access: str

    def fault(self, kind: str) -> None:
        kind = {"offline_503": "unavailable_503"}.get(kind, kind)
        body = {"kind": kind, "method": "POST", "path": "batch"}
        assert requests.post(f"{self.url}/sandbox/quickbooks/faults", json=body, timeout=10).status_code == 200

    def _count(self, kind: str) -> int:
        counts = requests.get(f"{self.url}/sandbox/quickbooks/counts", timeout=10).json()
        return sum(counts["tenants"][self.company.realm][kind].values())

    def documents(self) -> int:
        return self._count("Invoice")

    def contacts(self) -> int:
        return self._count("Customer")

    def _call(self, path: str, body: Any = None, **query: str) -> Any:
        headers = {"Authorization": f"Bearer {self.access}", "Accept": "application/json"}
        url = f"{self.url}/v3/company/{self.company.realm}/{path}?{urlencode({'minorversion': '75', **query})}"
        if body is None:
            return requests.get(url, headers=headers, timeout=10).json()
        headers["Content-Type"] = "application/json"
        reply = requests.post(url, data=json.dumps(body), headers=headers, timeout=10)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def void(self, number: str) -> None:
        query = f"select * from Invoice where DocNumber = '{number}'"  # noqa: S608  # not SQL
        listed = self._call("query", query=query)
        (one,) = listed["QueryResponse"]["Invoice"]
        self._call("invoice", {"Id": one["Id"], "SyncToken": one["SyncToken"]}, operation="void")

    def deactivate(self, customer: str) -> None:
        one = self._call(f"customer/{customer}")["Customer"]
        body = {"Id": customer, "SyncToken": one["SyncToken"], "sparse": True, "Active": False}
        self._call("customer", body)

    def rest(self) -> None:
        time.sleep(float(LATE) + 0.2)


class QuickBooksContract(AccountingContract):
    """What only QuickBooks does otherwise: numbers are not unique, and any throttle is the whole company's."""

    company = UK_COMPANY
    refused: ClassVar = ({"item_code": "SPOKE-OLD"}, "SPOKE-OLD")
    absent: ClassVar = {"item_code": "SPOKE-OLD", "tax_percent": Decimal(7)}

    @pytest.fixture(params=[DEFAULTS, OTHER, THIRD], ids=["as documented", "the other way", "the third way"])
    def remote(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SandboxRemote]:
        server = SandboxServer(
            tmp_path / "sandbox.sqlite3", quickbooks=QuickBooks(limits=LIMITS, switches=request.param)
        )
        server.start()
        tokens = agree(settings(server.url, tmp_path, self.company), self.company)
        yield SandboxRemote(server.url, self.company, request.param, tokens.access)
        server.stop()

    @pytest.fixture
    def connect(self, remote: SandboxRemote, tmp_path: Path) -> Connect:
        made = settings(remote.url, tmp_path, self.company)
        return lambda: connect(made, now, time.sleep)

    def test_a_number_in_use_is_told_from_other_refusals(
        self, system: AccountingSystem, contact: str, remote: SandboxRemote
    ) -> None:
        """Where the company does not warn, two documents have the number, and whoever looks is told of both."""
        self.send(system, contact, "C-1")
        got = self.send(system, contact, "C-1", "C-2", epoch=1)
        assert isinstance(got["C-2"], Booked)
        if remote.switches.duplicate_numbers == "refuse":
            assert isinstance(got["C-1"], NumberTaken)
            assert remote.documents() == 2
            return
        assert isinstance(got["C-1"], Booked)
        found = system.read_back(["C-1"])
        assert not isinstance(found, RetryLater)
        assert found["C-1"].others == (got["C-1"].receipt.id,)
        (fault,) = differences(
            self.document("C-1", Party("P-1", "Harbor Advisory")), contact, found["C-1"], system.capabilities
        )
        assert fault == f"it is not the only one: {got['C-1'].receipt.id} has the same number"

    def test_the_same_call_again_books_nothing_more(
        self, system: AccountingSystem, contact: str, remote: SandboxRemote
    ) -> None:
        """Only where requestid is honoured; nothing rests on it, for whoever sends again has looked before."""
        first = self.send(system, contact, "C-1", "C-2")
        again = self.send(system, contact, "C-1", "C-2")
        assert (again == first) == (remote.switches.requestid_batch == "replay")
        assert remote.documents() == 2

    @pytest.mark.parametrize("kind", ["throttle_second", "throttle_minute", "throttle_batch", "throttle_month"])
    def test_too_many_calls_is_a_refusal_before_anything_happened(
        self, system: AccountingSystem, contact: str, remote: SandboxRemote, kind: str
    ) -> None:
        remote.fault(kind)
        got = self.send(system, contact, "C-1")["C-1"]
        assert isinstance(got, RetryLater)
        assert got.whole_tenant
        assert 25 < (got.not_before - datetime.now(UTC)).total_seconds() <= 60
        assert remote.documents() == 0
        assert system.read_back(["C-1"]) == got  # nobody calls before then

    @pytest.mark.parametrize("kind", ["error_500_midway", "timeout_504"])
    def test_what_only_quickbooks_breaks_is_unknown_too(
        self, system: AccountingSystem, contact: str, remote: SandboxRemote, kind: str
    ) -> None:
        remote.fault(kind)
        got = self.send(system, contact, "C-1", "C-2")
        assert {type(one).__name__ for one in got.values()} == {"OutcomeUnknown"}
        found = system.read_back(["C-1", "C-2"])
        assert not isinstance(found, RetryLater)
        missing = [number for number in ("C-1", "C-2") if number not in found]
        self.send(system, contact, *missing, epoch=1) if missing else None
        assert remote.documents() == 2

    def test_an_inactive_customer_is_a_question_for_a_person(
        self, system: AccountingSystem, contact: str, remote: SandboxRemote
    ) -> None:
        remote.deactivate(contact)
        found = system.find_contacts([Party("P-1", "Harbor Advisory"), Party("P-2", "Two", contact_id=contact)])
        assert [str(one) for one in found.values()] == [  # type: ignore[union-attr]
            f"The customer of partner {partner} is inactive in QuickBooks. Make the customer active in QuickBooks, or"
            " link the partner to another, then send it again."
            for partner in ("P-2", "P-1")
        ]

    def test_a_new_customer_is_found_by_its_id_before_questions_find_it(
        self, system: AccountingSystem, remote: SandboxRemote
    ) -> None:
        switches = f"{remote.url}/sandbox/quickbooks/switches"
        assert requests.post(switches, json={"search_lag_seconds": 60}, timeout=10).status_code == 200
        key = self.created(system, Party("P-1", "Harbor Advisory"))
        found = system.find_contacts([Party("P-1", "Harbor Advisory", contact_id=key)])
        assert found == {"P-1": ContactFound(key, "stored")}


class TestQuickBooksElsewhere(QuickBooksContract):
    """A company outside the United States, whose lines have tax codes."""

    known: ClassVar = {"account": "Sales", "tax_code": "15.0% sample", "tax_percent": Decimal(15), "currency": "GBP"}


class TestQuickBooksAutomated(QuickBooksContract):
    """A company in the United States, whose tax nobody but QuickBooks knows."""

    company = US_COMPANY
    known: ClassVar = {"account": "Sales", "tax_code": "TAX", "tax_percent": Decimal(0), "currency": "USD"}

    @pytest.fixture(params=[DEFAULTS], ids=["as documented"])
    def remote(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SandboxRemote]:
        yield from QuickBooksContract.remote.__wrapped__(self, request, tmp_path)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    server = SandboxServer(tmp_path / "sandbox.sqlite3", quickbooks=QuickBooks(limits=LIMITS, switches=DEFAULTS))
    server.start()
    yield server.url
    server.stop()


def test_credits_are_not_applied_by_us(url: str, tmp_path: Path) -> None:
    system = connect(settings(url, tmp_path, UK_COMPANY), now, time.sleep)
    pair = CreditPair("1", "2")
    assert (system.capabilities.applies_credits, system.allocations([pair])) == (False, {})
    assert isinstance(system.apply_credit(Application(pair, 5, "GBP", date(2026, 11, 3), 1), later()), Rejected)


def test_manual_tax_is_that_of_the_documents_code(url: str, tmp_path: Path) -> None:
    made = settings(url, tmp_path, US_OLDER_COMPANY)
    agree(made, US_OLDER_COMPANY)
    system = connect(made, now, time.sleep)
    contract = TestQuickBooksAutomated()
    contact = contract.created(system, Party("P-1", "Harbor Advisory"))
    percent = Decimal("7.25")
    lines = [contract.line(f"CH-{net}", net, tax_percent=percent) for net in (2506, 2561)]
    exempt = contract.line("CH-3", 2563, tax_code="NON", tax_percent=Decimal(0))
    one = contract.document("C-1", Party("P-1", "Harbor Advisory"), *lines, exempt)
    catalogue = system.catalogue()
    assert isinstance(catalogue, Catalogue)
    assert check([one], catalogue) == {}
    outcome = system.create([Submission(one, contact)], later())["C-1"]
    assert isinstance(outcome, Booked), outcome
    assert drift(one, outcome.receipt, system.capabilities.tax) is None
    assert outcome.receipt.tax_minor in (one.tax.minor, tax_per_rate_minor(one.lines, "USD"))


def test_foreign_currency(url: str, tmp_path: Path) -> None:
    """A new customer is one of the document's currency, for it can never be changed."""
    made = settings(url, tmp_path, UK_COMPANY)
    agree(made, UK_COMPANY)
    system = connect(made, now, time.sleep)
    contract = TestQuickBooksElsewhere()
    party = Party("P-7", "Sample SARL", country="FR", tax_number="FR00000000000", currency="EUR")
    contact = contract.created(system, party)
    one = contract.document("C-1", party, currency="EUR")
    outcome = system.create([Submission(one, contact)], later())["C-1"]
    catalogue = system.catalogue()
    assert isinstance(outcome, Booked), outcome
    assert outcome.receipt.currency == "EUR"
    assert isinstance(catalogue, Catalogue)
    assert (catalogue.currencies, catalogue.base_currency) == (None, "GBP")
