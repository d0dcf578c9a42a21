"""A document that would fall into a locked period is refused or moved to the first open day, as declared."""

from typing import Any

import pytest
from terms_kit import change
from world import Answer, World, client

BOOKS = "US-BOOKS"


@pytest.fixture
def moving(world: World) -> World:
    """A folder whose selling entities date documents on the first open day."""
    change(world, {"locked_period: refuse": "locked_period: first_open_day"}, file="entities.yaml")
    return world


def days(document: dict[str, Any]) -> tuple[str, ...]:
    """When a document is dated and due, and instead of which day."""
    return (document["dated"], document["due"], document.get("moved_from", ""))


def planned(world: World) -> tuple[str, list[tuple[str, ...]]]:
    """A run of two companies, and the days of its documents, those of the US books first."""
    made = world.plan(world.partners(), world.clients(client("A"), client("B", "P-3"))).plain
    return made["run"], sorted((days(one["document"]) for one in made["documents"]), reverse=True)


def changed(answer: Answer) -> str:
    """What a refused approval says has changed."""
    assert answer.code == 1, answer.out
    return str(answer.plain["error"]).partition("changed: ")[2]


@pytest.mark.usefixtures("on_each_database")
def test_a_document_is_dated_on_the_first_open_day_and_says_so(moving: World) -> None:
    moving.lock(BOOKS, "2025-06-30")
    run, found = planned(moving)
    assert found == [("2025-07-01", "2025-07-31", "2025-06-20"), ("2025-06-20", "2025-07-20", "")]
    assert "2025-07-01, the first open day, instead of 2025-06-20" in shown(moving, run)
    done = moving.run("approve", run)
    assert (done.code, done.plain["books_not_asked"]) == (0, {})
    assert moving.run("push", run).code == 0
    [booked] = moving.invoices("11111111-1111-4111-8111-111111111111")
    assert (booked["DateString"][:10], booked["DueDateString"][:10]) == ("2025-07-01", "2025-07-31")
    facts = moving.run("explain", "US-000001/1").plain["explained"][0]["facts"]
    assert facts["document dated"] == "2025-07-01, the first open day, instead of 2025-06-20"
    assert facts["event"] == "created on 2025-04-01"
    listed = [days(one["document"]) for one in moving.run("documents").plain["documents"]]
    assert listed == [("2025-06-20", "2025-07-20", ""), ("2025-07-01", "2025-07-31", "2025-06-20")]
    assert moving.run("rebuild", "--check").code == moving.run("verify").code == 0
    assert planned(moving)[1] == []


def shown(world: World, run: str) -> str:
    """The plan as a page."""
    page = world.folder / "plan.html"
    assert world.run("show", run, "--html", str(page)).code == 0
    return page.read_text("utf-8")


def test_the_last_of_several_locks_counts_and_its_day_is_locked(moving: World) -> None:
    moving.lock(BOOKS, "2025-06-20")
    moving.lock(BOOKS, "2024-12-31", "EndOfYearLockDate")
    assert planned(moving)[1][0] == ("2025-06-21", "2025-07-21", "2025-06-20")
    moving.lock(BOOKS, "2025-06-19")
    assert planned(moving)[1][0] == ("2025-06-20", "2025-07-20", "")


def test_a_credit_note_is_moved_by_its_own_day(moving: World) -> None:
    moving.lock(BOOKS, "2025-06-22")
    moving.bill(moving.partners(), moving.clients(client("A")))
    open_day = moving.run("correct", "US-000001", "--credit-only", "--reason", "twice", "--as-of", "2025-06-25").plain
    assert [days(one["document"]) for one in open_day["documents"]] == [("2025-06-25", "2025-06-25", "")]
    moving.lock(BOOKS, "2025-06-30")
    made = moving.run("correct", "US-000001", "--credit-only", "--reason", "twice", "--as-of", "2025-06-25").plain
    assert [days(one["document"]) for one in made["documents"]] == [("2025-07-01", "2025-07-01", "2025-06-25")]
    assert moving.run("approve", made["run"]).code == moving.run("push", made["run"]).code == 0


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("2025-06-30", "2025-07-31", "the books of us-books are locked up to 2025-07-31 now"),
        ("2025-06-30", None, "the books of us-books are not locked now"),
        (None, "2025-06-30", "the books of us-books are locked up to 2025-06-30 now"),
    ],
)
def test_an_approval_is_refused_where_the_books_would_date_it_on_another_day_now(
    moving: World, before: str | None, after: str | None, told: str
) -> None:
    moving.lock(BOOKS, before)
    run, _ = planned(moving)
    moving.lock(BOOKS, after)
    assert changed(moving.run("approve", run)) == told
    moving.lock(BOOKS, before)
    assert moving.run("approve", run).code == 0


def test_an_approval_is_refused_where_the_books_would_refuse_it_now(world: World) -> None:
    run, _ = planned(world)
    world.lock(BOOKS, "2025-06-30")
    assert changed(world.run("approve", run)) == "the books of us-books are locked up to 2025-06-30 now"
    world.lock(BOOKS, "2025-06-19")
    assert world.run("approve", run).code == 0


def test_books_that_cannot_be_asked_again_hinder_no_approval_and_are_named(moving: World) -> None:
    run, _ = planned(moving)
    moving.fault(kind="unavailable_503", times=9, path="Organisation")
    done = moving.run("approve", run)
    assert (done.code, sorted(done.plain["books_not_asked"])) == (0, ["uk-books", "us-books"])


def test_nor_do_books_whose_connection_is_not_set_up(alone: World) -> None:
    made = alone.plan(alone.partners(), alone.clients(client("A"))).plain["run"]
    text = (alone.folder / "connector.yaml").read_text("utf-8")
    nowhere = text.replace("credentials: sandbox", "credentials: {client_id_from: NO_ID, client_secret_from: NO_ID}")
    (alone.folder / "connector.yaml").write_text(nowhere, encoding="utf-8")
    done = alone.run("approve", made, as_json=False)
    assert done.code == 0
    assert "The books of us-books could not be asked for their lock dates" in done.out


def test_a_document_once_approved_is_frozen_whatever_is_locked_later(moving: World) -> None:
    run, _ = planned(moving)
    assert moving.run("approve", run).code == 0
    moving.lock(BOOKS, "2025-06-30")
    sent = moving.run("push", run)
    assert (sent.code, [one["number"] for one in sent.plain["tenants"]["us-books"]["rejected"]]) == (3, ["US-000001"])
    moving.lock(BOOKS, None)
    assert moving.run("push", run, "--retry-rejected").code == 0


def test_an_unknown_word_is_refused_with_the_one_that_was_meant(world: World) -> None:
    change(world, {"locked_period: refuse": "locked_period: first_open_days"}, file="entities.yaml")
    [first, _] = world.run("rules", "check").plain["problems"]
    assert (first["code"], first["message"]) == ("yaml-value", "locked_period cannot be 'first_open_days'")
    assert "first_open_day" in first["next_step"]
