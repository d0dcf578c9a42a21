"""Months that begin by time alone, under the sample rules of a monthly fee for each advisor."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from terms_kit import approved, change, held
from world import BIRCH, CLIENT_HEADER, PARTNER, World, client

SAMPLE = Path(__file__).parents[2] / "samples" / "rulebooks" / "monthly-advisors"
HEADER = f"{CLIENT_HEADER},Archived on,Advisors"
ITEM = """
  ADVISOR-MONTH:
    description: Advisors
    account: "200"
"""


def monthly(world: World, *, archived: str = "stop") -> str:
    """Give the folder the sample's rules and an account for the fee; the partners' sheet."""
    shutil.rmtree(world.folder / "rules")
    shutil.copytree(SAMPLE, world.folder / "rules")
    change(world, {"archived_renewal: stop": f"archived_renewal: {archived}"})
    books = world.folder / "mappings" / "books-us.yaml"
    books.write_text(books.read_text(encoding="utf-8").replace("items:\n", "items:" + ITEM, 1), encoding="utf-8")
    return world.partners(PARTNER, BIRCH)


def advised(number: str, advisors: str = "7", partner: str = "P-1", archived_on: str = "", **said: str) -> str:
    return f"{client(number, partner, **said)},{archived_on},{advisors}"


def sheet(world: World, *rows: str) -> str:
    return world.write("clients.csv", HEADER, rows)


def months(plan: Any) -> list[tuple[Any, ...]]:
    """Of each month: number, day, bucket, amount; in their order."""
    rows = [row for row in plan["terms"]["rows"] if row["event"] == "month"]
    return sorted((row["ordinal"], row["event_on"], row["bucket"], row["amount_minor"]) for row in rows)


@pytest.mark.usefixtures("on_each_database")
def test_each_month_since_the_client_came_is_billed_once(alone: World) -> None:
    partners = monthly(alone)
    first = approved(alone, partners, sheet(alone, advised("A", created="2025-04-16")), as_of="2025-05-20")
    assert months(first) == [(202504, "2025-04-16", "billed", 10_000), (202505, "2025-05-01", "billed", 20_000)]
    lines = [one["description"] for one in first["documents"][0]["document"]["lines"]]
    assert [one for one in lines if "Advisors" in one] == ["Advisors: Client A, 2025-04", "Advisors: Client A, 2025-05"]
    late = approved(alone, as_of="2025-08-01")
    assert months(late) == [(202506, "2025-06-01", "billed", 20_000), (202507, "2025-07-01", "billed", 20_000),
                            (202508, "2025-08-01", "billed", 20_000)]  # fmt: skip
    assert late["terms"]["events"] == {"month": {"buckets": {"billed": 3}, "amounts_minor": {"USD": 60_000}}}
    shown = alone.run("show", "latest", as_json=False).out
    assert "3 months billed: USD 600.00" in shown
    again = alone.plan(as_of="2025-08-01").plain
    assert (again["terms"]["rows"], again["documents"]) == ([], [])


def test_an_edited_creation_day_bills_no_month_again(alone: World) -> None:
    partners = monthly(alone)
    approved(alone, partners, sheet(alone, advised("A", created="2025-04-16")), as_of="2025-05-20")
    edited = alone.plan(sheet(alone, advised("A", created="2025-03-10")), as_of="2025-05-20").plain
    assert months(edited) == [(202503, "2025-03-10", "billed", 14_194)]


def test_a_client_from_before_go_live_is_billed_from_go_live_on(alone: World) -> None:
    partners = monthly(alone)
    plan = approved(alone, partners, sheet(alone, advised("A", created="2024-04-16")), as_of="2025-04-01")
    assert [one[:3] for one in months(plan)] == [
        (202503, "2025-03-01", "billed"),
        (202504, "2025-04-01", "billed"),
    ]


def test_an_assessment_only_client_is_billed_from_its_upgrade_on(alone: World) -> None:
    partners = monthly(alone)
    row = advised("A", plan="Assessment Only", created="2025-04-01")
    assert months(approved(alone, partners, sheet(alone, row), as_of="2025-05-20")) == []
    up = advised("A", created="2025-04-01", upgraded="2025-05-17")
    plan = approved(alone, sheet(alone, up), as_of="2025-06-20")
    assert months(plan) == [(202505, "2025-05-17", "billed", 9_677), (202506, "2025-06-01", "billed", 20_000)]


def test_a_month_counts_the_advisors_that_were_last_said_by_its_day(alone: World) -> None:
    partners = monthly(alone)
    approved(alone, partners, sheet(alone, advised("A", "7", created="2025-04-01")), as_of="2025-04-20")
    plan = approved(alone, sheet(alone, advised("A", "2", created="2025-04-01")), as_of="2025-05-20")
    assert months(plan) == [(202505, "2025-05-01", "billed", 20_000)]
    assert months(approved(alone, as_of="2025-06-01")) == [(202506, "2025-06-01", "billed", 6_000)]


def test_a_month_without_advisors_is_not_billed_and_stays_so(alone: World) -> None:
    partners = monthly(alone)
    approved(alone, partners, sheet(alone, advised("A", "0", created="2025-04-01")), as_of="2025-04-20")
    plan = approved(alone, sheet(alone, advised("A", "2", created="2025-04-01")), as_of="2025-05-20")
    assert [one[:3] for one in months(plan)] == [
        (202504, "2025-04-01", "not_billable"),
        (202505, "2025-05-01", "not_billable"),
    ]


def test_a_month_whose_advisors_are_unknown_is_blocked(alone: World) -> None:
    partners = monthly(alone)
    plan = alone.plan(partners, sheet(alone, advised("A", "", created="2025-04-01")), as_of="2025-04-20").plain
    [[code, message]] = held(plan)
    assert (code, message[:34]) == ("term-blocked", "advisor-month of Client A, month 2")


@pytest.mark.parametrize(
    ("archived_on", "expected"), [("2025-05-11", [(202505, "2025-05-01", "billed", 6_452)]), ("2025-05-01", [])]
)
def test_months_stop_with_the_client(alone: World, archived_on: str, expected: list[Any]) -> None:
    partners = monthly(alone)
    approved(alone, partners, sheet(alone, advised("A", created="2025-04-01")), as_of="2025-04-20")
    gone = sheet(alone, advised("A", created="2025-04-01", archived_on=archived_on, status="Archived"))
    assert months(alone.plan(gone, as_of="2025-06-15").plain) == expected


def test_months_begin_again_with_a_client_that_comes_back(alone: World) -> None:
    partners = monthly(alone)
    approved(alone, partners, sheet(alone, advised("A", created="2025-04-01")), as_of="2025-04-20")
    gone = sheet(alone, advised("A", created="2025-04-01", archived_on="2025-04-20", status="Archived"))
    assert months(approved(alone, gone, as_of="2025-05-05")) == []
    plan = approved(alone, sheet(alone, advised("A", created="2025-04-01")), as_of="2025-05-20")
    assert months(plan) == [(202505, "2025-05-20", "billed", 7_742)]
    assert months(alone.plan(as_of="2025-06-15").plain) == [(202506, "2025-06-01", "billed", 20_000)]


@pytest.mark.parametrize(("policy", "bucket"), [("hold", "held"), ("bill", "billed")])
def test_months_of_archived_clients_follow_the_policy(alone: World, policy: str, bucket: str) -> None:
    partners = monthly(alone, archived=policy)
    approved(alone, partners, sheet(alone, advised("A", created="2025-04-01")), as_of="2025-04-20")
    gone = sheet(alone, advised("A", created="2025-04-01", archived_on="2025-05-11", status="Archived"))
    plan = alone.plan(gone, as_of="2025-06-15").plain
    assert [one[:3] for one in months(plan)] == [
        (202505, "2025-05-01", "billed"),
        (202506, "2025-06-01", bucket),
    ]


def test_a_client_that_is_held_or_in_question_has_no_month_billed(alone: World) -> None:
    partners = monthly(alone)
    asked = advised("A", created="2025-04-01", status="Archived")
    plan = approved(alone, partners, sheet(alone, asked, advised("B", created="2025-04-02")), as_of="2025-04-20")
    assert len(months(plan)) == 1
    moved = sheet(alone, advised("B", partner="P-2", created="2025-04-02"), asked)
    assert [one[2] for one in months(alone.plan(moved, as_of="2025-05-20").plain)] == ["held"]


def test_the_same_rules_change_nothing_of_months_that_were_cut_short(alone: World) -> None:
    partners = monthly(alone)
    approved(alone, partners, sheet(alone, advised("A", created="2025-04-16")), as_of="2025-05-20")
    shutil.copytree(alone.folder / "rules", alone.folder / "new")
    found = alone.run("rules", "simulate", str(alone.folder / "new"), "--from", "2025-04-01")
    assert (found.code, found.plain["lines"]) == (0, []), found.out
