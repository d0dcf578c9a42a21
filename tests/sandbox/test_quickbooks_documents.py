from typing import Any

import pytest
from quickbooks_client import QuickBooksClient, invoice, line

KEPT = ("DocNumber", "TxnDate", "DueDate", "TotalAmt", "Balance", "SyncToken")


def kept(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: body.get(name) for name in names or KEPT}


def memo(customer: str, number: str, **more: Any) -> dict[str, Any]:
    return {"CustomerRef": {"value": customer}, "DocNumber": number, "Line": [line()], **more}


def test_an_invoice_is_made_and_read_back(books: QuickBooksClient) -> None:
    made = books.made("invoice", invoice(books.customer(), "A-1", SalesTermRef={"value": "3"}, PrivateNote="run 7"))
    assert kept(made) == {
        "DocNumber": "A-1",
        "TxnDate": "2026-11-02",
        "DueDate": "2026-12-02",
        "TotalAmt": 100.0,
        "Balance": 100.0,
        "SyncToken": "0",
    }
    assert books.get(f"invoice/{made['Id']}").json()["Invoice"] == made
    assert [one["DetailType"] for one in made["Line"]] == ["SalesItemLineDetail", "SubTotalLineDetail"]
    assert made["Line"][0]["SalesItemLineDetail"]["ItemRef"] == {"value": "21", "name": "Full spoke"}


def test_a_number_is_no_identity_unless_the_company_warns(books: QuickBooksClient) -> None:
    customer = books.customer()
    assert [books.made("invoice", invoice(customer, "A-1"))["DocNumber"] for _ in range(2)] == ["A-1", "A-1"]
    books.switch(duplicate_numbers="refuse")
    refused = books.post("invoice", invoice(customer, "A-1"))
    error = refused.json()["Fault"]["Error"][0]
    assert (refused.status_code, error["code"], error["Message"]) == (400, "6140", "Duplicate Document Number Error")
    assert "DocNumber=A-1 is assigned to TxnType=Invoice with TxnId=" in error["Detail"]
    books.made("invoice", invoice(customer, "A-1"), params={"include": "allowduplicatedocnum"})
    books.made("creditmemo", memo(customer, "A-1"))
    assert books.held() == {"open": 3}


def test_a_missing_number_is_made_or_stays_missing_as_the_company_numbers(books: QuickBooksClient) -> None:
    customer = books.customer()
    assert [books.made("invoice", invoice(customer)).get("DocNumber") for _ in range(2)] == ["1001", "1002"]
    books.control("POST", "organisation", {"tenant": "US-COMPANY", "CustomTxnNumbers": True})
    assert "DocNumber" not in books.made("invoice", invoice(customer))
    assert books.made("invoice", invoice(customer, "AUTO_GENERATE"))["DocNumber"] == "1003"
    books.made("invoice", invoice(customer, "1004"))
    assert books.made("invoice", invoice(customer, "AUTO_GENERATE"))["DocNumber"] == "1005"


def test_an_update_needs_the_version_that_was_read(books: QuickBooksClient) -> None:
    made = books.made("invoice", invoice(books.customer(), "A-1", PrivateNote="first"))
    changed = books.made("invoice", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "second"})
    assert kept(changed, "SyncToken", "PrivateNote", "TotalAmt", "DocNumber") == {
        "SyncToken": "1",
        "PrivateNote": "second",
        "TotalAmt": 100.0,
        "DocNumber": "A-1",
    }
    late = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    assert books.refused("invoice", late) == ["5010"]
    assert books.refused("invoice", {"Id": made["Id"], "sparse": True}) == ["2020"]
    assert books.refused("invoice", {"Id": "77", "SyncToken": "0"}) == ["610"]


def test_a_full_update_takes_away_what_it_does_not_name(books: QuickBooksClient) -> None:
    customer = books.customer()
    made = books.made("invoice", invoice(customer, "A-1", PrivateNote="first"))
    full = invoice(customer, "A-1", line(50), Id=made["Id"], SyncToken="0")
    changed = books.made("invoice", full)
    assert ("PrivateNote" in changed, changed["TotalAmt"]) == (False, 50.0)
    assert books.made("invoice", {**changed, "PrivateNote": "back"})["Line"] == changed["Line"]
    unnumbered = invoice(customer, Id=made["Id"], SyncToken="2")
    assert books.made("invoice", unnumbered)["DocNumber"] == "A-1"


