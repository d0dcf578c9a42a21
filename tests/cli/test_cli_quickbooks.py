"""QuickBooks through the command line: connected, planned, approved, pushed, read back, tied out."""

import json
import os
import threading
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from consent_kit import REDIRECT, agree_by_hand, stored
from quickbooks_kit import UK, US, bind
from world import Answer, World, client

from connector import ledger
from connector.accounting.settings import QuickBooksSettings
from connector.cli import opening
from connector.cli.failing import as_stop
from connector.net.errors import SetupError
from connector.runs.config import FILE, load_config
from connector.runs.connecting import connect_tenant, consented
from connector.runs.errors import StopError
from connector.sandbox.quickbooks import UK_COMPANY, US_COMPANY, Company


def connected(world: World, *which: tuple[str, Company]) -> None:
    for name, company in which or (US, UK):
        settings = load_config(world.folder, os.environ).tenants[name]
        connect_tenant(settings, lambda page, _, company=company: agree_by_hand(page, company), opening.clock())


class Office:
    """A bookkeeper at work in the US company, without any code of the product."""

    def __init__(self, world: World, company: Company = US_COMPANY) -> None:
        assert world.server is not None
        self.url, self.company = world.server.url, company
        tokens = stored(load_config(world.folder, os.environ).tenants["us-books"])
        self.headers = {"Authorization": f"Bearer {tokens.access}", "Accept": "application/json"}

    def call(self, path: str, body: Any = None, **query: str) -> Any:
        url = f"{self.url}/v3/company/{self.company.realm}/{path}?{urlencode({'minorversion': '75', **query})}"
        method = "GET" if body is None else "POST"
        headers = {**self.headers, "Content-Type": "application/json"}
        reply = requests.request(method, url, json=body, headers=headers, timeout=10)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def customer(self, name: str, notes: str, state: str = "NY") -> str:
        body = {"DisplayName": name, "Notes": notes, "BillAddr": {"CountrySubDivisionCode": state}}
        return str(self.call("customer", body)["Customer"]["Id"])

    def invoices(self) -> list[dict[str, Any]]:
        found = self.call("query", query="select * from Invoice maxresults 1000")["QueryResponse"]
        return sorted(found.get("Invoice", []), key=lambda one: str(one["DocNumber"]))

    def control(self, path: str, body: Any) -> None:
        requests.post(f"{self.url}/sandbox/quickbooks/{path}", json=body, timeout=10).raise_for_status()


@pytest.fixture
def office(world: World) -> Office:
    bind(world)
    connected(world)
    made = Office(world)
    # The commands of a test follow one another within a second, as no person's and no machine's do.
    made.control("limits", {"second": 1000})
    return made


def checks(sent: Answer, run: str) -> dict[str, Any]:
    tied = next(one for one in sent.plain["tie_outs"] if one["run"] == run)
    assert tied["ties"], tied
    return {stage["name"]: stage for stage in tied["stages"]}


@pytest.mark.usefixtures("on_each_database")
def test_a_run_is_booked_with_the_tax_that_quickbooks_computes(world: World, office: Office) -> None:
    key = office.customer("One Partner of New York", "Long known.\nPartner id: P-1\nLikes email.")
    run = world.approved("A", "B")
    sent = world.run("push", run)
    assert sent.code == 0, sent.out
    (made,) = office.invoices()
    assert (made["DocNumber"], made["CustomerRef"]["value"]) == ("US-000001", key)
    assert (made["TotalAmt"], made["TxnTaxDetail"]["TotalTax"]) == (3919.5, 319.5)
    assert (made["AllowOnlineCreditCardPayment"], made["AllowOnlineACHPayment"]) == (False, True)
    stages = checks(sent, run)
    assert stages["tax computed by the books"]["minor"] == {"USD": 31_950}
    assert stages["documents read back from the books"]["minor"] == {"USD": 391_950}
    again = world.run("push", run)
    assert (again.code, len(office.invoices())) == (0, 1)
    proved = world.run("rebuild", "--check")
    assert proved.code == 0, proved.out
    told = world.run("exceptions")
    assert (told.code, told.plain["exceptions"]) == (0, [])


def test_both_entities_are_booked_each_in_its_company(world: World, office: Office) -> None:
    made = world.plan(world.partners(), world.clients(client("A"), client("C", "P-3")))
    run = made.plain["run"]
    assert world.run("approve", run).code == 0
    sent = world.run("push", run)
    assert sent.code == 0, sent.out
    assert sorted(sent.plain["tenants"]) == ["uk-books", "us-books"]
    assert "tax computed by the books" not in checks(sent, run)
    assert [one["DocNumber"] for one in office.invoices()] == ["US-000001"]


