"""Whether a term begins: what the client is on that day, whatever was said when; and questions that are open."""

from collections.abc import Sequence
from typing import Any

import pytest
from terms_kit import approved, held, renewing, told
from world import CLIENT_HEADER, World, client

HEADER = f"{CLIENT_HEADER},Archived on"
ARCHIVED = {"status": "Archived"}


def dated(world: World, row: str, archived_on: str) -> str:
    return world.write("clients.csv", HEADER, [f"{row},{archived_on}"])


def started(world: World, *rows: str, archived: str = "stop") -> None:
    """A ledger with these clients, billed by the month since April."""
    renewing(world, term="monthly", archived=archived)
    approved(world, world.partners(), world.clients(*(rows or [client("A")])), as_of="2025-04-20")


@pytest.mark.parametrize(
    ("policy", "june"),
    [("stop", []), ("hold", [(3, "2025-06-01", "held", None)]), ("bill", [(3, "2025-06-01", "billed", 180_000)])],
)
def test_the_rules_say_what_becomes_of_the_terms_of_an_archived_client(
    alone: World, policy: str, june: Sequence[Any]
) -> None:
    started(alone, archived=policy)
    plan = approved(alone, alone.clients(client("A", **ARCHIVED)), as_of="2025-05-15")
    assert told(plan) == [(2, "2025-05-01", "billed", 180_000)]
    later = alone.plan(as_of="2025-06-15").plain
    assert told(later) == june
    assert later["terms"]["stopped"] == (policy == "stop")
    assert [code for code, _ in held(later)] == (["term-archived"] if policy == "hold" else [])
    shown = alone.run("show", "latest", as_json=False).out
    assert ("1 of archived clients did not begin" in shown) == (policy == "stop")


def test_the_day_that_a_row_gives_goes_before_the_day_of_the_upload(alone: World) -> None:
    started(alone)
    plan = approved(alone, dated(alone, client("A", **ARCHIVED), "2025-05-01"), as_of="2025-06-15")
    assert (told(plan), plan["terms"]["stopped"]) == ([], 2)
    edited = alone.plan(dated(alone, client("A", **ARCHIVED), "2025-05-02"), as_of="2025-06-15").plain
    assert told(edited) == [(2, "2025-05-01", "billed", 180_000)]


def test_a_reactivated_client_is_billed_again_from_then_on(alone: World) -> None:
    started(alone)
    approved(alone, alone.clients(client("A", **ARCHIVED)), as_of="2025-04-25")
    back = alone.clients(client("A"))
    plan = approved(alone, back, as_of="2025-06-20")
    assert (told(plan), plan["terms"]["stopped"]) == ([], 2)
    assert told(alone.plan(as_of="2025-07-01").plain) == [(4, "2025-07-01", "billed", 180_000)]


def test_a_return_by_mistake_that_is_taken_back_begins_no_term(alone: World) -> None:
    started(alone)
    approved(alone, alone.clients(client("A", **ARCHIVED)), as_of="2025-04-25")
    approved(alone, alone.clients(client("A")), as_of="2025-04-28")
    approved(alone, alone.clients(client("A", **ARCHIVED)), as_of="2025-04-28")
    later = alone.plan(as_of="2025-05-15").plain
    assert (told(later), later["terms"]["stopped"]) == ([], 1)


def test_terms_of_a_client_in_question_wait_with_and_without_files_until_it_is_answered(alone: World) -> None:
    started(alone)
    asked = alone.plan(alone.clients(client("A", plan="Assessment Only")), as_of="2025-05-15")
    assert asked.code == 3
    assert told(asked.plain) == [(2, "2025-05-01", "held", None)]
    [[code, message]] = held(asked.plain)
    assert code == "term-client-in-doubt"
    assert message.endswith("its row asks a question: client-downgraded (R-0002)")
    assert told(alone.plan(as_of="2025-05-16").plain) == [(2, "2025-05-01", "held", None)]
    assert "term-client-in-doubt" in [one["kind"] for one in alone.run("exceptions").plain["exceptions"]]
    answered = approved(alone, alone.clients(client("A")), as_of="2025-05-17")
    assert told(answered) == [(2, "2025-05-01", "billed", 180_000)]
    assert "term-client-in-doubt" not in [one["kind"] for one in alone.run("exceptions").plain["exceptions"]]


