"""What bookkeepers do to documents in the books is found, waits for an answer, and gets one of two."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import requests
from memory_books import MemoryBooks
from world import TIME_OUT_SECONDS, Answer, World, client

from connector import ledger
from connector.accounting.answers import Change, Changes, RemoteDocument, RetryLater
from connector.accounting.port import Capabilities
from connector.domain.documents import CREDIT_NOTE, INVOICE
from connector.net.errors import SetupError
from connector.runs import looks
from connector.runs import reconcile as reconciling
from connector.runs.asking import Asked, Clock
from connector.runs.config import load_config
from connector.runs.errors import StopError
from connector.runs.reconcile import Reconciled
from connector.runs.workspace import open_files, open_ledger

REPRICED = "its total is USD 5.00 in the books, not USD 1,948.50"
ACCEPT = "'connector reconcile --accept {number} --reason …'"
STEP = (
    f"Take it as the books have it: {ACCEPT}; or void it there, and bill it again:"
    " 'connector reconcile --reissue {number} --reason …'."
)
BECAUSE = ("--reason", "agreed with the partner")


def drift(number: str, what: str, tenant: str = "us-books") -> dict[str, Any]:
    step = STEP.format(number=number)
    return {"number": number, "tenant": tenant, "what": what, "foreign": False, "next_step": step}


def billed(world: World) -> list[str]:
    """Two documents of the US books and one of the UK's, in the books; the files they came from."""
    files = [world.partners(), world.clients(client("A"), client("B", "P-3"))]
    world.bill(*files)
    more = world.clients(client("A"), client("B", "P-3"), client("C"))
    world.bill(more)
    return [files[0], more]


def answered(world: World, *words: str) -> Answer:
    return world.run("reconcile", *words, *BECAUSE)


def sound(world: World) -> None:
    assert world.run("verify").code == 0
    checked = world.run("rebuild", "--check")
    assert checked.code == 0, checked.out
    sent = world.run("push")
    assert sent.code == 0, sent.out
    assert [one["state"] for one in world.run("runs").plain["runs"] if one["state"] != "closed"] == []


@pytest.mark.usefixtures("on_each_database")
def test_what_is_edited_and_accepted_is_as_the_books_have_it(world: World) -> None:
    files = billed(world)
    first = world.run("reconcile")
    assert (first.code, first.plain["drift"], first.plain["paid"]) == (0, [], [])
    assert {name: (one["how"], one["documents"]) for name, one in first.plain["tenants"].items()} == {
        "uk-books": ("by number", 1),
        "us-books": ("by number", 2),
    }
    world.reprice("US-000001", 5)
    found = world.run("reconcile")
    assert (found.code, found.plain["drift"]) == (3, [drift("US-000001", REPRICED)])
    assert {one["how"] for one in found.plain["tenants"].values()} == {"by change"}
    [open_one] = world.run("exceptions").plain["exceptions"]
    assert (open_one["kind"], open_one["where"], open_one["next_step"]) == (
        "document-drift",
        "US-000001",
        STEP.format(number="US-000001"),
    )
    assert world.run("reconcile", "--accept", "US-000001").plain["error"] == "to accept a difference needs a reason"
    assert answered(world, "--accept", "US-000002").plain["error"] == "waiting for no answer: US-000002"
    taken = answered(world, "--accept", "US-000001")
    assert (taken.code, taken.plain["accepted"]) == (0, [drift("US-000001", REPRICED)])
    again = world.run("reconcile")
    assert (again.code, again.plain["drift"]) == (0, [])
    assert world.run("exceptions").plain["exceptions"] == []
    tied = world.run("push", "R-0001").plain["tie_out"]
    stages = {one["name"]: (one["count"], one["minor"], one["note"]) for one in tied["stages"]}
    assert stages["accepted as the books have them"] == (
        1,
        {"USD": 500 - 194850},
        "what the books have more or less; 0 of them are there no more",
    )
    assert stages["documents read back from the books"][:2] == (2, {"GBP": stages["receipts"][1]["GBP"], "USD": 500})
    assert tied["ties"]
    sound(world)
    assert world.plan(*files).plain["documents"] == []


