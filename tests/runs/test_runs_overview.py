"""What is billed month by month, whose bundle places run out, and how the last night ended, on each database."""

import os
from datetime import UTC, date, datetime

import pytest
from world import BIRCH, CEDAR, PARTNER, World, client

from connector.rulebook import Rulebook, load
from connector.runs import nights, overview, workspace
from connector.runs.config import load_config
from connector.runs.nights import Outcome, Stage
from connector.runs.overview import Low, billed_by_month, last_night, low_balances

JUNE = date(2025, 6, 30)
NOON = datetime(2025, 6, 30, 12, tzinfo=UTC)
BUNDLES = "Partner ID,Reference,Purchased on,Quantity"


def opened(world: World) -> Rulebook:
    """Open the ledger in this process; its rulebook."""
    config = load_config(world.folder, os.environ)
    workspace.open_ledger(config)
    rulebook, _ = load(config.rules)
    assert rulebook is not None
    return rulebook


@pytest.mark.usefixtures("on_each_database")
def test_money_by_month_and_tier_each_currency_by_itself_and_credits_against_it(world: World) -> None:
    partners = world.partners(PARTNER, BIRCH, CEDAR)
    opened(world)
    assert billed_by_month(JUNE) == ()
    clients = [client("C-1"), client("C-2", size="201-500"), client("C-3", "P-3")]
    world.bill(partners, world.clients(*clients), as_of="2025-04-20")
    bundle = world.write("bundles.csv", BUNDLES, ["P-1,B-1,2025-05-02,1"])
    world.bill(partners, world.clients(*clients, client("C-4", created="2025-05-02")), bundle, as_of="2025-05-20")
    opened(world)
    pounds, dollars = billed_by_month(JUNE)
    assert (pounds.currency, dollars.currency) == ("GBP", "USD")
    assert dollars.months == (
        *("2024-07", "2024-08", "2024-09", "2024-10", "2024-11", "2024-12"),
        *("2025-01", "2025-02", "2025-03", "2025-04", "2025-05", "2025-06"),
    )
    assert dollars.tiers == ("11-50", "201-500", "bundles")
    assert dollars.minor[("2025-04", "11-50")] == dollars.minor[("2025-05", "11-50")] == 180_000
    assert (dollars.minor[("2025-04", "201-500")], dollars.total("2025-06")) == (600_000, 0)
    assert dollars.total("2025-05") == 180_000 + dollars.minor[("2025-05", "bundles")]
    assert set(pounds.minor) == {("2025-04", "11-50")}
    assert [one.currency for one in billed_by_month(date(2026, 4, 30))] == ["USD"]
    long_after = billed_by_month(date(2027, 1, 31))
    assert [(one.currency, one.months[-1], one.total("2025-05")) for one in long_after] == [
        ("GBP", "2025-05", 0),
        ("USD", "2025-05", dollars.total("2025-05")),
    ]


@pytest.mark.usefixtures("on_each_database")
def test_what_is_credited_counts_against_its_month_and_tier(world: World) -> None:
    today = datetime.now(UTC).date()
    files = (world.partners(), world.clients(client("C-1"), client("C-2", size="201-500")))
    world.bill(*files, as_of=today.isoformat())
    answer = world.run("correct", "US-000001/1", "--credit-only", "--reason", "test")
    opened(world)
    assert billed_by_month(today)[0].total(f"{today:%Y-%m}") == 780_000
    assert world.run("approve", answer.plain["run"]).code == 0
    opened(world)
    (dollars,) = billed_by_month(today)
    left = {tier: dollars.minor[(f"{today:%Y-%m}", tier)] for tier in dollars.tiers}
    assert sorted(left.values()) in ([0, 180_000], [0, 600_000])


@pytest.mark.usefixtures("on_each_database")
def test_places_that_run_out(world: World) -> None:
    partners = world.partners(PARTNER, BIRCH, CEDAR)
    rulebook = opened(world)
    assert low_balances(rulebook, JUNE) == ()
    today = datetime.now(UTC).date()
    small = [client(f"C-{one}", plan="Assessment Only", size="1", upgraded="") for one in range(1, 5)]
    over = client("C-9", "P-2", plan="Assessment Only", size="1")
    bundle = world.write("bundles.csv", BUNDLES, ["P-1,B-1,2025-03-02,1"])
    run = world.plan(partners, world.clients(*small, over, client("C-8", "P-3")), bundle).plain["run"]
    assert world.run("approve", run).code == 0
    balances = {one["partner_id"]: one["left"] for one in world.run("balance").plain["balances"]}
    rulebook = opened(world)
    assert (balances["P-2"], balances["P-3"]) == (-1, 0)
    assert low_balances(rulebook, today) == (Low("P-2", -1, 0),)
    more = [
        client(f"D-{one}", plan="Assessment Only", size="1") for one in range(balances["P-1"] - overview.LOW_PLACES)
    ]
    run = world.plan(partners, world.clients(*small, over, client("C-8", "P-3"), *more), bundle).plain["run"]
    assert world.run("approve", run).code == 0
    rulebook = opened(world)
    places = balances["P-1"] + len(small)
    assert low_balances(rulebook, today) == (Low("P-2", -1, 0), Low("P-1", overview.LOW_PLACES, places))


@pytest.mark.usefixtures("on_each_database")
def test_the_last_night_is_told_with_what_it_billed(world: World) -> None:
    opened(world)
    assert last_night() is None
    run = world.approved("C-1")
    opened(world)
    begun, _ = nights.begin(NOON, "Ada")
    told = last_night()
    assert told is not None
    assert (told.ended, told.documents, told.totals) == ("it has not ended; it is started", 0, {})
    nights.step(begun, Stage.ENDED, NOON, "Ada", outcome=Outcome.WAITS.value, run_id=run)
    told = last_night()
    assert told is not None
    assert told.ended == "something waits for a person, or for the next night"
    assert (told.night.run_id, told.documents, told.totals) == (run, 1, {"USD": 194_850})
