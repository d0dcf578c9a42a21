"""Every code of QuickBooks' errors, from the words it comes in to what a person is told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector.accounting.answers import CredentialsError, NumberTaken, OutcomeUnknown, Rejected, RetryLater
from connector.accounting.quickbooks import answers, faults
from connector.accounting.quickbooks.answers import TokenExpired

FIXTURES = Path(__file__).parent / "quickbooks_faults"
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
REPORT = "Report this: the connector "


def fixture(name: str) -> bytes:
    return next(FIXTURES.glob(f"{name}.*")).read_bytes() if "." not in name else (FIXTURES / name).read_bytes()


def answered(name: str, status: int = 400, **headers: str) -> object:
    return answers.of_write(status, headers, fixture(name), NOW)


REJECTED = {
    "500": REPORT + "asked for something that QuickBooks does not offer.",
    "610": "Make the customer or item active in QuickBooks or map to another, then send it again.",
    "2010": REPORT + "sent something that QuickBooks does not know.",
    "2020": "Complete the partner's data or the mapping, then plan and send it again.",
    "2030": "Correct the link to the customer or item, then send it again.",
    "2050": "Shorten the text it names in the mapping or the partner's data, then plan and send it again.",
    "2170": REPORT + "sent a word that QuickBooks does not know.",
    "2500": "Create what it names in QuickBooks or map to another, then send it again.",
    "4000": REPORT + "asked a question that QuickBooks cannot read.",
    "4001": REPORT + "asked a question that QuickBooks cannot answer.",
    "5010": "Someone changed it in QuickBooks in the meantime: look at it there, then send it again.",
    "6000": "Correct this in QuickBooks or in the partner's data, then send it again.",
    "6000-currency": "Bill the partner in the currency of its customer in QuickBooks, then send it again.",
    "6000-tax": "Map the item to a tax code that exists in QuickBooks, then send it again.",
    "6070": "Report this: an amount was not quantity times price.",
    "6190": "Renew the company's QuickBooks subscription, then send it again.",
    "6210": "Open the period in QuickBooks, or give the document a later date, then send it again.",
    "6240": "Link the partner to the customer of that name, or give one of them another name, then send it again.",
    "6540": "It was deposited already: correct it in QuickBooks.",
}
OTHERS = {"120", "3001", "3001-lower", "3100", "3200", "6140", "6140-as-6210", "10000"}


def test_every_fixture_has_its_meaning() -> None:
    assert {path.stem for path in FIXTURES.iterdir()} == REJECTED.keys() | OTHERS


@pytest.mark.parametrize(("name", "next_step"), REJECTED.items())
def test_a_refusal_quotes_the_remote_and_says_what_to_do(name: str, next_step: str) -> None:
    found = answered(name)
    assert isinstance(found, Rejected)
    (error,) = faults.read(fixture(name))
    assert found.next_step == next_step
    assert found.reason == f"QuickBooks says: {error.sentence.rstrip('.')} ({name[:4].rstrip('-')})."


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("6000-tax", "Make sure all your transactions have a GST/HST rate before you save."),
        ("2500", "Names element id 99 not found"),
        ("2020", "Required parameter Line is missing in the request"),
    ],
)
def test_a_heading_is_not_quoted(name: str, sentence: str) -> None:
    assert [error.sentence for error in faults.read(fixture(name))] == [sentence]


@pytest.mark.parametrize("name", ["6140", "6140-as-6210"])
def test_a_number_in_use_is_known_by_code_and_by_text(name: str) -> None:
    assert isinstance(answered(name), NumberTaken)


@pytest.mark.parametrize("name", ["3001.json", "3001-lower.json", "3001.xml"])
@pytest.mark.parametrize("status", [429, 403, 400])
def test_a_refusal_for_the_rate_has_three_forms_and_any_status(name: str, status: int) -> None:
    reason = "QuickBooks takes no more calls for now."
    assert answered(name, status) == RetryLater(NOW + timedelta(seconds=60), reason, whole_tenant=True)


@pytest.mark.parametrize(("told", "seconds"), [("7", 7), ("0", 60), ("soon", 60), ("-5", 60), ("99999999", 60)])
def test_the_pause_is_what_the_remote_asks_for(told: str, seconds: int) -> None:
    found = answered("3001.xml", 429, **{"Retry-After": told})
    assert isinstance(found, RetryLater)
    assert found.not_before == NOW + timedelta(seconds=seconds)


def test_an_expired_token_is_no_outcome() -> None:
    assert answered("3200", 401) == TokenExpired()


@pytest.mark.parametrize(("name", "status"), [("3100", 403), ("120", 400)])
def test_a_connection_that_is_not_let_in_needs_a_person(name: str, status: int) -> None:
    with pytest.raises(CredentialsError, match="Connect the company again"):
        answered(name, status)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (500, fixture("10000"), "QuickBooks answered with status 500."),
        (400, fixture("10000"), "QuickBooks says: Could not find resource (10000)."),
        (504, b"<html><head></head></html>", "QuickBooks answered with status 504."),
        (503, b"", "QuickBooks answered with status 503."),
        (400, b"?", "QuickBooks answered with status 400."),
        (200, b"<!DOCTYPE html><html></html>", "QuickBooks' answer is not JSON."),
        (200, b"[1]", "QuickBooks' answer is not JSON."),
        (400, b'{"Fault": {"Error": [{}]}}', "QuickBooks says: it gives no reason (no code)."),
    ],
)
def test_whatever_promises_nothing_is_doubt(status: int, body: bytes, reason: str) -> None:
    assert answers.of_write(status, {}, body, NOW) == OutcomeUnknown(reason)


def test_an_answer_is_given_on() -> None:
    assert answers.of_write(200, {}, b'{"Invoice": {"Id": "1"}}', NOW) == {"Invoice": {"Id": "1"}}


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE x [<!ENTITY y 'z'>]><Error code='3001'><Message>&y;</Message></Error>",
        b"<" + b"x" * 200_000,
        b"<Error",
        b'{"Fault": 1}',
        b'{"Fault": {"Error": 1}}',
    ],
)
def test_bodies_that_are_no_faults(body: bytes) -> None:
    assert faults.read(body) == ()


def test_a_name_in_use_is_told_apart() -> None:
    assert [faults.is_name_taken(faults.read(fixture(name))) for name in ("6240", "6140")] == [True, False]
    assert faults.document_refusal([]) == OutcomeUnknown("QuickBooks refused it without a reason.")