def test_what_is_accepted_is_one_difference_and_no_other(world: World) -> None:
    billed(world)
    world.reprice("US-000001", 5)
    assert world.run("reconcile").code == 3
    world.reprice("US-000001", 6)
    moved = answered(world, "--accept", "US-000001")
    assert (moved.code, moved.plain["error"]) == (1, "the books say something else by now of US-000001")
    assert answered(world, "--accept", "US-000001").code == 0
    world.void("US-000001")
    gone = world.run("reconcile")
    assert gone.plain["drift"] == [drift("US-000001", "it is VOIDED in the books")]
    world.reprice("US-000002", 7)
    both = answered(world, "--accept", "US-000001", "--accept", "US-000002")
    assert (both.code, both.plain["error"]) == (1, "waiting for no answer: US-000002")
    assert world.run("reconcile").plain["drift"] == [
        drift("US-000001", "it is VOIDED in the books"),
        drift("US-000002", "its total is USD 7.00 in the books, not USD 1,948.50"),
    ]
    assert answered(world, "--accept", "US-000001", "--accept", "US-000002").code == 0
    sound(world)


@pytest.mark.usefixtures("on_each_database")
def test_what_is_void_is_issued_again_on_a_new_number(world: World) -> None:
    world.limit(minute=600)  # more is asked than in a minute of Xero's
    files = billed(world)
    standing = answered(world, "--reissue", "US-000001")
    assert (standing.code, standing.plain["error"]) == (1, "still in the books: US-000001")
    world.void("US-000001")
    assert world.run("reconcile").code == 3
    planned = answered(world, "--reissue", "US-000001")
    assert planned.code == 0, planned.out
    assert [(one["document"]["kind"], one["net_minor"]) for one in planned.plain["documents"]] == [("invoice", 180000)]
    assert planned.plain["correction"]["reason"] == "agreed with the partner"
    run = planned.plain["run"]
    assert world.run("approve", run).code == 0
    sent = world.run("push", run)
    assert sent.code == 0, sent.out
    assert [one["number"] for one in world.run("documents").plain["documents"]] == [
        "UK-000001",
        "US-000001",
        "US-000002",
        "US-000003",
    ]
    assert [
        (one["InvoiceNumber"], one["Status"]) for one in world.invoices("11111111-1111-4111-8111-111111111111")
    ] == [
        ("US-000002", "AUTHORISED"),
        ("US-000001", "VOIDED"),
        ("US-000003", "AUTHORISED"),
    ]
    assert world.run("reconcile").plain["drift"] == []
    assert world.run("exceptions").plain["exceptions"] == []
    tied = world.run("push", "R-0001").plain["tie_out"]
    accepted = next(one for one in tied["stages"] if one["name"] == "accepted as the books have them")
    assert (accepted["count"], accepted["minor"], tied["ties"]) == (1, {"USD": -194850}, True)
    sound(world)
    assert world.plan(*files).plain["documents"] == []
    twice = answered(world, "--reissue", "US-000001")
    assert (twice.code, twice.plain["error"].split(":")[0]) == (1, "credited before")


def test_what_was_not_billed_by_an_invoice_alone_is_not_issued_again(world: World) -> None:
    billed(world)
    assert world.run("correct", "US-000001", "--credit-only", "--reason", "wrong").code == 0
    assert world.run("approve", "latest").code == 0
    assert world.run("push").code == 0
    unknown = answered(world, "--reissue", "US-000099")
    assert (unknown.code, unknown.plain["error"]) == (1, "not in the books by what we know: US-000099")


def test_a_foreign_document_under_a_number_of_ours_is_told_once_and_left(world: World) -> None:
    billed(world)
    assert world.run("reconcile").code == 0
    url, headers = world._books("11111111-1111-4111-8111-111111111111")  # noqa: SLF001 - the kit's own door
    line = {"Description": "Theirs", "Quantity": 1, "UnitAmount": 9, "AccountCode": "200", "TaxType": "NONE"}
    contact = world.contact("Somebody else")
    numbers = ("US-000077", "THEIRS-1", "US-CN-000001")
    made = [
        {"Type": "ACCREC", "InvoiceNumber": number, "Contact": {"ContactID": contact}, "LineItems": [line]}
        for number in numbers
    ]
    answer = requests.put(f"{url}/Invoices", headers=headers, json={"Invoices": made}, timeout=TIME_OUT_SECONDS)
    key = answer.json()["Invoices"][0]["InvoiceID"]
    found = world.run("reconcile")
    told = {
        "number": "US-000077",
        "tenant": "us-books",
        "what": f"a foreign invoice has a number of ours in the books ({key})",
        "foreign": True,
        "next_step": "Let whoever made it give it another number; or leave it there: "
        + ACCEPT.format(number="US-000077")
        + ".",
    }
    assert (found.code, found.plain["drift"]) == (3, [told])
    assert [one["kind"] for one in world.run("exceptions").plain["exceptions"]] == ["document-foreign"]
    assert world.run("reconcile").plain["drift"] == [told]
    assert answered(world, "--accept", "US-000077").plain["accepted"] == [told]
    assert (world.run("reconcile").code, world.run("exceptions").plain["exceptions"]) == (0, [])


