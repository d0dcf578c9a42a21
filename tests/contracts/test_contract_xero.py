"""The contract of accounting systems, kept by the Xero adapter against the sandbox, over a real connection."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import requests

pytest.register_assert_rewrite("accounting_contract")
from accounting_contract import AppliesCredits, Connect  # noqa: E402  # its asserts tell what they compared
from consent_kit import agree  # noqa: E402  # after the line above
from xero_kit import settings  # noqa: E402  # as above

from connector.accounting.connect import connect  # noqa: E402  # as above
from connector.accounting.port import AccountingSystem  # noqa: E402  # as above
from connector.sandbox import CLIENT_ID, CLIENT_SECRET, US_BOOKS, Limits, SandboxServer, Switches  # noqa: E402  # as above

LATE = Decimal("0.3")


class SandboxRemote:
    """The sandbox's own control side, and a plain client for what a person would do in Xero."""

    def __init__(self, url: str, *, by_person: bool) -> None:
        self.url, self.by_person = url, by_person

    def fault(self, kind: str) -> None:
        body = {"kind": kind, "method": "PUT", "path": "Invoices"}
        assert requests.post(f"{self.url}/sandbox/faults", json=body, timeout=10).status_code == 200

    def fault_of_credit(self, kind: str) -> None:
        body = {"kind": kind, "method": "PUT", "path": "CreditNotes"}
        assert requests.post(f"{self.url}/sandbox/faults", json=body, timeout=10).status_code == 200

    def _count(self, kind: str) -> int:
        counts = requests.get(f"{self.url}/sandbox/counts", timeout=10).json()
        return sum(counts["tenants"][US_BOOKS.tenant_id][kind].values())

    def documents(self) -> int:
        return self._count("Invoices")

    def contacts(self) -> int:
        return self._count("Contacts")

    def void(self, number: str) -> None:
        form = {"grant_type": "client_credentials"}
        token = requests.post(f"{self.url}/connect/token", data=form, auth=(CLIENT_ID, CLIENT_SECRET), timeout=10)
        headers = {
            "Authorization": f"Bearer {token.json()['access_token']}",
            "xero-tenant-id": US_BOOKS.tenant_id,
            "Accept": "application/json",
        }
        body = {"Invoices": [{"Type": "ACCREC", "InvoiceNumber": number, "Status": "VOIDED"}]}
        reply = requests.post(f"{self.url}/api.xro/2.0/Invoices", json=body, headers=headers, timeout=10)
        assert reply.status_code == 200, reply.text

    def rest(self) -> None:
        time.sleep(float(LATE) + 0.2)


@pytest.fixture(params=["as documented", "the other way"])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SandboxRemote]:
    """The sandbox under each answer to what the vendor has not said."""
    switches = Switches(late_commit_seconds=LATE)
    if request.param == "the other way":
        switches = replace(
            switches,
            element_order="reversed",
            concurrent_same_key="wait",
            rate_window="fixed",
            description_limit=0,
            line_rounding="half_even",
            reuse_voided_numbers=True,
            reuse_deleted_numbers=True,
            strict_fields=False,
        )
    server = SandboxServer(tmp_path / "sandbox.sqlite3", limits=Limits(minute=1000), switches=switches)
    server.start()
    yield SandboxRemote(server.url, by_person=request.param == "the other way")
    server.stop()


@pytest.fixture
def connect_sandbox(remote: SandboxRemote, tmp_path: Path) -> Connect:
    """Connected by client credentials, and the other way by the consent of a person."""
    made = settings(remote.url, tmp_path, calls_per_minute=1000)
    if remote.by_person:
        agree(made, US_BOOKS)
    else:
        made = replace(made, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, consent=None)

    def connected() -> AccountingSystem:
        return connect(made, lambda: datetime.now(UTC), time.sleep)

    return connected


class TestXero(AppliesCredits):
    """Xero keeps the contract."""

    @pytest.fixture
    def connect(self, connect_sandbox: Connect) -> Connect:
        return connect_sandbox
