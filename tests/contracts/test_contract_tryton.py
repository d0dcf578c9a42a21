"""The contract of accounting systems, kept by the Tryton adapter against a real server: no stand-in of ours."""

from collections.abc import Iterator
from typing import ClassVar

import pytest

pytest.register_assert_rewrite("accounting_contract")
from accounting_contract import (  # noqa: E402  # its asserts tell what they compared
    AccountingContract,
    Connect,
    Remote,
    later,
)
from tryton_kit import connected, settings  # noqa: E402  # after the line above
from tryton_proxy import CREATE, POST, Proxy, between  # noqa: E402  # as above
from tryton_server import TrytonServer  # noqa: E402  # as above

from connector.accounting.answers import Booked, OutcomeUnknown  # noqa: E402  # as above
from connector.accounting.compare import drift, tax_of_the_books  # noqa: E402  # as above
from connector.accounting.port import AccountingSystem, Submission  # noqa: E402  # as above
from connector.domain.documents import Party  # noqa: E402  # as above


class TrytonRemote:
    """The server past the connector: faults of the way to it, and what a person would do in Tryton."""

    def __init__(self, server: TrytonServer, proxy: Proxy, method: str) -> None:
        self._server, self._proxy, self._method = server, proxy, method

    def fault(self, kind: str) -> None:
        self._proxy.fault(kind, self._method)

    def documents(self) -> int:
        """Invoices, drafts among them, but no credit notes."""
        ((count,),) = self._server.run(
            "SELECT count(*) FROM account_invoice WHERE id NOT IN"
            " (SELECT invoice FROM account_invoice_line WHERE quantity < 0)"
        )
        return int(count)

    def contacts(self) -> int:
        ((count,),) = self._server.run("SELECT count(*) FROM party_party WHERE code NOT LIKE 'OWN-%'")
        return int(count)

    def void(self, number: str) -> None:
        ((key,),) = self._server.run("SELECT id FROM account_invoice WHERE reference = ?", number)
        self._server.call("model.account.invoice.cancel", [key], {"company": 1})

    def rest(self) -> None:
        self._proxy.rest()


class TestTryton(AccountingContract):
    """Tryton keeps the contract, whatever happens to the call that creates a draft."""

    method: ClassVar[str] = CREATE
    many = 52  # each is posted for real
    own: ClassVar[dict[str, object]] = {}

    @pytest.fixture
    def remote(self, tryton: TrytonServer) -> Iterator[TrytonRemote]:
        with between(tryton.url) as proxy:
            self.proxy = proxy
            yield TrytonRemote(tryton, proxy, self.method)

    @pytest.fixture
    def connect(self, remote: TrytonRemote) -> Connect:
        del remote
        return lambda: connected(settings(self.proxy.url, own=self.own))


class TestTrytonPosts(TestTryton):
    """The same, whatever happens to the call that posts."""

    method = POST

    @pytest.mark.parametrize("kind", ["throttle_minute", "throttle_day", "throttle_appminute", "throttle_concurrent"])
    def test_too_many_calls_is_a_refusal_before_anything_happened(  # type: ignore[override]  # a draft has happened
        self, system: AccountingSystem, contact: str, remote: Remote, kind: str
    ) -> None:
        remote.fault(kind)
        assert isinstance(self.send(system, contact, "C-1")["C-1"], OutcomeUnknown)
        assert remote.documents() == 1


class TestTrytonProducts(TestTryton):
    """A company whose lines are booked by their products."""

    own: ClassVar[dict[str, object]] = {"by_products": True}
    refused = ({"item_code": "SPOKE-OLD"}, "SPOKE-OLD")
    absent: ClassVar = {"item_code": "SPOKE-OLD"}


@pytest.mark.parametrize(("rounding", "tax"), [("document", 33), ("line", 32)])
def test_a_half_goes_to_the_even_digit_by_document_or_by_line_and_is_no_drift(
    tryton: TrytonServer, rounding: str, tax: int
) -> None:
    """2.00 twice at 8.25 %: 0.165 each, which we predict as 0.17 each, and Tryton never comes to."""
    tryton.call("model.account.configuration.write", [1], {"tax_rounding": rounding}, {"company": 1}, user="admin")
    contract, system = TestTryton(), connected(settings(tryton.url))
    party = Party("P-1", "Harbor Advisory")
    contact = contract.created(system, party)
    one = contract.document("C-1", party, contract.line("CH-1", 200), contract.line("CH-2", 200))
    (got,) = system.create([Submission(one, contact)], later()).values()
    assert isinstance(got, Booked), got
    told = tax_of_the_books(one, got.receipt)
    assert (one.tax.minor, got.receipt.tax_minor) == (34, tax)
    assert drift(one, got.receipt, system.capabilities.tax) is None
    assert told == f"the books computed the tax: USD 0.{tax}, so that the total is USD 4.{tax} (predicted tax USD 0.34)"


def _keep(contract: type[AccountingContract], *names: str) -> None:
    """Leave out what is no different here: a server that books for real takes its time."""
    for name in vars(AccountingContract):
        if name.startswith("test_") and not name.startswith(names):
            setattr(contract, name, None)


_keep(TestTrytonPosts, "test_a_lost", "test_a_failure", "test_too_many", "test_an_expired")
_keep(TestTrytonProducts, "test_a_document", "test_one_faulty", "test_the_catalogue", "test_a_credit_note")
