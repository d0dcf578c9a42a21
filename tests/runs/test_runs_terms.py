"""Terms that begin by time alone: all that are overdue, once, from the ledger, with the source of what they renew."""

from typing import Any

import pytest
from terms_kit import approved, change, held, renewing, told
from world import PARTNER, World, client

from connector import ledger
from connector.runs import workspace
from connector.runs.config import load_config

AO = {"plan": "Assessment Only"}


def charges(world: World) -> list[dict[str, Any]]:
    """Every charge of the ledger, in the order of client and ordinal."""
    workspace.open_ledger(load_config(world.folder, {}))
    return ledger.read("charge").sort("subject_id", "ordinal").to_dicts()


@pytest.mark.usefixtures("on_each_database")
def test_every_term_that_has_begun_is_billed_once(alone: World) -> None:
    renewing(alone, term="monthly")
    approved(alone, alone.partners(), alone.clients(client("A", created="2025-03-31")), as_of="2025-04-02")
    late = approved(alone, as_of="2025-07-01")
    assert told(late) == [
        (2, "2025-04-30", "billed", 180_000),
        (3, "2025-05-31", "billed", 180_000),
        (4, "2025-06-30", "billed", 180_000),
    ]
    assert late["terms"]["events"] == {"renewed": {"buckets": {"billed": 3}, "amounts_minor": {"USD": 540_000}}}
    [document] = late["documents"]
    assert document["document"]["dated"] == "2025-07-01"
    again = alone.plan(as_of="2025-07-01").plain
    assert (again["documents"], again["terms"]["rows"], again["exit_code"]) == ([], [], 0)
    assert told(alone.plan(as_of="2025-07-31").plain) == [(5, "2025-07-31", "billed", 180_000)]


def test_a_client_of_long_ago_is_billed_with_all_its_terms_and_each_names_its_cell(alone: World) -> None:
    renewing(alone)
    clients = alone.clients(client("A", created="2025-04-01"), client("B", created="2026-02-01"))
    plan = approved(alone, alone.partners(), clients, as_of="2027-04-01")
    assert told(plan) == [
        (2, "2026-04-01", "billed", 189_000),
        (2, "2027-02-01", "billed", 189_000),
        (3, "2027-04-01", "billed", 189_000),
    ]
    rows = {(one["ordinal"], one["row"]) for one in charges(alone)}
    assert rows == {(1, 2), (2, 2), (3, 2), (1, 3), (2, 3)}
    assert {(one["source_id"], one["tier"], one["event"]) for one in charges(alone) if one["ordinal"] > 1} == {
        ("R-0001/2", "11-50", "renewed")
    }
    later = approved(alone, as_of="2028-04-01")
    assert len(told(later)) == 2
    assert {one["source_id"] for one in charges(alone)} == {"R-0001/2"}


def test_an_opening_entry_renews_on_its_first_anniversary_after_go_live(alone: World) -> None:
    renewing(alone)
    opened = client("A", created="2024-02-29")
    partner = PARTNER.replace("2024-01-01", "2023-01-01")
    approved(alone, alone.partners(partner), alone.clients(opened), as_of="2025-06-20")
    plan = approved(alone, as_of="2028-02-29")
    assert told(plan) == [
        (3, "2026-02-28", "billed", 189_000),
        (4, "2027-02-28", "billed", 189_000),
        (5, "2028-02-29", "billed", 189_000),
    ]


def test_a_kept_tier_is_billed_though_the_client_has_grown(alone: World) -> None:
    renewing(alone)
    partners = alone.partners()
    approved(alone, partners, alone.clients(client("A")), as_of="2025-06-20")
    plan = approved(alone, alone.clients(client("A", size="51-200")), as_of="2026-04-01")
    assert told(plan) == [(2, "2026-04-01", "billed", 189_000)]
    [_, second] = charges(alone)
    assert (second["tier"], second["band_low"], second["band_high"], second["size_source"]) == ("11-50", 11, 50, "band")


def test_a_current_tier_is_that_of_the_size_said_by_the_day(alone: World) -> None:
    renewing(alone, tier="current", term="monthly")
    approved(alone, alone.partners(), alone.clients(client("A")), as_of="2025-04-20")
    grown = alone.clients(client("A", size="51-200"))
    plan = alone.plan(grown, as_of="2025-06-10")
    assert told(plan.plain) == [(2, "2025-05-01", "billed", 180_000), (3, "2025-06-01", "billed", 180_000)]
    assert alone.run("approve", plan.plain["run"]).code == 0
    assert told(alone.plan(as_of="2025-07-01").plain) == [(4, "2025-07-01", "billed", 360_000)]


def test_a_kept_price_is_what_was_billed(alone: World) -> None:
    renewing(alone, price="kept")
    approved(alone, alone.partners(), alone.clients(client("A")), as_of="2025-06-20")
    plan = approved(alone, as_of="2027-04-01")
    assert told(plan) == [(2, "2026-04-01", "billed", 180_000), (3, "2027-04-01", "billed", 180_000)]
    assert {one["price_book"] for one in charges(alone)} == {"standard@2025-03-01 USD"}


