from datetime import datetime, timedelta

import pytest
from sandbox_client import Client, invoice


@pytest.fixture
def filled(us: Client) -> Client:
    contact = us.contact("North")
    us.put("Invoices", {"Invoices": [invoice(contact, f"A-{n}", Reference=f"run {n % 2}") for n in range(1, 6)]})
    return us


def numbers(client: Client, **more: object) -> list[str]:
    reply = client.get("Invoices", **more)
    assert reply.status_code == 200, reply.text
    return [one["InvoiceNumber"] for one in reply.json()["Invoices"]]


def test_invoices_are_found_in_every_way(filled: Client) -> None:
    one = filled.get("Invoices/A-2").json()["Invoices"][0]
    assert len(one["LineItems"]) == 1
    for params in (
        {"InvoiceNumbers": "A-2,NOPE"},
        {"IDs": one["InvoiceID"].upper()},
        {"where": 'InvoiceNumber=="A-2"'},
        {"where": 'Reference=="run 0" && InvoiceNumber != "A-4"'},
        {"ContactIDs": one["Contact"]["ContactID"], "Statuses": "AUTHORISED", "page": "2", "pageSize": "1"},
        {"searchTerm": "a-2", "createdByMyApp": "true"},
        {"where": 'InvoiceNumber=="A-2" AND Date>=DateTime(2026, 11, 2)'},
    ):
        assert numbers(filled, params=params) == ["A-2"], params
    assert numbers(filled, params={"Statuses": "DRAFT,VOIDED"}) == []
    assert numbers(filled, params={"where": 'Reference=="run 1"', "order": "InvoiceNumber DESC"}) == [
        "A-5",
        "A-3",
        "A-1",
    ]


def test_lists_have_lines_only_with_paging(filled: Client) -> None:
    assert filled.get("Invoices").json()["Invoices"][0]["LineItems"] == []
    paged = filled.get("Invoices", params={"page": "2", "pageSize": "2"}).json()
    assert paged["pagination"] == {"page": 2, "pageSize": 2, "pageCount": 3, "itemCount": 5}
    assert [len(one["LineItems"]) for one in paged["Invoices"]] == [1, 1]
    assert "LineItems" not in filled.get("Invoices", params={"page": "1", "summaryOnly": "true"}).json()["Invoices"][0]
    assert filled.get("Invoices", params={"page": "9"}).json()["Invoices"] == []


