"""Credit notes applied to invoices: the bodies and keys that are sent, and what Xero's answers mean."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import responses
from accounting_kit import API, DEADLINE, START, connected, give_token, sent_body
from test_accounting_xero_payload import schema_faults

from connector.accounting.answers import Allocated, Applied, Applying, CreditPair, OutcomeUnknown, Rejected, RetryLater
from connector.accounting.port import Application

PAIR = CreditPair("dddddddd-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000001")
APPLICATION = Application(PAIR, 10_825, "USD", date(2026, 11, 3), 1)
PLACE = f"{API}/CreditNotes/{PAIR.credit_id}/Allocations"
TAKEN = {"Amount": 108.25, "Invoice": {"InvoiceID": PAIR.invoice_id}, "StatusAttributeString": "OK"}
_STEP = "Look at the credit note and its invoice in Xero, apply the credit there, then send it again."
UNTOLD = OutcomeUnknown("Xero's answer does not tell the allocation.")
PARTIAL = RetryLater(START + timedelta(seconds=30), "Xero's answer on a credit note is not whole.", whole_tenant=True)
UNWHOLE = replace(PARTIAL, reason="Xero's answer on one document is not whole.")


def sent(answer: Any, status: int = 200, application: Application = APPLICATION) -> Applying:  # JSON
    give_token()
    responses.put(PLACE, json=answer, status=status)
    return connected().apply_credit(application, DEADLINE)


@responses.activate
def test_an_application_as_it_is_sent() -> None:
    assert sent({"Allocations": [TAKEN]}) == Applied()
    body = sent_body()
    assert body == {
        "Allocations": [
            {"Invoice": {"InvoiceID": PAIR.invoice_id}, "Amount": Decimal("108.25"), "Date": "2026-11-03"},
        ]
    }
    assert schema_faults("Allocations", body) == []
    assert responses.calls[-1].request.params == {"summarizeErrors": "false"}  # type: ignore[attr-defined]


def key_of(application: Application) -> str:
    with responses.RequestsMock() as mock:
        mock.post("https://login.example/connect/token", json={"access_token": "t", "expires_in": 1800})
        mock.put(f"{API}/CreditNotes/{application.pair.credit_id}/Allocations", json={})
        connected().apply_credit(application, DEADLINE)
        return str(mock.calls[-1].request.headers["Idempotency-Key"])


def test_the_key_tells_credit_note_invoice_amount_and_epoch_apart() -> None:
    keys = [
        key_of(APPLICATION),
        key_of(replace(APPLICATION, pair=replace(PAIR, credit_id="another"))),
        key_of(replace(APPLICATION, pair=replace(PAIR, invoice_id="another"))),
        key_of(replace(APPLICATION, amount_minor=1)),
        key_of(replace(APPLICATION, epoch=2)),
    ]
    assert len(set(keys)) == len(keys)
    assert key_of(APPLICATION) == keys[0]
    assert all(key.startswith("11111111-") and len(key) <= 128 for key in keys)


def refused(*messages: str) -> dict[str, Any]:
    return {
        **TAKEN,
        "StatusAttributeString": "ERROR",
        "ValidationErrors": [{"Message": message} for message in messages],
    }


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        (
            {"Allocations": [refused("The amount allocated is more than the amount due")]},
            200,
            Rejected("Xero says: The amount allocated is more than the amount due.", _STEP),
        ),
        (
            {"Message": "A validation exception occurred", "Elements": [refused("No allocation to a draft")]},
            400,
            Rejected("Xero says: No allocation to a draft.", _STEP),
        ),
        (
            {"Message": "A validation exception occurred"},
            400,
            Rejected(
                "Xero says: A validation exception occurred.",
                "Correct this in Xero or in the partner's data, then send it again.",
            ),
        ),
        (
            {"Allocations": [refused("The date cannot be before the period lock date")]},
            200,
            Rejected(
                "Xero says: The date cannot be before the period lock date.",
                "Move the lock date in Xero, or give the document a later date, then send it again.",
            ),
        ),
        ({"Allocations": []}, 200, UNTOLD),
        ({"Allocations": [TAKEN, TAKEN]}, 200, UNTOLD),
        ({"Allocations": [{**TAKEN, "Amount": 108}]}, 200, UNTOLD),
        ({}, 200, UNTOLD),
        ({}, 500, OutcomeUnknown("Xero answered with status 500.")),
    ],
)
@responses.activate
def test_what_an_answer_means(answer: Any, status: int, told: Applying) -> None:  # JSON
    assert sent(answer, status) == told


def books(credit: Any, invoice: Any) -> Any:  # JSON; what is read
    give_token()
    responses.get(f"{API}/CreditNotes/{PAIR.credit_id}", **credit)
    responses.get(f"{API}/Invoices/{PAIR.invoice_id}", **invoice)
    read = connected().allocations([PAIR])
    return read if isinstance(read, RetryLater) else read.get(PAIR)


def note(**changes: Any) -> dict[str, Any]:  # whatever a test changes
    one = {"CurrencyCode": "USD", "Status": "AUTHORISED", "RemainingCredit": 108.25, "Allocations": [], **changes}
    return {"json": {"CreditNotes": [one]}}


def owed(**changes: Any) -> dict[str, Any]:  # as above
    return {"json": {"Invoices": [{"CurrencyCode": "USD", "Status": "AUTHORISED", "AmountDue": 200, **changes}]}}


def part(amount: Any, invoice: Any) -> dict[str, Any]:  # JSON
    return {"Amount": amount, "Invoice": invoice}


OURS = {"InvoiceID": PAIR.invoice_id}
DRAFT = "is DRAFT in Xero, which applies approved ones only."


@pytest.mark.parametrize(
    ("credit", "invoice", "told"),
    [
        (note(), owed(), Allocated("USD", 0, 10_825, 20_000)),
        (
            note(Allocations=[part(8.25, OURS), part(1, {"InvoiceID": "another"}), part(2, OURS), part(3, None)]),
            owed(),
            Allocated("USD", 1025, 10_825, 20_000),
        ),
        (note(Status="PAID", RemainingCredit=0), owed(Status="PAID", AmountDue=0), Allocated("USD", 0, 0, 0)),
        (note(Status="VOIDED"), owed(), Allocated("USD", 0, 0, 20_000)),
        (note(), owed(Status="DELETED"), Allocated("USD", 0, 10_825, 0)),
        (note(Status="DRAFT"), owed(), Allocated("USD", 0, 10_825, 20_000, f"The credit note {DRAFT}")),
        (note(), owed(Status="DRAFT"), Allocated("USD", 0, 10_825, 20_000, f"The invoice {DRAFT}")),
        (note(), {"status": 404}, None),
        (note(RemainingCredit=None), owed(), PARTIAL),
        (note(Allocations=[part("8.25", OURS)]), owed(), PARTIAL),
        (note(), owed(AmountDue="all"), PARTIAL),
        (note(), {"json": {"Invoices": []}}, UNWHOLE),
        (note(), {"status": 503}, replace(PARTIAL, reason="Xero is not available.")),
    ],
)
@responses.activate
def test_how_a_credit_note_and_its_invoice_stand(credit: Any, invoice: Any, told: Any) -> None:  # JSON and answers
    assert books(credit, invoice) == told


@responses.activate
def test_a_credit_note_that_is_not_there_stands_nowhere() -> None:
    assert books({"status": 404}, owed()) is None
