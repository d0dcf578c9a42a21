"""What goes over the wire: exact amounts, one key per attempt, and bodies that the vendor's own schema accepts."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import responses
import yaml
from accounting_kit import (
    API,
    CONTACT,
    DEADLINE,
    booked,
    connected,
    document,
    give_token,
    line,
    reply,
    sent_body,
    submissions,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_schema_validator import OAS30WriteValidator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from connector.accounting.exactjson import dump
from connector.accounting.port import Submission
from connector.accounting.xero.invoices import Style, body, element
from connector.domain.documents import Party

SCHEMA = Path(__file__).parents[3] / "shared" / "oracles" / "xero" / "xero_accounting.yaml"
INVOICES = f"{API}/Invoices"


@cache
def _validator(name: str) -> Any:  # the library is untyped
    specification = yaml.load(SCHEMA.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    for schema in specification["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    registry: Registry[Any] = Registry().with_resource("urn:xero", DRAFT4.create_resource(specification))
    kind = OAS30WriteValidator
    reference = {"$ref": f"urn:xero#/components/schemas/{name}"}
    return kind(reference, registry=registry, format_checker=kind.FORMAT_CHECKER)


def schema_faults(name: str, sent: Any) -> list[str]:  # JSON
    """What the vendor's schema finds wrong with a body."""
    if not SCHEMA.exists():
        pytest.skip("the vendor's schema is not here: bodies are not judged by it")
    as_any_client_reads_it = json.loads(dump(sent))
    return [fault.message for fault in _validator(name).iter_errors(as_any_client_reads_it)]


def send(*batch: Submission, **changes: Any) -> Any:  # JSON
    give_token()
    numbers = [one.document.number for one in batch]
    responses.put(INVOICES, json=reply([booked(number) for number in numbers]))
    connected(**changes).create(batch, DEADLINE)
    return sent_body()


@responses.activate
def test_an_invoice_as_it_is_sent() -> None:
    sent = send(*submissions("US-000001"))
    assert sent == {
        "Invoices": [
            {
                "Type": "ACCREC",
                "InvoiceNumber": "US-000001",
                "Contact": {"ContactID": CONTACT},
                "Date": "2026-11-02",
                "DueDate": "2026-12-02",
                "LineAmountTypes": "Exclusive",
                "CurrencyCode": "USD",
                "Reference": "November",
                "Status": "AUTHORISED",
                "LineItems": [
                    {
                        "Description": "Full Spoke: Northwind Clinics",
                        "Quantity": 1,
                        "UnitAmount": Decimal("100.00"),
                        "AccountCode": "200",
                        "TaxType": "OUTPUT",
                        "ItemCode": "SPOKE-FULL",
                    }
                ],
            }
        ]
    }
    request = responses.calls[-1].request
    assert request.params == {"summarizeErrors": "false", "unitdp": "4"}  # type: ignore[attr-defined]
    assert request.headers["xero-tenant-id"] == "11111111-1111-4111-8111-111111111111"
    assert schema_faults("Invoices", sent) == []


@responses.activate
def test_a_draft_with_the_theme_of_its_payment_method() -> None:
    theme = "cccccccc-0000-4000-8000-000000000001"
    by_card = Submission(document(payment_method="card", lines=(line(item_code=None),)), CONTACT)
    sent = send(by_card, *submissions("US-000002"), invoice_status="DRAFT", branding_themes={"card": theme})
    first, second = sent["Invoices"]
    assert (first["Status"], first["BrandingThemeID"]) == ("DRAFT", theme)
    assert "BrandingThemeID" not in second
    assert "ItemCode" not in first["LineItems"][0]
    assert schema_faults("Invoices", sent) == []


