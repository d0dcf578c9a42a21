from decimal import Decimal

import pytest
from sandbox_client import BULK, Body, Client, exact, invoice, line, messages, note

PATH = "CreditNotes/{}/Allocations"


@pytest.fixture
def pair(us: Client) -> tuple[Body, Body]:
    """An invoice of 108.25 and a credit note of the same."""
    contact = us.contact()
    made = us.put("Invoices", {"Invoices": [invoice(contact, "A-1")]}).json()["Invoices"][0]
    return made, us.put("CreditNotes", {"CreditNotes": [note(contact, "C-1")]}).json()["CreditNotes"][0]


def allocation(owed: Body, amount: float) -> Body:
    return {"Allocations": [{"Invoice": {"InvoiceID": owed["InvoiceID"]}, "Amount": amount, "Date": "2026-11-03"}]}


def test_a_credit_note_is_found_by_number_and_is_unique(us: Client, pair: tuple[Body, Body]) -> None:
    found = us.get("CreditNotes", params={"where": 'CreditNoteNumber=="C-1"'}).json()["CreditNotes"]
    assert [one["CreditNoteID"] for one in found] == [pair[1]["CreditNoteID"]]
    assert (pair[1]["RemainingCredit"], pair[1]["Type"]) == (108.25, "ACCRECCREDIT")
    again = us.put("CreditNotes", {"CreditNotes": [note(pair[0]["Contact"]["ContactID"], "C-1")]}, params=BULK)
    assert messages(again.json()["CreditNotes"][0]) == ["Credit Note # must be unique."]


def test_discounts_are_refused(us: Client) -> None:
    body = note(us.contact(), "C-1", LineItems=[line(DiscountRate=10)])
    made = us.put("CreditNotes", {"CreditNotes": [body]}, params=BULK).json()["CreditNotes"][0]
    assert messages(made) == ["Discounts are not supported on credit notes"]


def test_an_allocation_pays_the_invoice_and_blocks_its_void(us: Client, pair: tuple[Body, Body]) -> None:
    owed, credit = pair
    for amount in (100, 8.25):
        assert us.put(PATH.format(credit["CreditNoteID"]), allocation(owed, amount)).status_code == 200
    after = exact(us.get(f"Invoices/{owed['InvoiceID']}"))["Invoices"][0]
    assert [after[name] for name in ("Status", "AmountDue", "AmountCredited", "Total")] == [
        "PAID",
        Decimal("0.00"),
        Decimal("108.25"),
        Decimal("108.25"),
    ]
    assert [one["AppliedAmount"] for one in after["CreditNotes"]] == [Decimal("100.00"), Decimal("8.25")]
    left = exact(us.get(f"CreditNotes/{credit['CreditNoteID']}"))["CreditNotes"][0]
    assert (left["Status"], left["RemainingCredit"], len(left["Allocations"])) == ("PAID", Decimal("0.00"), 2)
    void = us.post("Invoices", {"Invoices": [{"InvoiceID": owed["InvoiceID"], "Status": "VOIDED"}]}, params=BULK)
    assert messages(void.json()["Invoices"][0]) == [
        "The status VOIDED cannot be applied to the invoice because it has payments or credit notes allocated to it."
    ]


def test_an_allocation_has_no_key_of_its_own(us: Client, pair: tuple[Body, Body]) -> None:
    owed, credit = pair
    for _ in range(2):
        us.put(PATH.format(credit["CreditNoteID"]), allocation(owed, 50))
    assert exact(us.get("Invoices/A-1"))["Invoices"][0]["AmountDue"] == Decimal("8.25")


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (
            200,
            [
                "The amount allocated is more than the credit that remains",
                "The amount allocated is more than the amount due",
            ],
        ),
        (0, ["Amount must be a sum of money greater than zero"]),
        (0.001, ["Amount must be a sum of money greater than zero"]),
    ],
)
def test_faulty_amounts(us: Client, pair: tuple[Body, Body], amount: float, expected: list[str]) -> None:
    reply = us.put(PATH.format(pair[1]["CreditNoteID"]), allocation(pair[0], amount), params=BULK)
    assert messages(reply.json()["Allocations"][0]) == expected


def test_only_approved_documents_of_one_contact_are_allocated(us: Client, pair: tuple[Body, Body]) -> None:
    other = us.put("Invoices", {"Invoices": [invoice(us.contact("Other"), Status="DRAFT")]}).json()["Invoices"][0]
    reply = us.put(PATH.format(pair[1]["CreditNoteID"]), allocation(other, 1))
    assert [error["Message"] for error in reply.json()["Elements"][0]["ValidationErrors"]] == [
        "Credit note and invoice must both be AUTHORISED",
        "The credit note and the invoice belong to different contacts",
    ]
    assert us.put(PATH.format("none"), allocation(other, 1)).status_code == 404


def test_an_allocation_needs_an_invoice_a_date_and_one_currency(uk: Client) -> None:
    contact = uk.contact()
    zero = {"LineItems": [line(TaxType="NONE")]}
    owed = uk.put("Invoices", {"Invoices": [invoice(contact, CurrencyCode="EUR", **zero)]}).json()["Invoices"][0]
    credit = uk.put("CreditNotes", {"CreditNotes": [note(contact, "C-1", **zero)]}).json()["CreditNotes"][0]
    path = PATH.format(credit["CreditNoteID"])
    bodies = [
        allocation({"InvoiceID": "33333333-3333-4333-8333-333333333333"}, 1),
        allocation(owed, 1),
        allocation(owed, 1),
    ]
    bodies[1]["Allocations"][0]["Date"] = "soon"
    found = [messages(uk.put(path, body, params=BULK, judged=False).json()["Allocations"][0]) for body in bodies]
    currencies = "The credit note and the invoice have different currencies"
    assert found == [["Invoice could not be found"], ["Date must be specified", currencies], [currencies]]
    assert uk.put(path, b"{", judged=False).status_code == 400
