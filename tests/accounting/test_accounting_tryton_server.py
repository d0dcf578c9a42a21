"""Refusals and failures of a real Tryton, each brought about for real: what is answered, and nothing is left over."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from accounting_kit import document, line
from tryton_kit import connected, settings
from tryton_proxy import POST, Proxy, between
from tryton_server import TrytonServer

from connector.accounting.answers import (
    Booked,
    Catalogue,
    ContactFound,
    CredentialsError,
    Outcome,
    OutcomeUnknown,
    Rejected,
    RetryLater,
)
from connector.accounting.port import AccountingSystem, Submission
from connector.accounting.preflight import check
from connector.domain.documents import Document, Party

DAY = date(2026, 11, 2)
ONE = document(dated=DAY, due=date(2026, 12, 2), lines=(line(item_code=None),))
ADMIN = {"company": 1}


@pytest.fixture
def proxy(tryton: TrytonServer) -> Iterator[Proxy]:
    with between(tryton.url) as made:
        yield made


@pytest.fixture
def system(proxy: Proxy) -> AccountingSystem:
    return connected(settings(proxy.url))


@pytest.fixture
def contact(system: AccountingSystem) -> str:
    got = system.create_contacts([Party("P-1", "Harbor Advisory")], "k", _soon())["P-1"]
    assert isinstance(got, ContactFound)
    return got.contact_id


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


def sent(system: AccountingSystem, contact: str, one: Document = ONE, epoch: int = 0) -> Outcome:
    return system.create([Submission(one, contact, epoch)], _soon())[one.number]


def left(tryton: TrytonServer) -> list[tuple[str, str]]:
    """Every invoice there is: its reference and its state."""
    return tryton.run("SELECT reference, state FROM account_invoice ORDER BY id")


def test_a_wrong_password_and_too_many_of_them(tryton: TrytonServer) -> None:
    wrong = connected(settings(tryton.url, client_secret="wrong"))  # noqa: S106  # nobody's
    with pytest.raises(CredentialsError, match="does not accept the password of billing-us"):
        wrong.catalogue()
    for _ in range(6):
        tryton.run(
            "INSERT INTO res_user_login_attempt (login, ip_address, ip_network, create_date)"
            " SELECT login, ip_address, ip_network, create_date FROM res_user_login_attempt LIMIT 1"
        )
    got = wrong.catalogue()
    assert isinstance(got, RetryLater)
    assert (got.reason, got.whole_tenant) == ("The calls of this minute are used up.", True)


def test_a_session_that_was_idle_is_begun_again_when_it_is_to_post(
    system: AccountingSystem, contact: str, tryton: TrytonServer, proxy: Proxy
) -> None:
    def grow_old(method: str) -> str:
        if method == POST and proxy.methods.count(POST) == 0:
            tryton.run("UPDATE ir_session SET create_date = datetime('now', '-400 seconds'), write_date = NULL")
        return ""

    proxy.decide = grow_old
    assert isinstance(sent(system, contact), Booked)
    assert (proxy.methods.count(POST), left(tryton)) == (2, [(ONE.number, "posted")])


def test_a_closed_period(system: AccountingSystem, contact: str, tryton: TrytonServer) -> None:
    periods = tryton.run(
        "SELECT id FROM account_period WHERE start_date < '2026-12-01'"
        " AND fiscalyear IN (SELECT id FROM account_fiscalyear WHERE company = 1) ORDER BY id"
    )
    tryton.call("model.account.period.close", [key for (key,) in periods], ADMIN, user="admin")
    got = sent(system, contact)
    assert isinstance(got, Rejected)
    assert (got.reason.startswith("Tryton says: "), "period" in got.reason) == (True, True)
    assert got.next_step == "Open the period in Tryton, or give the document a later date, then send it again."
    assert left(tryton) == []
    catalogue = system.catalogue()
    assert isinstance(catalogue, Catalogue)
    (told,) = check([ONE], catalogue)[ONE.number]
    assert "Sample US Books is locked up to 2026-11-30 (no open period)" in told


def test_an_account_that_was_closed_since_it_was_read(
    system: AccountingSystem, contact: str, tryton: TrytonServer
) -> None:
    assert isinstance(system.catalogue(), Catalogue)
    tryton.run("UPDATE account_account SET closed = 1 WHERE code = '200' AND company = 1")
    got = sent(system, contact)
    assert isinstance(got, Rejected)
    assert 'The value "200 - Sales" for field "Account"' in got.reason
    assert (len(got.reason) < 600, left(tryton)) == (True, [])


def test_an_invoice_of_a_later_day_blocks_an_earlier_one_and_a_batch_is_posted_in_the_order_of_days(
    system: AccountingSystem, contact: str, tryton: TrytonServer
) -> None:
    days = [Submission(replace(ONE, number=f"D-{day}", dated=date(2026, 11, day)), contact) for day in (9, 5, 7)]
    (batch,) = system.batches(days)
    assert [one.document.number for one in batch] == ["D-5", "D-7", "D-9"]
    assert {type(one) for one in system.create(days, _soon()).values()} == {Booked}
    posted = tryton.run("SELECT reference FROM account_invoice ORDER BY number")
    assert posted == [("D-5",), ("D-7",), ("D-9",)]
    got = sent(system, contact)
    assert isinstance(got, Rejected)
    assert "has already been used for invoice" in got.reason
    assert got.next_step.startswith("Numbers follow the days there")
    assert len(left(tryton)) == 3


def test_warnings_about_days_are_skipped(system: AccountingSystem, contact: str, tryton: TrytonServer) -> None:
    today = datetime.now(UTC).date()
    old = replace(ONE, number="D-1", dated=today - timedelta(days=40), due=today - timedelta(days=10))
    new = replace(ONE, number="D-2", dated=today + timedelta(days=5), due=today + timedelta(days=35))
    both = system.create([Submission(old, contact), Submission(new, contact)], _soon())
    assert {type(one) for one in both.values()} == {Booked}
    assert left(tryton) == [("D-1", "posted"), ("D-2", "posted")]


def test_a_failure_of_the_server_is_doubt_and_what_it_undid_is_sent_again(
    system: AccountingSystem, contact: str, tryton: TrytonServer
) -> None:
    assert isinstance(system.catalogue(), Catalogue)
    tryton.run("UPDATE account_tax SET rate = NULL WHERE name = 'OUTPUT'")
    got = sent(system, contact)
    assert isinstance(got, OutcomeUnknown)
    assert (got.reason.startswith("Tryton failed: "), got.alone) == (True, True)
    assert (left(tryton), system.read_back([ONE.number])) == ([], {})
    tryton.run("UPDATE account_tax SET rate = '0.0825' WHERE name = 'OUTPUT'")
    assert isinstance(sent(system, contact, epoch=1), Booked)


def test_a_currency_without_a_rate(system: AccountingSystem, contact: str, tryton: TrytonServer) -> None:
    tryton.run("DELETE FROM currency_currency_rate")
    euros = replace(ONE, currency="EUR", lines=(line(tax_code="NONE", tax_percent=0, tax_minor=0),))
    got = sent(system, contact, euros)
    assert isinstance(got, Rejected)
    assert got.next_step.startswith("Add the currency and its rate")
    assert left(tryton) == []


def test_a_draft_that_somebody_else_made_under_the_number_is_left_alone(
    system: AccountingSystem, contact: str, tryton: TrytonServer
) -> None:
    assert isinstance(sent(system, contact, replace(ONE, number="D-1")), Booked)
    tryton.run("UPDATE account_invoice SET reference = ?, create_uid = 1, state = 'draft'", ONE.number)
    assert not isinstance(sent(system, contact), Booked)
    found = system.read_back([ONE.number])
    assert not isinstance(found, RetryLater)
    assert (found[ONE.number].status, left(tryton)) == ("DRAFT", [(ONE.number, "draft")])
