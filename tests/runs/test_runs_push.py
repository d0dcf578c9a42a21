"""A push against a real sandbox and a real ledger file: what is booked, what waits, what a person must see to."""

import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from push_kit import (
    TENANT,
    Heard,
    Sandbox,
    Time,
    approve,
    document,
    foreign_invoice,
    jump,
    now,
    receipts,
    run,
    settings,
    system,
    with_line,
)

from connector.accounting.connect import connect
from connector.ledger import Place, StoreError, process_lock, read
from connector.ledger.outbox import (
    retry_rejected,
)
from connector.runs.push import Progress, PushResult, Refused, push
from connector.sandbox import US_BOOKS, SandboxServer

pytestmark = pytest.mark.usefixtures("on_each_database")

NOTHING = PushResult()


def test_documents_are_booked_once_with_their_contacts(books: Sandbox, store: Place) -> None:
    approve([document(n, partner=n % 5) for n in range(1, 121)])
    made = run(books.url, store)
    numbers = tuple(f"US-{n:06d}" for n in range(1, 121))
    assert made == PushResult(booked=numbers)
    assert books.books() == ({"AUTHORISED": 120}, {"ACTIVE": 5})
    assert receipts() == list(numbers)
    assert run(books.url, store) == NOTHING
    calls = books.control("GET", "counts")["requests"]["by_path"]
    assert (calls["PUT Invoices"], calls["PUT Contacts"]) == (3, 1)


def test_nothing_to_send_makes_no_call(books: Sandbox, store: Place) -> None:
    assert run(books.url, store) == NOTHING
    assert books.control("GET", "counts")["requests"]["total"] == 0


def test_a_document_that_the_settings_do_not_allow_is_rejected_as_a_whole(books: Sandbox, store: Place) -> None:
    bad = with_line(document(2), account="310")
    two_lines = replace(bad, lines=(replace(bad.lines[0], account="200", charge_id="CH-x"), bad.lines[0]))
    approve([document(1), two_lines])
    reason = "Account 310 is archived in Sample US Books (sandbox). Restore it, or map SPOKE-FULL to another."
    assert run(books.url, store) == PushResult(booked=("US-000001",), rejected=(Refused("US-000002", reason),))
    assert books.books() == ({"AUTHORISED": 1}, {"ACTIVE": 1})


def test_a_refusal_by_the_system_is_told_and_can_be_tried_again(books: Sandbox, store: Place) -> None:
    party = replace(document(1).party, email="no address")
    approve([document(1, party=party), document(2, partner=2)])
    made = run(books.url, store)
    assert made.booked == ("US-000002",)
    assert made.rejected == (
        Refused(
            "US-000001",
            "Xero says: Email address must be valid. Correct the partner's e-mail address, then send it again.",
        ),
    )
    assert retry_rejected(["D-US-000001"], now()) == 1
    assert run(books.url, store).rejected == made.rejected


def test_a_lock_date_stops_documents_before_they_are_sent(books: Sandbox, store: Place) -> None:
    books.control("POST", "organisation", {"tenant": "US-BOOKS", "PeriodLockDate": "2026-11-02"})
    approve([document(1)])
    made = run(books.url, store)
    assert made.rejected[0].reason == (
        "The document is dated 2026-11-02, and Sample US Books (sandbox) is locked up to 2026-11-02"
        " (period lock date). Move the lock date, or give the document a later date."
    )


def test_a_number_that_another_document_has_is_quarantined(books: Sandbox, store: Place) -> None:
    foreign_invoice(books.url, document(1, partner=9))
    approve([document(1), document(2)])
    made = run(books.url, store)
    assert made.booked == ("US-000002",)
    assert [one.number for one in made.quarantined] == ["US-000001"]
    assert "it was there before ours was first sent" in made.quarantined[0].reason
    assert books.books() == ({"AUTHORISED": 2}, {"ACTIVE": 2})


def test_a_number_that_was_there_before_ours_was_ever_sent_is_quarantined_however_like_it_is(
    books: Sandbox, store: Place
) -> None:
    foreign_invoice(books.url, document(1, reference="Before the ledger was lost"))
    approve([document(1)])
    assert [one.number for one in run(books.url, store).quarantined] == ["US-000001"]
    assert books.books() == ({"AUTHORISED": 1}, {"ACTIVE": 1})


def test_a_taken_number_that_cannot_be_looked_up_now_is_looked_up_later(books: Sandbox, store: Place) -> None:
    foreign_invoice(books.url, document(1, reference="Before the ledger was lost"))
    approve([document(1)])
    books.fault("unavailable_503", method="GET", path="Invoices")
    assert jump(books, store)[0].stopped == "Xero is not available."
    assert jump(books, store)[0].adopted == ("US-000001",)  # by then it was sent, so it may be ours