def test_a_voided_invoice_keeps_its_number_and_has_no_status(books: QuickBooksClient) -> None:
    made = books.made("invoice", invoice(books.customer(), "A-1"))
    voided = books.made("invoice", {"Id": made["Id"], "SyncToken": "0"}, params={"operation": "void"})
    assert kept(voided, "DocNumber", "TotalAmt", "Balance", "PrivateNote", "status") == {
        "DocNumber": "A-1",
        "TotalAmt": 0.0,
        "Balance": 0.0,
        "PrivateNote": "Voided",
        "status": None,
    }
    assert [one["TotalAmt"] for one in books.found("select * from Invoice where DocNumber = 'A-1'")] == [0.0]
    assert books.refused("invoice", {**voided, "PrivateNote": "again"}) == ["6000"]


def test_a_void_may_be_written_as_an_update(books: QuickBooksClient) -> None:
    made = books.made("invoice", invoice(books.customer(), "A-1"))
    how = {"operation": "update", "include": "void"}
    assert books.made("invoice", {"Id": made["Id"], "SyncToken": "0", "sparse": True}, params=how)["TotalAmt"] == 0
    credit = books.made("creditmemo", memo(made["CustomerRef"]["value"], "C-1"))
    wrong = books.post("creditmemo", {"Id": credit["Id"], "SyncToken": "0"}, params={"operation": "void"})
    assert wrong.json()["Fault"]["Error"][0]["code"] == "500"


def test_what_is_deleted_is_gone_and_frees_its_number(books: QuickBooksClient) -> None:
    books.switch(duplicate_numbers="refuse")
    customer = books.customer()
    made = books.made("invoice", invoice(customer, "A-1"))
    gone = books.made("invoice", {"Id": made["Id"], "SyncToken": "0"}, params={"operation": "delete"})
    assert gone == {"domain": "QBO", "status": "Deleted", "Id": made["Id"]}
    assert books.get(f"invoice/{made['Id']}").json()["Fault"]["Error"][0]["code"] == "610"
    assert books.found("select * from Invoice") == []
    assert books.made("invoice", invoice(customer, "A-1"))["DocNumber"] == "A-1"


def test_the_payment_flags_are_the_companys_unless_they_are_given(books: QuickBooksClient) -> None:
    customer = books.customer()
    flags = ("AllowOnlineCreditCardPayment", "AllowOnlineACHPayment")
    left_out = books.made("invoice", invoice(customer, "A-1"))
    given = books.made("invoice", invoice(customer, "A-2", **{flags[0]: False, flags[1]: True}))
    assert [[one[flag] for flag in flags] for one in (left_out, given)] == [[True, True], [False, True]]
    assert books.get("preferences").json()["Preferences"]["SalesFormsPrefs"]["ETransactionPaymentEnabled"] is True
    books.control("POST", "organisation", {"tenant": "US-COMPANY", "ETransactionPaymentEnabled": False})
    assert books.get("preferences").json()["Preferences"]["SalesFormsPrefs"]["ETransactionPaymentEnabled"] is False


def test_classes_and_departments_where_the_company_has_them(books: QuickBooksClient, british: QuickBooksClient) -> None:
    made = books.made(
        "invoice",
        invoice(books.customer(), "A-1", line(ClassRef={"value": "201"}), DepartmentRef={"value": "302"}),
    )
    assert made["Line"][0]["SalesItemLineDetail"]["ClassRef"] == {"value": "201", "name": "Partners"}
    assert made["DepartmentRef"] == {"value": "302"}
    customer = british.customer(CurrencyRef={"value": "GBP"})
    wrong = invoice(customer, "A-1", line(100, "6", ClassRef={"value": "201"}), DepartmentRef={"value": "302"})
    assert british.refused("invoice", wrong) == ["6000", "6000"]


