"""The query language and the changes, as far as they are understood; the rest is refused."""

import pytest
from quickbooks_client import QuickBooksClient, codes, invoice, line


def numbers(books: QuickBooksClient, words: str) -> list[str]:
    return [one["DocNumber"] for one in books.found(words)]


@pytest.fixture
def filled(books: QuickBooksClient) -> QuickBooksClient:
    north, south = books.customer("Amy's Bird \\ Sanctuary"), books.customer("South")
    for number, customer, day in (
        ("A-1", north, "2026-11-01"),
        ("A-2", south, "2026-11-02"),
        ("B_1", south, "2026-11-03"),
    ):
        books.made("invoice", invoice(customer, number, TxnDate=day))
    return books


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("", ["A-1", "A-2", "B_1"]),
        ("where DocNumber = 'A-2'", ["A-2"]),
        ("where DocNumber in ('A-1', 'B_1', 'C')", ["A-1", "B_1"]),
        ("where DocNumber like 'A%'", ["A-1", "A-2"]),
        ("where DocNumber like 'A_1'", []),
        ("where TxnDate >= '2026-11-02'", ["A-2", "B_1"]),
        ("WHERE TxnDate > '2026-11-01' AND TxnDate < '2026-11-03'", ["A-2"]),
        ("where CustomerRef = '1002' order by DocNumber desc", ["B_1", "A-2"]),
        ("orderby TxnDate desc, DocNumber asc startposition 2 maxresults 1", ["A-2"]),
        ("where MetaData.CreateTime > '2020-01-01T00:00:00-08:00' maxresults 2", ["A-1", "A-2"]),
        ("where MetaData.LastUpdatedTime > '2099-01-01'", []),
        ("where Id = '1003'", ["A-1"]),
    ],
)
def test_what_is_found(filled: QuickBooksClient, condition: str, expected: list[str]) -> None:
    assert [one["DocNumber"] for one in filled.all_of("Invoice", condition)] == expected


def test_quotes_and_backslashes_are_escaped(filled: QuickBooksClient) -> None:
    name = r"Amy\'s Bird \\ Sanctuary"
    found = filled.all_of("Customer", f"where DisplayName = '{name}'")
    assert [one["DisplayName"] for one in found] == ["Amy's Bird \\ Sanctuary"]
    assert len(filled.all_of("Customer", f"where DisplayName = '{name.upper()}'")) == 1


def test_a_query_may_be_posted(filled: QuickBooksClient) -> None:
    words = b"select count(*) from Invoice where TxnDate >= '2026-11-02'"
    text = {"Content-Type": "application/text"}
    assert filled.post("query", words, headers=text).json()["QueryResponse"] == {"totalCount": 2}
    assert filled.post("query", words).status_code == 415


def test_some_properties_only(filled: QuickBooksClient) -> None:
    found = filled.query("select Id, DocNumber, PrivateNote, MetaData.CreateTime from Invoice maxresults 1").json()[
        "QueryResponse"
    ]
    (only,) = found.pop("Invoice")
    assert (sorted(only), list(only["MetaData"])) == (
        ["DocNumber", "Id", "MetaData", "domain", "sparse"],
        ["CreateTime"],
    )
    assert found == {"startPosition": 1, "maxResults": 1}
    assert "TotalAmt" in filled.found("select *, DocNumber from Invoice")[0]


def test_inactive_names_are_left_out_unless_asked_for(books: QuickBooksClient) -> None:
    assert [one["Sku"] for one in books.found("select * from Item")] == ["SPOKE-FULL", "SPOKE-AO-BUNDLE"]
    assert [one["Sku"] for one in books.found("select * from Item where Active in (true, false)")][2] == "SPOKE-OLD"
    assert [one["Id"] for one in books.found("select * from Item where Active = false")] == ["23"]
    assert [one["Id"] for one in books.found("select *, Sku from Item where Sku = 'SPOKE-FULL'")] == ["21"]


