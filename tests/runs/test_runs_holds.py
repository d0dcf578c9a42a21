"""A line that a person puts on hold leaves the plan and every later one, until somebody releases it."""

import json
import os
from datetime import UTC, datetime

import polars as pl
import pytest
from openpyxl import load_workbook
from terms_kit import renewing
from world import Answer, World, client

from connector import ledger
from connector.runs import holds, store, workspace
from connector.runs.config import load_config
from connector.runs.looked import look
from connector.runs.plan_tables import plan_tables

pytestmark = pytest.mark.usefixtures("on_each_database")

REASON = ("--reason", "the partner disputes it")


def planned(world: World, *rows: str) -> Answer:
    return world.plan(world.partners(), world.clients(*rows or (client("A"), client("B", size="2-10"))))


def charges(answer: Answer) -> dict[str, str]:
    """Charge by what stands on its line, up to the first comma."""
    lines = (line for one in answer.plain["documents"] for line in one["document"]["lines"])
    return {line["description"].split(",")[0].split(": ")[1]: line["charge_id"] for line in lines}


def test_a_held_line_is_not_billed_until_it_is_released(world: World) -> None:
    made = planned(world)
    held = charges(made)["Client A"]
    put = world.run("hold", "R-0001", held, *REASON)
    assert (put.code, put.plain["documents"], put.plain["totals_minor"]) == (0, 1, {"USD": 97425})
    shown = world.run("show", "R-0001").plain
    assert shown["buckets"]["clients"] == {"held": 1, "billed": 1}
    assert [one["charge_id"] for one in shown["on_hold"]] == [held]
    reasons = [row["reason"] for row in shown["rows"] if row["bucket"] == "held"]
    assert reasons[0].endswith(": the partner disputes it")
    assert shown["amounts_minor"] == {"USD": 90000}
    assert all(check["left"] == check["right"] for check in shown["checks"])
    told = world.run("exceptions").plain["exceptions"]
    assert [one["where"] for one in told if one["kind"] == "line-on-hold"] == [f"{held} of P-1"]

    approved = world.run("approve", "R-0001").plain
    assert (approved["charges"], [len(one["lines"]) for one in approved["documents"]]) == (1, [1])
    assert world.run("push", "R-0001").code == 0
    assert world.run("show", "R-0001").plain["buckets"]["clients"] == {"held": 1, "billed": 1}

    again = planned(world)
    assert (again.code, again.plain["documents"]) == (3, [])
    assert again.plain["buckets"]["clients"] == {"held": 1, "unchanged": 1}
    freed = world.run("release", held, "--reason", "settled by phone")
    assert (freed.code, [one["charge_id"] for one in freed.plain["released"]]) == (0, [held])
    shown = world.run("show", "latest").plain
    assert (charges(world.run("show", "latest")), shown["on_hold"]) == ({"Client A": held}, [])
    assert world.run("show", "R-0001").plain["buckets"]["clients"] == {"held": 1, "billed": 1}  # as it was approved
    assert world.run("approve", "latest").plain["charges"] == 1
    assert world.run("push").code == 0
    assert world.run("status", "R-0001").plain["tie_out"]["ties"]


def test_a_run_that_is_looked_at_part_by_part_is_the_one_that_is_applied(world: World) -> None:
    rows = (client("A"), client("B", size="2-10"), client("C", "P-3"), client("D", created="2025-13-01"))
    made = planned(world, *rows)
    own = charges(made)

    def parts() -> None:
        workspace.open_ledger(load_config(world.folder, os.environ))
        run = look("R-0001")
        plain, frames = holds.planned("R-0001")[0].to_stored()
        told, whole = (json.loads(json.dumps(one)) for one in (run.plain, plain))
        assert {name: told[name] for name in whole} == whole
        assert all(run.frame(name).equals(frame) for name, frame in frames.items())

    parts()
    for one in (own["Client A"], own["Client C"], own["Client B"]):  # a part of a document, the whole of one, and all
        assert world.run("hold", "R-0001", one, *REASON).code == 0
        parts()
    assert world.run("release", own["Client B"], *REASON).code == 0
    assert world.run("approve", "R-0001").code == 0
    parts()
    planned(world, client("E"))
    workspace.open_ledger(load_config(world.folder, os.environ))
    assert look("R-0002").cut is None  # what is on hold is none of its lines