def test_it_is_told_to_people_too(world: World) -> None:
    assert world.run("reconcile", as_json=False).out == "Nothing is in the books yet.\n"
    billed(world)
    world.reprice("US-000001", 5)
    shown = world.run("reconcile", "--since", "2025-01-01", as_json=False)
    assert "us-books: 2 documents compared that have changed since 2025-01-01 00:00 UTC, 1 differ." in shown.out
    assert REPRICED in shown.out
    taken = world.run("reconcile", "--accept", "US-000001", *BECAUSE, as_json=False)
    assert taken.out == f"Accepted: US-000001: {REPRICED}.\n"
    assert world.run("reconcile", "--since", "yesterday").plain["error"] == "--since 'yesterday' is no date"
    assert world.run("reconcile", "--accept", "US-000001", "--since", "2025-01-01").code == 2


def test_books_that_cannot_be_read_are_named_and_asked_again_from_where_they_were(world: World) -> None:
    billed(world)
    world.reprice("US-000001", 5)
    world.fault(kind="unavailable_503", times=9, path="Invoices")
    failed = world.run("reconcile")
    assert (failed.code, failed.plain["not_read"]["us-books"]) == (3, "Xero is not available.")
    config = world.folder / "connector.yaml"
    text = config.read_text(encoding="utf-8")
    nobody = text.replace("credentials: sandbox", "credentials: {client_id_from: NO_ID, client_secret_from: NO_ID}")
    config.write_text(nobody, encoding="utf-8")
    wrong = world.run("reconcile")
    assert (wrong.code, sorted(wrong.plain["setup_faults"])) == (2, ["uk-books", "us-books"])
    assert "missing" in world.run("reconcile", as_json=False).out
    assert "missing" in answered(world, "--reissue", "US-000001").plain["error"]
    config.write_text(text, encoding="utf-8")


NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
LATER = RetryLater(NOON, "The books are being moved.", whole_tenant=True)


class Told(MemoryBooks):
    """Books in memory that keep what was asked of them, and tell of changes what they are given to tell."""

    def __init__(self, tenant: str) -> None:
        super().__init__(tenant)
        self.asked: list[Any] = []
        self.told: Changes | RetryLater | SetupError = Changes(())
        self.later: RetryLater | None = None

    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, adoptable=frozenset({"AUTHORISED", "PAID"}))

    def changes(self, since: datetime) -> Any:
        self.asked.append(since)
        if isinstance(self.told, SetupError):
            raise self.told
        return self.told

    def read_back(self, numbers: Any, kind: str = INVOICE) -> Any:
        self.asked.append(sorted(numbers))
        return self.later or super().read_back(numbers, kind)


class Desk:
    """What is billed, and its books in memory instead of those it was sent to; time passes when somebody says so."""

    def __init__(self, world: World) -> None:
        self.config = load_config(world.folder, os.environ)
        open_ledger(self.config)
        self.now, self.books = NOON, Told("us-books")
        self.entities = open_files(self.config).rulebook.entities
        names = ("currency", "net_minor", "tax_minor", "total_minor", "status", "contact_id")
        for row in ledger.read("receipt").iter_rows(named=True):
            number, values = row["remote_number"], {name: row[name] for name in names}
            self.books.documents[INVOICE, number] = RemoteDocument(row["remote_id"], number, **values)

    def edit(self, number: str, **changes: Any) -> RemoteDocument:
        """Change a document in the books; as it was before."""
        before = self.books.documents[INVOICE, number]
        self.books.documents[INVOICE, number] = replace(before, **changes)
        return before

    def look(self, since: date | None = None) -> Reconciled:
        self.books.asked.clear()
        with ledger.acting("tester"):
            return reconciling.reconcile(self.config, self.entities, since, self.asked)

    def waiting(self) -> dict[str, str]:
        """What waits for an answer after a look at every number."""
        self.books.told = Changes((), whole=False)
        return {one.number: one.told for one in self.look().drift}

    @property
    def asked(self) -> Asked:
        return Asked(None, Clock(lambda: self.now, lambda _seconds: None), "tester", lambda *_: self.books)


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    world.bill(world.partners(), world.clients(client("A")))
    world.bill(world.clients(client("A"), client("C")))
    yield Desk(world)
    ledger.close_store()


