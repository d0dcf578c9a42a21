"""Assessment Only clients beyond the places of their partner: held or charged for, as the rules declare, once."""

from typing import Any

import pytest
from terms_kit import approved, change
from world import PARTNER_HEADER, World, client

AO = {"plan": "Assessment Only"}
BUNDLES = "Partner ID,Purchase reference,Purchased on,Bundles"
PLACES = f"{PARTNER_HEADER},Included places,Included until"


def ready(world: World, policy: str, places: int = 2, until: str = "2025-12-31") -> str:
    """The policy, and a partner with this many included places; the partners' sheet."""
    change(world, {"overdraw: allow": f"overdraw: {policy}"})
    row = "P-1,One Partner,MSP,us,USD,US,Taxable,30,Bank transfer,On event,2024-01-01"
    return world.write("partners.csv", PLACES, [f"{row},{places},{until}"])


def many(world: World, first: int, last: int, day: str = "2025-04-01", name: str = "clients.csv") -> str:
    rows = [client(f"C{number:02}", created=day, **AO) for number in range(first, last + 1)]
    return world.clients(*rows, name=name)


def balance(world: World) -> Any:
    [one] = world.run("balance", "P-1").plain["balances"]
    return {name: one[name] for name in ("included", "bought", "used", "left")}


@pytest.mark.usefixtures("on_each_database")
def test_clients_beyond_the_places_are_held_until_a_bundle_is_bought(alone: World) -> None:
    partners = ready(alone, "hold")
    planned = alone.plan(partners, many(alone, 1, 4))
    assert (planned.code, planned.plain["buckets"]["clients"]) == (3, {"held": 2, "inside_bundle": 2})
    problems = [one for one in planned.plain["problems"] if one["code"] == "client-no-place-left"]
    assert sorted(one["message"] for one in problems) == [
        "with it partner P-1 uses 1 more than it has",
        "with it partner P-1 uses 2 more than it has",
    ]
    assert alone.run("approve", planned.plain["run"]).code == 0
    assert balance(alone) == {"included": 2, "bought": 0, "used": 2, "left": 0}
    bought = alone.write("bundles.csv", BUNDLES, ["P-1,PO-1,2025-05-02,1"])
    after = approved(alone, many(alone, 1, 4), bought, as_of="2025-06-20")
    assert after["buckets"]["clients"] == {"unchanged": 2, "inside_bundle": 2}
    assert balance(alone) == {"included": 2, "bought": 10, "used": 4, "left": 8}


def test_places_of_an_ended_licence_that_were_used_in_its_time_overdraw_nothing(alone: World) -> None:
    partners = ready(alone, "hold", 2, "2025-04-30")
    rows = [
        client(f"C{number}", created=f"2025-0{month}-01", **AO) for number, month in ((1, 4), (2, 4), (3, 4), (4, 5))
    ]
    plan = alone.plan(partners, alone.clients(*rows)).plain
    assert plan["buckets"]["clients"] == {"held": 2, "inside_bundle": 2}


def test_a_bundle_is_charged_for_places_beyond_those_bought_and_never_twice(alone: World) -> None:
    partners = ready(alone, "charge_bundle")
    plan = alone.plan(partners, many(alone, 1, 13)).plain
    assert plan["buckets"]["clients"] == {"inside_bundle": 13}
    assert plan["terms"]["events"] == {"bundle": {"buckets": {"billed": 2}, "amounts_minor": {"USD": 300_000}}}
    assert [row["subject_id"] for row in plan["terms"]["rows"]] == ["P-1/auto-1", "P-1/auto-2"]
    again = alone.plan(partners, many(alone, 1, 13)).plain
    assert [row["subject_id"] for row in again["terms"]["rows"]] == ["P-1/auto-1", "P-1/auto-2"]
    assert alone.run("approve", again["run"]).code == 0
    refused = alone.run("approve", plan["run"])
    assert "the places of partner P-1 were changed meanwhile" in refused.plain["error"]
    assert balance(alone) == {"included": 2, "bought": 20, "used": 13, "left": 9}
    for files in ((), (many(alone, 1, 13),)):
        later = alone.plan(*files).plain
        assert (later["terms"]["rows"], later["documents"]) == ([], [])
    shown = alone.run("show", again["run"], as_json=False).out
    assert "2 bundles charged for places beyond those bought: USD 3,000.00" in shown
    more = approved(alone, many(alone, 14, 24, name="more.csv"), as_of="2025-06-20")
    assert [row["subject_id"] for row in more["terms"]["rows"]] == ["P-1/auto-3"]
    assert balance(alone) == {"included": 2, "bought": 30, "used": 24, "left": 8}
    checked = alone.run("rebuild", "--check")
    assert checked.code == 0, checked.out


def test_where_no_bundle_is_sold_the_rules_say_what_becomes_of_the_purchase(alone: World) -> None:
    partners = ready(alone, "charge_bundle", 0)
    charge = "charge: {metric: assessment-bundle, item: SPOKE-AO-BUNDLE, price: per_bundle, book: standard, term: once}"
    change(alone, {charge: 'no_charge: "none is sold"'})
    for file in ("usd", "gbp"):
        path = alone.folder / "rules" / "price-books" / f"standard-2025-03-{file}.yaml"
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join(one for one in lines if "assessment_bundle" not in one) + "\n", encoding="utf-8")
    plan = alone.plan(partners, many(alone, 1, 3))
    assert "terms" in plan.plain, plan.out
    assert [(row["bucket"], row["reason"]) for row in plan.plain["terms"]["rows"]] == [("not_billable", "none is sold")]


@pytest.mark.parametrize("policy", ["allow", "hold", "charge_bundle"])
def test_who_has_a_place_asks_and_costs_nothing(alone: World, policy: str) -> None:
    partners = ready(alone, policy, 5)
    plan = alone.plan(partners, many(alone, 1, 4))
    assert (plan.code, plan.plain["buckets"]["clients"]) == (0, {"inside_bundle": 4})
    assert plan.plain["terms"]["events"] == {}
