"""What would go over the wire to QuickBooks: exact amounts, explicit flags, bodies that the vendor's schema accepts."""

import json
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from accounting_kit import document, line
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from connector.accounting.answers import Rejected
from connector.accounting.port import Submission
from connector.accounting.quickbooks import batches, queries
from connector.accounting.quickbooks.documents import Labels, References, Style, element

SCHEMA = Path(__file__).parents[3] / "shared" / "oracles" / "quickbooks" / "qbo.schema.json"
REFERENCES = References(items={"SPOKE-FULL": "21"}, tax_codes={"20.0% S": "6", "6": "6"})
AUTOMATED, MANUAL, GLOBAL = Style("automated"), Style("manual", document_tax_code="2"), Style("global")


@cache
def _validator(name: str) -> Draft7Validator:
    definitions = json.loads(SCHEMA.read_text(encoding="utf-8"))["definitions"]
    return Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": definitions})


def schema_faults(name: str, sent: str | bytes) -> list[str]:
    """What the vendor's schema finds wrong with a body."""
    if not SCHEMA.exists():
        pytest.skip("the vendor's schema is not here: bodies are not judged by it")
    return [fault.message for fault in _validator(name).iter_errors(json.loads(sent))]


def submission(number: str = "US-000001", code: str = "TAX", **changes: Any) -> Submission:
    return Submission(document(number, **{"lines": (line(tax_code=code),), **changes}), "1001")


def sent(one: Submission, style: Style = AUTOMATED, references: References = REFERENCES) -> Any:  # JSON
    made = element(one, style, references)
    assert isinstance(made, str)
    return json.loads(made, parse_float=Decimal)


def test_an_invoice_as_it_is_sent() -> None:
    assert sent(submission()) == {
        "DocNumber": "US-000001",
        "TxnDate": "2026-11-02",
        "CustomerRef": {"value": "1001"},
        "CurrencyRef": {"value": "USD"},
        "Line": [
            {
                "Description": "Full Spoke: Northwind Clinics",
                "Amount": Decimal("100.00"),
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {
                    "ItemRef": {"value": "21"},
                    "Qty": 1,
                    "UnitPrice": Decimal("100.00"),
                    "TaxCodeRef": {"value": "TAX"},
                },
            }
        ],
        "CustomerMemo": {"value": "November"},
        "DueDate": "2026-12-02",
        "AllowOnlineCreditCardPayment": False,
        "AllowOnlineACHPayment": True,
    }


def test_the_payment_flags_are_always_said_and_never_on_a_credit_memo() -> None:
    flags = ("AllowOnlineCreditCardPayment", "AllowOnlineACHPayment")
    made = [sent(submission(payment_method=method)) for method in ("card", "bank_transfer", "other")]
    assert [[one[flag] for flag in flags] for one in made] == [[True, False], [False, True], [False, False]]
    credit = sent(submission(kind="credit_note"))
    assert not {*flags, "DueDate"} & set(credit)


def test_the_three_ways_of_tax() -> None:
    abroad = submission(code="20.0% S", currency="GBP")
    found = [sent(submission()), sent(submission(code="NON"), MANUAL), sent(abroad, GLOBAL)]
    told = [(one.get("GlobalTaxCalculation"), one.get("TxnTaxDetail")) for one in found]
    assert told == [(None, None), (None, {"TxnTaxCodeRef": {"value": "2"}}), ("TaxExcluded", None)]
    codes = [one["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"]["value"] for one in found]
    assert codes == ["TAX", "NON", "6"]


def test_class_department_and_the_term_that_gives_the_days_until_it_is_due() -> None:
    labelled = replace(REFERENCES, labels=Labels("201", "301", {15: "2", 30: "3"}))
    made = sent(submission(), AUTOMATED, labelled)
    assert (made["DepartmentRef"], made["SalesTermRef"]) == ({"value": "301"}, {"value": "3"})
    assert made["Line"][0]["SalesItemLineDetail"]["ClassRef"] == {"value": "201"}
    credit = sent(submission(kind="credit_note"), AUTOMATED, labelled)
    assert (credit["DepartmentRef"], credit.get("SalesTermRef")) == ({"value": "301"}, None)