def test_what_has_changed_since_the_last_whole_look_is_asked_for(desk: Desk) -> None:
    desk.books.told = LATER
    failed = desk.look()
    assert (failed.looked, dict(failed.unread)) == ((), {"us-books": "The books are being moved."})
    received = min(ledger.read("receipt")["received_at"].to_list())
    assert desk.books.asked == [received - timedelta(hours=1)]

    desk.books.told, desk.books.later = Changes(()), LATER
    assert dict(desk.look().unread) == {"us-books": "The books are being moved."}
    desk.books.later = None
    [first] = desk.look().looked
    assert (first.how, first.since, first.documents, first.by) == (looks.How.NUMBER, None, 2, "tester")
    assert desk.books.asked == [received - timedelta(hours=1), ["US-000001", "US-000002"]]

    desk.now = NOON + timedelta(days=1)
    [nothing] = desk.look().looked
    assert (nothing.how, nothing.since, nothing.documents) == (looks.How.CHANGE, NOON - timedelta(hours=1), 0)
    assert desk.books.asked == [NOON - timedelta(hours=1)]

    by_id = Change(desk.books.documents[INVOICE, "US-000002"].id, INVOICE)
    desk.books.told = Changes((by_id, Change("other", CREDIT_NOTE, "US-000002"), Change("one", INVOICE, "THEIRS-1")))
    assert [one.documents for one in desk.look(date(2026, 11, 30)).looked] == [1]  # no day is left out
    assert desk.books.asked == [NOON + timedelta(hours=23), ["US-000002"]]
    assert [one.documents for one in desk.look(date(2026, 11, 3)).looked] == [1]
    assert desk.books.asked == [datetime(2026, 11, 3, tzinfo=UTC), ["US-000002"]]

    desk.books.told = Changes((by_id,), whole=False)
    assert [(one.how, one.documents) for one in desk.look().looked] == [(looks.How.NUMBER, 2)]

    desk.now, desk.books.told = NOON + timedelta(days=7), Changes(())
    assert [(one.how, one.since) for one in desk.look().looked] == [
        (looks.How.CHANGE, NOON + timedelta(hours=23)),  # every number was asked for six days ago
    ]
    desk.now = NOON + timedelta(days=9)
    assert [(one.how, one.since) for one in desk.look().looked] == [
        (looks.How.NUMBER, NOON + timedelta(days=7, hours=-1)),
    ]

    desk.books.told = SetupError("Xero does not accept it", "Connect again.")
    assert dict(desk.look().faults) == {"us-books": ("Xero does not accept it", "Connect again.")}


def test_every_kind_of_difference_is_told_and_over_when_it_is_over(desk: Desk) -> None:
    assert desk.waiting() == {}
    kinds: list[tuple[dict[str, Any], str]] = [
        ({"net_minor": 5}, "its net is USD 0.05 in the books, not USD 1,800.00"),
        ({"currency": "EUR"}, "its total is EUR 1,948.50 in the books, not USD 1,948.50"),
        ({"contact_id": "other"}, "its contact is other in the books, not {contact_id}"),
        ({"others": ("7", "8")}, "another one has its number in the books: 7, 8"),
        ({"status": "DELETED"}, "it is DELETED in the books"),
    ]
    for changes, told in kinds:
        before = desk.edit("US-000001", **changes)
        assert desk.waiting() == {"US-000001": told.format(contact_id=before.contact_id)}
        desk.books.documents[INVOICE, "US-000001"] = before
        desk.books.told = Changes(())
        assert desk.look().drift == ()  # looked at again although nothing tells of it
        assert desk.books.asked[1:] == [["US-000001"]]
    del desk.books.documents[INVOICE, "US-000002"]
    assert desk.waiting() == {"US-000002": "it is not in the books any more"}


