from decimal import Decimal
from typing import Any

import pytest
from sandbox_client import BULK, Client, exact, invoice, line, messages

NO_ID = "00000000-0000-0000-0000-000000000000"


def fault_of(client: Client, body: dict[str, object], *, judged: bool = True) -> list[str]:
    reply = client.put("Invoices", {"Invoices": [body]}, params=BULK, judged=judged)
    assert reply.status_code == 200, reply.text
    return messages(reply.json()["Invoices"][0])


def test_a_created_invoice_comes_back_with_totals_dates_and_number(us: Client) -> None:
    made = exact(us.put("Invoices", {"Invoices": [invoice(us.contact())]}))["Invoices"][0]
    wanted = (
        "InvoiceNumber",
        "Status",
        "DateString",
        "Date",
        "SubTotal",
        "TotalTax",
        "Total",
        "AmountDue",
        "CurrencyCode",
    )
    assert [made[name] for name in wanted] == [
        "INV-0001",
        "AUTHORISED",
        "2026-11-02T00:00:00",
        "/Date(1793577600000+0000)/",
        Decimal("100.00"),
        Decimal("8.25"),
        Decimal("108.25"),
        Decimal("108.25"),
        "USD",
    ]


def test_put_refuses_a_number_that_exists_and_post_edits_it(us: Client) -> None:
    contact = us.contact()
    first = us.put("Invoices", {"Invoices": [invoice(contact, "A-1")]}).json()["Invoices"][0]
    assert fault_of(us, invoice(contact, "A-1")) == ["Invoice # must be unique."]
    again = us.post("Invoices", {"Invoices": [invoice(contact, "A-1", Reference="changed")]}).json()["Invoices"][0]
    assert (again["InvoiceID"], again["Reference"]) == (first["InvoiceID"], "changed")
    assert us.invoices() == {"AUTHORISED": 1}


def test_each_element_has_its_own_fate(us: Client) -> None:
    contact = us.contact()
    body = {"Invoices": [invoice(contact, "A-1"), invoice(contact, "A-1"), invoice(contact, "A-2")]}
    made = us.put("Invoices", body, params=BULK).json()["Invoices"]
    assert [(one["StatusAttributeString"], one["HasErrors"], one["InvoiceNumber"]) for one in made] == [
        ("OK", False, "A-1"),
        ("ERROR", True, "A-1"),
        ("OK", False, "A-2"),
    ]
    assert made[1]["InvoiceID"] == NO_ID


def test_a_summarised_400_lists_the_failed_ones_though_the_others_were_created(us: Client) -> None:
    contact = us.contact()
    reply = us.put("Invoices", {"Invoices": [invoice(contact, "A-1"), invoice(NO_ID, "A-2")]})
    assert (reply.status_code, reply.json()["Type"]) == (400, "ValidationException")
    assert [one["InvoiceNumber"] for one in reply.json()["Elements"]] == ["A-2"]
    assert us.invoices() == {"AUTHORISED": 1}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"Contact": {}}, "A Contact must be specified for this type of transaction"),
        ({"Type": None}, "Type must be specified"),
        ({"Type": "ACCPAY"}, "Type 'ACCPAY' is not modelled by the sandbox; it knows ACCREC"),
        ({"InvoiceID": "33333333-3333-4333-8333-333333333333"}, "InvoiceID cannot be chosen on creation"),
        ({"Reference": "x" * 256}, "Reference cannot be longer than 255 characters"),
        ({"LineItems": [line(1e20)]}, "UnitAmount is out of range"),
        ({"DueDate": None}, "The DueDate must be specified"),
        ({"Date": "2026-02-30"}, "Date '2026-02-30' is not a valid date"),
        ({"CurrencyCode": "EUR"}, "Organisation is not subscribed to currency EUR"),
        ({"Status": "PAID"}, "Invoice not of valid status for creation"),
        ({"LineItems": []}, "One or more line items must be specified"),
        ({"LineItems": [line(AccountCode="310")]}, "Account code '310' has been archived, or deleted."),
        ({"LineItems": [line(AccountCode="999")]}, "Account code '999' is not a valid code for this document."),
        ({"LineItems": [line(AccountCode="090")]}, "Account code '090' is not a valid code for this document."),
        ({"LineItems": [line(AccountCode=None)]}, "Account must be valid."),
        ({"LineItems": [line(Description="")]}, "Description needs to be at least 1 char long"),
        ({"LineItems": [line(Description="x" * 4001)]}, "The Description cannot be longer than 4000 characters"),
        ({"LineItems": [line(LineAmount=99)]}, "The line total 99.00 does not match the expected line total 100.00"),
        ({"LineItems": [line(-1)]}, "The document total cannot be less than zero."),
        ({"LineItems": [line(ItemCode="NOPE")]}, "Item code 'NOPE' is not valid"),
    ],
)
def test_a_fault_has_the_words_of_the_real_service(us: Client, change: dict[str, Any], expected: str) -> None:
    assert fault_of(
        us, invoice(us.contact(), **change), judged=None not in change.values() and "None" not in str(change)
    ) == [expected]


