"""What has changed in QuickBooks, at the HTTP edge."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import responses
from test_accounting_quickbooks_calls import root, system

from connector.accounting import changes as paging
from connector.accounting.answers import Change, Changes, RetryLater
from connector.accounting.quickbooks import changes

SINCE = datetime(2026, 11, 20, 8, 30, 15, tzinfo=UTC)


def told(number: int, at: str, **more: Any) -> dict[str, Any]:
    return {"Id": str(number), "DocNumber": f"US-{number}", "MetaData": {"LastUpdatedTime": at}, **more}


def give(*pages: tuple[str, list[dict[str, Any]]]) -> None:
    for entity, page in pages:
        responses.get(f"{root()}/query", json={"QueryResponse": {entity: page} if page else {}})


def give_deleted(*parts: dict[str, Any], **more: Any) -> None:
    responses.get(f"{root()}/cdc", **{"json": {"CDCResponse": [{"QueryResponse": list(parts)}]}, **more})


@responses.activate
def test_both_kinds_are_told_page_by_page_and_of_a_deleted_one_its_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MOST_RESULTS", 1)
    give(("Invoice", [told(1, "2026-11-20T00:31:45-08:00")]), ("Invoice", []))
    give(("CreditMemo", []))
    give_deleted({"Invoice": [told(1, ""), {"Id": "2", "status": "Deleted"}]}, {"CreditMemo": []})
    assert system(tmp_path).changes(SINCE) == Changes((Change("1", "invoice", "US-1"), Change("2", "invoice")))
    asked = [call.request.params for call in responses.calls]  # type: ignore[attr-defined]
    columns, order = "Id, DocNumber, MetaData.LastUpdatedTime", "orderby MetaData.LastUpdatedTime maxresults 1"
    assert [one["query"] for one in asked[:3]] == [
        f"select {columns} from {entity} where MetaData.LastUpdatedTime >= '{moment}' {order}"  # noqa: S608  # not SQL
        for entity, moment in (
            ("Invoice", "2026-11-20T08:30:15+00:00"),
            ("Invoice", "2026-11-20T08:31:45+00:00"),
            ("CreditMemo", "2026-11-20T08:30:15+00:00"),
        )
    ]
    assert (asked[3]["entities"], asked[3]["changedSince"]) == ("Invoice,CreditMemo", "2026-11-20T08:30:15+00:00")


@responses.activate
@pytest.mark.parametrize("stamp", ["2026-11-20T08:30:15.9+00:00", "today"])
def test_a_page_without_a_way_past_it_is_not_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stamp: str
) -> None:
    monkeypatch.setattr(changes, "MOST_RESULTS", 1)
    give(("Invoice", [told(1, stamp)]), ("CreditMemo", []))
    give_deleted()
    assert system(tmp_path).changes(SINCE) == Changes((Change("1", "invoice", "US-1"),), whole=False)


@responses.activate
def test_more_pages_than_are_asked_for_are_not_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_RESULTS", 1)
    monkeypatch.setattr(paging, "MOST_PAGES", 2)
    give(*(("Invoice", [told(hour, f"2026-11-20T{hour:02}:00:00+00:00")]) for hour in (11, 12)))
    give(("CreditMemo", [told(3, "2026-11-20T13:00:00+00:00", MetaData=None)]))
    give_deleted()
    got = system(tmp_path).changes(SINCE)
    assert isinstance(got, Changes)
    assert ([one.id for one in got.documents], got.whole) == (["11", "12", "3"], False)


@responses.activate
def test_what_was_deleted_too_long_ago_cannot_be_told(tmp_path: Path) -> None:
    give(("Invoice", []), ("CreditMemo", []))
    error = {"Message": "Bad", "Detail": "too long ago", "code": "4000"}
    give_deleted(json={"Fault": {"Error": [error], "type": "ValidationFault"}}, status=400)
    assert system(tmp_path).changes(SINCE) == Changes((), whole=False)


@responses.activate
@pytest.mark.parametrize(
    "body", [{}, {"CDCResponse": []}, {"CDCResponse": [{"QueryResponse": [7]}]}, {"CDCResponse": [7]}]
)
def test_an_answer_that_is_not_whole_is_asked_for_later(tmp_path: Path, body: dict[str, Any]) -> None:
    give(("Invoice", []), ("CreditMemo", []))
    give_deleted(json=body)
    assert isinstance(system(tmp_path).changes(SINCE), RetryLater)


@responses.activate
def test_what_cannot_be_read_now_is_asked_for_later(tmp_path: Path) -> None:
    responses.get(f"{root()}/query", status=500)
    assert isinstance(system(tmp_path).changes(SINCE), RetryLater)
    give(("Invoice", []), ("CreditMemo", []))
    give_deleted(status=503)
    assert isinstance(system(tmp_path).changes(SINCE + timedelta(days=1)), RetryLater)