@responses.activate
def test_lines_are_sorted_under_the_tracking_categories_of_the_settings() -> None:
    sent = send(*submissions("US-000001"), tracking={"Region": "North", "Channel": "Partners"})
    assert sent["Invoices"][0]["LineItems"][0]["Tracking"] == [
        {"Name": "Region", "Option": "North"},
        {"Name": "Channel", "Option": "Partners"},
    ]
    assert schema_faults("Invoices", sent) == []


@given(st.integers(0, 10**11), st.integers(1, 1000), st.sampled_from(["USD", "JPY", "KWD"]))
@settings(max_examples=50)
def test_amounts_are_written_digit_by_digit(unit_minor: int, quantity: int, currency: str) -> None:
    made = document(currency=currency, lines=(line(unit_minor=unit_minor, quantity=quantity),))
    digits = {"USD": 2, "JPY": 0, "KWD": 3}[currency]
    amount = Decimal(unit_minor).scaleb(-digits)
    text = element(Submission(made, CONTACT), Style("DRAFT", {}))
    assert f'"Quantity":{quantity},"UnitAmount":{amount:f},' in text


def key_of(batch: list[Submission], **changes: Any) -> str:  # whatever a test changes
    with responses.RequestsMock() as mock:
        mock.post("https://login.example/connect/token", json={"access_token": "t", "expires_in": 1800})
        mock.put(INVOICES, json=reply([]))
        connected(**changes).create(batch, DEADLINE)
        return str(mock.calls[-1].request.headers["Idempotency-Key"])


def test_the_key_tells_tenant_documents_epoch_and_body_apart() -> None:
    one, two = submissions("US-000001", "US-000002")
    keys = [
        key_of([one]),
        key_of([two]),
        key_of([one, two]),
        key_of([replace(one, epoch=1)]),
        key_of([replace(one, document=document(reference="changed"))]),
        key_of([replace(one, contact_id="another")]),
        key_of([one], tenant_id="22222222-2222-4222-8222-222222222222"),
        key_of([one], invoice_status="DRAFT"),
    ]
    assert len(set(keys)) == len(keys)
    assert key_of([one]) == keys[0]
    assert all(key.startswith(("11111111-", "22222222-")) and len(key) <= 128 for key in keys)
    assert len(key_of([one], tenant_id="x" * 500)) <= 128


@responses.activate
def test_a_custom_connection_without_a_tenant_id_sends_no_tenant_header() -> None:
    send(*submissions(), tenant_id="")
    assert "xero-tenant-id" not in responses.calls[-1].request.headers


@given(st.lists(st.integers(0, 400_000), max_size=130))
@settings(max_examples=30, deadline=timedelta(seconds=5))
def test_batches_hold_every_document_once_within_the_sizes(sizes: list[int]) -> None:
    made = [Submission(document(f"US-{n:06d}", reference="x" * size), CONTACT) for n, size in enumerate(sizes)]
    cut = connected().batches(made)
    style = Style("AUTHORISED", {})
    assert [one for batch in cut for one in batch] == made
    assert all(0 < len(batch) <= 50 for batch in cut)
    assert all(len(body(element(one, style) for one in batch)) <= 3_000_000 for batch in cut)


@responses.activate
def test_a_contact_as_it_is_created() -> None:
    give_token()
    responses.put(f"{API}/Contacts", json={})
    full = Party("P-1", "Harbor Advisory", None, "books@harbor.example", "GB", "GB123")
    connected().create_contacts([full, Party("P-2", "Bare")], "k", DEADLINE)
    sent = sent_body()
    assert sent == {
        "Contacts": [
            {
                "Name": "Harbor Advisory",
                "ContactNumber": "P-1",
                "EmailAddress": "books@harbor.example",
                "TaxNumber": "GB123",
                "Addresses": [{"AddressType": "STREET", "Country": "GB"}],
            },
            {"Name": "Bare", "ContactNumber": "P-2"},
        ]
    }
    assert schema_faults("Contacts", sent) == []
    assert responses.calls[-1].request.params == {"summarizeErrors": "false"}  # type: ignore[attr-defined]