def test_an_expense_tax_is_refused_on_a_sale(uk: Client) -> None:
    body = invoice(uk.contact(), LineItems=[line(TaxType="INPUT2"), line(TaxType="OUTPUT")])
    assert fault_of(uk, body) == [
        "The TaxType code 'INPUT2' cannot be used with account code '200'.",
        "The TaxType code 'OUTPUT' does not exist or cannot be used for this type of transaction.",
    ]


def test_a_line_takes_what_it_lacks_from_its_item(us: Client) -> None:
    body = invoice(us.contact(), LineItems=[{"ItemCode": "SPOKE-AO-BUNDLE", "Quantity": 2, "UnitAmount": 1500}])
    made = exact(us.put("Invoices", {"Invoices": [body]}))["Invoices"][0]["LineItems"][0]
    assert (made["AccountCode"], made["TaxType"], made["Description"], made["LineAmount"]) == (
        "201",
        "OUTPUT",
        "Assessment bundle",
        Decimal("3000.00"),
    )


@pytest.mark.parametrize(("lock", "words"), [("PeriodLockDate", "period"), ("EndOfYearLockDate", "end of year")])
def test_a_locked_period_takes_no_document(us: Client, lock: str, words: str) -> None:
    us.control("POST", "organisation", {"tenant": "US-BOOKS", lock: "2026-11-02"})
    expected = f"The document date cannot be before the {words} lock date, currently set at 2 November 2026"
    assert fault_of(us, invoice(us.contact())) == [expected]
    assert us.get("Organisation").json()["Organisations"][0][lock] == "/Date(1793577600000+0000)/"


def test_statuses_move_only_the_allowed_way(us: Client) -> None:
    contact = us.contact()
    refused = "Invoice not of valid status for modification"

    def moved(number: str, status: str) -> object:
        one = us.post("Invoices", {"Invoices": [{"InvoiceNumber": number, "Status": status}]}, params=BULK).json()
        return messages(one["Invoices"][0]) or one["Invoices"][0]["Status"]

    us.put("Invoices", {"Invoices": [invoice(contact, "D", Status="DRAFT"), invoice(contact, "A")]})
    assert [moved("A", "DELETED"), moved("A", "VOIDED"), moved("A", "AUTHORISED")] == [[refused], "VOIDED", [refused]]
    assert [moved("D", "VOIDED"), moved("D", "SUBMITTED"), moved("D", "DELETED")] == [[refused], "SUBMITTED", "DELETED"]


@pytest.mark.parametrize(
    ("switch", "status"), [("reuse_voided_numbers", "VOIDED"), ("reuse_deleted_numbers", "DELETED")]
)
@pytest.mark.parametrize("is_free", [True, False])
def test_whether_a_dead_number_is_free_is_a_switch(us: Client, switch: str, status: str, *, is_free: bool) -> None:
    us.control("POST", "switches", {switch: is_free})
    contact = us.contact()
    body = invoice(contact, "A-1", Status="AUTHORISED" if status == "VOIDED" else "DRAFT")
    us.put("Invoices", {"Invoices": [body]})
    us.post("Invoices", {"Invoices": [{"InvoiceNumber": "A-1", "Status": status}]})
    assert fault_of(us, invoice(contact, "A-1")) == ([] if is_free else ["Invoice # must be unique."])