@pytest.mark.parametrize("gone", [("terms",), ("terms", "lines")])
def test_a_plan_of_an_earlier_version_is_shown_and_approved_whatever_is_on_hold(
    world: World, gone: tuple[str, ...]
) -> None:
    from connector.runs.models import Run, RunFrame  # noqa: PLC0415 - Django is set up by opening the ledger

    own = charges(planned(world))
    workspace.open_ledger(load_config(world.folder, os.environ))
    # The first versions kept neither terms nor, apart, lines.
    whole = store.load_plan("R-0001").to_plain() if "lines" in gone else store.plain_plan("R-0001")
    Run.objects.filter(run_id="R-0001").update(plan={key: one for key, one in whole.items() if key != "terms"})
    RunFrame.objects.filter(run_id="R-0001", name__in=gone).delete()
    ledger.close_store()
    assert world.run("hold", "R-0001", own["Client A"], *REASON).code == 0
    shown = world.run("show", "R-0001").plain
    assert (shown["buckets"]["clients"], shown["amounts_minor"]) == ({"held": 1, "billed": 1}, {"USD": 90000})
    workspace.open_ledger(load_config(world.folder, os.environ))
    run = look("R-0001")
    assert (run.plain["amounts_minor"], run.frame("terms").width) == ({"USD": 90000}, 0)
    ledger.close_store()
    assert world.run("approve", "R-0001").plain["charges"] == 1


def test_a_look_is_kept_under_the_holds_that_it_was_made_with(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    own = charges(planned(world))
    workspace.open_ledger(load_config(world.folder, os.environ))
    now, keeps = datetime(2025, 6, 20, tzinfo=UTC), store.keeps_lines

    def held_meanwhile(run_id: str) -> bool:
        holds.hold("R-0001", [own["Client A"]], "disputed", now=now, by="Bob")
        return keeps(run_id)

    monkeypatch.setattr(store, "keeps_lines", held_meanwhile)
    assert look("R-0001").plain["on_hold"] == []
    monkeypatch.undo()
    assert len(look("R-0001").plain["on_hold"]) == 1
    holds.release([own["Client A"]], "settled", now=now, by="Bob")
    assert look("R-0001").plain["on_hold"] == []


def test_lines_are_held_in_bulk_by_partner_document_client_or_all(alone: World) -> None:
    rows = (client("A"), client("B"), client("C", "P-3"))
    made = planned(alone, *rows)
    by_partner = alone.run("hold", "latest", "P-1", *REASON)
    assert (len(by_partner.plain["held"]), by_partner.plain["documents"]) == (2, 1)
    document = next(one["document_id"] for one in made.plain["documents"] if one["document"]["currency"] == "GBP")
    by_document = alone.run("hold", "latest", document, *REASON)
    assert (len(by_document.plain["held"]), by_document.plain["documents"]) == (1, 0)
    assert [one["partner_id"] for one in alone.run("release", "all", *REASON).plain["released"]] == [
        "P-1",
        "P-1",
        "P-3",
    ]
    everything = alone.run("hold", "latest", "all", *REASON)
    assert (len(everything.plain["held"]), everything.plain["totals_minor"]) == (3, {})
    assert alone.run("release", "P-1", *REASON).code == 0
    approved = alone.run("approve", "latest").plain
    assert [one["party"]["partner_id"] for one in approved["documents"]] == ["P-1"]
    workspace.open_ledger(load_config(alone.folder, os.environ))
    held_client = store.load_plan("latest").frames["charges"].filter(pl.col("partner_id") == "P-3")["subject_id"].item()
    ledger.close_store()
    billed = alone.run("release", "P-3", *REASON)
    again = alone.plan(alone.partners(), alone.clients(*rows))
    assert len(charges(again)) == len(billed.plain["released"])
    assert len(alone.run("hold", "latest", held_client, *REASON).plain["held"]) == 1


def test_a_waiting_charge_is_held_without_losing_it(alone: World) -> None:
    june = alone.clients(client("A", "P-2", created="2025-06-02"))
    alone.run("approve", alone.plan(alone.partners(), june).plain["run"])
    due = alone.plan(june, as_of="2025-07-01")
    held = charges(due)["Client A"]
    assert alone.run("hold", "latest", held, *REASON).plain["documents"] == 0
    assert alone.run("approve", "latest").plain["documents"] == []
    alone.run("release", held, *REASON)
    assert charges(alone.plan(june, as_of="2025-07-02")) == {"Client A": held}


def test_a_term_is_held_apart_from_the_other_terms_of_its_client(alone: World) -> None:
    renewing(alone, term="monthly")
    made = alone.plan(alone.partners(), alone.clients(client("A", created="2025-04-10")), as_of="2025-06-20")
    lines = [one for document in made.plain["documents"] for one in document["document"]["lines"]]
    held = lines[0]["charge_id"]  # of a new client: nothing of it is billed before its first term
    put = alone.run("hold", "latest", held, *REASON)
    assert (len(lines), put.plain["documents"]) == (3, 0)
    alone.run("release", held, *REASON)
    alone.run("approve", "latest")
    due = alone.plan(as_of="2025-08-20")
    late = [one for document in due.plain["documents"] for one in document["document"]["lines"]]
    alone.run("hold", "latest", late[0]["charge_id"], *REASON)
    shown = alone.run("show", "latest").plain["terms"]["events"]["renewed"]
    assert shown == {"buckets": {"held": 1, "billed": 1}, "amounts_minor": {"USD": 180000}}
    page = alone.folder / "terms.html"
    assert alone.run("show", "latest", "--html", str(page)).code == 0
    assert "Terms" in page.read_text("utf-8")
    assert alone.run("approve", "latest").plain["charges"] == 1
    again = alone.plan(as_of="2025-08-20").plain
    assert again["terms"]["events"]["renewed"]["buckets"] == {"held": 1}


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("hold", "latest", "CH-none", *REASON), "R-0001 has no line of CH-none"),
        (("hold", "latest", "P-1", "--reason", "  "), "a hold and a release need a reason"),
        (("release", "P-1", *REASON), "no line on hold is called P-1"),
    ],
)
def test_what_names_no_line_is_refused(alone: World, words: tuple[str, ...], error: str) -> None:
    planned(alone)
    assert (alone.run(*words).plain["error"]) == error