def test_a_kept_price_whose_tier_moves_is_asked_about(alone: World) -> None:
    renewing(alone, price="kept", tier="current")
    approved(alone, alone.partners(), alone.clients(client("A")), as_of="2025-06-20")
    approved(alone, alone.clients(client("A", size="51-200")), as_of="2025-07-01")
    plan = alone.plan(as_of="2026-04-01")
    assert plan.code == 3
    assert held(plan.plain) == [
        (
            "term-rules-changed",
            "full-spoke of Client A, renewed 2026-04-01: its tier moves, and its price is kept",
        )
    ]


def test_a_kept_price_of_an_opening_entry_is_asked_about(alone: World) -> None:
    renewing(alone, price="kept")
    approved(alone, alone.partners(), alone.clients(client("A", created="2024-04-01")), as_of="2025-03-20")
    [[code, message]] = held(alone.plan(as_of="2026-04-01").plain)
    assert code == "term-rules-changed"
    assert message.endswith("2025-04-01 and 1 more: its price is kept, and an opening entry has none")


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ({"term: annual": "term: monthly"}, "the term before was annual, and the rules bill monthly terms now"),
    ],
)
def test_rules_that_bill_otherwise_now_are_asked_about(alone: World, texts: dict[str, str], why: str) -> None:
    renewing(alone)
    approved(alone, alone.partners(), alone.clients(client("A")), as_of="2025-06-20")
    change(alone, texts)
    [[code, message]] = held(alone.plan(as_of="2026-04-01").plain)
    assert (code, message) == ("term-rules-changed", f"full-spoke of Client A, renewed 2026-04-01: {why}")


def test_a_partner_that_another_company_bills_now_is_asked_about(alone: World) -> None:
    renewing(alone)
    approved(alone, alone.partners(), alone.clients(client("A")), as_of="2025-06-20")
    moved = PARTNER.replace(",us,USD,US,", ",uk,GBP,GB,").replace("2024-01-01", "2026-01-01")
    [[_, message]] = held(alone.plan(alone.partners(PARTNER, moved), as_of="2026-04-01").plain)
    assert message.endswith("its partner is billed by uk in GBP now, and not by us")


def test_what_was_billed_once_does_not_renew(alone: World) -> None:
    approved(alone, alone.partners(), alone.clients(client("A")), as_of="2025-06-20")
    renewing(alone)
    plan = alone.plan(as_of="2027-06-20").plain
    assert (plan["documents"], plan["terms"]["rows"]) == ([], [])


def test_rules_that_hold_or_do_not_bill_decide_each_term(alone: World) -> None:
    renewing(alone, term="monthly")
    clients = [client("A", created="2025-04-10"), client("B", created="2025-04-11")]
    approved(alone, alone.partners(), alone.clients(*clients), as_of="2025-04-20")
    change(
        alone,
        {
            "domain: [example.com]": "domain: [a.example]",
            "domain: [hold.example]": "domain: [b.example]",
        },
    )
    plan = alone.plan(as_of="2025-06-01")
    assert plan.code == 3
    assert sorted(row["bucket"] for row in plan.plain["terms"]["rows"]) == ["held", "not_billable"]
    asked = alone.run("exceptions").plain["exceptions"]
    assert [one["kind"] for one in asked] == ["held-by-rule", "document-ready"]
    text = alone.run("show", "latest", as_json=False).out
    assert "0 terms renewed; besides 1 held, 1 not billable" in text
    assert "No files: this plan bills only what time brings about." in text


def test_a_term_that_was_held_is_billed_after_later_ones(alone: World) -> None:
    renewing(alone, term="monthly")
    approved(alone, alone.partners(), alone.clients(client("A")), as_of="2025-04-20")
    gate = '\n  - id: may\n    when: {dates: {from: 2025-05-01, to: 2025-05-31}}\n    hold: "not in May"\n'
    path = alone.folder / "rules" / "billing.yaml"
    before = path.read_text(encoding="utf-8")
    path.write_text(before + gate, encoding="utf-8")
    assert told(approved(alone, as_of="2025-06-01")) == [
        (2, "2025-05-01", "held", None),
        (3, "2025-06-01", "billed", 180_000),
    ]
    path.write_text(before, encoding="utf-8")
    assert told(approved(alone, as_of="2025-06-01")) == [(2, "2025-05-01", "billed", 180_000)]
    assert told(alone.plan(as_of="2025-06-30").plain) == []


def test_terms_wait_for_the_months_end_of_their_partner(alone: World) -> None:
    renewing(alone)
    approved(alone, alone.partners(), alone.clients(client("A", "P-2")), as_of="2025-04-30")
    plan = approved(alone, as_of="2026-04-02")
    assert (told(plan), plan["documents"]) == ([(2, "2026-04-01", "awaiting_document", 189_000)], [])
    assert len(alone.plan(as_of="2026-04-30").plain["documents"]) == 1


