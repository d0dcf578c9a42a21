"""A QuickBooks whose far side is written in the test: what each answer means for reads, batches and customers."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
from accounting_kit import document, line
from consent_kit import Ahead, store
from quickbooks_kit import settings

from connector.accounting.answers import (
    Catalogue,
    ContactAbsent,
    ContactFound,
    CredentialsError,
    OutcomeUnknown,
    Rejected,
    RetryLater,
)
from connector.accounting.connect import connect
from connector.accounting.oauth.tokenfile import Tokens
from connector.accounting.port import AccountingSystem, Submission
from connector.domain.documents import Party
from connector.net.errors import SetupError
from connector.sandbox.quickbooks import UK_COMPANY, US_COMPANY, US_OLDER_COMPANY, Company

API = "https://books.example"
ACCESS = "canary-access-77"
PARTY = Party("P-1", "Harbor Advisory")


def system(folder: Path, company: Company = UK_COMPANY, **own: Any) -> AccountingSystem:
    """A connected company whose token is good for an hour."""
    made, time = settings(API, folder, company), Ahead()
    assert made.quickbooks is not None
    made = replace(made, quickbooks=replace(made.quickbooks, **own))
    store(made, Tokens(company.realm, ACCESS, time.clock() + timedelta(hours=1), "canary-refresh"))
    return connect(made, time.clock, time.sleep)


def root(company: Company = UK_COMPANY) -> str:
    return f"{API}/v3/company/{company.realm}"


def later() -> Any:
    return Ahead().clock() + timedelta(minutes=5)


LISTS: dict[str, list[dict[str, Any]]] = {
    "CompanyInfo": [{"CompanyName": "Books", "Country": "GB"}],
    "Preferences": [{"CurrencyPrefs": {"HomeCurrency": {"value": "USD"}, "MultiCurrencyEnabled": False}}],
    "TaxCode": [
        {"Id": "6", "Name": "20.0% S", "SalesTaxRateList": {"TaxRateDetail": [{"TaxRateRef": {"value": "11"}}]}},
        {"Id": "7", "Name": "Bought", "SalesTaxRateList": {"TaxRateDetail": []}},
        {"Id": "8", "Name": "Odd", "SalesTaxRateList": {"TaxRateDetail": [{"TaxRateRef": {"value": "99"}}]}},
    ],
    "TaxRate": [{"Id": "11", "RateValue": 20}, {"Id": "12"}],
    "Item": [
        {"Id": "21", "Name": "Full", "Sku": "SPOKE-FULL", "IncomeAccountRef": {"value": "79", "name": "Income:Sales"}},
        {"Id": "22", "Name": "One", "Sku": "TWICE", "IncomeAccountRef": {"value": "79"}},
        {"Id": "23", "Name": "Two", "Sku": "TWICE", "IncomeAccountRef": {"value": "79"}},
        {"Id": "24", "Name": "SPOKE-FULL", "Type": "Category", "IncomeAccountRef": {"value": "79"}},
        {"Id": "25", "Name": "Bought only"},
    ],
}


def give(company: Company = UK_COMPANY, **lists: Sequence[dict[str, Any]] | None) -> None:
    """Answer questions with these lists; None: not now."""
    held = {**LISTS, **lists}

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        words = parse_qs(urlsplit(request.url).query)["query"][0]
        entity = words.split(" from ")[1].split()[0]
        start = int(words.partition("startposition ")[2].partition(" ")[0] or 1)
        there = held.get(entity, [])
        if there is None:
            return 503, {}, ""
        page = list(there)[start - 1 : start + 999]
        return 200, {}, json.dumps({"QueryResponse": {entity: page} if page else {}})

    responses.add_callback(responses.GET, f"{root(company)}/query", callback=answer)


def fault(code: str, detail: str = "d") -> dict[str, Any]:
    return {"Error": [{"Message": "m", "Detail": detail, "code": code}], "type": "ValidationFault"}


@pytest.mark.parametrize(
    ("answer", "message", "step"),
    [
        ({"status": 404}, "not that of QuickBooks' accounting interface", "Correct api_url of the tenant."),
        ({"status": 403}, "does not let this connection into the company", "Connect the company again as one"),
        ({"status": 400, "json": {"Fault": fault("4001", "no such property")}}, "no such property", "Report this"),
    ],
)
@responses.activate
def test_a_question_that_will_never_be_answered_is_a_setup_fault(
    tmp_path: Path, answer: dict[str, Any], message: str, step: str
) -> None:
    responses.get(f"{root()}/query", **answer)
    with pytest.raises(SetupError, match=message) as raised:
        system(tmp_path).read_back(["US-000001"])
    assert raised.value.next_step.startswith(step)
    assert ACCESS not in f"{raised.value!r} {raised.value}"


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"body": "<html>"},
        {"json": {"QueryResponse": []}},
        {"json": {"QueryResponse": {"Invoice": {}}}},
        {"json": {"QueryResponse": {"Invoice": [{"DocNumber": "US-000001"}]}}},
        {"status": 429},
        {"body": requests.exceptions.ConnectTimeout()},
        {"body": requests.exceptions.ReadTimeout()},
    ],
)
@responses.activate
def test_a_question_that_fails_is_asked_later(tmp_path: Path, answer: dict[str, Any]) -> None:
    responses.get(f"{root()}/query", **answer)
    got = system(tmp_path).read_back(["US-000001"])
    assert isinstance(got, RetryLater)
    assert got.whole_tenant


@responses.activate
def test_a_token_that_is_refused_twice_is_told(tmp_path: Path) -> None:
    responses.get(f"{root()}/query", status=401)
    responses.post(f"{API}/oauth2/v1/tokens/bearer", json={"access_token": "other", "expires_in": 3600})
    with pytest.raises(CredentialsError, match="does not accept the access token"):
        system(tmp_path).read_back(["US-000001"])
    assert [call.request.method for call in responses.calls] == ["GET", "POST", "GET"]


@responses.activate
def test_what_a_company_has_set_up(tmp_path: Path) -> None:
    give()
    got = system(tmp_path).catalogue()
    assert isinstance(got, Catalogue)
    assert (got.organisation, got.base_currency, got.currencies) == ("Books", "USD", frozenset({"USD"}))
    codes = {code: (one.percent, one.for_revenue) for code, one in got.tax_codes.items()}
    assert codes["20.0% S"] == codes["6"] == (Decimal(20), True)
    assert codes["Bought"] == codes["Odd"] == (Decimal(0), False)
    assert sorted(got.items) == ["Full", "One", "SPOKE-FULL", "Two"]
    assert (got.item_accounts or {})["SPOKE-FULL"] == ("Income:Sales", "Sales", "79")
    assert got.lock_dates == {}


@pytest.mark.parametrize("nothing", ["CompanyInfo", "Preferences"])
@responses.activate
def test_a_company_that_does_not_show_is_told(tmp_path: Path, nothing: str) -> None:
    give(**{nothing: []})
    with pytest.raises(SetupError, match="shows no company"):
        system(tmp_path).catalogue()


@pytest.mark.parametrize(("code", "percent"), [("20.0% S", 20), ("6", 20), ("", 0)])
@responses.activate
def test_manual_taxation_has_the_rate_of_the_documents_code(tmp_path: Path, code: str, percent: int) -> None:
    give(US_OLDER_COMPANY, CompanyInfo=[{"CompanyName": "Books", "Country": "US"}])
    got = system(tmp_path, US_OLDER_COMPANY, document_tax_code=code).catalogue()
    assert isinstance(got, Catalogue)
    assert {name: one.percent for name, one in got.tax_codes.items()} == {"TAX": percent, "NON": 0}


@responses.activate
def test_a_documents_code_that_does_not_exist_is_told(tmp_path: Path) -> None:
    give(US_OLDER_COMPANY, CompanyInfo=[{"CompanyName": "Books", "Country": "US"}])
    with pytest.raises(SetupError, match="Books has no tax code California"):
        system(tmp_path, US_OLDER_COMPANY).catalogue()


LABELS = [
    {"Id": "1", "Name": "North", "FullyQualifiedName": "East:North"},
    {"Id": "2", "Name": "North", "FullyQualifiedName": "West:North"},
    {"Id": "3", "Name": "Gone", "FullyQualifiedName": "Gone", "Active": False},
]


@responses.activate
def test_a_class_within_another_is_told_by_its_full_name(tmp_path: Path) -> None:
    give(Class=LABELS)
    assert isinstance(system(tmp_path, line_class="West:North").catalogue(), Catalogue)
    with pytest.raises(SetupError, match="QuickBooks has 2 entries of the kind Class that are called North"):
        system(tmp_path, line_class="North").catalogue()
    with pytest.raises(SetupError, match="QuickBooks has no active Class that is called Gone"):
        system(tmp_path, line_class="Gone").catalogue()


@responses.activate
def test_a_term_that_gives_no_number_of_days_is_none_of_ours(tmp_path: Path) -> None:
    give(Term=[{"Id": "9", "Name": "On the 15th", "Type": "DATE_DRIVEN", "DayOfMonthDue": 15}])
    with pytest.raises(SetupError, match="The term On the 15th of QuickBooks is not due a number of days after"):
        system(tmp_path, sales_terms=("On the 15th",)).catalogue()


@pytest.mark.parametrize(
    ("entity", "own"),
    [
        ("Class", {"line_class": "North"}),
        ("Department", {"department": "East"}),
        ("Term", {"sales_terms": ("Net 30",)}),
    ],
)
@responses.activate
def test_labels_that_cannot_be_read_now_are_read_later(tmp_path: Path, entity: str, own: dict[str, Any]) -> None:
    give(**{entity: None})
    assert isinstance(system(tmp_path, **own).catalogue(), RetryLater)


@responses.activate
def test_a_list_of_more_than_one_page_is_read_whole(tmp_path: Path) -> None:
    many = [{"Id": str(n), "DisplayName": f"C {n}", "Notes": f"x\nPartner id: P-{n}"} for n in range(1500)]
    items = [
        {"Id": str(n), "Name": f"I {n}", "IncomeAccountRef": {"value": "79", "name": "Sales"}} for n in range(1001)
    ]
    give(Customer=many, Item=items)
    made = system(tmp_path)
    found = made.find_contacts([Party("P-1400", "Any"), Party("P-9999", "Any")])
    assert found == {"P-1400": ContactFound("1400", "number"), "P-9999": ContactAbsent()}
    got = made.catalogue()
    assert isinstance(got, Catalogue)
    assert len(got.items) == 1001


@pytest.mark.parametrize(
    "customers",
    [
        [{"Id": "1", "Notes": "Partner id: P-1"}, {"Id": "2", "Notes": "Partner id: P-1"}],
        [{"Id": "1", "Notes": "Partner id: p-1"}],
    ],
)
@responses.activate
def test_customers_that_cannot_be_told_apart_are_a_question(tmp_path: Path, customers: list[dict[str, Any]]) -> None:
    give(Customer=customers)
    found = system(tmp_path).find_contacts([PARTY])
    assert isinstance(found, dict)
    assert "or one that differs in case only" in str(found["P-1"])


@responses.activate
def test_a_stored_customer_that_is_gone_or_no_id_is_told(tmp_path: Path) -> None:
    give(Customer=[])
    responses.get(f"{root()}/customer/77", status=400, json={"Fault": fault("610")})
    found = system(tmp_path).find_contacts([replace(PARTY, contact_id="77"), Party("P-2", "Two", contact_id="x'y")])
    assert isinstance(found, dict)
    assert [str(found[one]).partition(" that")[0] for one in ("P-1", "P-2")] == ["The customer 77", "The customer x'y"]


@pytest.mark.parametrize("answer", [{"status": 500}, {"status": 429}, {"json": {}}])
@responses.activate
def test_a_stored_customer_that_questions_do_not_find_and_cannot_be_read_is_asked_for_later(
    tmp_path: Path, answer: dict[str, Any]
) -> None:
    give(Customer=[])
    responses.get(f"{root()}/customer/77", **answer)
    assert isinstance(system(tmp_path).find_contacts([replace(PARTY, contact_id="77")]), RetryLater)


@responses.activate
def test_customers_that_cannot_be_read_now_are_asked_for_later(tmp_path: Path) -> None:
    responses.get(f"{root()}/query", status=500)
    for party in (PARTY, replace(PARTY, contact_id="77")):
        assert isinstance(system(tmp_path).find_contacts([party]), RetryLater)


@pytest.mark.parametrize("name", ["A: B", "A\tB", " ", "x" * 501])
def test_a_name_that_no_customer_can_have_is_told_without_a_call(tmp_path: Path, name: str) -> None:
    got = system(tmp_path).create_contacts([Party("P-1", name)], "k", later())["P-1"]
    assert str(got).startswith("The name of partner P-1 cannot be a customer's in QuickBooks. Give it 1 to 500")


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([{"bId": "1", "Customer": {"Id": "5"}}], ContactFound("5", "created")),
        ([{"bId": "1", "Customer": {}}], OutcomeUnknown("QuickBooks gave the customer no id.")),
        ([], OutcomeUnknown("QuickBooks' answer does not mention the customer once.")),
        ([{"bId": "1", "Fault": fault("10000")}], OutcomeUnknown("QuickBooks says: d (10000).")),
        ([{"bId": "1", "Fault": fault("6140")}], OutcomeUnknown("QuickBooks says: d (6140).")),
    ],
)
@responses.activate
def test_what_became_of_a_customer(tmp_path: Path, items: list[dict[str, Any]], expected: object) -> None:
    responses.post(f"{root()}/batch", json={"BatchItemResponse": items})
    assert system(tmp_path).create_contacts([PARTY], "k", later()) == {"P-1": expected}


@responses.activate
def test_a_batch_of_customers_that_is_refused_as_a_whole_goes_on_one_by_one(tmp_path: Path) -> None:
    responses.post(f"{root()}/batch", status=400, json={"Fault": fault("2010", "Unrecognized field")})
    made = system(tmp_path)
    two = made.create_contacts([PARTY, Party("P-2", "Two")], "k", later())
    assert two == dict.fromkeys(
        ("P-1", "P-2"), OutcomeUnknown("QuickBooks says: Unrecognized field (2010).", alone=True)
    )
    assert isinstance(made.create_contacts([PARTY], "k", later())["P-1"], Rejected)
    responses.replace(responses.POST, f"{root()}/batch", status=400, json={"Fault": fault("6140")})
    assert made.create_contacts([PARTY], "k", later())["P-1"] == OutcomeUnknown("QuickBooks says: d (6140).")
    responses.replace(responses.POST, f"{root()}/batch", status=500)
    assert isinstance(made.create_contacts([PARTY], "k", later())["P-1"], OutcomeUnknown)


@responses.activate
def test_a_name_in_use_that_cannot_be_looked_up_is_not_known(tmp_path: Path) -> None:
    responses.post(f"{root()}/batch", json={"BatchItemResponse": [{"bId": "1", "Fault": fault("6240")}]})
    responses.get(f"{root()}/query", status=500)
    got = system(tmp_path).create_contacts([PARTY], "k", later())["P-1"]
    assert got == OutcomeUnknown("QuickBooks answered with status 500.")


def submission(number: str, **changes: Any) -> Submission:
    values = {"tax_code": "20.0% S", "tax_percent": Decimal(20), "tax_minor": 2000, **changes}
    return Submission(document(number, lines=(line(**values),)), "1001")


@responses.activate
def test_a_batch_that_is_refused_as_a_whole_goes_on_one_by_one(tmp_path: Path) -> None:
    give()
    responses.post(f"{root()}/batch", status=400, json={"Fault": fault("2010", "Unrecognized field")})
    made = system(tmp_path)
    got = made.create([submission("US-1"), submission("US-2"), submission("US-3", item_code="NONE")], later())
    doubt = OutcomeUnknown("QuickBooks says: Unrecognized field (2010).", alone=True)
    assert (got["US-1"], got["US-2"]) == (doubt, doubt)
    assert str(got["US-3"]).startswith("SPOKE-FULL has no item in QuickBooks: NONE.")
    assert isinstance(made.create([submission("US-1")], later())["US-1"], Rejected)
    before = len(responses.calls)
    assert isinstance(made.create([submission("US-3", item_code="NONE")], later())["US-3"], Rejected)
    assert len(responses.calls) == before


@responses.activate
def test_nothing_is_sent_while_the_lists_cannot_be_read(tmp_path: Path) -> None:
    responses.get(f"{root()}/query", status=500)
    got = system(tmp_path).create([submission("US-1")], later())["US-1"]
    assert isinstance(got, RetryLater)


@responses.activate
def test_a_token_that_cannot_be_renewed_now_is_a_reason_to_wait(tmp_path: Path) -> None:
    made = settings(API, tmp_path, US_COMPANY)
    time = Ahead()
    store(made, Tokens(US_COMPANY.realm, ACCESS, time.clock(), "canary-refresh"))
    responses.post(f"{API}/oauth2/v1/tokens/bearer", status=503)
    got = connect(made, time.clock, time.sleep).read_back(["US-000001"])
    assert isinstance(got, RetryLater)
    assert got.reason == "No access token: the token address answered 503."


def test_long_descriptions_make_smaller_batches(tmp_path: Path) -> None:
    many = [Submission(document(f"US-{n:06d}", lines=(line(description="ż" * 4000),) * 20), "1001") for n in range(5)]
    batches = system(tmp_path).batches(many)
    assert [len(batch) for batch in batches] == [3, 2]


def test_settings_of_another_system_are_told(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="qb-books is no QuickBooks company"):
        connect(replace(settings(API, tmp_path), quickbooks=None), Ahead().clock, Ahead().sleep)
