"""What is billed is credited whole and billed again, linked, once; nothing that is billed is edited."""

from collections.abc import Mapping
from typing import Any

import pytest
from terms_kit import change, renewing
from world import Answer, World, client

REASON = ("--reason", "the headcount was wrong")
DAY = ("--as-of", "2025-06-25")


def correct(world: World, *words: str) -> Answer:
    return world.run("correct", *words, *REASON, *DAY)


def applied(world: World, *words: str) -> Mapping[str, Any]:
    """Correct, approve and push; what approval wrote."""
    made = correct(world, *words)
    assert made.code == 0, made.out
    done = world.run("approve", made.plain["run"])
    assert done.code == 0, done.out
    sent = world.run("push", made.plain["run"])
    assert sent.code == 0, sent.out
    return done.plain


def told(world: World) -> list[tuple[str, str, str]]:
    """Number, state and total of every document."""
    return [(one["number"], one["state"], one["total"]) for one in world.run("documents").plain["documents"]]


def sound(world: World) -> None:
    """The ledger proves itself, and every run ties."""
    assert world.run("verify").code == 0
    checked = world.run("rebuild", "--check")
    assert checked.code == 0, checked.out
    for run in world.run("runs").plain["runs"]:
        assert world.run("status", run["run"]).plain["tie_out"]["ties"], run


@pytest.mark.usefixtures("on_each_database")
def test_a_headcount_that_was_wrong_is_credited_and_billed_again(world: World) -> None:
    files = (world.partners(), world.clients(client("A"), client("B", created="2025-05-01")))
    world.bill(*files)
    corrected = world.clients(client("A", size="51-200"), client("B", created="2025-05-01"))
    seen = world.plan(corrected)
    assert seen.plain["documents"] == []
    assert "client-changed-after-billing" in [one["code"] for one in seen.plain["problems"]]
    assert world.run("approve", seen.plain["run"]).code == 0

    planned = correct(world, "US-000001/1").plain
    assert "correction" in planned, planned
    line = planned["correction"]["lines"][0]
    assert (line["place"], line["before"], line["after"]) == (
        "US-000001/1",
        "USD 1,800.00 (created on 2025-04-01, 11-50 employees)",
        "USD 3,600.00 (created on 2025-04-01, 51-200 employees)",
    )
    assert planned["amounts_minor"] == {"USD": 180000}
    kinds = [(one["document"]["kind"], one["net_minor"]) for one in planned["documents"]]
    assert kinds == [("credit_note", 180000), ("invoice", 360000)]
    done = applied(world, "US-000001/1")
    assert [one["number"] for one in done["documents"]] == ["US-CN-000001", "US-000002"]
    assert done["documents"][0]["reference"] == "US-000001"
    assert done["documents"][0]["lines"][0]["description"].startswith("Credit of US-000001/1: ")
    assert told(world) == [
        ("US-000001", "booked", "USD 3,897.00"),
        ("US-000002", "booked", "USD 3,897.00"),
        ("US-CN-000001", "booked", "USD 1,948.50"),
    ]
    sound(world)
    facts = world.run("explain", "US-000001/1").plain["explained"][0]["facts"]
    assert facts["credited"] == "whole, by R-0004 on US-CN-000001/1"
    again = world.run("explain", "US-000002/1").plain["explained"][0]["facts"]
    assert again["charge"].endswith(", revision 2")

    nothing = world.plan(corrected)
    assert (nothing.plain["documents"], nothing.plain["buckets"]["clients"]) == ([], {"unchanged": 2})
    twice = correct(world, "US-000001/1")
    assert (twice.code, twice.plain["error"].split(":")[0]) == (1, "credited before")


def test_what_would_be_billed_just_the_same_is_refused(world: World) -> None:
    world.bill(world.partners(), world.clients(client("A")))
    same = correct(world, "US-000001")
    assert (same.code, same.plain["error"].split(":")[0]) == (
        1,
        "by what is known and ruled now it would be billed just the same",
    )