def test_a_number_taken_by_our_own_earlier_call_is_adopted(books: Sandbox, store: Place) -> None:
    """The search lags behind the quiet period: the look-up misses our document, and the second call meets it."""
    approve([document(5)])
    run(books.url, store)
    books.control("POST", "clock", {"advance_seconds": 7200})
    books.control("POST", "switches", {"search_lag_seconds": 3600})
    books.fault("reply_lost_after_commit", method="PUT", path="Invoices")
    approve([document(1)])
    calls: list[object] = []

    def heard(progress: Progress) -> None:
        calls.extend([progress] if progress.message.startswith("Called") else [])
        if len(calls) == 2:
            books.control("POST", "switches", {"search_lag_seconds": 0})

    made = Time()
    target = connect(settings(books.url), made.clock, made.sleep)
    result = push(target, store=store, clock=made.clock, sleep=made.sleep, report=heard)
    assert result.adopted == ("US-000001",)
    assert books.books()[0] == {"AUTHORISED": 2}


def test_a_taken_number_that_is_never_found_is_rejected(books: Sandbox, store: Place) -> None:
    approve([document(5)])
    run(books.url, store)
    # The contact is old enough to be found by now; the invoice made next is not.
    books.control("POST", "clock", {"advance_seconds": 7200})
    foreign_invoice(books.url, document(1, reference="Before the ledger was lost"))
    books.control("POST", "switches", {"search_lag_seconds": 3600})
    approve([document(1)])
    made, _ = jump(books, store)
    assert made.rejected == (
        Refused(
            "US-000001",
            "The number US-000001 is taken in the books, and no document with it can be found."
            " Find out what has the number, then send it again.",
        ),
    )


def test_a_partner_linked_to_a_contact_that_is_gone_is_a_question(books: Sandbox, store: Place) -> None:
    party = replace(document(1).party, contact_id="33333333-3333-4333-8333-333333333333")
    approve([document(1, party=party)])
    made = run(books.url, store)
    assert made.rejected[0].reason.startswith("The contact 33333333-3333-4333-8333-333333333333 that partner P-1")


def test_a_declared_contact_is_used_and_not_stored(books: Sandbox, store: Place) -> None:
    approve([document(1)])
    run(books.url, store)
    contact: str = read("contact_link")["contact_id"][0]
    approve([document(2, party=replace(document(2, partner=5).party, contact_id=contact))])
    books.fault("reply_lost_after_commit", method="PUT", path="Invoices")
    assert jump(books, store)[0].adopted == ("US-000002",)
    assert read("contact_link")["partner_id"].to_list() == ["P-1"]


def test_drift_is_booked_marked_and_reported(
    books: Sandbox, store: Place, server: SandboxServer, tmp_path: Path
) -> None:
    dear = replace(US_BOOKS, tax_rates=tuple(replace(rate, percent=Decimal(9)) for rate in US_BOOKS.tax_rates))
    port = int(server.url.rpartition(":")[2])
    others = [SandboxServer(tmp_path / "sandbox.sqlite3", port=port, tenants=(dear,))]
    approve([document(1)])

    def swap(progress: object) -> None:
        if str(progress).find("Creating") >= 0:
            server.stop()
            others[0].start()

    made = push(system(books.url), store=store, clock=now, sleep=time.sleep, report=swap)
    others[0].stop()
    words = "predicted USD 1,948.50 (tax USD 148.50), booked USD 1,962.00 (tax USD 162.00)"
    assert made == PushResult(booked=("US-000001",), drift=(Refused("US-000001", words),))
    assert read("document_event", "state = 'drift'")["detail"].to_list() == [words]
    assert read("receipt")["total_minor"].to_list() == [196_200]


def test_a_second_push_of_the_tenant_is_refused(books: Sandbox, store: Place) -> None:
    with process_lock(store, f"push {TENANT}"), pytest.raises(StoreError):
        run(books.url, store)


def test_a_push_says_what_it_does(books: Sandbox, store: Place) -> None:
    approve([document(1)])
    books.fault("reply_lost_after_commit", method="PUT", path="Invoices")
    heard, made = Heard(), Time()
    target = connect(settings(books.url), made.clock, made.sleep)
    push(target, store=store, clock=made.clock, sleep=made.sleep, report=heard)
    assert heard.messages == [
        "Creating 1 contact(s) in us-books",
        "Called us-books with 1 document",
        "Waiting 3 s: The connection to 127.0.0.1 ended before the answer (ConnectionError).",
        "Looking up 1 document(s) that may have been booked",
    ]
