"""Faults during a push: each is waited out or told, and nothing is booked twice or not at all."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import responses
from push_kit import (
    TENANT,
    Heard,
    Sandbox,
    StopError,
    approve,
    document,
    foreign_invoice,
    jump,
    now,
    run,
    states,
    stop,
    system,
    with_line,
)

from connector.accounting.answers import CredentialsError
from connector.ledger import Place, read
from connector.ledger.outbox import (
    State,
    claim,
    hold_tenant,
    items,
    release_dead,
    tenant_hold,
)
from connector.runs.crashpoints import arm
from connector.runs.push import Progress, PushResult, Refused, Waiting, push
from connector.sandbox import SandboxServer


@pytest.mark.parametrize(
    ("kind", "booked"),
    [
        ("reply_lost_after_commit", 0),
        ("late_commit", 0),
        ("error_500_after", 0),
        ("error_500_before", 1),
        ("unavailable_503", 1),
        ("offline_503", 1),
        ("drop_before", 1),
        ("token_expired", 1),
        ("throttle_concurrent", 1),
    ],
)
def test_a_passing_fault_is_waited_out_and_the_document_is_booked_once(
    books: Sandbox, store: Path, kind: str, booked: int
) -> None:
    approve([document(1)])
    books.fault(kind, method="PUT", path="Invoices")
    if kind == "late_commit":
        made = run(books.url, store)
    else:
        made, _ = jump(books, store)
    assert (len(made.booked), len(made.adopted), made.waiting) == (booked, 1 - booked, ())
    assert books.books() == ({"AUTHORISED": 1}, {"ACTIVE": 1})
    assert read("receipt")["adopted"].to_list() == [not booked]


def test_a_page_instead_of_an_answer_is_looked_up(books: Sandbox, store: Path) -> None:
    approve([document(1)])
    books.fault("html", method="PUT", path="Invoices")
    made, _ = jump(books, store)
    assert made.booked + made.adopted == ("US-000001",)
    assert books.books() == ({"AUTHORISED": 1}, {"ACTIVE": 1})


@pytest.mark.parametrize("kind", ["reply_lost_after_commit", "error_500_before", "late_commit"])
def test_a_lost_answer_about_a_contact_makes_no_second_one(books: Sandbox, store: Path, kind: str) -> None:
    approve([document(1), document(2)])
    books.fault(kind, method="PUT", path="Contacts")
    made = run(books.url, store) if kind == "late_commit" else jump(books, store)[0]
    assert made.booked == ("US-000001", "US-000002")
    assert books.books() == ({"AUTHORISED": 2}, {"ACTIVE": 1})


@pytest.mark.parametrize("path", ["Contacts", "TaxRates", "Invoices"])
def test_a_failing_read_stops_and_the_next_push_goes_on(books: Sandbox, store: Path, path: str) -> None:
    approve([document(1)])
    if path == "Invoices":
        books.fault("reply_lost_after_commit", method="PUT", path="Invoices")
    books.fault("unavailable_503", method="GET", path=path)
    made, _ = jump(books, store)
    assert [one.number for one in made.waiting] == ["US-000001"]
    assert made.stopped == "Xero is not available."
    assert made.resume_at is not None
    again, _ = jump(books, store)
    assert again.booked + again.adopted == ("US-000001",)
    assert books.books() == ({"AUTHORISED": 1}, {"ACTIVE": 1})


def test_a_minute_limit_stops_unless_told_to_wait(books: Sandbox, store: Path) -> None:
    approve([document(1)])
    books.fault("throttle_minute", method="PUT", path="Invoices", retry_after=7)
    made, time_ = jump(books, store)
    assert (made.stopped, [one.number for one in made.waiting]) == (
        "The calls of this minute are used up.",
        ["US-000001"],
    )
    assert time_.slept == []
    books.fault("throttle_minute", method="PUT", path="Invoices", retry_after=7)
    made, time_ = jump(books, store, until_done=True)
    assert made.booked == ("US-000001",)
    assert [round(seconds) for seconds in time_.slept] == [7]


@pytest.mark.parametrize("until_done", [False, True])
def test_a_day_limit_stops_the_tenant_and_says_until_when(books: Sandbox, store: Path, *, until_done: bool) -> None:
    approve([document(1), document(2)])
    books.fault("throttle_day", method="PUT", path="Invoices", retry_after=73451)
    made, time_ = jump(books, store, until_done=until_done)
    assert made.stopped == "The calls of this day are used up."
    assert made.resume_at is not None
    assert timedelta(seconds=73400) < made.resume_at - now() < timedelta(seconds=73500)
    assert {one.not_before for one in made.waiting} == {made.resume_at}
    assert time_.slept == []
    before = books.control("GET", "counts")["requests"]["total"]
    again, _ = jump(books, store)
    assert again.waiting == made.waiting
    assert books.control("GET", "counts")["requests"]["total"] == before
    held = tenant_hold(TENANT)
    assert held == (made.resume_at, "The calls of this day are used up.")


def test_a_hold_that_is_over_holds_nothing(books: Sandbox, store: Path) -> None:
    approve([document(1)])
    hold_tenant(TENANT, datetime(2026, 1, 1, tzinfo=UTC), "long ago")
    assert run(books.url, store).booked == ("US-000001",)


def test_a_remote_that_stays_down_is_given_up(books: Sandbox, store: Path) -> None:
    approve([document(1)])
    books.fault("error_500_before", method="PUT", path="Invoices", times=50)
    made, time_ = jump(books, store)
    assert made.stopped == "The accounting system settled nothing for several attempts; push again later."
    assert made.waiting[0].reason == "Xero answered with status 500."
    assert len(time_.slept) == 2
    assert books.books() == ({}, {"ACTIVE": 1})


def test_an_unreachable_system_leaves_everything_waiting(server: SandboxServer, store: Path) -> None:
    url = server.url
    server.stop()
    approve([document(1)])
    heard = Heard()
    made = push(system(url), store=store, clock=now, sleep=time.sleep, report=heard)
    assert made.stopped == "No access token: 127.0.0.1 cannot be reached."
    assert made.waiting == (Waiting("US-000001", made.resume_at, made.stopped),)
    server.start()
    assert items(TENANT)[0].first_sent is None


def test_until_done_waits_out_an_unreachable_system_for_a_while(tmp_path: Path, store: Path) -> None:
    del tmp_path
    approve([document(1)])
    made, time_ = jump(Sandbox("http://127.0.0.1:9"), store, until_done=True)
    assert made.booked == ()
    assert len(time_.slept) == 19


def test_wrong_credentials_stop_before_anything_is_sent(books: Sandbox, store: Path) -> None:
    approve([document(1)])
    with pytest.raises(CredentialsError) as raised:
        run(books.url, store, client_secret="canary-6b1f")  # noqa: S106  # a wrong one on purpose
    assert str(raised.value) == (
        "The accounting system does not accept the client id and secret."
        " Check both, and that the connection was not revoked; then try again."
    )
    assert states() == {"US-000001": "retry"}
    assert run(books.url, store).booked == ("US-000001",)


def test_access_lost_on_the_way_puts_the_documents_back(books: Sandbox, store: Path) -> None:
    approve([document(1)])
    books.fault("token_expired", method="PUT", path="Invoices", times=2)
    with pytest.raises(CredentialsError):
        run(books.url, store)
    held = items(TENANT)[0]
    assert (held.state, held.first_sent) == ("retry", None)
    assert run(books.url, store).booked == ("US-000001",)


def test_many_new_partners_stop_at_a_limit_and_go_on(books: Sandbox, store: Path) -> None:
    approve([document(n, partner=n) for n in range(1, 121)])
    books.fault("throttle_minute", method="PUT", path="Contacts", after=1)
    made, _ = jump(books, store)
    assert made.stopped == "The calls of this minute are used up."
    again, _ = jump(books, store)
    assert len(made.booked) + len(again.booked) == 120
    assert books.books() == ({"AUTHORISED": 120}, {"ACTIVE": 120})


def poisoned(poison: bytes) -> Callable[[Any], tuple[bool, str]]:
    """Matches the requests that carry this, which the remote then cannot read."""
    return lambda request: (poison in request.body, "")


def test_a_call_refused_as_a_whole_is_sent_document_by_document(books: Sandbox, store: Path) -> None:
    approve([document(1), document(2, reference="poison"), document(3)])
    whole = {"ErrorNumber": 14, "Type": "PostDataInvalidException", "Message": "JSON for post data was invalid"}
    with responses.RequestsMock() as mock:
        mock.add_passthru(books.url)
        url = f"{books.url}/api.xro/2.0/Invoices"
        mock.add("PUT", url, json=whole, status=400, match=[poisoned(b"poison")])
        made, _ = jump(books, store)
    assert made == PushResult(
        booked=("US-000001", "US-000003"),
        rejected=(
            Refused(
                "US-000002",
                "Xero says: JSON for post data was invalid."
                " Correct this in Xero or in the partner's data, then send it again.",
            ),
        ),
    )
    assert books.books() == ({"AUTHORISED": 2}, {"ACTIVE": 1})


def test_contacts_refused_as_a_whole_are_created_one_by_one(books: Sandbox, store: Path) -> None:
    bad = replace(document(2, partner=2).party, name="poison")
    approve([document(1), document(2, party=bad), document(3, partner=3)])
    with responses.RequestsMock() as mock:
        mock.add_passthru(books.url)
        url = f"{books.url}/api.xro/2.0/Contacts"
        mock.add("PUT", url, json={"Message": "A bad contact"}, status=400, match=[poisoned(b"poison")])
        made, _ = jump(books, store)
    assert (made.booked, [one.number for one in made.rejected]) == (("US-000001", "US-000003"), ["US-000002"])
    assert books.books() == ({"AUTHORISED": 2}, {"ACTIVE": 2})


def test_an_interrupted_creation_of_a_contact_is_waited_out(books: Sandbox, store: Path) -> None:
    approve([document(1)])
    arm("push:contact-after-wire", action=stop)
    with pytest.raises(StopError):
        run(books.url, store)
    made, time_ = jump(books, store)
    assert (made.booked, len(time_.slept)) == (("US-000001",), 1)
    assert books.books() == ({"AUTHORISED": 1}, {"ACTIVE": 1})
    assert read("contact_link")["how"].to_list() == ["number"]


def take_over() -> None:
    """Another worker takes every document: what this one holds, it holds no longer."""
    release_dead(TENANT)
    claim(items(TENANT, [State.RETRY]), now(), timedelta(hours=2))


@pytest.mark.parametrize(
    "point", ["push:claimed", "push:checked", "push:intent", "push:before-wire", "push:after-wire", "push:looked-up"]
)
@pytest.mark.parametrize("sort", ["good", "foreign", "archived account"])
def test_a_push_that_lost_its_claim_records_nothing(  # a test's arguments are its circumstances
    books: Sandbox, store: Path, point: str, sort: str
) -> None:
    if sort == "foreign":
        foreign_invoice(books.url, document(1, partner=9))
    approve([with_line(document(1), account="310") if sort == "archived account" else document(1)])
    if point == "push:looked-up":
        books.fault("reply_lost_after_commit", method="PUT", path="Invoices")
    arm(point, action=take_over)
    made, _ = jump(books, store)
    reached_it = states() == {"US-000001": "sending"}
    if reached_it:
        assert (made.booked, made.adopted, made.rejected, made.quarantined) == ((), (), (), ())
        assert [one.number for one in made.waiting] == ["US-000001"]
        assert made.resume_at is not None
        assert read("receipt").is_empty()
    else:
        assert made.waiting == ()
    assert sum(books.books()[0].values()) <= 1


@pytest.mark.usefixtures("on_each_database")
@pytest.mark.parametrize("answer", ["whole", "lost"])
def test_a_contact_that_another_push_made_meanwhile_stays_known(
    books: Sandbox, store: Place, tmp_path: Path, answer: str
) -> None:
    """This one lost its lock after it had found no contact. The search does not show at once what the other made."""
    approve([document(1), document(2)])

    def other(progress: Progress) -> None:
        if not progress.message.startswith("Creating") or not read("contact_link").is_empty():
            return
        if answer == "lost":
            books.fault("reply_lost_after_commit", method="PUT", path="Contacts")
            arm("push:round", action=stop)
        else:
            books.control("POST", "switches", {"search_lag_seconds": 30})
        with suppress(StopError):
            push(system(books.url), store=tmp_path / "other", clock=now, sleep=time.sleep)

    made = push(system(books.url), store=store, clock=now, sleep=time.sleep, report=other)
    assert (made.rejected, made.quarantined, made.waiting) == ((), (), ())
    assert states() == {"US-000001": "done", "US-000002": "done"}
    how = "number" if answer == "lost" else "created"
    assert read("contact_link").select("how", named=pl.col("contact_id") != "").rows() == [(how, True)]
    assert books.books() == ({"AUTHORISED": 2}, {"ACTIVE": 1})