def test_books_that_are_closed_take_nothing_up_to_that_day(books: QuickBooksClient) -> None:
    customer = books.customer()
    made = books.made("invoice", invoice(customer, "A-1"))
    books.control("POST", "organisation", {"tenant": "US-COMPANY", "BookCloseDate": "2026-11-02"})
    assert books.get("preferences").json()["Preferences"]["AccountingInfoPrefs"]["BookCloseDate"] == "2026-11-02"
    assert books.refused("invoice", invoice(customer, "A-2")) == ["6210"]
    version = {"Id": made["Id"], "SyncToken": "0"}
    assert books.refused("invoice", version, params={"operation": "void"}) == ["6210"]
    assert books.refused("invoice", {**version, "sparse": True, "TxnDate": "2026-11-03"}) == ["6210"]
    assert books.made("invoice", invoice(customer, "A-2", TxnDate="2026-11-03"))["DocNumber"] == "A-2"
    books.control("POST", "organisation", {"tenant": "US-COMPANY", "BookCloseDate": None})
    assert books.made("invoice", invoice(customer, "A-3"))["DocNumber"] == "A-3"


def test_a_suspended_company_answers_nothing(books: QuickBooksClient) -> None:
    books.control("POST", "organisation", {"tenant": "US-COMPANY", "Suspended": True})
    assert books.query("select * from Invoice").json()["Fault"]["Error"][0]["code"] == "6190"


def test_currencies(books: QuickBooksClient, british: QuickBooksClient) -> None:
    euro = british.customer("Euro Partner", CurrencyRef={"value": "EUR"})
    body = invoice(euro, "A-1", line(100, "6"), CurrencyRef={"value": "EUR"})
    names = ("CurrencyRef", "ExchangeRate", "TotalAmt", "HomeTotalAmt")
    assert kept(british.made("invoice", body), *names) == {
        "CurrencyRef": {"value": "EUR"},
        "ExchangeRate": 0.85,
        "TotalAmt": 120.0,
        "HomeTotalAmt": 102.0,
    }
    assert british.made("invoice", {**body, "ExchangeRate": 0.9})["HomeTotalAmt"] == 108.0
    words = {"DetailType": "DescriptionOnly", "Description": "Thank you"}
    long = british.made("invoice", {**body, "Line": [*body["Line"], words]})
    voided = british.made("invoice", {"Id": long["Id"], "SyncToken": "0"}, params={"operation": "void"})
    assert (voided["HomeTotalAmt"], [one.get("Amount") for one in voided["Line"]]) == (0.0, [0.0, None, 0.0])
    assert british.refused("invoice", {**body, "CurrencyRef": {"value": "GBP"}}) == ["6000"]
    assert books.refused("invoice", invoice(books.customer(), CurrencyRef={"value": "EUR"})) == ["6000"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"Surprise": 1}, ["2010"]),
        ({"TxnDate": "soon"}, ["2010"]),
        ({"CustomerRef": None}, ["2020"]),
        ({"CustomerRef": {"value": "99"}}, ["2500"]),
        ({"CustomerRef": "99"}, ["2010"]),
        ({"Line": []}, ["2020"]),
        ({"Line": {}}, ["2010"]),
        ({"DocNumber": "x" * 22}, ["2050"]),
        ({"PrivateNote": "x" * 4001}, ["2050"]),
        ({"CustomerMemo": {"value": "x" * 1001}}, ["2050"]),
        ({"EmailStatus": "Sent"}, ["2170"]),
        ({"SalesTermRef": {"value": "99"}}, ["2500"]),
        ({"ClassRef": {"value": "99"}}, ["2500"]),
        ({"Line": [line(ItemRef={"value": "99"})]}, ["2500"]),
        ({"Line": [line(ItemRef={"value": "23"})]}, ["610"]),
        ({"Line": [line(TaxCodeRef={"value": "6"})]}, ["2500"]),
        ({"Line": [line(Qty=2)]}, ["6070"]),
        ({"Line": [line(-1)]}, ["6000"]),
        ({"Line": [line(DiscountRate=10)]}, ["6000"]),
        ({"Line": [{**line(), "Amount": None}]}, ["2020"]),
        ({"Line": [{**line(), "Amount": "1e99"}]}, ["2010"]),
        ({"Line": [{**line(), "Amount": "many"}]}, ["2010"]),
        ({"Line": [{**line(), "Amount": True}]}, ["2010"]),
        ({"Line": [{**line(), "DetailType": None}]}, ["2020"]),
        ({"Line": [{**line(), "DetailType": "Nothing"}]}, ["2170"]),
        ({"Line": [{"DetailType": "DiscountLineDetail", "Amount": 1}]}, ["6000"]),
        ({"Line": [{**line(), "Description": "x" * 4001}]}, ["2050"]),
        ({"Line": [{**line(), "Surprise": 1}]}, ["2010"]),
        ({"AllowOnlineACHPayment": "perhaps"}, ["2010"]),
    ],
)
def test_what_is_wrong_has_its_code(books: QuickBooksClient, change: dict[str, Any], expected: list[str]) -> None:
    assert books.refused("invoice", {**invoice(books.customer(), "A-1"), **change}) == expected
    assert books.held() == {}