def test_paid_documents_are_told_and_wait_for_nothing(desk: Desk) -> None:
    desk.edit("US-000002", status="PAID")
    desk.books.told = Changes((), whole=False)
    found = desk.look()
    assert (found.paid, found.drift) == (("US-000002",), ())


def test_what_was_issued_again_and_stands_in_the_books_once_more_is_drift(world: World, desk: Desk) -> None:
    before = desk.edit("US-000001", status="VOIDED")
    assert desk.waiting() == {"US-000001": "it is VOIDED in the books"}
    ledger.close_store()
    world.void("US-000001")
    assert answered(world, "--reissue", "US-000001").code == 0
    assert world.run("approve", "latest").code == 0
    assert world.run("push").code == 0
    again = Desk(world)
    again.edit("US-000001", status="VOIDED")
    assert again.waiting() == {}
    again.books.documents[INVOICE, "US-000001"] = before
    there = {"US-000001": "it stands in the books, and what it billed is billed again by another"}
    assert again.waiting() == there
    assert again.waiting() == there
    again.edit("US-000001", status="VOIDED")
    assert again.waiting() == {}
    assert again.waiting() == {}


def test_an_answer_needs_books_that_can_be_read(desk: Desk) -> None:
    desk.edit("US-000001", total_minor=6)
    assert list(desk.waiting()) == ["US-000001"]
    desk.books.later = LATER
    with ledger.acting("tester"), pytest.raises(StopError) as stop:
        reconciling.accept(desk.config, ["US-000001"], "agreed", desk.asked)
    assert (stop.value.message, stop.value.exit_code) == (
        "the books cannot be read now: us-books: The books are being moved",
        3,
    )


def test_a_document_with_a_difference_beside_it_is_not_issued_again(world: World) -> None:
    files = [world.partners(), world.clients(client("A"))]
    world.bill(*files)
    larger = world.clients(client("A", size="51-200"))
    world.run("approve", world.plan(larger).plain["run"])
    more = world.run("correct", "US-000001", "--difference", *BECAUSE)
    assert more.code == 0, more.out
    assert world.run("approve", "latest").code == 0
    assert world.run("push").code == 0
    world.void("US-000001")
    world.void("US-000002")
    beside = answered(world, "--reissue", "US-000001")
    assert (beside.code, beside.plain["error"]) == (
        1,
        "a difference of it was billed besides, and stands in the books: US-000001",
    )
    alone = answered(world, "--reissue", "US-000002")
    assert (alone.code, alone.plain["error"]) == (1, "only an invoice of charges can be issued again: US-000002")


def test_how_far_a_reading_has_come_is_told_tenant_by_tenant_with_every_wait(world: World) -> None:
    billed(world)
    config = load_config(world.folder, os.environ)
    open_ledger(config)
    entities = open_files(config).rulebook.entities
    narrow = {name: replace(one, calls_per_minute=1) for name, one in config.tenants.items()}
    told: list[tuple[str, int, int]] = []
    moment = [NOON]

    def sleep(seconds: float) -> None:
        moment[0] += timedelta(seconds=seconds)

    asked = Asked(None, Clock(lambda: moment[0], sleep), "tester")
    with ledger.acting("tester"):
        found = reconciling.reconcile(
            replace(config, tenants=narrow), entities, None, asked, lambda *words: told.append(words)
        )
    assert [one.documents for one in found.looked] == [1, 2]
    assert [one for one in told if one[0].startswith("Reading")] == [
        ("Reading the books of uk-books", 0, 2),
        ("Reading the books of us-books", 1, 2),
    ]
    waits = [one for one in told if "to keep within the calls of a minute that us-books allows" in one[0]]
    assert {one[1:] for one in waits} == {(1, 2)}
    assert [(one.tenant, one.at, one.documents) for one in looks.latest()] == [
        ("uk-books", NOON, 1),
        ("us-books", looks.last("us-books"), 2),
    ]


def test_what_was_approved_stands_beside_what_the_books_have(desk: Desk) -> None:
    desk.edit("US-000001", total_minor=500, net_minor=500, tax_minor=0)
    desk.waiting()
    [one] = reconciling.standing()
    assert (one.number, one.partner_id, str(one.approved), one.told) == ("US-000001", "P-1", "USD 1,948.50", REPRICED)
