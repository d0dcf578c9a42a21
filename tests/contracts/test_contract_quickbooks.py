"""What is computed for QuickBooks, against the sandbox over HTTP: payloads taken, outcomes read, totals as expected."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.accounting.answers import Booked, NumberTaken, Outcome, Rejected, RemoteDocument
from connector.accounting.compare import drift
from connector.accounting.port import Submission
from connector.accounting.quickbooks import answers, batches, documents, queries, receipts, totals
from connector.accounting.quickbooks.documents import References, Style
from connector.accounting.totals import predict_tax_minor
from connector.domain.documents import Document, Line, Party
from connector.sandbox import QuickBooks, SandboxServer
from connector.sandbox.quickbooks import (
    CLIENT_ID,
    CLIENT_SECRET,
    SCOPE,
    UK_COMPANY,
    US_COMPANY,
    Company,
    Limits,
    Switches,
)

REDIRECT = "http://127.0.0.1:9/"
REFERENCES = References({"SPOKE-FULL": "21", "SPOKE-OLD": "23"}, {"20.0% S": "6", "5.0% R": "7", "15.0% sample": "9"})
PERCENTS = {"20.0% S": Decimal(20), "5.0% R": Decimal(5), "15.0% sample": Decimal(15), "TAX": Decimal("8.875")}
NO_LIMITS = Limits(second=10_000, minute=100_000, batch_minute=100_000, batch_minute_realm=100_000)


class Books:
    """One company of the sandbox, called by hand."""

    def __init__(self, url: str, company: Company) -> None:
        self.company, self.root, self.url = company, f"{url}/v3/company/{company.realm}", url
        asked = {"client_id": CLIENT_ID, "response_type": "code", "scope": SCOPE, "redirect_uri": REDIRECT}
        asked["sandbox_company"] = company.code
        back = requests.get(f"{url}/connect/oauth2", params=asked, allow_redirects=False, timeout=10)
        code = parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        auth, address = (CLIENT_ID, CLIENT_SECRET), f"{url}/oauth2/v1/tokens/bearer"
        token = requests.post(address, data=form, auth=auth, timeout=10).json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        party = {"DisplayName": "North", "BillAddr": {"CountrySubDivisionCode": "NY"}}
        self.customer = self.post("customer", json.dumps(party).encode())["Customer"]["Id"]

    def post(self, path: str, body: bytes, **params: str) -> dict[str, object] | object:
        asked = {"minorversion": "75", **params}
        headers = {**self.headers, "Content-Type": "application/json"}
        reply = requests.post(f"{self.root}/{path}", data=body, params=asked, headers=headers, timeout=10)
        return answers.of_write(reply.status_code, reply.headers, reply.content, datetime.now(UTC))

    def create(self, batch: list[Submission], style: Style) -> Mapping[str, Outcome]:
        made = [documents.element(one, style, REFERENCES) for one in batch]
        texts = [one for one in made if isinstance(one, str)]
        assert len(texts) == len(batch)
        kind = batch[0].document.kind
        body = batches.body(texts, kind)
        reply = self.post("batch", body, requestid=batches.request_id(self.company.code, batch, body))
        assert isinstance(reply, dict)
        return batches.outcomes(batch, reply)

    def found(self, entity: str, *numbers: str) -> list[RemoteDocument]:
        params = {"minorversion": "75", "query": queries.documents(entity, numbers)}
        reply = requests.get(f"{self.root}/query", params=params, headers=self.headers, timeout=10)
        listed = json.loads(reply.text, parse_float=Decimal)["QueryResponse"].get(entity, [])
        return [one for one in map(receipts.parsed, listed) if one is not None]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    state: Path = tmp_path_factory.mktemp("quickbooks") / "sandbox.sqlite3"
    server = SandboxServer(state, quickbooks=QuickBooks(limits=NO_LIMITS))
    server.start()
    yield server.url
    server.stop()


@pytest.fixture(scope="module")
def us(url: str) -> Books:
    return Books(url, US_COMPANY)


@pytest.fixture(scope="module")
def uk(url: str) -> Books:
    return Books(url, UK_COMPANY)


def line(net: int, code: str, item: str = "SPOKE-FULL", currency: str = "USD") -> Line:
    percent = PERCENTS[code]
    tax = predict_tax_minor(net, percent, currency)
    return Line("CH-1", "Full spoke", "SPOKE-FULL", item, "", code, percent, 1, net, net, tax)


def submission(books: Books, number: str, *lines: Line, kind: str = "invoice") -> Submission:
    party, currency = Party("P-1", "North"), books.company.currency
    days = (date(2026, 11, 2), date(2026, 12, 2))
    made = Document(number, kind, "us", "books", party, currency, *days, "PO 7", "card", lines)
    return Submission(made, str(books.customer))


def test_automated_tax_is_taken_from_the_reply(us: Books) -> None:
    one = submission(us, "US-000001", line(10_000, "TAX"))
    (outcome,) = us.create([one], Style("automated")).values()
    assert isinstance(outcome, Booked)
    told = (outcome.receipt.net_minor, outcome.receipt.tax_minor, outcome.receipt.status)
    assert (told, drift(one.document, outcome.receipt, totals.RULES["automated"])) == ((10_000, 888, "OPEN"), None)
    assert us.found("Invoice", "US-000001", "US-999999") == [outcome.receipt]


def test_a_batch_that_is_sent_again_books_nothing_twice(us: Books) -> None:
    batch = [submission(us, f"US-10000{n}", line(10_000, "TAX")) for n in range(3)]
    first, second = (us.create(batch, Style("automated")) for _ in range(2))
    assert first == second
    assert len(us.found("Invoice", *first)) == 3


def test_each_document_of_a_batch_has_its_own_fate(us: Books) -> None:
    batch = [submission(us, "US-200001", line(1, "TAX")), submission(us, "US-200002", line(1, "TAX", "SPOKE-OLD"))]
    found = us.create(batch, Style("automated"))
    assert [type(found[one.document.number]) for one in batch] == [Booked, Rejected]


def test_a_number_in_use_is_told_where_the_company_warns(us: Books) -> None:
    control = f"{us.url}/sandbox/quickbooks/switches"
    requests.post(control, json={"duplicate_numbers": "refuse"}, timeout=10)
    kinds = []
    for tax in (1, 2):
        (found,) = us.create([submission(us, "US-300001", line(tax, "TAX"))], Style("automated")).values()
        kinds.append(type(found))
    requests.post(control, json={"duplicate_numbers": "allow"}, timeout=10)
    assert kinds == [Booked, NumberTaken]


def test_a_credit_memo(uk: Books) -> None:
    one = submission(uk, "UK-CN-1", line(10_000, "20.0% S"), kind="credit_note")
    (outcome,) = uk.create([one], Style("global")).values()
    assert isinstance(outcome, Booked)
    assert (outcome.receipt.total_minor, uk.found("CreditMemo", "UK-CN-1")) == (12_000, [outcome.receipt])


@pytest.mark.parametrize("rounding", ["per_rate", "per_line"])
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nets=st.lists(st.tuples(st.integers(0, 10_000_000), st.sampled_from(["20.0% S", "5.0% R", "15.0% sample"]))))
def test_any_document_comes_to_what_was_expected(uk: Books, rounding: str, nets: list[tuple[int, str]]) -> None:
    requests.post(f"{uk.url}/sandbox/quickbooks/switches", json={"tax_rounding": rounding}, timeout=10)
    one = submission(uk, "UK-1", *(line(net, code) for net, code in [*nets, (2506, "15.0% sample")]))
    (outcome,) = uk.create([one], Style("global")).values()
    assert isinstance(outcome, Booked)
    assert drift(one.document, outcome.receipt, totals.RULES["global"]) is None


def test_the_assumed_switches_are_the_sandboxs_defaults() -> None:
    assert (Switches().duplicate_numbers, Limits().batch_items) == ("allow", batches.MOST_ITEMS)