def test_a_credit_memo_takes_no_payment_flags(books: QuickBooksClient) -> None:
    customer = books.customer()
    made = books.made("creditmemo", memo(customer, "C-1"))
    assert kept(made, "TotalAmt", "Balance", "RemainingCredit", "DueDate") == {
        "TotalAmt": 100.0,
        "Balance": 100.0,
        "RemainingCredit": 100.0,
        "DueDate": None,
    }
    assert books.refused("creditmemo", memo(customer, "C-2", AllowOnlineACHPayment=True)) == ["2010"]


def test_a_line_without_an_item_is_documentation(books: QuickBooksClient) -> None:
    words = {"DetailType": "DescriptionOnly", "Description": "Thank you"}
    no_item = {"DetailType": "SalesItemLineDetail", "Amount": 70, "SalesItemLineDetail": {}}
    made = books.made("invoice", invoice(books.customer(), "A-1", line(), words, no_item))
    kinds = ["SalesItemLineDetail", "DescriptionOnly", "DescriptionOnly", "SubTotalLineDetail"]
    assert ([one["DetailType"] for one in made["Line"]], made["TotalAmt"]) == (kinds, 100.0)


def test_an_amount_is_compared_with_halves_away_from_zero(books: QuickBooksClient) -> None:
    customer = books.customer()
    part = {"Qty": 128.35, "UnitPrice": 14.5}  # 1,861.075
    assert books.made("invoice", invoice(customer, "A-1", {**line(**part), "Amount": 1861.08}))["TotalAmt"] == 1861.08
    wrong = invoice(customer, "A-2", {**line(**part), "Amount": 1861.07})
    error = books.post("invoice", wrong).json()["Fault"]["Error"][0]
    assert error["Detail"] == "Amount is not equal to UnitPrice * Qty. Supplied value:1861.07"
    books.switch(amount_mismatch="6000")
    assert books.refused("invoice", wrong) == ["6000"]
    books.switch(amount_mismatch="accept")
    assert books.made("invoice", wrong)["TotalAmt"] == 1861.07


def test_values_come_as_loosely_as_the_real_service_takes_them(books: QuickBooksClient) -> None:
    loose = {**invoice(books.customer(), "A-1"), "TotalAmt": "", "DueDate": "", "AllowOnlineACHPayment": "false"}
    loose["Line"] = [{**line(), "Amount": "100.00", "Id": 1}]
    made = books.made("invoice", loose, judged=False)
    assert (made["TotalAmt"], made["DueDate"], made["AllowOnlineACHPayment"]) == (100.0, "2026-11-02", False)
    books.switch(strict_fields=False)
    assert "Surprise" not in books.made("invoice", {**loose, "Surprise": 1}, judged=False)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "item", {"Name": "x"}, 400),
        ("POST", "invoice", [1], 400),
        ("POST", "invoice", b"{", 400),
        ("POST", "invoice/1", {}, 405),
        ("PUT", "invoice", {}, 405),
        ("POST", "cdc", {}, 405),
        ("GET", "batch", None, 405),
        ("GET", "bill", None, 404),
        ("GET", "query/1", None, 404),
        ("GET", "companyinfo/7", None, 400),
        ("GET", "../../other", None, 404),
    ],
)
def test_what_there_is_not(books: QuickBooksClient, method: str, path: str, body: object, status: int) -> None:
    assert books.call(method, path, body, judged=False).status_code == status


def test_an_object_that_is_created_has_no_id(books: QuickBooksClient) -> None:
    body = {**invoice(books.customer(), "A-1"), "Id": "5"}
    assert books.refused("invoice", body, params={"operation": "create"}) == ["2030"]
    assert books.refused("invoice", body, params={"operation": "merge"}) == ["500"]
