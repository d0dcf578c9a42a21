"""The vendor's schema judges every body of this folder's tests (see sandbox_client); here it is shown to bite."""

import json
from typing import Any

import pytest
from sandbox_client import BULK, Client, invoice, note
from sandbox_schema import BESIDE_DATES, BESIDE_LISTS, ORACLE, faults

pytestmark = pytest.mark.skipif(
    not ORACLE.exists(),
    reason="left out: judging request and reply bodies by Xero's OpenAPI file, as ../shared/oracles/xero is absent",
)


@pytest.mark.parametrize(
    "change",
    [
        {"Surprise": 1},
        {"Status": "READY"},
        {"CurrencyCode": "DOGE"},
        {"InvoiceNumber": "x" * 256},
        {"Total": 5},
        {"BrandingThemeID": "no uuid"},
        {"Contact": [1]},
        {"LineItems": {}},
    ],
)
def test_a_wrong_request_is_noticed(change: dict[str, Any]) -> None:
    body = {"Invoices": [invoice("11111111-1111-4111-8111-111111111111", **change)]}
    assert len(faults("write", "Invoices", json.dumps(body))) == 1


def test_what_replies_carry_beside_the_schema_is_in_the_vendors_examples() -> None:
    text = ORACLE.read_text(encoding="utf-8")
    assert [name for name in (*BESIDE_LISTS, *BESIDE_DATES) if f" {name}: " not in text] == []


def test_every_endpoint_answers_in_the_vendors_shape(us: Client) -> None:
    contact = us.contact("North", ContactNumber="P-1", EmailAddress="a@example.com")
    party = {
        "ContactID": contact,
        "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "1"}],
        "Addresses": [{"AddressType": "POBOX"}],
    }
    us.post("Contacts", {"Contacts": [party]})
    us.put("Invoices", {"Invoices": [invoice(contact, "A-1"), invoice(contact, "A-1")]}, params=BULK)
    us.put("Invoices", {"Invoices": [invoice(contact, "A-1")]})
    us.put("CreditNotes", {"CreditNotes": [note(contact, "C-1"), note(contact, "C-1")]}, params=BULK)
    us.put("CreditNotes", {"CreditNotes": [note(contact, "C-1")]})
    us.control("POST", "organisation", {"tenant": "US-BOOKS", "PeriodLockDate": "2026-01-31"})
    settings = ("Organisation", "TaxRates", "Accounts", "Items", "TrackingCategories")
    paths = (*settings, "Contacts", "Invoices", "CreditNotes", "Invoices/A-1")
    replies = [us.get(path) for path in paths]
    replies += [us.get(path, params={"page": "1", "summaryOnly": "true"}) for path in ("Contacts", "Invoices")]
    assert {reply.status_code for reply in replies} == {200}
