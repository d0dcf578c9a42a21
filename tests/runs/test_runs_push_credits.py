"""Credit notes are applied to the invoices they refer to, once, as far as these owe something."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from push_kit import (
    TENANT,
    Sandbox,
    StopError,
    allocated,
    approve,
    credit_note,
    document,
    jump,
    now,
    run,
    states,
    stop,
    system,
    with_line,
)
from push_variants import SOUND, Crippled

from connector.accounting.answers import Applied, CredentialsError, CreditPair
from connector.accounting.port import Application
from connector.accounting.totals import predict_tax_minor
from connector.domain.documents import Document
from connector.ledger import allocations, read
from connector.runs.crashpoints import arm
from connector.runs.push import push
from connector.runs.push_result import AppliedCredit, PushResult, Refused
from connector.sandbox import CLIENT_ID, CLIENT_SECRET, US_BOOKS

FULL = Decimal("1948.50")
WHOLE = AppliedCredit("US-CN-000001", "US-000001", 194_850, "USD", "USD 1,948.50 of it applied to US-000001")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The sandbox's own file."""
    return tmp_path / "sandbox.sqlite3"


def of(net: int, made: Document) -> Document:
    tax = predict_tax_minor(net, Decimal("8.25"), "USD")
    return with_line(made, unit_minor=net, net_minor=net, tax_minor=tax)


def rows() -> list[tuple[Any, ...]]:
    return read("allocation").select("number", "state", "amount_minor").rows()


def notes(number: str = "US-CN-000001") -> list[str]:
    """What was noted of a credit note beside its way into the books."""
    events = read("document_event", "document_id = ?", [f"D-{number}"])
    return [state for state in events["state"] if state in allocations.NOTES]


def pair(number: str = "US-CN-000001", invoice: str = "US-000001") -> CreditPair:
    ids = dict(read("receipt").select("remote_number", "remote_id").iter_rows())
    return CreditPair(ids[number], ids[invoice])


@pytest.mark.usefixtures("on_each_database")
def test_a_credit_note_is_applied_to_the_invoice_it_refers_to(books: Sandbox, store: Path, state: Path) -> None:
    approve([document(1), document(2), credit_note(1, "US-000001")])
    made = run(books.url, store)
    assert made == PushResult(booked=("US-000001", "US-000002", "US-CN-000001"), applied=(WHOLE,))
    assert allocated(state) == {"US-CN-000001": [("US-000001", FULL)]}
    assert (rows(), notes()) == ([("US-CN-000001", "done", 194_850)], ["allocating", "allocated"])
    assert run(books.url, store) == PushResult()
    assert allocated(state) == {"US-CN-000001": [("US-000001", FULL)]}


def test_several_credit_notes_share_what_the_invoice_owes(books: Sandbox, store: Path, state: Path) -> None:
    half, more = of(100_000, credit_note(1, "US-000001")), of(120_000, credit_note(2, "US-000001"))
    approve([document(1), half, more, credit_note(3, "US-000001")])
    made = run(books.url, store)
    assert [(one.number, one.amount_minor, one.told) for one in made.applied] == [
        ("US-CN-000001", 108_250, "USD 1,082.50 of it applied to US-000001"),
        (
            "US-CN-000002",
            86_600,
            "USD 866.00 of it applied to US-000001; USD 433.00 stays open as a credit of the partner",
        ),
        (
            "US-CN-000003",
            0,
            "nothing of it applied to US-000001; USD 1,948.50 stays open as a credit of the partner",
        ),
    ]
    assert allocated(state) == {
        "US-CN-000001": [("US-000001", Decimal("1082.50"))],
        "US-CN-000002": [("US-000001", Decimal("866.00"))],
        "US-CN-000003": [],
    }
    assert made.unapplied == ()


@pytest.mark.parametrize("reference", ["", "November", "US-000009", "US-CN-000002"])
def test_a_credit_note_that_refers_to_no_invoice_of_ours_is_left_alone(
    books: Sandbox, store: Path, state: Path, reference: str
) -> None:
    approve([document(1), credit_note(1, reference), credit_note(2, "US-000009")])
    assert run(books.url, store).applied == ()
    assert (rows(), allocated(state)) == ([], {"US-CN-000001": [], "US-CN-000002": []})


def test_a_credit_note_waits_for_its_invoice(books: Sandbox, store: Path) -> None:
    bad = with_line(document(1), account="310")
    approve([bad, credit_note(1, "US-000001")])
    made = run(books.url, store)
    assert ([one.number for one in made.rejected], made.applied, made.waiting) == (["US-000001"], (), ())
    assert rows() == [("US-CN-000001", "ready", None)]