def test_days_that_no_term_gives_block_the_document() -> None:
    labelled = replace(REFERENCES, labels=Labels(terms={0: "1", 15: "2"}))
    assert element(submission(), AUTOMATED, labelled) == Rejected(
        "It is due 30 days after its date, and none of the terms in sales_terms gives as many.",
        "Add the term of QuickBooks that does to the tenant, then send it again.",
    )


@pytest.mark.parametrize(
    ("one", "style", "reason"),
    [
        (
            submission("US-" + "0" * 19),
            AUTOMATED,
            "The number US-0000000000000000000 has 22 characters; QuickBooks takes 21.",
        ),
        (submission(reference="x" * 1001), AUTOMATED, "The reference is longer than 1000 characters."),
        (
            submission(code="OUTPUT"),
            AUTOMATED,
            "SPOKE-FULL has the tax code OUTPUT, which QuickBooks does not have here.",
        ),
        (submission(code="TAX"), GLOBAL, "SPOKE-FULL has the tax code TAX, which QuickBooks does not have here."),
        (
            submission(lines=(line(tax_code="TAX", item_code="SPOKE-NEW"),)),
            AUTOMATED,
            "SPOKE-FULL has no item in QuickBooks: SPOKE-NEW.",
        ),
        (
            submission(lines=(line(tax_code="TAX", item_code=None),)),
            AUTOMATED,
            "SPOKE-FULL has no item in QuickBooks: none is mapped.",
        ),
        (
            submission(lines=(line(tax_code="TAX", description="x" * 4001),)),
            AUTOMATED,
            "The description of SPOKE-FULL is longer than 4000 characters.",
        ),
    ],
)
def test_what_cannot_be_sent_blocks_the_whole_document(one: Submission, style: Style, reason: str) -> None:
    found = element(one, style, REFERENCES)
    assert isinstance(found, Rejected)
    assert found.reason == reason


@settings(deadline=None)
@given(
    quantity=st.integers(1, 10_000),
    unit=st.integers(0, 10_000_000),
    words=st.text(min_size=1, max_size=200),
    kind=st.sampled_from(["invoice", "credit_note"]),
    style=st.sampled_from([AUTOMATED, GLOBAL]),
)
def test_every_body_passes_the_vendors_schema(quantity: int, unit: int, words: str, kind: str, style: Style) -> None:
    code = "TAX" if style == AUTOMATED else "6"
    lines = (line(tax_code=code, quantity=quantity, unit_minor=unit, net_minor=quantity * unit, description=words),)
    made = element(submission(kind=kind, lines=lines, reference=words), style, REFERENCES)
    assert isinstance(made, str)
    assert schema_faults("Invoice" if kind == "invoice" else "CreditMemo", made) == []
    assert schema_faults("IntuitBatchRequest", batches.body([made, made], kind)) == []
    amount = json.loads(made, parse_float=Decimal)["Line"][0]["Amount"]
    assert amount * 100 == quantity * unit


@given(st.text())
def test_a_quoted_text_is_one_token(value: str) -> None:
    """Read back by the rule of the language: a backslash takes the next character as it is."""
    inside, left = "", iter(queries.text(value)[1:-1])
    for letter in left:
        assert letter != "'"
        inside += next(left) if letter == "\\" else letter
    assert inside == value


def test_questions() -> None:
    assert queries.documents("Invoice", ["A-1", "O'B\\"]) == (
        "select * from Invoice where DocNumber in ('A-1', 'O\\'B\\\\') maxresults 1000"
    )
    assert queries.customers(["North"]) == (
        "select * from Customer where DisplayName in ('North') and Active in (true, false) maxresults 1000"
    )
    assert queries.everything("Item", 1001) == (
        "select * from Item where Active in (true, false) startposition 1001 maxresults 1000"
    )
    assert list(queries.chunks(["a", "b", "a", "c"], 2)) == [("a", "b"), ("c",)]


def test_the_id_of_a_call_is_its_own() -> None:
    batch = [submission("US-000001"), submission("US-000002")]
    later = [Submission(batch[0].document, "1001", epoch=1), batch[1]]
    ids = [
        batches.request_id("us", batch, b"x"),
        batches.request_id("us", list(reversed(batch)), b"x"),
        batches.request_id("uk", batch, b"x"),
        batches.request_id("us", later, b"x"),
        batches.request_id("us", batch, b"y"),
    ]
    assert (len(set(ids)), ids[0] == ids[1], {len(one) for one in ids}) == (4, True, {36})