def test_a_term_in_question_is_one_exception_however_many_plans_ask_about_it(alone: World) -> None:
    started(alone, archived="hold")
    approved(alone, alone.clients(client("A", **ARCHIVED)), as_of="2025-05-15")
    for day in ("2025-06-15", "2025-06-16"):
        approved(alone, as_of=day)
    found = [one["kind"] for one in alone.run("exceptions").plain["exceptions"]]
    assert found.count("term-archived") == 1


def test_a_client_that_moved_waits(alone: World) -> None:
    started(alone)
    plan = alone.plan(alone.clients(client("A", "P-2")), as_of="2025-05-15").plain
    assert [message.rpartition(": ")[2] for _, message in held(plan)] == ["client-moved (R-0002)"]


def test_a_client_that_is_gone_from_its_list_waits(alone: World) -> None:
    started(alone, client("A"), client("B"), client("C"))
    fewer = alone.clients(client("A"), client("B"))
    plan = approved(alone, fewer, as_of="2025-05-15")
    assert sorted(bucket for _, _, bucket, _ in told(plan)) == ["billed", "billed", "held"]
    assert [message.rpartition(": ")[2] for _, message in held(plan)] == ["record-gone (R-0002)"]
    assert [bucket for _, _, bucket, _ in told(alone.plan(as_of="2025-05-16").plain)] == ["held"]
    whole = alone.plan(alone.clients(client("A"), client("B"), client("C")), as_of="2025-05-16").plain
    assert [bucket for _, _, bucket, _ in told(whole)] == ["billed"]


def test_a_file_of_other_clients_makes_nobody_gone(alone: World) -> None:
    started(alone, client("A"), client("B"), client("C"))
    plan = alone.plan(alone.clients(client("A"), client("D", created="2025-05-10"), name="new.csv"), as_of="2025-05-15")
    assert [bucket for _, _, bucket, _ in told(plan.plain)] == ["billed"] * 3


def test_a_file_of_the_same_name_with_hardly_any_of_the_clients_makes_nobody_gone(alone: World) -> None:
    started(alone, *(client(name) for name in "ABCD"))
    plan = approved(alone, alone.clients(*(client(name) for name in "AXYZ")), as_of="2025-05-15")
    assert [one["code"] for one in plan["problems"]] == []
    assert [bucket for _, _, bucket, _ in told(plan)] == ["billed"] * len(told(plan))
    assert held(alone.plan(as_of="2025-06-15").plain) == []


def test_an_upload_that_could_not_be_read_whole_makes_nobody_gone(alone: World) -> None:
    started(alone, client("A"), client("B"), client("C"))
    broken = alone.write("other.csv", "What,Is,This", ["1,2,3"])
    plan = alone.plan(alone.clients(client("A"), client("B")), broken, as_of="2025-05-15").plain
    assert [bucket for _, _, bucket, _ in told(plan)] == ["billed"] * 3


def test_a_term_that_cannot_be_priced_is_blocked(alone: World) -> None:
    started(alone, client("A", created="2025-02-10", size=""))
    plan = alone.plan(as_of="2025-04-20")
    assert plan.code == 1
    assert told(plan.plain) == [(3, "2025-04-10", "blocked", None), (2, "2025-03-10", "blocked", None)][::-1]
    [[code, message]] = held(plan.plain)
    assert (code, message[:51]) == ("term-blocked", "full-spoke of Client A, renewed 2025-03-10 and 1 mo")
    assert message.endswith("(rate-size-unknown)")


@pytest.mark.parametrize(("policy", "told_late"), [("stop", True), ("bill", False)])
def test_what_was_billed_and_should_not_have_been_is_told_once_for_a_correction(
    alone: World, policy: str, *, told_late: bool
) -> None:
    started(alone, archived=policy)
    approved(alone, as_of="2025-06-15")
    gone = dated(alone, client("A", **ARCHIVED), "2025-05-20")
    late = approved(alone, gone, as_of="2025-06-20")
    assert [one for one in held(late) if "archived" in one[0]] == [
        (
            "term-billed-while-archived",
            "full-spoke of Client A, renewed 2025-06-01: it was billed, and by then the client was archived",
        )
    ] * told_late
    assert late["exit_code"] == 0
    assert held(alone.plan(gone, as_of="2025-06-21").plain) == []