def test_if_modified_since(filled: Client) -> None:
    filled.control("POST", "clock", {"advance_seconds": 100})
    filled.post("Invoices", {"Invoices": [{"InvoiceNumber": "A-3", "Reference": "later"}]})
    now = datetime.fromisoformat(filled.control("POST", "clock", {"advance_seconds": 0})["now"])
    since = (now - timedelta(seconds=50)).replace(microsecond=0, tzinfo=None).isoformat()
    assert numbers(filled, headers={"If-Modified-Since": since}) == ["A-3"]
    assert len(numbers(filled, headers={"If-Modified-Since": "2020-01-01T00:00:00"})) == 5
    assert numbers(filled, headers={"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}) == []
    assert filled.get("Invoices", headers={"If-Modified-Since": "soon"}).status_code == 412


@pytest.mark.parametrize(
    "params",
    [
        {"where": "Reference"},
        {"where": 'Total=="5"'},
        {"where": 'Reference=="a" OR Reference=="b"'},
        {"where": 'Reference=="a" Reference=="b"'},
        {"where": 'Reference>"a"'},
        {"where": 'Date=="2026-01-01"'},
        {"where": 'Contact.ContactID=="x"'},
        {"where": "Reference==\"a' or 1=1 --"},
        {"order": "Total"},
        {"order": "a b c"},
        {"page": "0"},
        {"page": "x"},
        {"page": "1", "pageSize": "1001"},
        {"invoicenumbers": "A-1"},
        {"unitdp": "3"},
    ],
)
def test_a_filter_that_is_not_understood_is_refused(filled: Client, params: dict[str, str]) -> None:
    assert filled.get("Invoices", params=params).status_code == 400


def test_credit_notes_have_no_number_filter(us: Client) -> None:
    assert us.get("CreditNotes", params={"CreditNoteNumbers": "C-1"}).status_code == 400
    us.control("POST", "switches", {"strict_fields": False})
    assert us.get("CreditNotes", params={"CreditNoteNumbers": "C-1"}).json()["CreditNotes"] == []


def test_search_may_lag_behind_while_a_get_by_id_does_not(us: Client) -> None:
    us.control("POST", "switches", {"search_lag_seconds": 60})
    made = us.put("Invoices", {"Invoices": [invoice(us.contact(), "A-1")]}).json()["Invoices"][0]
    assert numbers(us, params={"InvoiceNumbers": "A-1"}) == []
    assert us.get(f"Invoices/{made['InvoiceID']}").status_code == 200
    us.control("POST", "clock", {"advance_seconds": 61})
    assert numbers(us, params={"InvoiceNumbers": "A-1"}) == ["A-1"]
    assert us.control("GET", "declaration")["quiet_seconds"] == 63


def test_the_settings_of_the_books(us: Client, uk: Client) -> None:
    bodies = [[client.get(path).json()[name] for path, name in PATHS] for client in (us, uk)]
    (us_books, us_rates, us_accounts, us_items), (uk_books, uk_rates, *_) = bodies
    assert [(one["BaseCurrency"], one["CountryCode"], one["IsDemoCompany"]) for one in (*us_books, *uk_books)] == [
        ("USD", "US", True),
        ("GBP", "GB", True),
    ]
    assert [(one["TaxType"], one["EffectiveRate"]) for one in us_rates] == [("NONE", 0), ("OUTPUT", 8.25)]
    assert {one["TaxType"]: one["CanApplyToRevenue"] for one in uk_rates}["INPUT2"] is False
    assert [(one["Code"], one["Status"]) for one in us_accounts][2:] == [("201", "ACTIVE"), ("310", "ARCHIVED")]
    assert [one["SalesDetails"]["AccountCode"] for one in us_items] == ["200", "201"]


PATHS = (("Organisation", "Organisations"), ("TaxRates", "TaxRates"), ("Accounts", "Accounts"), ("Items", "Items"))


def test_what_is_not_there_is_a_plain_404(us: Client) -> None:
    for path in ("Invoices/none", "Payments", "Organisation/x", "Invoices/a/History", "CreditNotes/a/b/c"):
        reply = us.get(path)
        assert (reply.status_code, reply.text) == (404, "The resource you're looking for cannot be found"), path
    assert [us.put("TaxRates", b"{}", judged=False).status_code, us.call("DELETE", "Invoices").status_code] == [
        405,
        405,
    ]


def test_careless_calls_are_refused(us: Client) -> None:
    assert us.get("Invoices", headers={"Accept": "*/*"}).status_code == 406
    assert us.put("Invoices", b"<x/>", judged=False, headers={"Content-Type": "text/xml"}).status_code == 415
    assert us.get("Invoices", params={"IDs": ",".join(["0" * 36] * 60)}).status_code == 414
    assert us.put("Invoices?summariseErrors=false", {"Invoices": []}).status_code == 400
    reply = us.put("Invoices", b"x" * 3_500_001, judged=False)
    assert (reply.status_code, reply.headers["Connection"]) == (413, "close")


def test_other_ways_to_be_refused(us: Client) -> None:
    assert us.session.get(f"{us.url}/api.xro/1.0/Invoices", timeout=5).status_code == 404
    assert us.get("Items", params={"where": 'Code=="X"'}).status_code == 400
    assert us.session.post(f"{us.url}/sandbox/faults", data=b"{", timeout=5).status_code == 400
    assert us.session.put(f"{us.url}/api.xro/2.0/Invoices", data=iter([b"{}"]), timeout=5).status_code == 411