@pytest.mark.parametrize("kind", ["reply_lost_after_commit", "late_commit"])
def test_a_lost_reply_is_looked_up_and_not_doubled(world: World, office: Office, kind: str) -> None:
    run = world.approved("A")
    office.control("switches", {"requestid_batch": "ignore", "late_commit_seconds": 0.3})
    office.control(
        "faults", {"kind": kind, "method": "POST", "path": "batch", "after": 1}
    )  # the first makes a customer
    sent = world.run("push", run)
    assert sent.code == 0, sent.out
    assert sent.plain["tenants"]["us-books"]["adopted"] == ["US-000001"]
    assert [one["DocNumber"] for one in office.invoices()] == ["US-000001"]
    checks(sent, run)


def test_a_number_that_is_in_use_is_not_used_twice(world: World, office: Office) -> None:
    run = world.approved("A")
    other = office.customer("Other", "")
    line = {"DetailType": "SalesItemLineDetail", "Amount": 1, "SalesItemLineDetail": {"ItemRef": {"value": "21"}}}
    office.call("invoice", {"DocNumber": "US-000001", "CustomerRef": {"value": other}, "Line": [line]})
    sent = world.run("push", run)
    assert sent.code == 3
    (told,) = sent.plain["tenants"]["us-books"]["quarantined"]
    assert "it was there before ours was first sent" in told["reason"]
    assert len(office.invoices()) == 1


def test_what_a_bookkeeper_changes_is_drift(world: World, office: Office) -> None:
    office.customer("One Partner of New York", "Partner id: P-1")
    run = world.approved("A")
    assert world.run("push", run).code == 0
    (made,) = office.invoices()
    office.call("invoice", {"Id": made["Id"], "SyncToken": made["SyncToken"]}, operation="void")
    again = world.run("push", run)
    assert again.code == 3
    assert "it is VOIDED in the books" in json.dumps(world.run("exceptions").plain)


def test_books_that_are_closed_and_items_that_are_inactive_stop_the_plan(world: World, office: Office) -> None:
    office.control("organisation", {"tenant": "US-COMPANY", "BookCloseDate": "2025-12-31"})
    path = world.folder / "mappings" / "books-us.yaml"
    path.write_text(
        path.read_text().replace("account: Sales, item_code: SPOKE-FULL", "account: 400, item_code: SPOKE-FULL")
    )
    made = world.plan(world.partners(), world.clients(client("A")))
    told = json.dumps(made.plain["problems"])
    assert "is locked up to 2025-12-31 (closing date)" in told
    assert "Item SPOKE-FULL is booked to Sales in Sample US Company (sandbox), and the mapping says 400." in told
    path.write_text(path.read_text().replace("item_code: SPOKE-FULL", "item_code: SPOKE-OLD"))
    made = world.plan(world.partners(), world.clients(client("A")))
    assert "Item SPOKE-OLD is not sold in Sample US Company (sandbox)." in json.dumps(made.plain["problems"])


def test_doctor_tells_until_when_the_consent_lasts(world: World, office: Office) -> None:
    told = world.run("doctor").plain["findings"]
    (us,) = [one for one in told if one["what"] == "tenant us-books"]
    assert us["good"]
    assert us["told"].startswith("Sample US Company (sandbox), USD, ")
    assert "; agreed to com.intuit.quickbooks.accounting; connect it again before 20" in us["told"]
    assert office.url


