"""Every error of Xero's that is known, from the reply it comes in to what a person is told."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import responses
from accounting_kit import API, DEADLINE, START, connected, give_token, submissions

from connector.accounting.answers import CredentialsError, NumberTaken, Outcome, OutcomeUnknown, Rejected, RetryLater
from connector.domain.documents import CREDIT_NOTE, Party
from connector.net.errors import SetupError

FIXTURES = Path(__file__).parent / "xero_faults"
NUMBER = "US-000001"
_ACCOUNT = "Map the item to an account that exists in Xero, then send it again."
_LOCKED = "Move the lock date in Xero, or give the document a later date, then send it again."
_OTHERWISE = "Correct this in Xero or in the partner's data, then send it again."
_ACCESS = "Check that the connection was not revoked; then try again."

# What is wrong with one document of a call that was answered with 200: what Xero says of it, and what to do.
REFUSED = {
    "period-lock.json": (
        "The document date cannot be before the period lock date, currently set at 31 October 2026.",
        _LOCKED,
    ),
    "end-of-year-lock.json": (
        "The document date cannot be before the end of year lock date, currently set at 31 December 2025.",
        _LOCKED,
    ),
    "account-archived.json": (
        "Account code '310' has been archived, or deleted.",
        "Restore the account in Xero or map the item to another, then send it again.",
    ),
    "account-unknown.json": ("Account code '999' is not a valid code for this document.", _ACCOUNT),
    "tax-type-of-account.json": (
        "The TaxType code 'INPUT' cannot be used with account code '630'.",
        "Map the item to a tax code that the account accepts, then send it again.",
    ),
    "contact-missing.json": (
        "A Contact must be specified for this type of transaction.",
        "Correct the partner's contact in Xero or the link to it, then send it again.",
    ),
    "email.json": ("Email address must be valid.", "Correct the partner's e-mail address, then send it again."),
    "item.json": ("Item code 'X' is not valid.", "Create the item in Xero or map to another, then send it again."),
    "currency.json": (
        "Organisation is not subscribed to currency CHF.",
        "Add the currency in Xero, or bill the partner in the organisation's own, then send it again.",
    ),
    "description.json": (
        "Description needs to be at least 1 char long.",
        "Correct the description in the mapping, then plan and send it again.",
    ),
    "due-date.json": (
        "The DueDate field is required for approved invoices.",
        "Give the partner payment terms, then plan and send it again.",
    ),
    "branding-theme.json": (
        "BrandingTheme not found.",
        "Correct the branding theme in the tenant's settings, then send it again.",
    ),
    "something-new.json": ("The document is not to Xero's liking.", _OTHERWISE),
}

# What became of the only document of a call that was refused or went wrong as a whole.
WHOLE: Mapping[str, tuple[int, Outcome]] = {
    "400-10.json": (400, Rejected("Xero says: Account must be valid.", _ACCOUNT)),
    "400-14.json": (400, Rejected("Xero says: JSON for post data was invalid.", _OTHERWISE)),
    "400-17.json": (
        400,
        Rejected(
            "Xero says: No data has been processed for this endpoint. This endpoint is expecting Invoice data to be"
            " specifed in the request body.",
            _OTHERWISE,
        ),
    ),
    "400-key.json": (400, OutcomeUnknown("Xero answered with status 400.")),
    "409.json": (409, OutcomeUnknown("Xero answered with status 409.")),
    "412.txt": (412, OutcomeUnknown("Xero answered with status 412.")),
    "413.txt": (413, Rejected("Xero says: Xero answered with status 413.", _OTHERWISE)),
    "500.json": (500, OutcomeUnknown("Xero answered with status 500.")),
    "502.html": (502, OutcomeUnknown("Xero answered with status 502.")),
    "503.txt": (503, OutcomeUnknown("Xero is not available.")),
    "503-offline.txt": (503, OutcomeUnknown("The organisation is offline in Xero.")),
    "200.html": (200, OutcomeUnknown("Xero's answer is not JSON.")),
    "number-in-use.json": (200, NumberTaken("Xero says: Invoice # must be unique.")),
}

# What no call gets past before a person acts.
DENIED = {
    "401-expired.json": (401, CredentialsError, "Xero does not accept the access token", _ACCESS),
    "401-scope.json": (
        401,
        CredentialsError,
        "The connection lacks access that is needed",
        "Grant it contacts, invoices and the reading of settings in Xero.",
    ),
    "403.json": (
        403,
        CredentialsError,
        "Xero does not let this connection into the organisation",
        "Connect the organisation again, or correct tenant_id.",
    ),
    "404.txt": (
        404,
        SetupError,
        "The address is not that of Xero's accounting interface",
        "Correct api_url of the tenant.",
    ),
}
OTHERS = {"429.txt", "contact-name-in-use.json", "credit-note-number-in-use.json"}


def answered(name: str, status: int = 200, path: str = "Invoices", **headers: str) -> None:
    give_token(2)
    body = (FIXTURES / name).read_bytes()
    responses.put(
        f"{API}/{path}", body=body, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def test_every_fixture_has_its_meaning() -> None:
    assert {path.name for path in FIXTURES.iterdir()} == REFUSED.keys() | WHOLE.keys() | DENIED.keys() | OTHERS


@pytest.mark.parametrize(("name", "said", "next_step"), [(name, *told) for name, told in REFUSED.items()])
@responses.activate
def test_a_refusal_quotes_the_remote_and_says_what_to_do(name: str, said: str, next_step: str) -> None:
    answered(name)
    assert connected().create(submissions(), DEADLINE) == {NUMBER: Rejected(f"Xero says: {said}", next_step)}


@pytest.mark.parametrize(("name", "status", "outcome"), [(name, *told) for name, told in WHOLE.items()])
@responses.activate
def test_a_call_that_goes_wrong_as_a_whole(name: str, status: int, outcome: Outcome) -> None:
    answered(name, status)
    assert connected().create(submissions(), DEADLINE) == {NUMBER: outcome}


@pytest.mark.parametrize(("name", "status", "kind", "message", "next_step"), [(n, *told) for n, told in DENIED.items()])
@responses.activate
def test_what_needs_a_person_before_any_call(
    name: str, status: int, kind: type[SetupError], message: str, next_step: str
) -> None:
    answered(name, status)
    with pytest.raises(SetupError) as raised:
        connected().create(submissions(), DEADLINE)
    assert (type(raised.value), raised.value.message, raised.value.next_step) == (kind, message, next_step)


@pytest.mark.parametrize(
    ("headers", "seconds", "reason", "whole_tenant"),
    [
        ({"X_Rate_Limit_Problem": "minute", "Retry_After": "17"}, 17, "The calls of this minute are used up.", True),
        ({"X_Rate_Limit_Problem": "appminute", "Retry_After": "9"}, 9, "The calls of this minute are used up.", True),
        ({"X_Rate_Limit_Problem": "Day", "Retry_After": "73451"}, 73451, "The calls of this day are used up.", True),
        ({"X_Rate_Limit_Problem": "Concurrent"}, 2, "Too many calls at the same time.", False),
        ({}, 60, "The calls of this minute are used up.", True),
    ],
)
@responses.activate
def test_too_many_calls_name_their_limit_and_their_end(
    headers: dict[str, str], seconds: int, reason: str, *, whole_tenant: bool
) -> None:
    answered("429.txt", 429, **headers)
    later = RetryLater(START + timedelta(seconds=seconds), reason, whole_tenant)
    assert connected().create(submissions(), DEADLINE) == {NUMBER: later}


@responses.activate
def test_a_credit_notes_number_in_use_is_to_be_looked_up() -> None:
    answered("credit-note-number-in-use.json", path="CreditNotes")
    (one,) = submissions()
    note = replace(one, document=replace(one.document, kind=CREDIT_NOTE))
    got = connected().create([note], DEADLINE)
    assert got == {NUMBER: NumberTaken("Xero says: Credit Note # must be unique.")}


@responses.activate
def test_a_name_that_another_contact_bears_is_for_a_person() -> None:
    answered("contact-name-in-use.json", path="Contacts")
    responses.get(f"{API}/Contacts", json={"Contacts": []})
    got = connected().create_contacts([Party("P-1", "Harbor Advisory")], "k", DEADLINE)
    reason = "Another contact in Xero has the partner's name; whether it is the same partner, only a person can say."
    step = "Link the partner to the right contact (contact_id of the partner), then send it again."
    assert got == {"P-1": Rejected(reason, step)}
