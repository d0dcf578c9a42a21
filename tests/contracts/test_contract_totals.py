"""Predicted and returned totals of each system: 100,000 random documents in process, 300 over HTTP, and known cases."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import requests
from consent_kit import agree, now
from quickbooks_kit import settings as quickbooks_settings
from totals_kit import PARTY, Sums, document, documents, line, predicted, quickbooks_sums, xero_sums

from connector.accounting.answers import Booked, ContactFound, RemoteDocument
from connector.accounting.compare import differences, drift
from connector.accounting.connect import TenantSettings, connect
from connector.accounting.port import AccountingSystem, Submission
from connector.accounting.totals import tax_per_rate_minor
from connector.domain.documents import Document
from connector.sandbox import CLIENT_ID, CLIENT_SECRET, US_BOOKS, Limits, QuickBooks, SandboxServer
from connector.sandbox.quickbooks import UK_COMPANY
from connector.sandbox.quickbooks import Limits as QuickBooksLimits
from connector.sandbox.xero.tenants import TaxRate

MANY, SENT, PARTS = 100_000, 300, 4
FIFTEEN = Decimal(15)
XERO_RATES = (("OUTPUT", Decimal("8.25")), ("NONE", Decimal(0)), ("OUTPUT15", FIFTEEN))
QUICKBOOKS_RATES = (
    ("20.0% S", Decimal(20)),
    ("5.0% R", Decimal(5)),
    ("0.0% Z", Decimal(0)),
    ("15.0% sample", FIFTEEN),
)
ODD_RATES = (*QUICKBOOKS_RATES, ("A", Decimal("8.875")), ("B", Decimal("7.25")), ("C", Decimal("17.5")))
BOOKS = replace(US_BOOKS, tax_rates=(*US_BOOKS.tax_rates, TaxRate("OUTPUT15", "Sample 15 %", FIFTEEN)))
NO_LIMITS = QuickBooksLimits(10_000, 100_000, 100_000, 100_000)


@pytest.mark.unmeasured
@pytest.mark.parametrize("part", range(PARTS))
def test_xero_computes_what_was_predicted(part: int) -> None:
    for one in documents(part, MANY // PARTS, ODD_RATES, ("USD", "GBP", "JPY")):
        assert xero_sums(one) == predicted(one), one


@pytest.mark.unmeasured
@pytest.mark.parametrize("part", range(PARTS))
def test_quickbooks_computes_one_of_the_two_totals_that_were_predicted(part: int) -> None:
    for one in documents(part, MANY // PARTS, ODD_RATES, ("USD", "GBP", "JPY")):
        net, tax, total = predicted(one)
        per_rate = tax_per_rate_minor(one.lines, one.currency)
        assert quickbooks_sums(one, per_line=True) == (net, tax, total), one
        assert quickbooks_sums(one, per_line=False) == (net, per_rate, net + per_rate), one


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    state: Path = tmp_path_factory.mktemp("totals") / "sandbox.sqlite3"
    quickbooks = QuickBooks(limits=NO_LIMITS)
    server = SandboxServer(state, tenants=(BOOKS,), limits=Limits(minute=10_000), quickbooks=quickbooks)
    server.start()
    yield server.url
    server.stop()


@pytest.fixture(scope="module")
def xero(url: str) -> AccountingSystem:
    api, tokens = f"{url}/api.xro/2.0", f"{url}/connect/token"
    made = TenantSettings("books", "xero", api, tokens, BOOKS.tenant_id, CLIENT_ID, CLIENT_SECRET)
    return connect(replace(made, calls_per_minute=10_000), now, time.sleep)


@pytest.fixture(scope="module")
def quickbooks(url: str, tmp_path_factory: pytest.TempPathFactory) -> AccountingSystem:
    made = quickbooks_settings(url, tmp_path_factory.mktemp("tokens"), UK_COMPANY)
    agree(made, UK_COMPANY)
    return connect(made, now, time.sleep)


def booked(system: AccountingSystem, wanted: Sequence[Document]) -> dict[str, RemoteDocument]:
    """The documents as the books returned them; each is found equal by a look-up, too."""
    deadline = now() + timedelta(minutes=5)
    found = system.find_contacts([PARTY])
    assert isinstance(found, dict)
    contact = found[PARTY.partner_id]
    if not isinstance(contact, ContactFound):
        contact = system.create_contacts([PARTY], "totals", deadline)[PARTY.partner_id]
    assert isinstance(contact, ContactFound)
    returned = {}
    for batch in system.batches([Submission(one, contact.contact_id) for one in wanted]):
        outcomes = system.create(batch, deadline)
        back = system.read_back([one.document.number for one in batch], batch[0].document.kind)
        for one in batch:
            outcome = outcomes[one.document.number]
            assert isinstance(outcome, Booked), outcome
            assert isinstance(back, dict)
            assert back[one.document.number] == outcome.receipt
            assert differences(one.document, contact.contact_id, outcome.receipt, system.capabilities) == ()
            assert drift(one.document, outcome.receipt, system.capabilities.tax) is None
            returned[one.document.number] = outcome.receipt
    return returned


def sums(found: RemoteDocument) -> Sums:
    return found.net_minor, found.tax_minor, found.total_minor


def test_xero_returns_what_was_predicted(xero: AccountingSystem) -> None:
    made = list(documents(71, SENT, XERO_RATES, ["USD"]))
    returned = booked(xero, made)
    assert {one.number: sums(returned[one.number]) for one in made} == {one.number: predicted(one) for one in made}


@pytest.mark.parametrize("rounding", ["per_line", "per_rate"])
def test_quickbooks_returns_what_was_predicted(quickbooks: AccountingSystem, url: str, rounding: str) -> None:
    switch(url, rounding)
    made = list(documents(72 if rounding == "per_line" else 73, SENT // 2, QUICKBOOKS_RATES, ["GBP"]))
    returned = booked(quickbooks, made)
    expected = {one.number: quickbooks_sums(one, per_line=rounding == "per_line") for one in made}
    assert {one.number: sums(returned[one.number]) for one in made} == expected
    if rounding == "per_line":
        assert expected == {one.number: predicted(one) for one in made}


def switch(url: str, rounding: str) -> None:
    requests.post(f"{url}/sandbox/quickbooks/switches", json={"tax_rounding": rounding}, timeout=10)


def fifteen(number: str, *nets: int, system: AccountingSystem) -> Document:
    code, currency = ("OUTPUT15", "USD") if system.capabilities.system == "xero" else ("15.0% sample", "GBP")
    return document(number, currency, [line(1, net, code, FIFTEEN, currency) for net in nets])


def test_25_06_and_25_61_and_25_63_at_15_percent_carry_a_tax_of_11_44_and_not_11_45(
    xero: AccountingSystem, quickbooks: AccountingSystem, url: str
) -> None:
    switch(url, "per_line")
    for system in (xero, quickbooks):
        one = fifteen("K-1144", 2506, 2561, 2563, system=system)
        assert sums(booked(system, [one])["K-1144"]) == predicted(one) == (7630, 1144, 8774)


def test_the_same_with_tax_on_the_sum_is_11_45_and_no_drift_in_quickbooks(
    quickbooks: AccountingSystem, url: str
) -> None:
    switch(url, "per_rate")
    one = fifteen("K-1145", 2506, 2561, 2563, system=quickbooks)
    assert (predicted(one)[1], sums(booked(quickbooks, [one])["K-1145"])) == (1144, (7630, 1145, 8775))


def test_448_39_is_not_448_40(xero: AccountingSystem, quickbooks: AccountingSystem, url: str) -> None:
    """129.92 + 129.96 + 130.03 at 15 %: 448.39 with the tax of each line, 448.40 with that of the sum."""
    nets = (12_992, 12_996, 13_003)
    switch(url, "per_line")
    for system in (xero, quickbooks):
        one = fifteen("K-44839", *nets, system=system)
        assert sums(booked(system, [one])["K-44839"]) == predicted(one) == (38_991, 5848, 44_839)
    switch(url, "per_rate")
    one = fifteen("K-44840", *nets, system=quickbooks)
    assert sums(booked(quickbooks, [one])["K-44840"]) == (38_991, 5849, 44_840)


def test_5_50_stays_5_50_and_does_not_become_75_times_0_07(
    xero: AccountingSystem, quickbooks: AccountingSystem
) -> None:
    """75 at 0.07 is 5.25: a price is never spread over a quantity that does not divide it."""
    for system, code, currency in ((xero, "NONE", "USD"), (quickbooks, "0.0% Z", "GBP")):
        made = [
            document("K-550", currency, [line(1, 550, code, Decimal(0), currency)]),
            document("K-525", currency, [line(75, 7, code, Decimal(0), currency)]),
        ]
        returned = booked(system, made)
        assert (sums(returned["K-550"]), sums(returned["K-525"])) == ((550, 0, 550), (525, 0, 525))
