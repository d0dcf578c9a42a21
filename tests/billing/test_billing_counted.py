"""Counts taken before rules are asked, against a plain count, one record at a time."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import polars as pl
import pytest
from billing_frames import POLICIES, context, ledger, partner

from connector.billing.counted import Counting, with_counts
from connector.domain.entities import Policies

CLIENTS = {
    "client_id": pl.String,
    "partner_id": pl.String,
    "plan": pl.String,
    "created_on": pl.Date,
    "upgraded_on": pl.Date,
    "event_on": pl.Date,
    "code": pl.String,
}
BUNDLES = {
    "subject_id": pl.String,
    "partner_id": pl.String,
    "selling_entity": pl.String,
    "currency": pl.String,
    "event_on": pl.Date,
    "quantity": pl.Int64,
    "code": pl.String,
    "opening": pl.Boolean,
}
BOTH = Counting(("clients_this_year", "places_left"), lambda _entity, _currency, _day: 10)
VERSIONS = ledger("client_version").select(list(CLIENTS)[:5])
CHARGES = ledger("charge")


def client(name: str, created: date, plan: str = "full_spoke", **said: object) -> dict[str, object]:
    row = {"client_id": name, "partner_id": "P-1", "plan": plan, "created_on": created, "upgraded_on": None, **said}
    return {"code": None, "event_on": row["upgraded_on"] or created, **row}


def bundle(name: str, day: date, quantity: int = 1, **said: object) -> dict[str, object]:
    own = {"subject_id": name, "partner_id": "P-1", "selling_entity": "us", "currency": "USD", "event_on": day}
    return {**own, "quantity": quantity, "code": None, "opening": False, **said}


def charge(name: str, day: date, of: str = "client", **said: object) -> dict[str, object]:
    own = {"subject_type": of, "subject_id": name, "partner_id": "P-1", "event_on": day, "kind": "charge"}
    return {**own, "selling_entity": "us", "currency": "USD", "quantity": 1, **said}


def counted(
    clients: list[dict[str, object]],
    bundles: list[dict[str, object]] | None = None,
    versions: pl.DataFrame = VERSIONS,
    charges: pl.DataFrame = CHARGES,
    counting: Counting = BOTH,
    policies: Policies | None = None,
    **said: object,
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    given = context(partner(**said), policies=policies) if policies else context(partner(**said))
    found = with_counts(
        pl.DataFrame(clients, schema=CLIENTS),
        pl.DataFrame(bundles or [], schema=BUNDLES),
        versions,
        charges,
        counting,
        given,
    )
    pair = [frame.select("clients_this_year", "places_left").rows() for frame in found]
    return pair[0], pair[1]


MAY, JUNE = date(2025, 5, 1), date(2025, 6, 1)


def test_clients_are_counted_by_day_then_id_within_partner_and_year() -> None:
    clients = [
        client("C", MAY),
        client("B", MAY),
        client("A", JUNE),
        client("D", date(2026, 1, 1)),
        client("E", MAY, partner_id="P-2"),
        client("F", MAY, "assessment_only"),
        client("G", MAY, upgraded_on=date(2025, 7, 1)),
        client("H", date(2025, 4, 30), code="record-duplicate-id"),
    ]
    assert [this_year for this_year, _ in counted(clients)[0]] == [2, 1, 3, 1, 1, 3, 4, 1]


def test_a_billed_client_counts_on_the_day_it_was_billed_for() -> None:
    charges = ledger("charge", charge("Z", MAY), charge("A", date(2025, 4, 1)), charge("A", JUNE, metric="later"))
    clients = [client("A", JUNE), client("B", JUNE)]
    assert [this_year for this_year, _ in counted(clients, charges=charges)[0]] == [1, 3]


def test_what_has_a_verdict_counts_as_it_was_known_before() -> None:
    versions = pl.DataFrame([client("A", MAY), client("Q", MAY)]).select(list(VERSIONS.columns)).cast(VERSIONS.schema)
    clients = [client("A", date(2024, 1, 1), code="client-id-reused"), client("B", JUNE)]
    assert [this_year for this_year, _ in counted(clients, versions=versions)[0]] == [1, 3]


def test_places_are_those_left_just_before_the_event() -> None:
    bundles = [
        bundle("P-1/1", MAY, 2),
        bundle("P-1/2", JUNE),
        bundle("P-1/3", MAY, code="x"),
        bundle("P-1/4", MAY, opening=True),
    ]
    clients = [
        client("B", MAY, "assessment_only"),
        client("A", MAY, "assessment_only"),
        client("C", JUNE),
        client("D", JUNE, "assessment_only", partner_id="P-2"),
        client("E", date(2025, 2, 1), "assessment_only"),
    ]
    said = {"included_places": 5, "included_until": date(2025, 5, 31), "opening_places": 1}
    found = counted(clients, bundles, **said)
    assert [left for _, left in found[0]] == [25, 26, 31, 0, 6]  # two included places were used in May
    assert [left for _, left in found[1]] == [6, 21, 26, 26]


@pytest.mark.parametrize(("policy", "left"), [("keeps_bundle_place", 8), ("frees_bundle_place", 9)])
def test_whether_an_upgrade_frees_a_place_is_declared(policy: str, left: int) -> None:
    policies = replace(POLICIES, upgrade=policy)
    clients = [
        client("A", MAY, upgraded_on=date(2025, 5, 20)),
        client("B", MAY, "assessment_only"),
        client("S", MAY, upgraded_on=MAY),
        client("Z", JUNE),
    ]
    charges = ledger("charge", charge("P-1/1", MAY, "bundle"), charge("P-1/0", MAY, "bundle", kind="opening"))
    assert counted(clients, charges=charges, policies=policies)[0][-1] == (3, left)


def test_nothing_is_counted_that_no_rule_looks_at() -> None:
    none = Counting((), BOTH.bundle_size)
    assert counted([client("A", MAY)], [bundle("b", MAY)], counting=none) == ([(None, None)], [(None, None)])
    one = Counting(("places_left",), BOTH.bundle_size)
    assert counted([client("A", MAY)], [bundle("b", MAY)], counting=one) == ([(None, 10)], [(None, 0)])


def test_a_plain_count_says_the_same_for_random_records() -> None:
    chance = Random(7)
    for _ in range(25):
        clients = [
            client(
                f"C-{number:02}",
                created := date(2025, 1, 1) + timedelta(days=chance.randrange(500)),
                chance.choice(("full_spoke", "assessment_only")),
                upgraded_on=None,
                partner_id=chance.choice(("P-1", "P-2")),
            )
            | ({"plan": "full_spoke", "upgraded_on": (later := created + timedelta(days=chance.randrange(90))),
                "event_on": later} if chance.random() < 0.4 else {})
            for number in range(30)
        ]  # fmt: skip
        chance.shuffle(clients)
        plain = []
        for one in clients:
            full = [
                (other["event_on"], other["client_id"])
                for other in clients
                if other["plan"] == "full_spoke"
                and other["partner_id"] == one["partner_id"]
                and other["event_on"].year == one["event_on"].year
            ]
            own = (one["event_on"], one["client_id"])
            if one["plan"] == "full_spoke":
                plain.append(sorted(full).index(own) + 1)
            else:
                plain.append(sum(day <= one["event_on"] for day, _ in full) + 1)
        assert [this_year for this_year, _ in counted(clients)[0]] == plain