def test_a_plan_is_refused_when_a_term_or_its_client_has_changed(alone: World) -> None:
    renewing(alone)
    partners = alone.partners()
    approved(alone, partners, alone.clients(client("A")), as_of="2025-06-20")
    first = alone.plan(as_of="2026-04-01").plain["run"]
    other = alone.plan(alone.clients(client("A", size="51-200")), as_of="2025-06-21").plain["run"]
    assert alone.run("approve", other).code == 0
    refused = alone.run("approve", first)
    assert refused.code == 1
    assert "was changed meanwhile" in refused.plain["error"]
    fresh = alone.plan(as_of="2026-04-01").plain["run"]
    again = alone.plan(as_of="2026-04-01").plain["run"]
    assert alone.run("approve", fresh).code == 0
    taken = alone.run("approve", again)
    assert (taken.code, "is taken now" in taken.plain["error"]) == (1, True)


def test_an_assessment_only_client_has_no_term(alone: World) -> None:
    renewing(alone)
    approved(alone, alone.partners(), alone.clients(client("A", **AO)), as_of="2025-06-20")
    assert alone.plan(as_of="2027-06-20").plain["terms"] == {"events": {}, "stopped": 0, "rows": []}


def test_a_term_on_hold_is_billed_once_it_is_released(alone: World) -> None:
    renewing(alone)
    approved(alone, alone.partners(), alone.clients(client("A")), as_of="2025-06-20")
    planned = alone.plan(as_of="2027-04-01").plain
    [charge] = [
        one["charge_id"] for one in planned["documents"][0]["document"]["lines"] if "2027" in one["description"]
    ]
    assert alone.run("hold", planned["run"], charge, "--reason", "disputed").code == 0
    shown = alone.run("show", planned["run"]).plain
    assert told(shown) == [(2, "2026-04-01", "billed", 189_000), (3, "2027-04-01", "held", 189_000)]
    assert shown["terms"]["events"]["renewed"] == {
        "buckets": {"held": 1, "billed": 1},
        "amounts_minor": {"USD": 189_000},
    }
    assert alone.run("approve", planned["run"]).code == 0
    assert alone.run("release", charge, "--reason", "settled").code == 0
    assert told(alone.plan(as_of="2027-04-01").plain) == [(3, "2027-04-01", "billed", 189_000)]


def test_what_else_is_billed_of_a_new_client_waits_with_its_first_charge(alone: World) -> None:
    renewing(alone)
    planned = alone.plan(alone.partners(), alone.clients(client("A"), client("B")), as_of="2026-04-01").plain
    lines = planned["documents"][0]["document"]["lines"]
    [charge] = [
        one["charge_id"] for one in lines if "Client A" in one["description"] and "created" in one["description"]
    ]
    assert alone.run("hold", planned["run"], charge, "--reason", "disputed").code == 0
    shown = alone.run("show", planned["run"]).plain
    assert sorted(row["bucket"] for row in shown["terms"]["rows"]) == ["billed", "held"]
    assert shown["buckets"]["clients"] == {"held": 1, "billed": 1}
    assert len(shown["documents"][0]["document"]["lines"]) == 2


def test_what_else_is_billed_of_a_new_client_waits_when_its_first_document_is_blocked(alone: World) -> None:
    """A monthly partner: the first charge, whose item has no account, and its term stand on documents of their own."""
    renewing(alone)
    path = alone.folder / "rules" / "billing.yaml"
    text = path.read_text(encoding="utf-8")
    start = text.index("  - id: full-spoke")
    rule = text[start : text.index("  - id: assessment-bundle")]
    first = rule.replace(", renewed]", "]").replace("SPOKE-FULL", "SPOKE-NEW")
    then = rule.replace("id: full-spoke", "id: renewed").replace("[created, upgraded, renewed]", "renewed")
    path.write_text(text.replace(rule, first + then), encoding="utf-8")
    plan = alone.plan(alone.partners(), alone.clients(client("A", "P-2")), as_of="2026-05-31")
    assert [one["faults"][0][0] for one in plan.plain["documents"]] == [
        "document-item-unmapped",
        "document-client-blocked",
    ]
    assert (told(plan.plain), plan.code) == ([(2, "2026-04-01", "blocked", 189_000)], 1)
    assert alone.run("approve", plan.plain["run"]).plain["charges"] == 0


def test_the_name_of_a_client_is_erased_from_its_terms_which_go_on(world: World) -> None:
    renewing(world)
    world.bill(world.partners(), world.clients(client("A", name="Quillfeather")), as_of="2025-06-20")
    billed = world.bill(as_of="2026-04-01")
    planned, stages = billed["plan"], billed["push"]["tie_out"]["stages"]
    assert [(one["count"], one["note"]) for one in stages if one["name"] == "by time alone: renewed"] == [
        (1, "1 billed")
    ]
    assert [row["name"] for row in planned["terms"]["rows"]] == ["Quillfeather"]
    erased = world.run("erase", "Quillfeather", "--yes")
    assert erased.code == 0, erased.out
    assert "Quillfeather" not in world.run("show", planned["run"]).out
    later = world.plan(as_of="2027-04-01")
    assert told(later.plain) == [(3, "2027-04-01", "billed", 189_000)]
    assert (later.plain["terms"]["rows"][0]["name"], "Quillfeather" in later.out) == (None, False)
