"""Reading back, the catalogue and contacts, at the HTTP edge."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import responses
from accounting_kit import API, CONTACT, DEADLINE, START, booked, connected, give_token, reply
from responses.matchers import query_param_matcher

from connector.accounting.answers import (
    Account,
    Catalogue,
    ContactAbsent,
    ContactFound,
    OutcomeUnknown,
    Rejected,
    RetryLater,
    TaxCode,
)
from connector.domain.documents import Party
from connector.net.errors import SetupError

OTHER = "aaaaaaaa-0000-4000-8000-000000000002"


def contact(number: str, key: str = CONTACT, **changes: Any) -> dict[str, Any]:  # JSON
    return {"ContactID": key, "ContactNumber": number, "Name": "Any", "ContactStatus": "ACTIVE", **changes}


def give_contacts(*elements: dict[str, Any], method: str = "GET", **more: Any) -> None:  # JSON
    responses.add(method, f"{API}/Contacts", json={"Contacts": list(elements), **more})


@responses.activate
def test_a_look_up_asks_for_forty_numbers_at_a_time_and_takes_sales_only() -> None:
    give_token()
    numbers = [f"US-{n:06d}" for n in range(1, 42)]
    bill = booked("US-000002", Type="ACCPAY")
    stranger = booked("US-000099")
    answers = (reply([booked("US-000001"), bill, stranger]), reply([booked("US-000041", Status="VOIDED")]))
    for chunk, answer in zip((numbers[:40], numbers[40:]), answers, strict=True):  # they are asked side by side
        asked_for = query_param_matcher({"InvoiceNumbers": ",".join(chunk)}, strict_match=False)
        responses.get(f"{API}/Invoices", json=answer, match=[asked_for])
    got = connected().read_back(numbers)
    assert not isinstance(got, RetryLater)
    assert {number: one.status for number, one in got.items()} == {"US-000001": "AUTHORISED", "US-000041": "VOIDED"}
    asked = [call.request.params["InvoiceNumbers"].split(",") for call in responses.calls[1:]]  # type: ignore[attr-defined]
    assert sorted(asked) == [numbers[:40], numbers[40:]]


@responses.activate
def test_a_living_document_counts_before_a_voided_one_of_its_number() -> None:
    give_token()
    dead = booked(Status="DELETED", InvoiceID=OTHER)
    responses.get(f"{API}/Invoices", json=reply([booked(), dead]))
    responses.get(f"{API}/Invoices", json=reply([dead, booked()]))
    system = connected()
    for _ in range(2):
        got = system.read_back(["US-000001"])
        assert not isinstance(got, RetryLater)
        assert got["US-000001"].status == "AUTHORISED"


@responses.activate
def test_pages_are_read_to_the_last() -> None:
    give_token()
    responses.get(f"{API}/Invoices", json=reply([booked("US-000009")] * 100))
    responses.get(f"{API}/Invoices", json=reply([booked()]))
    assert list(connected().read_back(["US-000001"])) == ["US-000001"]  # type: ignore[arg-type]
    assert [call.request.params["page"] for call in responses.calls[1:]] == ["1", "2"]  # type: ignore[attr-defined]


@responses.activate
def test_pages_that_never_end_are_left() -> None:
    give_token()
    responses.get(f"{API}/Invoices", json=reply([booked("US-000009")] * 100))
    assert connected(calls_per_minute=60).read_back(["US-000001"]) == {}
    assert len(responses.calls) == 21


@pytest.mark.parametrize(
    "answer",
    [
        {"json": reply([booked(Total=None)])},
        {"json": {"Status": "OK"}},
        {"status": 404, "body": "The resource you're looking for cannot be found"},
    ],
)
@responses.activate
def test_a_look_up_that_is_not_whole_says_nothing_about_absence(answer: dict[str, Any]) -> None:
    give_token()
    responses.get(f"{API}/Invoices", **answer)
    words = "Xero's answer to a look-up by number is not whole."
    assert connected().read_back(["US-000001"]) == RetryLater(START + timedelta(seconds=30), words, whole_tenant=True)


@pytest.mark.parametrize("status", [200, 400, 500, 503])
@responses.activate
def test_a_failing_look_up_is_a_reason_to_wait(status: int) -> None:
    give_token()
    responses.get(f"{API}/Invoices", status=status, body="<html>")
    assert isinstance(connected().read_back(["US-000001"]), RetryLater)


def give_catalogue(**changes: Any) -> None:  # JSON
    answers = {
        "Organisation": [
            {
                "Name": "Books",
                "BaseCurrency": "USD",
                "PeriodLockDate": "/Date(1774915200000+0000)/",
                "EndOfYearLockDate": "2025-12-31T00:00:00",
            }
        ],
        "TaxRates": [
            {"TaxType": "OUTPUT", "EffectiveRate": 8.25, "Status": "ACTIVE", "CanApplyToRevenue": True},
            {"TaxType": "INPUT", "EffectiveRate": 20, "Status": "DELETED", "CanApplyToRevenue": False},
            {"TaxType": "ODD", "Status": "ACTIVE", "CanApplyToRevenue": True},
        ],
        "Accounts": [
            {"Code": "200", "Name": "Sales", "Status": "ACTIVE", "Type": "REVENUE"},
            {"Code": "310", "Name": "Old", "Status": "ARCHIVED", "Type": "REVENUE"},
            {"Code": "090", "Name": "Bank", "Status": "ACTIVE", "Type": "BANK"},
        ],
        "Items": [{"Code": "A", "Name": "Sold"}, {"Code": "B", "Name": "Bought", "IsSold": False}],
        "Currencies": [{"Code": "EUR"}],
        **changes,
    }
    give_token()
    for path, elements in answers.items():
        name = "Organisations" if path == "Organisation" else path
        status = 404 if elements is None else 200
        responses.get(f"{API}/{path}", json={name: elements}, status=status)


CATALOGUE = Catalogue(
    organisation="Books",
    base_currency="USD",
    currencies=frozenset({"USD", "EUR"}),
    lock_dates={"period lock date": date(2026, 3, 31), "end of year lock date": date(2025, 12, 31)},
    tax_codes={
        "OUTPUT": TaxCode(Decimal("8.25"), for_revenue=True, is_active=True),
        "INPUT": TaxCode(Decimal(20), for_revenue=False, is_active=False),
        "ODD": TaxCode(Decimal(0), for_revenue=True, is_active=False),
    },
    accounts={
        "200": Account("Sales", is_active=True, for_lines=True),
        "310": Account("Old", is_active=False, for_lines=True),
        "090": Account("Bank", is_active=True, for_lines=False),
    },
    items={"A": "Sold"},
    fetched_at=START,
)


@responses.activate
def test_the_catalogue_is_read() -> None:
    give_catalogue()
    assert connected().catalogue() == CATALOGUE


REGION = {
    "Name": "Region",
    "Status": "ACTIVE",
    "Options": [{"Name": "North", "Status": "ACTIVE"}, {"Name": "West", "Status": "ARCHIVED"}],
}


@responses.activate
def test_tracking_categories_are_read_where_lines_are_sorted_under_them() -> None:
    give_catalogue(TrackingCategories=[REGION, {"Name": "Old", "Status": "ARCHIVED", "Options": []}])
    assert connected(tracking={"Region": "North"}).catalogue() == CATALOGUE
    for wanted, message in (
        ({"Old": "North"}, "Xero has no active tracking category Old"),
        ({"Region": "West"}, "The tracking category Region of Xero has no active option West"),
    ):
        with pytest.raises(SetupError, match=message):
            connected(tracking=wanted).catalogue()


@responses.activate
def test_without_a_list_of_currencies_none_is_ruled_out() -> None:
    give_catalogue(Currencies=None)
    got = connected().catalogue()
    assert isinstance(got, Catalogue)
    assert got.currencies is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"Organisation": []}, "shows no organisation"), ({"Items": None}, "The address has no Items")],
)
@responses.activate
def test_books_that_are_none_are_a_setup_fault(changes: dict[str, Any], message: str) -> None:
    give_catalogue(**changes)
    with pytest.raises(SetupError, match=message):
        connected().catalogue()


@responses.activate
def test_a_catalogue_that_cannot_be_read_now_is_a_reason_to_wait() -> None:
    give_token()
    responses.get(f"{API}/Organisation", status=503)
    assert isinstance(connected().catalogue(), RetryLater)


@responses.activate
def test_a_stored_contact_must_exist_and_be_active() -> None:
    give_token()
    third = OTHER[:-1] + "3"
    give_contacts(contact("A"), contact("B", OTHER, ContactStatus="ARCHIVED"))
    parties = [
        Party("P-1", "One", CONTACT.upper()),
        Party("P-2", "Two", OTHER),
        Party("P-3", "Three", third),
        Party("P-4", "Four", "no id"),
    ]
    link = "Link the partner to the right contact (contact_id of the partner), then send it again."
    assert connected().find_contacts(parties) == {
        "P-1": ContactFound(CONTACT, "stored"),
        "P-2": Rejected(
            "The contact of partner P-2 is archived in Xero.",
            "Restore the contact in Xero, or link the partner to another, then send it again.",
        ),
        "P-3": Rejected(f"The contact {third} that partner P-3 is linked to does not exist in Xero.", link),
        "P-4": Rejected("The contact no id that partner P-4 is linked to does not exist in Xero.", link),
    }


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ([], ContactAbsent),
        ([contact("P-1")], ContactFound),
        ([contact("P-1", ContactStatus="GDPRREQUEST")], Rejected),
        ([contact("p-1")], Rejected),
        ([contact("P-1"), contact("P-1", OTHER)], Rejected),
        ([contact("P-9")], ContactAbsent),
    ],
)
@responses.activate
def test_a_contact_by_number(elements: list[dict[str, Any]], expected: type) -> None:
    give_token()
    give_contacts(*elements)
    got = connected().find_contacts([Party("P-1", "One")])
    assert isinstance(got, dict)
    assert isinstance(got["P-1"], expected)
    assert responses.calls[-1].request.params["where"] == 'ContactNumber=="P-1"'  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", ['P"1', "P\\1", "P\n1", "x" * 51, ""])
@responses.activate
def test_a_partner_id_that_cannot_be_asked_for_is_a_question(number: str) -> None:
    got = connected().find_contacts([Party(number, "One")])
    assert isinstance(got, dict)
    assert isinstance(got[number], Rejected)
    assert len(responses.calls) == 0


@responses.activate
def test_many_contacts_are_found_by_paging() -> None:
    give_token()
    give_contacts(*(contact("other", OTHER) for _ in range(1000)), pagination={"pageCount": 2})
    give_contacts(contact("P-3"), contact(""))
    got = connected().find_contacts([Party(f"P-{n}", "Any") for n in range(1, 6)])
    assert isinstance(got, dict)
    assert [type(one).__name__ for one in got.values()] == [
        *["ContactAbsent"] * 2,
        "ContactFound",
        *["ContactAbsent"] * 2,
    ]
    assert len(responses.calls) == 3


@pytest.mark.parametrize("pagination", [{"pageCount": 50}, {}, None])
@responses.activate
def test_when_all_contacts_are_too_many_each_is_asked_for(pagination: dict[str, int] | None) -> None:
    give_token()
    parties = [Party(f"P-{n}", "Any") for n in range(4)]
    pages = 1 if pagination else 4
    for _ in range(pages):
        give_contacts(*(contact("other", OTHER) for _ in range(1000)), pagination=pagination)
    for _ in parties:
        give_contacts()
    got = connected().find_contacts(parties)
    assert got == {party.partner_id: ContactAbsent() for party in parties}
    assert len(responses.calls) == 1 + pages + 4


@pytest.mark.parametrize(
    "parties", [[Party("P-1", "One", CONTACT)], [Party("P-1", "One")], [Party(f"P-{n}", "Any") for n in range(5)]]
)
@responses.activate
def test_contacts_that_cannot_be_read_now_are_a_reason_to_wait(parties: list[Party]) -> None:
    give_token()
    responses.get(f"{API}/Contacts", status=500)
    assert isinstance(connected().find_contacts(parties), RetryLater)


def create(*parties: Party) -> Any:  # the answers
    return connected().create_contacts(parties or [Party("P-1", "One")], "k", DEADLINE)


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        (contact("P-1"), ContactFound(CONTACT, "created")),
        (contact("P-9"), OutcomeUnknown("Xero's answer does not mention the contact.")),
        (contact("P-1", "none"), OutcomeUnknown("Xero gave the contact no id.")),
        (
            contact("P-1", HasValidationErrors=True),
            Rejected(
                "Xero refused it without a reason.",
                "Correct this in Xero or in the partner's data, then send it again.",
            ),
        ),
    ],
)
@responses.activate
def test_what_becomes_of_a_new_contact(element: dict[str, Any], expected: object) -> None:
    give_token()
    give_contacts(element, method="PUT")
    assert create() == {"P-1": expected}


TAKEN = contact(
    "P-1",
    "",
    HasValidationErrors=True,
    ValidationErrors=[{"Message": "The contact name One is already assigned to another contact."}],
)


@pytest.mark.parametrize(
    ("elements", "status", "expected"),
    [
        ([contact("P-1")], 200, ContactFound),
        ([], 200, Rejected),
        ([], 503, OutcomeUnknown),
    ],
)
@responses.activate
def test_a_name_that_is_taken_is_looked_up_by_number(
    elements: list[dict[str, Any]], status: int, expected: type
) -> None:
    give_token()
    give_contacts(TAKEN, method="PUT")
    responses.get(f"{API}/Contacts", json={"Contacts": elements}, status=status)
    assert isinstance(create()["P-1"], expected)


@responses.activate
def test_contacts_refused_as_a_whole() -> None:
    give_token(2)
    faulty = {
        "Message": "A bad thing",
        "Elements": [{"ValidationErrors": [{"Message": "Email address must be valid."}]}],
    }
    responses.put(f"{API}/Contacts", status=400, json=faulty)
    assert str(create()["P-1"]) == (
        "Xero says: Email address must be valid. Correct the partner's e-mail address, then send it again."
    )
    both = create(Party("P-1", "One"), Party("P-2", "Two"))
    assert set(both.values()) == {OutcomeUnknown("A bad thing", alone=True)}


@responses.activate
def test_an_unanswered_creation_is_unknown() -> None:
    give_token()
    responses.put(f"{API}/Contacts", status=500)
    assert create() == {"P-1": OutcomeUnknown("Xero answered with status 500.")}