@pytest.mark.parametrize(
    "kind",
    [
        "reply_lost_after_commit",
        "late_commit",
        "error_500_after",
        "error_500_before",
        "unavailable_503",
        "offline_503",
        "drop_before",
        "html",
        "token_expired",
        "throttle_concurrent",
    ],
)
def test_a_passing_fault_is_waited_out_and_the_credit_is_applied_once(
    books: Sandbox, store: Path, state: Path, kind: str
) -> None:
    approve([document(1)])
    run(books.url, store)
    approve([credit_note(1, "US-000001")])
    books.fault(kind, method="PUT", path="CreditNotes/")
    made = run(books.url, store) if kind == "late_commit" else jump(books, store)[0]
    assert (made.applied, made.waiting) == ((WHOLE,), ())
    assert allocated(state) == {"US-CN-000001": [("US-000001", FULL)]}


def test_a_limit_stops_and_the_next_push_applies_it(books: Sandbox, store: Path, state: Path) -> None:
    approve([document(1), credit_note(1, "US-000001")])
    books.fault("throttle_day", method="PUT", path="CreditNotes/", retry_after=5000)
    made, _ = jump(books, store)
    assert made.stopped == "The calls of this day are used up."
    assert [one.number for one in made.waiting] == ["US-CN-000001"]
    assert made.resume_at == made.waiting[0].not_before is not None
    later = now() + timedelta(hours=2)
    again = push(system(books.url), store=store, clock=lambda: later, sleep=lambda _seconds: None)
    assert (again.applied, allocated(state)) == ((WHOLE,), {"US-CN-000001": [("US-000001", FULL)]})


@pytest.mark.parametrize("path", ["CreditNotes/", "Invoices/"])
def test_what_cannot_be_read_is_not_applied_yet(books: Sandbox, store: Path, state: Path, path: str) -> None:
    approve([document(1), credit_note(1, "US-000001")])
    books.fault("unavailable_503", method="GET", path=path)
    made, _ = jump(books, store)
    assert (made.stopped, [one.number for one in made.waiting]) == ("Xero is not available.", ["US-CN-000001"])
    assert allocated(state) == {"US-CN-000001": []}
    assert jump(books, store)[0].applied == (WHOLE,)


def test_a_connection_that_is_refused_releases_the_credit_note(books: Sandbox, store: Path, state: Path) -> None:
    approve([document(1), credit_note(1, "US-000001")])
    books.fault("token_expired", method="PUT", path="CreditNotes/", times=2)
    with pytest.raises(CredentialsError):
        run(books.url, store)
    assert rows() == [("US-CN-000001", "retry", 194_850)]
    assert run(books.url, store).applied == (WHOLE,)
    assert allocated(state) == {"US-CN-000001": [("US-000001", FULL)]}


def apply_by_hand(books: Sandbox, minor: int) -> None:
    """As a person does it in the books."""
    application = Application(pair(), minor, "USD", date(2026, 11, 3), 99)
    assert system(books.url).apply_credit(application, now() + timedelta(minutes=1)) == Applied()


def stopped_before_applying(books: Sandbox, store: Path) -> None:
    """Both documents are in the books, and the credit note was not even claimed."""
    approve([document(1), credit_note(1, "US-000001")])
    arm("push:round", action=stop)
    with pytest.raises(StopError):
        run(books.url, store)


def test_what_a_person_has_applied_is_not_applied_again(books: Sandbox, store: Path, state: Path) -> None:
    stopped_before_applying(books, store)
    apply_by_hand(books, 5000)
    told = "USD 50.00 of it applied to US-000001; USD 1,898.50 stays open as a credit of the partner"
    assert run(books.url, store).applied == (AppliedCredit("US-CN-000001", "US-000001", 5000, "USD", told),)
    assert allocated(state) == {"US-CN-000001": [("US-000001", Decimal("50.00"))]}


@pytest.mark.parametrize(("minor", "then"), [(5000, Decimal("1898.50")), (194_850, None)])
def test_an_invoice_that_is_paid_meanwhile_gets_what_it_still_owes(
    books: Sandbox, store: Path, state: Path, minor: int, then: Decimal | None
) -> None:
    """Another credit note pays it between the reading and the call."""
    stopped_before_applying(books, store)
    approve([credit_note(2, "elsewhere")])

    def pay() -> None:
        target, deadline = system(books.url), now() + timedelta(minutes=1)
        other = Application(pair("US-CN-000002"), minor, "USD", date(2026, 11, 3), 1)
        assert target.apply_credit(other, deadline) == Applied()

    arm("push:apply-intent", action=pay)
    made = run(books.url, store)
    assert (len(made.applied), made.unapplied, made.waiting) == (1, (), ())
    assert made.applied[0].amount_minor == (0 if then is None else 189_850)
    assert allocated(state)["US-CN-000001"] == ([] if then is None else [("US-000001", then)])


