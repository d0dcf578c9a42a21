"""What QuickBooks answers, read as outcomes and compared with what was expected."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from accounting_kit import document

from connector.accounting.answers import Booked, NumberTaken, Outcome, OutcomeUnknown, Rejected, RemoteDocument
from connector.accounting.port import Submission
from connector.accounting.quickbooks import batches, receipts

NUMBERS = ("US-000001", "US-000002")
BATCH = [Submission(document(number), "1001") for number in NUMBERS]


def answer(number: str = NUMBERS[0], **changes: Any) -> dict[str, Any]:
    body = {
        "Id": "145",
        "SyncToken": "0",
        "DocNumber": number,
        "CustomerRef": {"value": "1001", "name": "Harbor Advisory"},
        "CurrencyRef": {"value": "USD"},
        "TxnTaxDetail": {"TotalTax": Decimal("8.25")},
        "TotalAmt": Decimal("108.25"),
        "Balance": Decimal("108.25"),
    }
    return {name: value for name, value in {**body, **changes}.items() if value is not None}


def receipt(number: str = NUMBERS[0], status: str = "OPEN", total: int = 10_825, tax: int = 825) -> RemoteDocument:
    return RemoteDocument("145", number, "1001", "USD", total - tax, tax, total, status)


def outcomes(*answers: dict[str, Any]) -> Mapping[str, Outcome]:
    return batches.outcomes(BATCH, {"BatchItemResponse": list(answers)})


def fault(code: str) -> dict[str, Any]:
    return {"Error": [{"Message": "m", "Detail": "d", "code": code}], "type": "ValidationFault"}


def test_each_document_has_its_own_fate_in_any_order() -> None:
    found = outcomes({"bId": "2", "Fault": fault("2500")}, {"bId": "1", "Invoice": answer()})
    assert found[NUMBERS[0]] == Booked(receipt())
    assert isinstance(found[NUMBERS[1]], Rejected)
    taken, doubt = ({"bId": "1", "Fault": fault(code)} for code in ("6140", "10000"))
    assert isinstance(outcomes(taken)[NUMBERS[0]], NumberTaken)
    assert isinstance(outcomes(doubt)[NUMBERS[0]], OutcomeUnknown)


@pytest.mark.parametrize(
    "answers",
    [
        [],
        [{"bId": "7", "Invoice": answer()}],
        [{"bId": "1", "Invoice": answer()}, {"bId": "1", "Invoice": answer()}],
        [{"bId": "1"}],
        [{"bId": "1", "Invoice": answer(Id=None)}],
        [{"bId": "1", "Invoice": answer(TotalAmt=None)}],
        [{"bId": "1", "Invoice": answer(TotalAmt="108.25")}],
        [{"bId": "1", "Invoice": answer(CurrencyRef={"value": "XYZ"})}],
        [{"bId": "1", "Invoice": answer(CustomerRef="1001")}],
        [{"bId": "1", "Invoice": answer("US-000009")}],
        [{"bId": "1", "CreditMemo": answer()}],
        ["1"],
    ],
)
def test_an_answer_that_is_not_whole_is_doubt(answers: list[Any]) -> None:
    assert isinstance(batches.outcomes(BATCH, {"BatchItemResponse": answers})[NUMBERS[0]], OutcomeUnknown)
    assert isinstance(batches.outcomes(BATCH, {})[NUMBERS[0]], OutcomeUnknown)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "OPEN"),
        ({"Balance": Decimal("8.25")}, "OPEN"),
        ({"Balance": 0}, "PAID"),
        ({"TotalAmt": 0, "Balance": 0, "TxnTaxDetail": None, "PrivateNote": "Voided"}, "VOIDED"),
        ({"TotalAmt": 0, "Balance": 0, "TxnTaxDetail": None}, "OPEN"),
        ({"PrivateNote": "Voided by hand, said nobody"}, "OPEN"),
        ({"status": "Deleted"}, "DELETED"),
    ],
)
def test_the_status_is_worked_out(changes: dict[str, Any], status: str) -> None:
    found = receipts.parsed(answer(**changes))
    assert found is not None
    assert found.status == status


def test_a_number_may_be_borne_by_several() -> None:
    living, other, voided = receipt(), receipt(total=5_000, tax=0), receipt(status="VOIDED")
    assert receipts.living_first([voided, living]) == {NUMBERS[0]: living}
    assert receipts.living_first([voided, voided]) == {NUMBERS[0]: voided}
    assert receipts.living_first([living, other, voided]) == {NUMBERS[0]: replace(living, others=(other.id,))}
    assert receipts.living_first([]) == {}
