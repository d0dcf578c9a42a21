"""What has changed in Xero, page by page, at the HTTP edge."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import responses
from accounting_kit import API, connected, give_token

from connector.accounting import changes as paging
from connector.accounting.answers import Change, Changes, RetryLater
from connector.accounting.xero import changes

SINCE = datetime(2026, 11, 20, 8, 30, 15, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def told(number: int, at: datetime, **more: Any) -> dict[str, Any]:
    stamp = f"/Date({int((at - EPOCH) / timedelta(milliseconds=1))}+0000)/"
    return {
        "InvoiceID": f"id-{number}",
        "InvoiceNumber": f"US-{number}",
        "Type": "ACCREC",
        "UpdatedDateUTC": stamp,
        **more,
    }


def nothing_else() -> None:
    responses.get(f"{API}/CreditNotes", json={"CreditNotes": []})


@responses.activate
def test_the_next_page_begins_where_the_last_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "PAGE_SIZE", 2)
    give_token()
    first = [told(1, SINCE), told(2, SINCE + timedelta(seconds=90), Type="ACCPAY")]
    responses.get(f"{API}/Invoices", json={"Invoices": first})
    responses.get(f"{API}/Invoices", json={"Invoices": [told(3, SINCE + timedelta(days=1))]})
    nothing_else()
    assert connected().changes(SINCE) == Changes((Change("id-1", "invoice", "US-1"), Change("id-3", "invoice", "US-3")))
    calls = [call.request for call in responses.calls[1:]]
    assert [call.headers["If-Modified-Since"] for call in calls] == [
        "2026-11-20T08:30:15",
        "2026-11-20T08:31:45",
        "2026-11-20T08:30:15",
    ]
    assert calls[0].params["summaryOnly"] == "true"  # type: ignore[attr-defined]
    assert {call.params["order"] for call in calls} == {"UpdatedDateUTC"}  # type: ignore[attr-defined]


@responses.activate
@pytest.mark.parametrize("stamp", [SINCE + timedelta(milliseconds=900), None])
def test_a_page_without_a_way_past_it_is_not_the_whole(monkeypatch: pytest.MonkeyPatch, stamp: datetime | None) -> None:
    monkeypatch.setattr(changes, "PAGE_SIZE", 1)
    give_token()
    one = told(1, stamp or SINCE, **({} if stamp else {"UpdatedDateUTC": "today"}))
    responses.get(f"{API}/Invoices", json={"Invoices": [one]})
    nothing_else()
    assert connected().changes(SINCE) == Changes((Change("id-1", "invoice", "US-1"),), whole=False)


@responses.activate
def test_more_pages_than_a_minute_of_calls_are_not_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "PAGE_SIZE", 1)
    monkeypatch.setattr(paging, "MOST_PAGES", 2)
    give_token()
    for number in (1, 2):
        responses.get(f"{API}/Invoices", json={"Invoices": [told(number, SINCE + timedelta(hours=number))]})
    nothing_else()
    got = connected().changes(SINCE)
    assert isinstance(got, Changes)
    assert (len(got.documents), got.whole) == (2, False)


@responses.activate
@pytest.mark.parametrize("answer", [{"status": 503}, {"json": {"Status": "OK"}}, {"status": 404}])
def test_an_answer_that_is_none_is_asked_for_later(answer: dict[str, Any]) -> None:
    give_token()
    responses.get(f"{API}/Invoices", **answer)
    assert isinstance(connected().changes(SINCE), RetryLater)


@responses.activate
def test_credit_notes_that_cannot_be_read_make_it_all_wait() -> None:
    give_token()
    responses.get(f"{API}/Invoices", json={"Invoices": []})
    responses.get(f"{API}/CreditNotes", status=503)
    assert isinstance(connected().changes(SINCE), RetryLater)