@pytest.mark.parametrize("locked", [True, False])
def test_a_refusal_is_told_and_the_credit_note_stays_booked(
    books: Sandbox, store: Path, state: Path, *, locked: bool
) -> None:
    stopped_before_applying(books, store)
    if locked:
        books.control("POST", "organisation", {"tenant": US_BOOKS.tenant_id, "PeriodLockDate": "2026-11-30"})
    else:
        books.fault("echo_400", method="PUT", path="CreditNotes/")
    made = run(books.url, store)
    (one,) = made.unapplied
    assert (one.number, made.applied, made.rejected, made.waiting) == ("US-CN-000001", (), (), ())
    assert one.reason.startswith("Xero says: ")
    assert ("lock date in Xero" in one.reason) == locked
    assert (rows()[0][1], states()["US-CN-000001"], allocated(state)) == ("rejected", "done", {"US-CN-000001": []})
    assert notes()[-1] == "allocation-rejected"
    assert run(books.url, store) == PushResult()
    assert allocations.retry_rejected(["D-US-CN-000001", "D-US-000001"], now()) == 1
    books.control("POST", "organisation", {"tenant": US_BOOKS.tenant_id, "PeriodLockDate": None})
    assert run(books.url, store).applied == (WHOLE,)


def test_a_refusal_that_cannot_be_looked_into_is_asked_again(books: Sandbox, store: Path, state: Path) -> None:
    stopped_before_applying(books, store)
    books.fault("echo_400", method="PUT", path="CreditNotes/")
    books.fault("unavailable_503", method="GET", path="CreditNotes/", after=1)
    made, _ = jump(books, store)
    assert (made.unapplied, [one.number for one in made.waiting]) == ((), ["US-CN-000001"])
    assert jump(books, store)[0].applied == (WHOLE,)
    assert allocated(state) == {"US-CN-000001": [("US-000001", FULL)]}


def test_drafts_are_not_applied_and_told(books: Sandbox, store: Path, state: Path) -> None:
    approve([document(1), credit_note(1, "US-000001")])
    made = run(books.url, store, invoice_status="DRAFT")
    why = "The credit note is DRAFT in Xero, which applies approved ones only. Approve both there."
    assert (made.applied, made.unapplied) == ((), (Refused("US-CN-000001", why),))
    assert made.booked == ("US-000001", "US-CN-000001")
    assert allocated(state) == {"US-CN-000001": []}


def test_a_credit_note_of_a_voided_invoice_stays_open(books: Sandbox, store: Path, state: Path) -> None:
    stopped_before_applying(books, store)
    form = {"grant_type": "client_credentials"}
    token = requests.post(f"{books.url}/connect/token", data=form, auth=(CLIENT_ID, CLIENT_SECRET), timeout=10)
    headers = {
        "Authorization": f"Bearer {token.json()['access_token']}",
        "xero-tenant-id": US_BOOKS.tenant_id,
        "Accept": "application/json",
    }
    body = {"Invoices": [{"Type": "ACCREC", "InvoiceNumber": "US-000001", "Status": "VOIDED"}]}
    assert requests.post(f"{books.url}/api.xro/2.0/Invoices", json=body, headers=headers, timeout=10).ok
    (one,) = run(books.url, store).applied
    assert (one.amount_minor, allocated(state)) == (0, {"US-CN-000001": []})


def test_a_credit_note_that_the_books_have_no_more_is_told(books: Sandbox, store: Path) -> None:
    stopped_before_applying(books, store)
    made = push(
        _Blind(system(books.url)),  # type: ignore[arg-type]  # a stand-in for the rest
        store=store,
        clock=now,
        sleep=lambda _seconds: None,
    )
    why = "The books have the credit note or its invoice no more. Look them up by their numbers."
    assert made.unapplied == (Refused("US-CN-000001", why),)


class _Blind(Crippled):
    """A system that finds no pair any more."""

    def __init__(self, real: Any) -> None:  # the system
        super().__init__(real, SOUND, None)  # type: ignore[arg-type]  # nothing is drawn

    def allocations(self, _pairs: Any) -> Any:  # as above
        return {}


@pytest.mark.parametrize("point", ["push:apply-claimed", "push:apply-read"])
def test_a_push_that_lost_its_claim_sends_nothing(books: Sandbox, store: Path, state: Path, point: str) -> None:
    stopped_before_applying(books, store)
    arm(point, action=lambda: allocations.release_dead(TENANT))
    made = run(books.url, store)
    assert (made.applied, notes()) == ((WHOLE,), ["allocating", "allocated"])  # once it had claimed it again
    assert allocated(state) == {"US-CN-000001": [("US-000001", FULL)]}


@pytest.mark.parametrize("kind", ["", "error_500_before", "echo_400"])
def test_a_lost_claim_records_nothing(books: Sandbox, store: Path, state: Path, kind: str) -> None:
    stopped_before_applying(books, store)
    if kind:
        books.fault(kind, method="PUT", path="CreditNotes/")
    arm("push:apply-after-wire", action=lambda: allocations.release_dead(TENANT))
    made, _ = jump(books, store)
    assert made.applied == (WHOLE,)
    assert allocated(state) == {"US-CN-000001": [("US-000001", FULL)]}
    assert notes().count("allocated") == 1
