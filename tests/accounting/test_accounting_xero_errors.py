"""Every shape of error, at the HTTP edge: what it means for the documents of the call."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import requests
import responses
from accounting_kit import (
    API,
    CONTACT,
    DEADLINE,
    START,
    Time,
    booked,
    connected,
    failed,
    give_token,
    reply,
    submissions,
)

from connector.accounting.answers import (
    Booked,
    CredentialsError,
    NumberTaken,
    Outcome,
    OutcomeUnknown,
    Rejected,
    RemoteDocument,
    RetryLater,
)
from connector.net.errors import SetupError

INVOICES = f"{API}/Invoices"
NUMBER = "US-000001"
RECEIPT = RemoteDocument(
    "bbbbbbbb-0000-4000-8000-000000000001", NUMBER, CONTACT, "USD", 10_000, 825, 10_825, "AUTHORISED"
)


def outcome(answer: Mapping[str, Any], *numbers: str) -> Mapping[str, Outcome]:
    """What becomes of documents when the call is answered like this."""
    give_token()
    responses.put(INVOICES, **answer)
    return connected().create(submissions(*numbers), DEADLINE)


@responses.activate
def test_an_accepted_document_is_booked() -> None:
    assert outcome({"json": reply([booked()])}) == {NUMBER: Booked(RECEIPT)}


@pytest.mark.parametrize(
    ("message", "next_step"),
    [
        (
            "The document date cannot be before the period lock date set on 31 Oct 2026",
            "Move the lock date in Xero, or give the document a later date, then send it again.",
        ),
        (
            "Account code '310' has been archived, or deleted.",
            "Restore the account in Xero or map the item to another, then send it again.",
        ),
        (
            "Account code '999' is not a valid code for this document.",
            "Map the item to an account that exists in Xero, then send it again.",
        ),
        (
            "The TaxType code 'INPUT' cannot be used with account code '630'.",
            "Map the item to a tax code that the account accepts, then send it again.",
        ),
        ("Item code 'X' is not valid", "Create the item in Xero or map to another, then send it again."),
        (
            "A Contact must be specified for this type of transaction",
            "Correct the partner's contact in Xero or the link to it, then send it again.",
        ),
        (
            "Organisation is not subscribed to currency CHF",
            "Add the currency in Xero, or bill the partner in the organisation's own, then send it again.",
        ),
        ("Something new", "Correct this in Xero or in the partner's data, then send it again."),
    ],
)
@responses.activate
def test_a_refused_document_is_told_in_words_that_can_be_acted_on(message: str, next_step: str) -> None:
    got = outcome({"json": reply([failed(NUMBER, message)])})
    assert got == {NUMBER: Rejected(f"Xero says: {message.rstrip('.')}.", next_step)}


@responses.activate
def test_a_refusal_without_a_reason_is_still_a_refusal() -> None:
    got = outcome({"json": reply([failed(NUMBER)])})[NUMBER]
    assert isinstance(got, Rejected)
    assert got.reason == "Xero refused it without a reason."


@responses.activate
def test_a_refusal_of_a_line_is_a_refusal_of_the_document() -> None:
    element = {**booked(), "LineItems": [{"ValidationErrors": [{"Message": "Account must be valid."}]}]}
    assert isinstance(outcome({"json": reply([element])})[NUMBER], Rejected)


@pytest.mark.parametrize("others", [(), ("The document date cannot be before the period lock date",)])
@responses.activate
def test_a_number_in_use_is_to_be_looked_up_whatever_else_is_wrong(others: tuple[str, ...]) -> None:
    got = outcome({"json": reply([failed(NUMBER, "Invoice # must be unique.", *others)])})[NUMBER]
    assert isinstance(got, NumberTaken)


@responses.activate
def test_elements_are_told_apart_by_number_not_by_place() -> None:
    answer = reply([failed("US-000003", "Bad"), booked("US-000002"), booked("US-000001")])
    got = outcome({"json": answer}, "US-000001", "US-000002", "US-000003")
    assert {number: type(one).__name__ for number, one in got.items()} == {
        "US-000001": "Booked",
        "US-000002": "Booked",
        "US-000003": "Rejected",
    }


@responses.activate
def test_elements_without_numbers_are_taken_by_place_if_none_is_missing() -> None:
    nameless = {"HasErrors": True, "ValidationErrors": [{"Message": "Bad"}]}
    got = outcome({"json": reply([booked("US-000001"), nameless])}, "US-000001", "US-000002")
    assert [type(one).__name__ for one in got.values()] == ["Booked", "Rejected"]


@pytest.mark.parametrize(
    "elements",
    [
        [],
        [booked("US-000009")],
        [{"HasErrors": True}, booked("US-000009")],
        [booked(), booked()],
        [booked(Total=None)],
        [booked(Contact=None)],
        [booked(InvoiceID="00000000-0000-0000-0000-000000000000")],
        [booked(CurrencyCode="ZZZ")],
        [booked(Total=True)],
    ],
)
@responses.activate
def test_an_answer_that_does_not_cover_the_document_leaves_it_unknown(elements: list[dict[str, Any]]) -> None:
    assert isinstance(outcome({"json": reply(elements)})[NUMBER], OutcomeUnknown)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status": 500, "body": "oops"}, "Xero answered with status 500."),
        ({"status": 500, "json": {"Message": "internal"}}, "Xero answered with status 500."),
        ({"status": 502, "body": "<html>bad gateway</html>"}, "Xero answered with status 502."),
        ({"status": 503, "body": "<html>"}, "Xero is not available."),
        ({"status": 503, "body": "The Organisation is offline"}, "The organisation is offline in Xero."),
        ({"status": 200, "body": "<html><body>Maintenance</body></html>"}, "Xero's answer is not JSON."),
        ({"status": 409, "json": {"Title": "Conflict"}}, "Xero answered with status 409."),
        ({"status": 412, "body": "precondition"}, "Xero answered with status 412."),
        ({"status": 302, "headers": {"Location": "https://elsewhere.example"}}, "Xero answered with status 302."),
        ({"status": 400, "body": "<html>"}, "Xero answered with status 400."),
        (
            {"status": 400, "json": {"Detail": "Idempotency Key: abc is used with a different request."}},
            "Xero answered with status 400.",
        ),
        ({"body": requests.exceptions.ReadTimeout()}, "Xero.example did not answer in time."),
    ],
)
@responses.activate
def test_what_may_have_been_booked_is_unknown(answer: dict[str, Any], reason: str) -> None:
    assert outcome(answer) == {NUMBER: OutcomeUnknown(reason)}
    assert len(responses.calls) == 2  # the token and one call


@responses.activate
def test_a_connection_that_did_not_come_about_can_be_tried_again() -> None:
    got = outcome({"body": requests.exceptions.ConnectTimeout()})[NUMBER]
    words = "Xero.example did not accept a connection within 10 seconds."
    assert got == RetryLater(START + timedelta(seconds=30), words, whole_tenant=True)


@pytest.mark.parametrize(
    ("headers", "seconds", "whole_tenant"),
    [
        ({"X-Rate-Limit-Problem": "minute", "Retry-After": "17"}, 17, True),
        ({"X-Rate-Limit-Problem": "day", "Retry-After": "73451"}, 73451, True),
        ({"X-Rate-Limit-Problem": "concurrent"}, 2, False),
    ],
)
@responses.activate
def test_too_many_calls(headers: dict[str, str], seconds: int, *, whole_tenant: bool) -> None:
    got = outcome({"status": 429, "headers": headers, "body": ""})[NUMBER]
    assert isinstance(got, RetryLater)
    assert (got.not_before, got.whole_tenant) == (START + timedelta(seconds=seconds), whole_tenant)


@responses.activate
def test_a_day_that_is_used_up_stops_the_next_call_before_it_is_made() -> None:
    time = Time()
    system = connected(time)
    give_token()
    responses.put(INVOICES, status=429, headers={"X-Rate-Limit-Problem": "day", "Retry-After": "100"})
    first = system.create(submissions(), DEADLINE)
    assert system.create(submissions(), DEADLINE) == first
    assert isinstance(system.read_back([NUMBER]), RetryLater)
    assert len(responses.calls) == 2
    assert time.slept == []


@responses.activate
def test_an_expired_token_is_renewed_and_the_call_made_once_more() -> None:
    give_token(2)
    expired = {"Title": "Unauthorized", "Status": 401, "Detail": "TokenExpired: token expired at 01/01/2001 00:00:00"}
    responses.put(INVOICES, status=401, json=expired)
    responses.put(INVOICES, json=reply([booked()]))
    assert connected().create(submissions(), DEADLINE) == {NUMBER: Booked(RECEIPT)}
    first, second = (call.request for call in responses.calls if call.request.method == "PUT")
    assert (first.body, first.headers["Idempotency-Key"]) == (second.body, second.headers["Idempotency-Key"])


@pytest.mark.parametrize(
    ("status", "detail", "message"),
    [
        (401, "TokenExpired: again", "does not accept the access token"),
        (401, "AuthorizationUnsuccessful", "lacks access that is needed"),
        (403, "AuthenticationUnsuccessful", "does not let this connection into the organisation"),
    ],
)
@responses.activate
def test_access_that_is_denied_is_a_setup_fault(status: int, detail: str, message: str) -> None:
    give_token(2)
    responses.put(INVOICES, status=status, json={"Status": status, "Detail": detail})
    with pytest.raises(CredentialsError, match=message):
        connected().create(submissions(), DEADLINE)


@responses.activate
def test_a_wrong_address_is_a_setup_fault() -> None:
    give_token()
    responses.put(INVOICES, status=404, body="The resource you're looking for cannot be found")
    with pytest.raises(SetupError, match="not that of Xero"):
        connected().create(submissions(), DEADLINE)


VALIDATION = {
    "ErrorNumber": 10,
    "Type": "ValidationException",
    "Message": "A validation exception occurred",
    "Elements": [failed("US-000002", "Account must be valid.")],
}


@responses.activate
def test_a_summarised_refusal_rejects_those_it_names_and_leaves_the_others_unknown() -> None:
    got = outcome({"status": 400, "json": VALIDATION}, "US-000001", "US-000002")
    assert got == {
        "US-000001": OutcomeUnknown("A validation exception occurred", alone=True),
        "US-000002": Rejected(
            "Xero says: Account must be valid.", "Map the item to an account that exists in Xero, then send it again."
        ),
    }


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status": 400, "json": VALIDATION}, "Xero says: Account must be valid."),
        ({"status": 400, "json": {"ErrorNumber": 17, "Message": "No data"}}, "Xero says: No data."),
        ({"status": 400, "json": {}}, "Xero says: Xero answered with status 400."),
        ({"status": 413, "body": ""}, "Xero says: Xero answered with status 413."),
    ],
)
@responses.activate
def test_a_refusal_of_a_call_with_one_document_is_that_documents(answer: dict[str, Any], reason: str) -> None:
    got = outcome(answer, "US-000002")["US-000002"]
    assert isinstance(got, Rejected)
    assert got.reason == reason


@responses.activate
def test_a_call_that_is_too_large_is_cut_up() -> None:
    got = outcome({"status": 413, "body": ""}, "US-000001", "US-000002")
    assert [one for one in got.values() if isinstance(one, OutcomeUnknown) and one.alone] == list(got.values())


@responses.activate
def test_nothing_is_sent_after_its_time() -> None:
    give_token()
    time = Time()
    got = connected(time).create(submissions(), START - timedelta(seconds=1))[NUMBER]
    assert got == RetryLater(START, "The time to send it was over before it could be sent.", whole_tenant=False)
    assert [call.request.method for call in responses.calls] == ["POST"]
