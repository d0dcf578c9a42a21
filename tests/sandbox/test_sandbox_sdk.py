"""The vendor's own client talks to the sandbox."""

from datetime import date
from decimal import Decimal

import pytest
from sandbox_client import Client, mint
from xero_python.accounting import (
    AccountingApi,
    Allocation,
    Allocations,
    Contact,
    Contacts,
    CreditNote,
    CreditNotes,
    Invoice,
    Invoices,
    LineItem,
)
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token
from xero_python.exceptions import AccountingBadRequestException

from connector.sandbox import CLIENT_ID, CLIENT_SECRET, US_BOOKS

TENANT = US_BOOKS.tenant_id
DAY = date(2026, 11, 2)


@pytest.fixture
def api(us: Client) -> AccountingApi:
    token = {
        "access_token": mint(us.url),
        "scope": ["accounting.contacts", "accounting.invoices", "accounting.settings"],
        "expires_in": 1800,
        "token_type": "Bearer",
    }
    configuration = Configuration(oauth2_token=OAuth2Token(client_id=CLIENT_ID, client_secret=CLIENT_SECRET))
    client = ApiClient(configuration, oauth2_token_getter=lambda: token, oauth2_token_saver=lambda _: None)
    client.configuration.oauth2_token.update_token(**token)
    return AccountingApi(client, base_url=f"{us.url}/api.xro/2.0")


def invoice(contact_id: str, number: str) -> Invoice:
    lines = [
        LineItem(description="Spoke", quantity=1, unit_amount=amount, account_code="200")
        for amount in (25.06, 25.61, 25.63)
    ]
    return Invoice(
        type="ACCREC",
        contact=Contact(contact_id=contact_id),
        invoice_number=number,
        line_items=lines,
        date=DAY,
        due_date=date(2026, 12, 2),
        status="AUTHORISED",
    )


def north(api: AccountingApi) -> str:
    made = api.create_contacts(
        TENANT, Contacts(contacts=[Contact(name="North", contact_number="P-1")]), summarize_errors=False
    )
    return str(made.contacts[0].contact_id)


def test_contacts_and_invoices_are_created_and_read_back(api: AccountingApi) -> None:
    contact = north(api)
    asked = Invoices(invoices=[invoice(contact, "A-1"), invoice(contact, "A-2")])
    made = api.create_invoices(TENANT, asked, summarize_errors=False, unitdp=4, idempotency_key="k").invoices
    assert [(one.invoice_number, one.status_attribute_string, one.total_tax) for one in made] == [
        ("A-1", "OK", Decimal("6.29")),
        ("A-2", "OK", Decimal("6.29")),
    ]
    found = api.get_invoices(TENANT, invoice_numbers=["A-1", "A-2"]).invoices
    assert [(one.invoice_number, one.date, one.contact.name) for one in found] == [
        ("A-1", DAY, "North"),
        ("A-2", DAY, "North"),
    ]
    assert (
        api.get_contacts(TENANT, where='ContactNumber=="P-1"', include_archived=True).contacts[0].contact_id == contact
    )


def test_each_element_and_a_summarised_refusal(api: AccountingApi) -> None:
    contact = north(api)
    asked = Invoices(invoices=[invoice(contact, "A-1"), invoice(contact, "A-1")])
    second = api.create_invoices(TENANT, asked, summarize_errors=False).invoices[1]
    assert (second.has_errors, second.validation_errors[0].message) == (True, "Invoice # must be unique.")
    with pytest.raises(AccountingBadRequestException, match="must be unique"):
        api.create_invoices(TENANT, asked)


def test_settings_are_read(api: AccountingApi) -> None:
    books = api.get_organisations(TENANT).organisations[0]
    assert (books.base_currency.value, books.country_code.value, books.is_demo_company) == ("USD", "US", True)
    assert [rate.tax_type for rate in api.get_tax_rates(TENANT).tax_rates] == ["NONE", "OUTPUT"]
    assert [account.code for account in api.get_accounts(TENANT).accounts] == ["090", "200", "201", "310"]
    assert [item.code for item in api.get_items(TENANT).items] == ["SPOKE-FULL", "SPOKE-AO-BUNDLE"]


def test_a_credit_note_is_made_and_allocated(api: AccountingApi) -> None:
    contact = north(api)
    owed = api.create_invoices(TENANT, Invoices(invoices=[invoice(contact, "A-1")])).invoices[0]
    line = LineItem(description="Back", quantity=1, unit_amount=10, account_code="200", tax_type="NONE")
    note = CreditNote(
        type="ACCRECCREDIT",
        contact=Contact(contact_id=contact),
        credit_note_number="C-1",
        line_items=[line],
        date=DAY,
        status="AUTHORISED",
    )
    made = api.create_credit_notes(TENANT, CreditNotes(credit_notes=[note])).credit_notes[0]
    part = Allocation(invoice=Invoice(invoice_id=owed.invoice_id), amount=10.0, date=DAY)
    api.create_credit_note_allocation(TENANT, made.credit_note_id, Allocations(allocations=[part]))
    after = api.get_invoice(TENANT, owed.invoice_id).invoices[0]
    assert (after.amount_due, after.amount_credited) == (Decimal("72.59"), Decimal(10))


def test_the_sdk_sends_a_put_again_when_the_reply_is_lost(api: AccountingApi, us: Client) -> None:
    """The trap the product must not fall into: four PUTs, and the second says the number is taken."""
    contact = north(api)
    us.fault("reply_lost_after_commit", method="PUT", path="Invoices")
    refused = api.create_invoices(
        TENANT, Invoices(invoices=[invoice(contact, "A-1")]), summarize_errors=False
    ).invoices[0]
    assert refused.validation_errors[0].message == "Invoice # must be unique."
    assert us.control("GET", "counts")["requests"]["by_path"]["PUT Invoices"] == 2
    assert us.invoices() == {"AUTHORISED": 1}
