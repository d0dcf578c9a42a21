"""A client's states follow from its facts by their days, however they come; terms and months from the states."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from billing_frames import QUICK, context, entity, ledger
from hypothesis import given
from hypothesis import strategies as st

from connector.billing.months import months_begun, within
from connector.billing.states import FACTS, ORDER, SPANS, as_said, facts_of, spans, with_state
from connector.billing.terms import begun

START = date(2025, 1, 1)
DAYS = st.integers(0, 40).map(lambda number: START + timedelta(days=number))
FACT = st.tuples(st.sampled_from(["A", "B"]), DAYS, st.sampled_from(ORDER))
CHARGE = {
    "subject_type": "client",
    "subject_id": "A",
    "metric": "full-spoke",
    "ordinal": 1,
    "revision": 1,
    "kind": "charge",
    "event": "created",
    "partner_id": "P-1",
    "selling_entity": "us",
    "currency": "USD",
}
TERMS = pl.DataFrame({"metric": ["full-spoke"], "length": [""], "renewal_price": ["current"], "renewal_tier": ["kept"]})


def facts(rows: Sequence[tuple[str, date, str]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict(FACTS), orient="row")


def plainly(rows: Sequence[tuple[str, date, str]], client: str, on: date) -> tuple[str | None, bool]:
    """Plan and whether it is archived, one fact after the other."""
    plan, archived = None, False
    for _, day, fact in sorted(
        (row for row in rows if row[0] == client), key=lambda row: (row[1], ORDER.index(row[2]))
    ):
        if day > on:
            break
        if fact in ("archived", "reactivated"):
            archived = fact == "archived"
        else:
            plan = "full_spoke" if fact == "upgraded" else fact
    return plan, archived


@QUICK
@given(st.lists(FACT, max_size=12), st.data())
def test_invariant_2_the_order_in_which_facts_come_does_not_matter(
    rows: list[tuple[str, date, str]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(rows))
    found = spans(facts(rows))
    assert found.equals(spans(facts([*shuffled, *shuffled[:2]])))
    assert dict(found.schema) == dict(pl.Schema(SPANS))
    asked = [(client, START + timedelta(days=number)) for client in ("A", "B") for number in range(-1, 42, 5)]
    events = pl.DataFrame(asked, schema={"client_id": pl.String, "event_on": pl.Date}, orient="row")
    told = with_state(events, found).select("plan", "archived").rows()
    assert told == [plainly(rows, client, on) for client, on in asked]


def version(sequence: int, said_on: date, status: str = "active", **said: Any) -> dict[str, Any]:
    usual = {"client_id": "A", "plan": "full_spoke", "created_on": START}
    return {**usual, "sequence": sequence, "status": status, "said_on": said_on, **said}


MAY, JUNE, JULY = date(2025, 5, 10), date(2025, 6, 10), date(2025, 7, 10)


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([version(1, MAY)], [("full_spoke", START)]),
        ([version(1, MAY, upgraded_on=MAY)], [("assessment_only", START), ("upgraded", MAY)]),
        ([version(1, MAY), version(2, JUNE, "archived")], [("full_spoke", START), ("archived", JUNE)]),
        ([version(1, MAY), version(2, JUNE, "archived"), version(3, JULY, "archived", archived_on=MAY)],
         [("full_spoke", START), ("archived", MAY)]),
        ([version(1, MAY, "archived"), version(2, JULY), version(3, JULY)],
         [("full_spoke", START), ("archived", MAY), ("reactivated", JULY)]),
        ([version(1, MAY, "archived"), version(2, JUNE), version(3, JUNE, "archived")],
         [("full_spoke", START), ("archived", MAY), ("archived", JUNE)]),
        ([version(1, MAY, "archived"), version(2, JUNE), version(3, JULY, "archived", archived_on=MAY)],
         [("full_spoke", START), ("archived", MAY), ("archived", MAY)]),
        ([version(1, MAY, "archived"), version(2, JUNE), version(3, JULY, "archived")],
         [("full_spoke", START), ("archived", MAY), ("archived", JULY), ("reactivated", JUNE)]),
        ([version(1, MAY, plan="assessment_only"), version(2, JUNE, upgraded_on=JUNE)],
         [("assessment_only", START), ("upgraded", JUNE)]),
    ],
)  # fmt: skip
def test_the_facts_are_those_of_the_latest_version_and_of_the_first_that_says_so(
    versions: list[dict[str, Any]], expected: list[tuple[str, date]]
) -> None:
    found = facts_of(ledger("client_version", *reversed(versions)))
    assert found.select("fact", "on").rows() == expected


def test_what_was_said_by_the_day_counts_else_what_was_said_first() -> None:
    said = ledger("client_version", version(1, MAY, count_low=1), version(2, MAY, count_low=2), version(3, JULY))
    events = pl.DataFrame({"client_id": ["A"] * 3, "event_on": [START, JUNE, JULY]})
    told = as_said(events, said.select("client_id", "sequence", "count_low", size_as_of="said_on"))
    assert told.select("sequence", "count_low").rows() == [(1, 1), (2, 2), (3, None)]


def due(charges: list[dict[str, Any]], term: str, bill_from: date, as_of: date) -> list[tuple[int, date]]:
    given_then = context(entities=(entity(bill_from=bill_from),), as_of=as_of)
    frame = ledger("charge", *({**CHARGE, "term": term, **one} for one in charges)).with_columns(source=pl.lit("c.csv"))
    found = begun(frame, TERMS.with_columns(length=pl.lit(term)), given_then.days)
    return list(found.select("ordinal", "event_on").iter_rows())


@QUICK
@given(
    st.dates(date(2024, 1, 1), date(2025, 12, 31)),
    st.sampled_from(["monthly", "annual"]),
    st.dates(date(2024, 6, 1), date(2025, 6, 1)),
    st.lists(st.tuples(st.dates(date(2025, 6, 1), date(2028, 6, 1)), st.integers(0, 3)), min_size=1, max_size=4),
)
def test_terms_are_the_same_however_often_and_whenever_a_plan_is_made(
    anchor: date, term: str, bill_from: date, runs: list[tuple[date, int]]
) -> None:
    """Some terms of each run are held and billed by a later one."""
    last = max(day for day, _ in runs)
    whole = due([{"event_on": anchor}], term, bill_from, last)
    charges = [{"event_on": anchor}]
    for day, leaves_out in [*sorted(runs), (last, 0)]:
        found = due(charges, term, bill_from, day)
        kept = [one for number, one in enumerate(found) if not leaves_out or number % 3 != leaves_out - 1]
        charges += [{"ordinal": ordinal, "event_on": on} for ordinal, on in kept]
    assert sorted((one["ordinal"], one["event_on"]) for one in charges[1:]) == whole
    assert due(charges, term, bill_from, last) == []
    assert all(on >= bill_from and on > anchor and on <= last for _, on in whole)


def test_a_line_without_its_first_term_waits() -> None:
    assert due([{"ordinal": 2, "event_on": MAY}], "monthly", START, JULY) == []


def test_a_selling_entity_that_the_rules_no_longer_know_keeps_its_terms() -> None:
    found = due([{"event_on": MAY, "selling_entity": "gone"}], "monthly", START, JULY)
    assert found == [(2, JUNE), (3, JULY)]


def months(turns: list[tuple[date, str]], as_of: date, charged: Sequence[int] = ()) -> list[tuple[Any, ...]]:
    clients = pl.DataFrame(
        {"client_id": "A", "partner_id": "P-1", "source_id": "S", "source": "c.csv", "sheet": "", "row": 2,
         "start": date(2025, 4, 16), "bill_from": START, "as_of": as_of}
    )  # fmt: skip
    billed = pl.DataFrame(
        {"client_id": ["A"] * len(charged), "ordinal": charged}, schema={"client_id": pl.String, "ordinal": pl.Int64}
    )
    states = spans(facts([("A", START, "full_spoke"), *(("A", day, fact) for day, fact in turns)]))
    found = within(months_begun(clients, billed), states)
    return list(found.select("ordinal", "event_on", "term_days", "term_of").iter_rows())


APRIL = (202504, date(2025, 4, 16), 15, 30)


@pytest.mark.parametrize(
    ("turns", "charged", "expected"),
    [
        ([], [], [APRIL, (202505, date(2025, 5, 1), None, None), (202506, date(2025, 6, 1), None, None)]),
        ([], [202504], [(202505, date(2025, 5, 1), None, None), (202506, date(2025, 6, 1), None, None)]),
        ([], [202505], [APRIL, (202506, date(2025, 6, 1), None, None)]),
        ([(MAY, "archived")], [202504, 202506], [(202505, date(2025, 5, 1), 9, 31)]),
        ([(MAY, "archived"), (JUNE, "reactivated")], [202504, 202505], [(202506, JUNE, 21, 30)]),
        ([(START, "archived"), (MAY, "reactivated"), (date(2025, 5, 12), "archived")], [202504, 202506],
         [(202505, MAY, 2, 31)]),
    ],
)  # fmt: skip
def test_a_month_has_the_days_on_which_the_client_is_there(
    turns: list[tuple[date, str]], charged: list[int], expected: list[tuple[Any, ...]]
) -> None:
    assert months(turns, date(2025, 6, 20), charged) == expected