def test_the_loopback_answer_connects(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person's browser follows the vendor's page back to this machine."""
    bind(world, "http://127.0.0.1:18766/callback")
    said: list[str] = []

    def say(message: str) -> None:
        said.append(message)
        if message.startswith("Waiting"):
            page = f"{said[0].splitlines()[-1]}&sandbox_company=US-COMPANY"
            threading.Thread(target=lambda: requests.get(page, timeout=10)).start()

    monkeypatch.setattr("connector.cli.connecting.say", say)
    answer = world.run("connect", "quickbooks", "us-books")
    assert (answer.code, answer.plain["organisation"]) == (0, "Sample US Company (sandbox)")
    path = world.folder / ".tokens" / "us-books.json"
    assert path.stat().st_mode & 0o777 == 0o600
    tokens = stored(settings_of(world))
    for secret in (tokens.access, tokens.refresh):
        assert secret not in answer.out + answer.err + "".join(said) + path.read_text()


def test_a_pasted_answer_connects(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bind(world)
    pages: list[str] = []
    monkeypatch.setattr("connector.cli.connecting.say", pages.append)

    class Typing:
        @staticmethod
        def readline() -> str:
            return agree_by_hand(pages[0].splitlines()[-1], UK_COMPANY)

    monkeypatch.setattr("connector.cli.connecting.sys.stdin", Typing)
    answer = world.run("connect", "quickbooks", "uk-books", "--paste", as_json=False)
    assert (answer.code, answer.out.splitlines()[0]) == (
        0,
        "uk-books is connected to Sample UK Company (sandbox) (GBP).",
    )


def settings_of(world: World) -> Any:
    return consented(load_config(world.folder, os.environ), "quickbooks", "us-books")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("", "no answer came back from QuickBooks"),
        ("?code=c&state=another&realmId=9130350000000001", "the answer belongs to another attempt to connect"),
        ("?error=access_denied&state={state}", "QuickBooks was not agreed to"),
        ("?code=c&state={state}&realmId=7", "QuickBooks was agreed to for 7, and not for 9130350000000001"),
    ],
)
def test_an_answer_that_is_not_for_us_is_refused(world: World, answer: str, message: str) -> None:
    bind(world)

    def ask(page: str, _: str) -> str:
        return answer.format(state=page.rpartition("state=")[2])

    with pytest.raises(StopError) as raised:
        connect_tenant(settings_of(world), ask, opening.clock())
    assert raised.value.message == message


def test_what_cannot_be_connected_is_told(world: World) -> None:
    told = world.run("connect", "quickbooks")
    assert (told.code, told.plain["error"]) == (
        2,
        "connector.yaml declares no tenant of QuickBooks that is connected by a person's consent",
    )
    bind(world)
    several, none = world.run("connect", "quickbooks"), world.run("connect", "quickbooks", "fr-books")
    assert [one.plain["error"].rpartition(", and ")[2] for one in (several, none)] == [
        "it is not said which",
        "fr-books is none of them",
    ]
    sent = world.run("push", world.approved("A"))
    assert sent.code == 2
    fault = sent.plain["setup_faults"]["us-books"]
    assert fault == {
        "message": "No one has connected QuickBooks yet",
        "next_step": "Run 'connector connect quickbooks us-books'.",
    }


def test_taxation_that_is_not_the_companys_is_told(world: World, office: Office) -> None:
    path = world.folder / FILE
    path.write_text(path.read_text().replace("taxation: automated", "taxation: manual"))
    told = [one for one in world.run("doctor").plain["findings"] if one["what"] == "tenant us-books"]
    message = "The settings say taxation: manual, and that of Sample US Company (sandbox) is automated"
    assert told[0]["told"] == message
    assert office.url


def test_faults_of_the_settings_are_told_at_their_place(world: World) -> None:
    bind(world)
    path = world.folder / FILE
    text = path.read_text().replace("taxation: automated", "taxation: automatic\n    invoice_status: DRAFT")
    path.write_text(text.replace("taxation: global", "taxation: global\n    document_tax_code: California"))
    problems = world.run("runs").plain["problems"]
    assert sorted(one["message"] for one in problems) == sorted(
        [
            "tenant us-books has no key 'invoice_status'",
            "document_tax_code is for taxation: manual only",
            next(one["message"] for one in problems if "taxation" in one["message"] and "automatic" in one["message"]),
        ]
    )


def test_class_department_and_terms_are_those_that_the_settings_name(world: World, office: Office) -> None:
    path = world.folder / FILE
    own = "class: Partners\n    department: West\n    sales_terms: [Due on receipt, Net 30]\n"
    plain = path.read_text()
    path.write_text(plain.replace("taxation: automated\n", f"taxation: automated\n    {own}"))
    run = world.approved("A")
    assert world.run("push", run).code == 0
    (made,) = office.invoices()
    classes = [one["SalesItemLineDetail"]["ClassRef"]["name"] for one in made["Line"] if "SalesItemLineDetail" in one]
    told = (made["DepartmentRef"]["value"], made["SalesTermRef"]["name"], classes)
    assert told == ("302", "Net 30", ["Partners"])


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ("class: Partner\n", "QuickBooks has no active Class that is called Partner"),
        ("department: North\n", "QuickBooks has no active Department that is called North"),
        ("sales_terms: [Net 31]\n", "QuickBooks has no active Term that is called Net 31"),
        ('sales_terms: [Net 30, "3"]\n', "Two of the terms in sales_terms are due after 30 days"),
    ],
)
def test_a_name_of_the_settings_that_the_company_does_not_have_is_told(
    world: World, office: Office, own: str, message: str
) -> None:
    path = world.folder / FILE
    path.write_text(path.read_text().replace("taxation: automated\n", f"taxation: automated\n    {own}"))
    told = [one["told"] for one in world.run("doctor").plain["findings"] if one["what"] == "tenant us-books"]
    assert told == [message]
    assert office.url


def test_everything_that_was_configured_is_read(world: World) -> None:
    bind(world)
    path = world.folder / FILE
    labels = "class: Partners\n    department: East\n    sales_terms: [Net 15, Net 30]\n    "
    more = f"{labels}batches_per_minute: 30\n    calls_per_second: 5\n"
    path.write_text(path.read_text().replace("taxation: automated\n", f"taxation: automated\n    {more}"))
    got = load_config(world.folder, os.environ).tenants["us-books"]
    assert got.quickbooks is not None
    assert got.quickbooks == QuickBooksSettings("automated", "", "Partners", "East", ("Net 15", "Net 30"), 30, 5)
    assert got.calls_per_minute == 480
    ledger.close_store()


def test_numbers_that_cannot_be_looked_up_wait(world: World, office: Office) -> None:
    run = world.approved("A")
    office.control("faults", {"kind": "unavailable_503", "method": "GET", "path": "query"})
    sent = world.run("push", run)
    assert sent.code == 3
    (told,) = sent.plain["tenants"]["us-books"]["waiting"]
    assert (told["number"], told["reason"]) == ("US-000001", "QuickBooks answered with status 503.")
    assert office.invoices() == []
    assert world.run("push", run).code == 0


def test_what_an_earlier_call_booked_after_all_is_adopted_before_it_is_sent_anew(world: World, office: Office) -> None:
    """The search lags behind the quiet period, and the second call is refused: the first one's document turns up."""
    run = world.approved("A")
    office.control("switches", {"search_lag_seconds": 3600})
    office.control("faults", {"kind": "reply_lost_after_commit", "method": "POST", "path": "batch", "after": 1})
    office.control("faults", {"kind": "throttle_minute", "method": "POST", "path": "batch", "after": 1})
    assert world.run("push", run).code == 3
    office.control("switches", {"search_lag_seconds": 0})
    sent = world.run("push", run)
    assert sent.code == 0, sent.out
    assert sent.plain["tenants"]["us-books"]["adopted"] == ["US-000001"]
    assert len(office.invoices()) == 1


def test_a_second_document_of_a_number_is_drift(world: World, office: Office) -> None:
    run = world.approved("A")
    assert world.run("push", run).code == 0
    (made,) = office.invoices()
    line = {"DetailType": "SalesItemLineDetail", "Amount": 1, "SalesItemLineDetail": {"ItemRef": {"value": "21"}}}
    office.call("invoice", {"DocNumber": "US-000001", "CustomerRef": made["CustomerRef"], "Line": [line]})
    assert world.run("push", run).code == 3
    assert "another one has its number in the books" in json.dumps(world.run("exceptions").plain)


@pytest.mark.parametrize(
    ("which", "code", "message"),
    [
        ("token_url", 3, "No access token: 127.0.0.1 cannot be reached"),
        ("api_url", 3, "connected, but not read yet: 127.0.0.1 cannot be reached"),
        ("credentials", 2, "us-books: the client id or the client secret is missing"),
    ],
)
def test_a_connection_that_does_not_come_about_is_told(world: World, which: str, code: int, message: str) -> None:
    bind(world)
    assert world.server is not None
    path, nowhere = world.folder / FILE, "{client_id_from: NOT_SET, client_secret_from: NOT_SET}"
    text = path.read_text().replace(f"{which}: {world.server.url}", f"{which}: http://127.0.0.1:9")
    path.write_text(text.replace(f"{which}: sandbox", f"{which}: {nowhere}"))
    with pytest.raises((StopError, SetupError)) as raised:
        connect_tenant(settings_of(world), lambda page, _: agree_by_hand(page, US_COMPANY), opening.clock())
    stop = as_stop(raised.value)
    assert (stop.exit_code, stop.message.lower()) == (code, message.lower())


def test_the_usual_address_of_the_answer_is_this_machine(world: World) -> None:
    bind(world)
    path = world.folder / FILE
    path.write_text(path.read_text().replace(f"    redirect_uri: {REDIRECT}\n", ""))
    assert settings_of(world).consent.redirect_uri == "http://localhost:8766/callback"
