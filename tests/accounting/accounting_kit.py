"""A Xero connection whose far side is written in the test, at the HTTP edge."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import responses

from connector.accounting.answers import Account, Catalogue, TaxCode
from connector.accounting.connect import TenantSettings, connect
from connector.accounting.port import AccountingSystem, Submission
from connector.domain.documents import Document, Line, Party

API = "https://xero.example/api.xro/2.0"
TOKEN = "https://login.example/connect/token"  # noqa: S105  # an address
SECRET = "canary-secret-51f0"  # noqa: S105  # must never be seen again
ACCESS = "canary-token-77aa"
CONTACT = "aaaaaaaa-0000-4000-8000-000000000001"
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DEADLINE = START + timedelta(hours=1)


class Time:
    """A clock that moves only when someone sleeps, or is told to."""

    def __init__(self) -> None:
        self.now = START
        self.slept: list[float] = []

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        return (self.now - START).total_seconds()


def settings(**changes: Any) -> TenantSettings:  # whatever a test changes
    values = {
        "name": "us-books",
        "system": "xero",
        "api_url": API,
        "token_url": TOKEN,
        "tenant_id": "11111111-1111-4111-8111-111111111111",
        "client_id": "client",
        "client_secret": SECRET,
        **changes,
    }
    return TenantSettings(**values)


def connected(time: Time | None = None, **changes: Any) -> AccountingSystem:  # as above
    held = time or Time()
    return connect(settings(**changes), held.clock, held.sleep, held.monotonic)


def give_token(times: int = 1) -> None:
    for _ in range(times):
        responses.post(TOKEN, json={"access_token": ACCESS, "expires_in": 1800})


def line(**changes: Any) -> Line:  # as above
    values = {
        "charge_id": "CH-1",
        "description": "Full Spoke: Northwind Clinics",
        "item": "SPOKE-FULL",
        "item_code": "SPOKE-FULL",
        "account": "200",
        "tax_code": "OUTPUT",
        "tax_percent": Decimal("8.25"),
        "quantity": 1,
        "unit_minor": 10_000,
        "net_minor": 10_000,
        "tax_minor": 825,
        **changes,
    }
    return Line(**values)


def document(number: str = "US-000001", **changes: Any) -> Document:  # as above
    values = {
        "number": number,
        "kind": "invoice",
        "selling_entity": "us",
        "tenant": "us-books",
        "party": Party("P-1", "Harbor Advisory"),
        "currency": "USD",
        "dated": date(2026, 11, 2),
        "due": date(2026, 12, 2),
        "reference": "November",
        "payment_method": "bank_transfer",
        "lines": (line(),),
        **changes,
    }
    return Document(**values)


def submissions(*numbers: str) -> list[Submission]:
    return [Submission(document(number), CONTACT) for number in numbers or ("US-000001",)]


def booked(number: str = "US-000001", **changes: Any) -> dict[str, Any]:  # as above
    """The element of a bulk answer for a document that was booked."""
    return {
        "InvoiceID": f"bbbbbbbb-0000-4000-8000-{number[-6:]:0>12}",
        "Type": "ACCREC",
        "InvoiceNumber": number,
        "Contact": {"ContactID": CONTACT},
        "CurrencyCode": "USD",
        "SubTotal": 100.00,
        "TotalTax": 8.25,
        "Total": 108.25,
        "Status": "AUTHORISED",
        "StatusAttributeString": "OK",
        "HasErrors": False,
        **changes,
    }


def failed(number: str, *messages: str) -> dict[str, Any]:
    """The element of a bulk answer for a document that was refused."""
    return {
        "InvoiceID": "00000000-0000-0000-0000-000000000000",
        "InvoiceNumber": number,
        "StatusAttributeString": "ERROR",
        "HasErrors": True,
        "ValidationErrors": [{"Message": message} for message in messages],
    }


def sent_body(call: int = -1) -> Any:  # JSON
    """The body of one request that was made, with exact numbers."""
    body = responses.calls[call].request.body
    assert isinstance(body, bytes)
    return json.loads(body, parse_float=Decimal)


def catalogue(**changes: Any) -> Catalogue:  # as above
    values = {
        "organisation": "Books",
        "base_currency": "USD",
        "currencies": frozenset({"USD", "EUR", "JPY", "KWD"}),
        "lock_dates": {},
        "tax_codes": {
            "OUTPUT": TaxCode(Decimal("8.2500"), for_revenue=True, is_active=True),
            "INPUT": TaxCode(Decimal("8.25"), for_revenue=False, is_active=True),
            "OLD": TaxCode(Decimal("8.25"), for_revenue=True, is_active=False),
            "OTHER": TaxCode(Decimal(20), for_revenue=True, is_active=True),
        },
        "accounts": {
            "200": Account("Sales", is_active=True, for_lines=True),
            "310": Account("Old sales", is_active=False, for_lines=True),
            "090": Account("Bank", is_active=True, for_lines=False),
        },
        "items": {"SPOKE-FULL": "Full Spoke"},
        "fetched_at": START,
        **changes,
    }
    return Catalogue(**values)


def reply(elements: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"Status": "OK", "Invoices": list(elements)}