def test_only_credited_is_never_billed_again(world: World) -> None:
    files = (world.partners(), world.clients(client("A"), client("B", "P-3")))
    world.bill(*files)
    done = applied(world, "UK-000001", "--credit-only")
    assert [(one["number"], one["party"]["partner_id"]) for one in done["documents"]] == [("UK-CN-000001", "P-3")]
    sound(world)
    assert world.plan(*files).plain["documents"] == []
    edited = world.plan(world.partners(), world.clients(client("A"), client("B", "P-3", size="2-10")))
    assert edited.plain["buckets"]["clients"] == {"already_billed": 1, "unchanged": 1}
    assert edited.plain["documents"] == []


def test_a_quantity_of_bundles_is_corrected(world: World) -> None:
    header = "Partner ID,Purchase reference,Purchased on,Quantity"
    world.bill(world.partners(), world.write("bundles.csv", header, ["P-1,PO-7,2025-05-01,1"]))
    more = world.write("bundles.csv", header, ["P-1,PO-7,2025-05-01,3"])
    asked = world.plan(more)
    assert [one["code"] for one in asked.plain["problems"]] == ["bundle-quantity-changed"]
    done = applied(world, "US-000001")
    lines = [(one["kind"], one["lines"][0]["quantity"], one["lines"][0]["net_minor"]) for one in done["documents"]]
    assert lines == [("credit_note", 1, 150000), ("invoice", 3, 450000)]
    balance = next(one for one in world.run("balance").plain["balances"] if one["partner_id"] == "P-1")
    assert balance["bought"] == 30
    sound(world)
    assert world.plan(more).plain["documents"] == []


def test_a_renewed_term_is_corrected_under_its_own_ordinal(world: World) -> None:
    renewing(world, term="monthly", price="current", tier="current")
    files = (world.partners(), world.clients(client("A", created="2025-04-10")))
    world.bill(*files, as_of="2025-05-20")
    world.bill(world.clients(client("A", created="2025-04-10", size="51-200")), as_of="2025-05-20")
    done = applied(world, "US-000001/2")
    assert [one["lines"][0]["net_minor"] for one in done["documents"]] == [180000, 360000]
    sound(world)
    later = world.plan(as_of="2025-06-20").plain["terms"]
    assert [(row["ordinal"], row["amount_minor"]) for row in later["rows"]] == [(3, 360000)]


def test_a_charge_that_waits_for_its_document_is_taken_back_without_one(world: World) -> None:
    june = world.clients(client("A", "P-2", created="2025-06-02"))
    world.bill(world.partners(), june)
    charge = world.run("explain", "Client A").plain["explained"][0]["facts"]["charge"].split(",")[0]
    done = applied(world, charge, "--credit-only")
    assert (done["documents"], done["charges"]) == ([], 0)
    sound(world)
    assert world.plan(june, as_of="2025-07-01").plain["documents"] == []


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("US-000009",), "nothing that is billed is called US-000009"),
        (("US-000001",), "not in the books yet: US-000001 (ready)"),
    ],
)
def test_what_is_not_in_the_books_is_not_corrected(alone: World, words: tuple[str, ...], error: str) -> None:
    alone.run("approve", alone.plan(alone.partners(), alone.clients(client("A"))).plain["run"])
    assert correct(alone, *words).plain["error"] == error
    assert alone.run("correct", *words, "--reason", " ").plain["error"] == "a correction needs a reason"


def test_a_correction_is_shown_on_one_screen_and_as_a_page(world: World) -> None:
    world.bill(world.partners(), world.clients(client("A")))
    shown = world.run("correct", "US-000001", "--credit-only", *REASON, *DAY, as_json=False)
    assert shown.code == 0
    assert "Correction: the headcount was wrong" in shown.out
    assert "1 document to approve, total with tax: USD -1,948.50." in shown.out
    assert "'connector approve R-0002' applies it" in shown.out
    page = world.folder / "correction.html"
    assert world.run("show", "R-0002", "--html", str(page)).code == 0
    text = page.read_text("utf-8")
    assert "credit note, ready" in text
    assert "USD -1,948.50" in text