def test_a_line_of_an_approved_run_is_not_held(alone: World) -> None:
    planned(alone)
    alone.run("approve", "latest")
    refused = alone.run("hold", "latest", "P-1", *REASON)
    assert (refused.code, refused.plain["error"]) == (
        1,
        "R-0001 was approved before (now: approved), so its lines are billed",
    )


def test_two_persons_are_required_where_the_setting_says_so(alone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = alone.folder / "connector.yaml"
    settings.write_text(settings.read_text("utf-8") + "approval: {two_persons: required}\n", encoding="utf-8")
    monkeypatch.setenv("CONNECTOR_USER", "uploader")
    planned(alone)
    refused = alone.run("approve", "latest")
    assert (refused.code, refused.plain["error"]) == (1, "R-0001 was planned by uploader, and two persons are required")
    monkeypatch.setenv("CONNECTOR_USER", "approver")
    assert alone.run("approve", "latest").code == 0


def test_a_plan_is_written_as_a_page_and_as_a_workbook(alone: World) -> None:
    rows = (client("A", name="<b>=cmd"), client("B", size="many"), client("C", created="2025-01-01"))
    made = planned(alone, *rows)
    held = charges(planned(alone, client("A", name="<b>=other"), client("D")))["Client D"]
    alone.run("hold", "latest", held, *REASON)
    html, xlsx = alone.folder / "plan.html", alone.folder / "plan.xlsx"
    answer = alone.run("show", "R-0001", "--html", str(html), "--xlsx", str(xlsx))
    assert (answer.code, answer.plain["written"]) == (0, [str(html), str(xlsx)])
    text = html.read_text("utf-8")
    assert "&lt;b&gt;=cmd" in text
    assert "<b>" not in text
    book = load_workbook(xlsx)
    titles = [
        "Documents",
        "Lines",
        "Opening entries",
        "Problems",
        "Records by bucket",
        "Rows by kind",
        "Every row",
        "Checks",
    ]
    assert book.sheetnames == titles
    money = [row[5] for row in book["Documents"].iter_rows(min_row=3, values_only=True)]
    assert money == [made.plain["documents"][0]["net_minor"] / 100]
    rows_told = [row[0] for row in book["Every row"].iter_rows(min_row=3, values_only=True)]
    assert len(rows_told) == len(made.plain["rows"])
    other = alone.folder / "other.html"
    assert alone.run("show", "R-0002", "--html", str(other)).code == 0
    assert "On hold" in other.read_text("utf-8")
    assert "Changed cells" in other.read_text("utf-8")
    workspace.open_ledger(load_config(alone.folder, os.environ))
    short = {table.name: table for table in plan_tables(holds.planned("R-0001")[0], 1)}
    ledger.close_store()
    assert len(short["Every row"].rows) == 1
    assert short["Every row"].notes[0].startswith(f"… and {len(made.plain['rows']) - 1} more rows; the workbook")
    taken = alone.run("show", "--html", str(html))
    assert (taken.code, taken.plain["error"]) == (2, f"{html} exists already, and nothing is overwritten")