def test_an_update_deletes_the_lines_it_leaves_out(us: Client) -> None:
    body = invoice(us.contact(), "A-1", LineItems=[line(1), line(2)])
    made = us.put("Invoices", {"Invoices": [body]}).json()["Invoices"][0]
    kept = made["LineItems"][1]["LineItemID"]
    change = {"InvoiceID": made["InvoiceID"], "LineItems": [{"LineItemID": kept, "Quantity": 3}, line(5)]}
    after = exact(us.post(f"Invoices/{made['InvoiceID']}", {"Invoices": [change]}))["Invoices"][0]
    assert after["LineItems"][0]["LineItemID"] == kept
    assert [one["LineAmount"] for one in after["LineItems"]] == [Decimal("6.00"), Decimal("5.00")]
    change["LineItems"] = [{"LineItemID": NO_ID, **line()}]
    refused = us.post("Invoices", {"Invoices": [change]}, params=BULK).json()["Invoices"][0]
    assert messages(refused) == [f"Could not find line item(s) with the following id(s): {NO_ID}"]


def test_a_change_of_status_leaves_the_lines_alone(us: Client) -> None:
    body = invoice(us.contact(), "A-1", Status="DRAFT", LineItems=[line(0.0045, Quantity=1000, TaxAmount=0.5)])
    made = exact(us.put("Invoices?unitdp=4", {"Invoices": [body]}))["Invoices"][0]
    after = exact(us.post("Invoices", {"InvoiceID": made["InvoiceID"], "Status": "AUTHORISED"}, judged=False))[
        "Invoices"
    ][0]
    assert (after["Status"], after["LineItems"], after["Total"]) == ("AUTHORISED", made["LineItems"], Decimal("5.00"))


def test_a_failed_document_leaves_no_contact_behind(us: Client) -> None:
    assert fault_of(us, invoice("", Contact={"Name": "New"}, LineItems=[])) == [
        "One or more line items must be specified"
    ]
    assert us.get("Contacts").json()["Contacts"] == []
    assert fault_of(us, invoice("", Contact={"Name": "New"})) == []
    assert [one["Name"] for one in us.get("Contacts").json()["Contacts"]] == ["New"]


def test_unknown_fields_are_refused_unless_the_switch_says_otherwise(us: Client) -> None:
    body = {"Invoices": [invoice(us.contact(), Surprise=1)]}
    reply = us.put("Invoices", body, judged=False)
    assert (reply.status_code, reply.json()["Message"]) == (400, "Surprise is not a field of Invoice")
    us.control("POST", "switches", {"strict_fields": False})
    assert us.put("Invoices", body, judged=False).status_code == 200


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"Invoices": 1}', b'{"Invoices": [1]}', b'{"Invoices": [{"Date": 5}]}', b'{"Total": NaN}']
)
def test_a_body_that_cannot_be_read_is_a_400(us: Client, body: bytes) -> None:
    reply = us.put("Invoices", body, judged=False)
    assert (reply.status_code, reply.json()["ErrorNumber"]) == (400, 14)


def test_hostile_numbers_and_texts_are_faults_not_crashes(us: Client) -> None:
    contact = us.contact()
    for amount in ("1e999999", "1e-999999", "-1e30"):
        text = (
            f'{{"Invoices": [{{"Contact": {{"ContactID": "{contact}"}}, "LineItems": [{{"UnitAmount": {amount}}}]}}]}}'
        )
        assert us.put("Invoices", text.encode(), judged=False).status_code == 400
    assert us.put("Contacts", b'{"Contacts": [{"Name": "\\ud800"}]}', judged=False).status_code == 400
    assert us.put("Invoices", b"[" * 100_000, judged=False).status_code == 400


def test_no_elements_is_a_400(us: Client) -> None:
    assert us.put("Invoices", {"Invoices": []}).json()["ErrorNumber"] == 17


def test_the_order_of_a_bulk_reply_is_a_switch(us: Client) -> None:
    us.control("POST", "switches", {"element_order": "reversed"})
    body = {"Invoices": [invoice(us.contact(), "A-1"), invoice(us.contact("Other"), "A-2")]}
    assert [one["InvoiceNumber"] for one in us.put("Invoices", body, params=BULK).json()["Invoices"]] == ["A-2", "A-1"]