def test_a_correction_waits_for_approval_and_hides_no_question_of_an_upload(world: World) -> None:
    world.bill(world.partners(), world.clients(client("A")))
    world.plan(world.clients(client("A"), client("B", size="many")))
    run = world.run("correct", "US-000001", "--credit-only", *REASON, *DAY).plain["run"]
    told = [(one["kind"], one["where"].split()[0]) for one in world.run("exceptions").plain["exceptions"]]
    assert told == [("run-not-approved", run), ("record-employees", "R-0002")]
    assert world.run("approve", run).code == 0
    left = [one["kind"] for one in world.run("exceptions").plain["exceptions"]]
    assert sorted(left) == ["document-ready", "record-employees"]


def test_of_a_document_only_what_changes_is_corrected(world: World) -> None:
    rows = [client("A"), client("B", created="2025-05-01"), client("C", created="2025-05-02")]
    world.bill(world.partners(), world.clients(*rows))
    world.bill(world.clients(rows[0], client("B", created="2025-05-01", size="2-10"), rows[2]))
    alone = correct(world, "US-000001/1", "US-000001/2")
    assert alone.plain["error"].startswith("by what is known and ruled now it would be billed just the same: CH-")
    done = applied(world, "US-000001")
    assert [[line["net_minor"] for line in one["lines"]] for one in done["documents"]] == [[180000], [90000]]
    sound(world)


def test_what_asks_a_question_now_is_not_billed_again(world: World) -> None:
    world.bill(world.partners(), world.clients(client("A")))
    world.bill(world.clients(client("A", status="Archived", size="2-10")))
    asked = correct(world, "US-000001")
    assert asked.plain["error"].startswith("it cannot be billed again now: CH-")
    assert asked.plain["error"].endswith("it was archived before it was billed")


def test_a_correction_that_the_books_would_not_take_is_refused_whole(world: World) -> None:
    world.bill(world.partners(), world.clients(client("A")))
    world.bill(world.clients(client("A", size="2-10")))
    change(world, {"tax_status: taxable": "tax_status: reverse_charge"}, file="../mappings/books-us.yaml")
    refused = correct(world, "US-000001")
    assert refused.plain["error"].startswith("the books would not take it: no tax code is declared for")
    change(world, {"    credit_note_prefix: US-CN-": "    # credit_note_prefix:"}, file="entities.yaml")
    unnamed = correct(world, "US-000001")
    assert unnamed.plain["error"] == "selling entity us declares no numbers for credit notes"


def test_a_correction_is_applied_whole_whatever_is_on_hold(world: World) -> None:
    june = world.clients(client("A", "P-2", created="2025-06-02"))
    world.bill(world.partners(), june)
    billed, stale = (world.plan(june, as_of="2025-07-01").plain["run"] for _ in range(2))
    assert world.run("approve", billed).code == 0
    assert world.run("push", billed).code == 0
    charge = world.run("explain", "US-000001/1").plain["explained"][0]["facts"]["charge"].split(",")[0]
    assert world.run("hold", stale, charge, *REASON).code == 0  # of a plan that nobody can approve any more
    made = world.run("correct", charge, "--credit-only", *REASON, "--as-of", "2025-07-02").plain
    assert [(one["document"]["kind"], one["net_minor"]) for one in made["documents"]] == [("credit_note", 180000)]
    refused = world.run("hold", made["run"], "all", *REASON)
    assert refused.plain["error"] == f"{made['run']} is a correction, and is applied whole or not at all"
    assert world.run("approve", made["run"]).code == 0
    assert world.run("push", made["run"]).code == 0
    sound_but_for = [one["run"] for one in world.run("runs").plain["runs"] if one["run"] != stale]
    assert all(world.run("status", run).plain["tie_out"]["ties"] for run in sound_but_for)


def test_two_corrections_of_one_charge_one_wins(world: World) -> None:
    world.bill(world.partners(), world.clients(client("A")))
    runs = [correct(world, "US-000001", "--credit-only").plain["run"] for _ in range(2)]
    assert world.run("approve", runs[0]).code == 0
    refused = world.run("approve", runs[1])
    assert refused.code == 1
    assert "is credited now" in refused.plain["error"]