def test_lists_and_the_company(books: QuickBooksClient, british: QuickBooksClient) -> None:
    kinds = (
        "TaxCode",
        "TaxRate",
        "Term",
        "Class",
        "Department",
        "CompanyInfo",
        "Preferences",
        "Customer",
        "CreditMemo",
    )
    found = [[len(client.all_of(kind)) for kind in kinds] for client in (books, british)]
    assert found == [[2, 1, 3, 2, 2, 1, 1, 0, 0], [4, 4, 3, 0, 0, 1, 1, 0, 0]]
    (code,) = british.found("select * from TaxCode where Name = '20.0% S'")
    (detail,) = code["SalesTaxRateList"]["TaxRateDetail"]
    assert british.get(f"taxrate/{detail['TaxRateRef']['value']}").json()["TaxRate"]["RateValue"] == 20
    assert british.get("companyinfo/" + british.company.realm).json()["CompanyInfo"]["Country"] == "GB"
    chosen = british.get("preferences").json()["Preferences"]
    assert chosen["TaxPrefs"]["PartnerTaxEnabled"] is False
    assert chosen["CurrencyPrefs"] == {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": "GBP"}}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("", "4000"),
        ("select", "4000"),
        ("delete from Invoice", "4000"),
        ("select * from Invoice where DocNumber = 'A' or DocNumber = 'B'", "4000"),
        ("select * from Invoice where (DocNumber = 'A')", "4001"),
        ("select * from Invoice where DocNumber = 'A", "4000"),
        ("select * from Invoice where DocNumber = 'It's'", "4000"),
        ("select * from Invoice where DocNumber != 'A'", "4000"),
        ("select * from Invoice where DocNumber > 'A'", "4000"),
        ("select * from Invoice where TxnDate like '2026%'", "4000"),
        ("select * from Invoice where TxnDate = 'soon'", "4001"),
        ("select * from Invoice where MetaData.CreateTime > 'soon'", "4001"),
        ("select * from Item where Active = 'yes'", "4001"),
        ("select * from Invoice where DocNumber = A", "4001"),
        ("select * from Invoice where PrivateNote = 'A'", "4001"),
        ("select * from Invoice where Surprise = 'A'", "4001"),
        ("select Surprise from Invoice", "4001"),
        ("select * from invoice", "4001"),
        ("select * from Bill", "4001"),
        ("select * from Invoice orderby PrivateNote", "4001"),
        ("select * from Invoice maxresults 1001", "4001"),
        ("select * from Invoice startposition 0", "4001"),
        ("select * from Invoice maxresults many", "4000"),
        ("select * from Invoice, Customer", "4000"),
    ],
)
def test_what_is_not_understood_is_refused(books: QuickBooksClient, words: str, code: str) -> None:
    reply = books.query(words)
    assert (reply.status_code, codes(reply.json())) == (400, [code])


def test_a_new_object_is_missing_from_queries_for_a_while(books: QuickBooksClient) -> None:
    customer = books.customer()
    books.switch(search_lag_seconds=60)
    made = books.made("invoice", invoice(customer, "A-1"))
    since = {"entities": "Invoice", "changedSince": "2026-11-01"}
    assert numbers(books, "select * from Invoice") == []
    assert books.get("cdc", params=since).json()["CDCResponse"] == [{"QueryResponse": [{}]}]
    assert books.get(f"invoice/{made['Id']}").json()["Invoice"]["DocNumber"] == "A-1"
    books.control("POST", "clock", {"advance_seconds": 61})
    assert numbers(books, "select * from Invoice") == ["A-1"]


def changed(books: QuickBooksClient, since: str) -> list[dict[str, str]]:
    reply = books.get("cdc", params={"entities": "Invoice,Customer", "changedSince": since})
    (told,) = reply.json()["CDCResponse"]
    found: list[dict[str, str]] = told["QueryResponse"][0].get("Invoice", [])
    return found


def test_changes_tell_of_edits_voids_and_deletions(filled: QuickBooksClient) -> None:
    held = filled.found("select * from Invoice")
    filled.control("POST", "clock", {"advance_seconds": 600})
    versions = [{"Id": one["Id"], "SyncToken": "0"} for one in held]
    edited = filled.made("invoice", {**versions[0], "sparse": True, "Line": [line(5)]})
    voided = filled.made("invoice", versions[1], params={"operation": "void"})
    filled.made("invoice", versions[2], params={"operation": "delete"})
    since = edited["MetaData"]["LastUpdatedTime"]
    told = changed(filled, since)
    assert told[:2] == [edited, voided]
    gone = {**told[2], "MetaData": list(told[2]["MetaData"])}
    assert gone == {"domain": "QBO", "status": "Deleted", "Id": held[2]["Id"], "MetaData": ["LastUpdatedTime"]}
    assert len(changed(filled, held[0]["MetaData"]["CreateTime"])) == 3
    filled.switch(cdc_objects=1)
    assert len(changed(filled, since)) == 1


@pytest.mark.parametrize(
    ("entities", "since", "code"),
    [
        ("Invoice", "2026-01-01T00:00:00Z", "4001"),
        ("Bill", "2026-11-20", "4001"),
        ("Invoice", "soon", "2020"),
        ("", "2026-11-20", "2020"),
    ],
)
def test_changes_that_cannot_be_told(books: QuickBooksClient, entities: str, since: str, code: str) -> None:
    reply = books.get("cdc", params={"entities": entities, "changedSince": since})
    assert (reply.status_code, codes(reply.json())) == (400, [code])