def test_an_id_that_is_not_there_is_a_fault(us: Client) -> None:
    body = {"InvoiceID": "33333333-3333-4333-8333-333333333333", "Status": "VOIDED"}
    made = us.post("Invoices", {"Invoices": [body]}, params=BULK).json()["Invoices"][0]
    assert messages(made) == ["InvoiceID could not be found"]
    assert us.post("Invoices/none", {"Invoices": [body]}).status_code == 404


def test_a_locked_period_takes_no_void_and_lets_no_document_out(us: Client) -> None:
    us.put("Invoices", {"Invoices": [invoice(us.contact(), "A-1")]})
    us.control("POST", "organisation", {"tenant": "US-BOOKS", "PeriodLockDate": "2026-11-15"})
    for change in ({"Status": "VOIDED"}, {"Date": "2026-11-20"}):
        made = us.post("Invoices", {"Invoices": [{"InvoiceNumber": "A-1", **change}]}, params=BULK).json()["Invoices"][
            0
        ]
        assert messages(made)[0].startswith("The document date cannot be before the period lock date"), change
    us.control("POST", "switches", {"lock_date_inclusive": False})
    us.control("POST", "organisation", {"tenant": "US-BOOKS", "PeriodLockDate": "2026-11-02"})
    assert us.post("Invoices", {"Invoices": [{"InvoiceNumber": "A-1", "Status": "VOIDED"}]}).status_code == 200


def test_a_change_of_tax_treatment_computes_the_tax_anew(us: Client) -> None:
    us.put("Invoices", {"Invoices": [invoice(us.contact(), "A-1", Status="DRAFT")]})
    changed = us.post("Invoices", {"Invoices": [{"InvoiceNumber": "A-1", "LineAmountTypes": "Inclusive"}]})
    made = exact(changed)["Invoices"][0]
    assert (made["TotalTax"], made["Total"]) == (Decimal("7.62"), Decimal("100.00"))


def test_an_automatic_number_steps_over_taken_ones(us: Client) -> None:
    contact = us.contact()
    made = us.put("Invoices", {"Invoices": [invoice(contact, "INV-0001"), invoice(contact)]}).json()["Invoices"]
    assert [one["InvoiceNumber"] for one in made] == ["INV-0001", "INV-0002"]


def test_a_foreign_currency_must_be_declared(uk: Client) -> None:
    body = invoice(uk.contact(), CurrencyCode="EUR", CurrencyRate=1.17, LineItems=[line(TaxType="ZERORATEDOUTPUT")])
    made = exact(uk.put("Invoices", {"Invoices": [body]}))["Invoices"][0]
    assert (made["CurrencyCode"], made["CurrencyRate"], made["Total"]) == ("EUR", Decimal("1.17"), Decimal("100.00"))


def test_a_line_is_sorted_under_tracking_categories_that_exist(us: Client) -> None:
    contact = us.contact()
    (region, channel, _) = us.get("TrackingCategories").json()["TrackingCategories"]
    by_id = {
        "TrackingCategoryID": channel["TrackingCategoryID"],
        "TrackingOptionID": channel["Options"][0]["TrackingOptionID"],
    }
    sorted_under = [{"Name": "Region", "Option": "South"}, by_id]
    body = invoice(contact, "T-1", LineItems=[line(Tracking=sorted_under)])
    made = us.put("Invoices", {"Invoices": [body]}).json()["Invoices"][0]["LineItems"][0]["Tracking"]
    assert [(one["Name"], one["Option"]) for one in made] == [("Region", "South"), ("Channel", "Partners")]
    assert made[0]["TrackingCategoryID"] == region["TrackingCategoryID"]
    wrong = [
        ([{"Name": "Old region", "Option": "North"}], "The tracking category 'Old region' could not be found"),
        ([{"Name": "Region", "Option": "West"}], "The tracking option 'West' could not be found"),
        ([sorted_under[0]] * 3, "A line item can have at most 2 tracking categories"),
    ]
    for given, words in wrong:
        assert fault_of(us, invoice(contact, LineItems=[line(Tracking=given)])) == [words]
