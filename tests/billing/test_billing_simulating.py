"""What another rulebook does to each line and to the money, under each policy; frames in, frames out."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from billing_frames import Row, context, frame, ledger, partner

from connector.billing.anniversaries import next_anniversary
from connector.billing.charges import latest
from connector.billing.replay import REPLAYED, charged_events, facts_of, next_terms, renewal_events
from connector.billing.sides import line_up, outcomes
from connector.billing.simulating import POLICIES, checks, simulate, totals
from connector.tables import RATED

START = date(2025, 5, 1)
BEFORE, AFTER = date(2025, 4, 1), date(2025, 6, 1)
_EVENTS = {**REPLAYED, **RATED, "bucket": pl.String}
_TERMS = dict.fromkeys(("metric", "renewal_price", "renewal_tier"), pl.String)
_NO_TERMS = pl.DataFrame(schema=_TERMS)
_RULE = {"rule_id": "full", "rule_place": "rules/b.yaml:1", "metric": "full-spoke", "item": "SPOKE", "tier": "11-50"}


def charge(client: str = "A", minor: int = 180_000, **said: Any) -> Row:
    """A billed full Spoke of P-1, before the start."""
    usual = {"subject_type": "client", "subject_id": client, "metric": "full-spoke", "ordinal": 1, "revision": 1}
    event = {"kind": "charge", "event": "created", "event_on": BEFORE, "partner_id": "P-1", "selling_entity": "us"}
    money = {"currency": "USD", "unit_minor": minor, "amount_minor": minor, "list_minor": minor, "quantity": 1}
    return {**usual, **event, **money, **_RULE, "term": "once", "count_low": 30, **said}


def said(part: str, client: str = "A", minor: int | None = 180_000, **changed: Any) -> Row:
    """What a rulebook says of an event: it charges a full Spoke."""
    billed = part != "current"
    who = {"part": part, "subject_type": "client", "subject_id": client, "partner_id": "P-1", "currency": "USD"}
    line = {"line_metric": "full-spoke" if billed else None, "line_ordinal": 1, "selling_entity": "us"}
    event = {"event": "created", "event_on": BEFORE, "seen": False, "bucket": "awaiting_document"}
    money = {"unit_minor": minor, "amount_minor": minor, "list_minor": minor}
    return {**who, **line, **event, **_RULE, **money, **changed}


def none(bucket: str, reason: str, rule: str | None = "gate") -> Row:
    """The cells of an event that is not charged."""
    empty = dict.fromkeys(("metric", "item", "tier", "unit_minor", "amount_minor", "list_minor"))
    return {**empty, "bucket": bucket, "reason": reason, "rule_id": rule, "rule_place": rule and "new/b.yaml:9"}


def simulated(
    old: list[Row], new: list[Row], *charges: Row, terms: pl.DataFrame = _NO_TERMS, new_terms: pl.DataFrame = _NO_TERMS
) -> pl.DataFrame:
    both = [outcomes(frame(_EVENTS, rows)) for rows in (old, new)]
    labels = pl.DataFrame({"subject_id": ["A"], "label": ["Ash"]})
    lines = line_up(both[0], both[1], ledger("charge", *charges), labels)
    return simulate(lines, terms, new_terms, START)


def policies(found: pl.DataFrame) -> list[list[tuple[Any, ...]]]:
    """For each line, per policy: state, billed, kept, credited, billed again, why."""
    names = ("state", "billed", "kept", "credited", "rebilled", "why")
    return [[tuple(row[f"{one}_{name}"] for name in names) for one in POLICIES] for row in found.to_dicts()]


def judged(found: pl.DataFrame) -> list[tuple[Any, ...]]:
    return list(found.select("label", "before", "after", "difference", "why", "asks", "changed").iter_rows())


@pytest.mark.parametrize(
    ("anchor", "months", "start", "last", "expected"),
    [
        (date(2025, 4, 1), 12, date(2025, 5, 1), date(2025, 4, 1), date(2026, 4, 1)),
        (date(2025, 4, 1), 12, date(2025, 4, 1), date(2025, 4, 1), date(2026, 4, 1)),
        (date(2025, 4, 1), 12, date(2026, 4, 1), date(2025, 4, 1), date(2026, 4, 1)),
        (date(2025, 4, 1), 12, date(2026, 4, 2), date(2025, 4, 1), date(2027, 4, 1)),
        (date(2024, 2, 29), 12, date(2024, 3, 1), date(2024, 2, 29), date(2025, 2, 28)),
        (date(2024, 2, 29), 12, date(2027, 3, 1), date(2027, 2, 28), date(2028, 2, 29)),
        (date(2025, 1, 31), 1, date(2025, 1, 1), date(2025, 1, 31), date(2025, 2, 28)),
        (date(2025, 1, 31), 1, date(2025, 3, 1), date(2025, 1, 31), date(2025, 3, 31)),
        (date(2025, 1, 31), 1, date(2025, 2, 1), date(2025, 2, 28), date(2025, 3, 31)),
        (date(2025, 12, 31), 1, date(2025, 6, 1), date(2025, 12, 31), date(2026, 1, 31)),
        (date(2025, 4, 1), None, date(2025, 6, 1), date(2025, 4, 1), None),
    ],
)
def test_a_term_begins_again_on_the_day_it_began(
    anchor: date, months: int | None, start: date, last: date, expected: date | None
) -> None:
    one = pl.DataFrame({"anchor": [anchor], "months": [months], "last": [last]}, schema_overrides={"months": pl.Int32})
    found = one.select(next_anniversary(pl.col("anchor"), pl.col("months"), start, pl.col("last")))
    assert found.item() == expected


def test_the_latest_revision_of_each_term_stands() -> None:
    charges = ledger("charge", charge(minor=1), charge(minor=2, revision=2), charge(minor=3, ordinal=2))
    assert latest(charges)["amount_minor"].to_list() == [2, 3]


def test_only_the_last_term_of_a_charge_renews() -> None:
    first = charge(term="annual")
    second = charge(term="annual", ordinal=2, event="renewed", event_on=date(2026, 4, 1))
    opened = charge("B", 0, kind="opening", term="annual")
    found = next_terms(ledger("charge", first, second, opened, charge("C")), START)
    assert found.sort("subject_id").select("subject_id", "ordinal", "renews_on").rows() == [
        ("A", 2, date(2027, 4, 1)),
        ("B", 1, date(2026, 4, 1)),
        ("C", 1, None),
    ]


def test_a_charge_is_asked_about_with_its_own_event_size_and_money() -> None:
    records = frame(REPLAYED, [{"subject_id": "A", "plan": "full_spoke", "domain": "a.example", "count_low": 700}])
    moved = partner(currency="GBP", selling_entity="uk")
    [row] = charged_events(ledger("charge", charge()), facts_of(records), context(moved)).to_dicts()
    own = ("part", "line_metric", "event_on", "count_low", "quantity", "selling_entity", "currency")
    wanted = (*own, "domain", "code")
    assert [row[name] for name in wanted] == [
        *("billed", "full-spoke", BEFORE, 30, 1, "us", "USD", "a.example", None),
    ]


def test_a_purchase_is_asked_about_with_its_number_of_bundles() -> None:
    bought = charge("P-1/po-1", subject_type="bundle", event="bundle", quantity=3, adjustments="[]")
    facts = facts_of(frame(REPLAYED, [{"subject_id": "P-1/po-1"}]))
    [row] = charged_events(ledger("charge", bought), facts, context()).to_dicts()
    assert (row["quantity"], row["country"], row["client_id"]) == (3, "US", None)


@pytest.mark.parametrize(
    ("rule", "tier", "expected"),
    [
        ("kept", "11-50", (None, 11, 50)),
        ("kept", "10001+", (None, 10_001, None)),
        ("kept", "1", (None, 1, 1)),
        ("kept", None, (700, None, None)),
        ("current", "11-50", (700, None, None)),
    ],
)
def test_a_next_term_has_the_tier_billed_or_the_size_known_now(
    rule: str, tier: str | None, expected: tuple[int | None, ...]
) -> None:
    facts = facts_of(frame(REPLAYED, [{"subject_id": "A", "count_low": 700}]))
    terms = pl.DataFrame([("full-spoke", "current", rule)], schema=_TERMS, orient="row")
    charges = ledger("charge", charge(term="annual", tier=tier), charge("B"))
    [row] = renewal_events(charges, facts, terms, START, context()).to_dicts()
    assert (row["event"], row["event_on"], row["line_metric"]) == ("renewed", date(2026, 4, 1), "full-spoke")
    assert (row["count_low"], row["band_low"], row["band_high"]) == expected


def test_the_same_rules_change_nothing() -> None:
    events = [said("billed"), said("current"), said("current", "B", 90_000)]
    found = simulated(events, events, charge())
    assert judged(found) == [
        ("Ash", 180_000, 180_000, 0, None, None, False),
        ("B", 90_000, 90_000, 0, None, None, False),
    ]
    billed = ("billed", 90_000, None, None, None, "old rules: before 2025-05-01")
    stays = ("kept", None, 180_000, None, None)
    assert policies(found) == [
        [(*stays, "billed already"), (*stays, "does not renew"), (*stays, "before 2025-05-01")],
        [billed, billed, billed],
    ]


def test_a_price_holds_from_its_day_on_for_what_is_not_billed() -> None:
    days = [BEFORE, START, AFTER]
    old = [said("current", name, event_on=day) for name, day in zip("BCD", days, strict=True)]
    new = [{**row, "amount_minor": 200_000, "unit_minor": 200_000, "list_minor": 200_000} for row in old]
    found = simulated(old, new)
    assert judged(found) == [(name, 180_000, 200_000, 20_000, "price changed", None, True) for name in "BCD"]
    assert found["new_only_billed"].to_list() == [180_000, 200_000, 200_000]
    assert found["credit_and_rebill_billed"].to_list() == [180_000, 200_000, 200_000]


def test_what_is_billed_is_credited_and_billed_again_from_the_day_on() -> None:
    charges = [charge(), charge("B", event_on=AFTER)]
    old = [said("billed"), said("billed", "B", event_on=AFTER)]
    new = [{**row, "tier": "11-100", "amount_minor": 200_000} for row in old]
    found = simulated(old, new, *charges)
    assert found["why"].to_list() == ["tier 11-50 → 11-100"] * 2
    kept = ("kept", None, 180_000, None, None)
    assert policies(found)[0] == [
        (*kept, "billed already"),
        (*kept, "does not renew"),
        (*kept, "before 2025-05-01"),
    ]
    assert policies(found)[1][2] == ("credited", None, None, 180_000, 200_000, "tier 11-50 → 11-100")


@pytest.mark.parametrize(
    ("changed", "why", "state", "again"),
    [
        ({}, None, "kept", None),
        ({"rule_id": "quote"}, "rule full → quote", "kept", None),
        ({"item": "OTHER"}, "item SPOKE → OTHER", "credited", 180_000),
        ({"amount_minor": 162_000, "adjustments": "[]"}, "adjustments changed", "credited", 162_000),
        ({"unit_minor": 9, "list_minor": None, "amount_minor": 9}, "price changed", "credited", 9),
        (none("not_billable", "ours"), "not billable by rule gate: ours", "credited", None),
        (none("inside_bundle", "a place", None), "inside bundle: a place", "credited", None),
    ],
)
def test_each_difference_has_its_word_and_only_money_or_item_credits(
    changed: Row, why: str | None, state: str, again: int | None
) -> None:
    event = said("billed", event_on=AFTER)
    [row] = simulated([event], [{**event, **changed}], charge(event_on=AFTER)).to_dicts()
    assert (row["why"], row["credit_and_rebill_state"], row["credit_and_rebill_rebilled"]) == (why, state, again)
    assert row["changed"] is (state == "credited")


def test_places_of_rules_do_not_make_adjustments_differ() -> None:
    here, there = (f'[{{"rule": "x", "place": "{place}", "what": "-10 %", "reason": ""}}]' for place in ("a:1", "b:2"))
    event = said("billed", event_on=AFTER, adjustments=there)
    assert simulated([event], [event], charge(event_on=AFTER, adjustments=here))["why"].to_list() == [None]


@pytest.mark.parametrize(
    ("changed", "asks"),
    [
        (none("held", "ask first"), "held: ask first"),
        (none("blocked", "no size", None), "cannot be billed: no size"),
        ({"bucket": "opening"}, "it is billed, and under the new rules its day lies before go-live"),
        (
            {"metric": "spoke"},
            "it was billed as full-spoke; the new rules bill spoke: not the same charge",
        ),
    ],
)
def test_what_the_new_rules_cannot_bill_asks_a_person_and_is_never_zero(changed: Row, asks: str) -> None:
    event = said("billed", event_on=AFTER)
    [row] = simulated([event], [{**event, **changed}], charge(event_on=AFTER)).to_dicts()
    assert (row["after"], row["difference"], row["asks"], row["changed"]) == (None, None, asks, True)
    assert [row[f"{one}_state"] for one in POLICIES] == ["kept", "kept", "needs a person"]
    assert (row["credit_and_rebill_kept"], row["credit_and_rebill_credited"]) == (180_000, None)


def test_what_is_not_billed_and_cannot_be_asks_under_every_policy() -> None:
    old = [said("current", "B", event_on=AFTER), {**said("current", "C"), **none("blocked", "no partner", None)}]
    new = [{**old[0], **none("held", "ask first")}, old[1]]
    found = simulated(old, new)
    assert judged(found) == [
        ("B", 180_000, None, None, "held by rule gate: ask first", "held: ask first", True),
        ("C", None, None, None, None, "cannot be billed: no partner", False),
    ]
    asks = ("needs a person", None, None, None, None)
    assert policies(found) == [
        [(*asks, "new rules; held: ask first")] * 3,
        [(*asks, "old rules: before 2025-05-01; no partner")] * 3,
    ]


def test_a_settled_record_is_not_billed_behind_its_back() -> None:
    old = {**said("current", "B", event_on=AFTER, seen=True), **none("inside_bundle", "a place", None)}
    new = said("current", "B", event_on=AFTER, seen=True)
    [row] = simulated([old], [new]).to_dicts()
    assert row["why"] == "charged by rule full"
    assert (row["new_only_state"], row["new_only_billed"], row["after"]) == ("needs a person", None, None)
    assert simulated([old], [old])["new_only_state"].to_list() == ["not billed"]


@pytest.mark.parametrize(("bucket", "state"), [("opening", "kept"), ("not_billable", "kept"), ("held", "kept")])
def test_an_opening_entry_stays(bucket: str, state: str) -> None:
    event = said("billed", event_on=AFTER, bucket="opening")
    [row] = simulated(
        [event], [{**event, "bucket": bucket}], charge(minor=0, kind="opening", event_on=AFTER)
    ).to_dicts()
    assert [row[f"{one}_state"] for one in POLICIES] == [state] * 3
    assert (row["before"], row["after"], row["new_only_why"]) == (0, 0, "an opening entry, before go-live")


def test_an_opening_entry_that_new_rules_would_bill_asks() -> None:
    event = said("billed", event_on=AFTER, bucket="opening")
    new = {**event, "bucket": "awaiting_document"}
    [row] = simulated([event], [new], charge(minor=0, kind="opening", event_on=AFTER)).to_dicts()
    assert [row[f"{one}_state"] for one in POLICIES] == ["kept", "kept", "needs a person"]
    assert row["credit_and_rebill_why"] == "it is an opening entry, and under the new rules its day lies after go-live"


def test_a_second_metric_of_a_client_has_a_line_of_its_own() -> None:
    setup = charge(metric="setup")
    upgraded = {"event": "upgraded", "event_on": AFTER}
    old = [said("billed", line_metric="setup", metric="setup"), said("current", **upgraded)]
    found = simulated(old, old, setup)
    assert found.select("metric", "billed_amount", "new_only_billed").rows() == [
        ("full-spoke", None, 180_000),
        ("setup", 180_000, None),
    ]


def test_what_renews_shows_what_its_next_term_costs() -> None:
    bill = charge(term="annual")
    day = {"event": "renewed", "event_on": date(2026, 4, 1)}
    terms = pl.DataFrame([("full-spoke", "current", "kept")], schema=_TERMS, orient="row")
    old, new = ([said("billed"), said("renewal", minor=minor, **day)] for minor in (190_000, 210_000))
    [row] = simulated(old, new, bill, terms=terms, new_terms=terms).to_dicts()
    assert (row["renews_on"], row["old_renewal"], row["new_renewal"]) == (date(2026, 4, 1), 190_000, 210_000)
    assert (row["from_renewal_state"], row["from_renewal_kept"]) == ("kept", 180_000)
    assert (row["from_renewal_why"], row["changed"]) == ("renews on 2026-04-01", True)
    [ended] = simulated(old, new[:1], bill, terms=terms).to_dicts()
    assert (ended["old_renewal"], ended["new_renewal"]) == (190_000, None)
    assert ended["from_renewal_why"] == "renews on 2026-04-01; not renewed under the new rules"


def test_a_charge_that_new_rules_do_not_know_does_not_end_silently() -> None:
    day = {"event": "renewed", "event_on": date(2026, 4, 1)}
    terms = pl.DataFrame([("full-spoke", "current", "kept")], schema=_TERMS, orient="row")
    old = [said("billed"), said("renewal", **day)]
    [row] = simulated(old, [said("billed", metric="spoke")], charge(term="annual"), terms=terms).to_dicts()
    asks = "it was billed as full-spoke; the new rules bill spoke: not the same charge"
    assert (row["from_renewal_state"], row["renewal_asks"]) == ("needs a person", asks)
    assert row["from_renewal_why"] == f"renews on 2026-04-01; a person must tell: {asks}"


@pytest.mark.parametrize(
    ("price", "changed", "renewal", "asks"),
    [
        ("current", {}, 210_000, None),
        ("kept", {}, 180_000, None),
        ("kept", {"tier": "51-200"}, None, "its tier moves, and its price is kept"),
        ("current", none("blocked", "no price", None), None, "no price"),
        ("current", none("not_billable", "ours"), 0, None),
    ],
)
def test_a_kept_price_is_what_was_billed(price: str, changed: Row, renewal: int | None, asks: str | None) -> None:
    day = {"event": "renewed", "event_on": date(2026, 4, 1)}
    terms = pl.DataFrame([("full-spoke", price, "current")], schema=_TERMS, orient="row")
    events = [said("billed"), {**said("renewal", minor=210_000, **day), **changed}]
    [row] = simulated(events, events, charge(term="annual"), terms=terms, new_terms=terms).to_dicts()
    assert (row["new_renewal"], row["renewal_asks"]) == (renewal, asks)
    told = f"renews on 2026-04-01; a person must tell: {asks}" if asks else "renews on 2026-04-01"
    assert row["from_renewal_why"] == told
    assert row["from_renewal_state"] == ("needs a person" if asks else "kept")


def test_totals_are_added_for_each_currency_apart_and_tie() -> None:
    pounds = {"currency": "GBP", "partner_id": "P-2"}
    charges = [charge(event_on=AFTER), charge("B", 50_000, **pounds)]
    old = [said("billed", event_on=AFTER), said("billed", "B", 50_000, **pounds), said("current", "C", event_on=AFTER)]
    new = [{**row, "amount_minor": (row["amount_minor"] or 0) + 1_000} for row in old]
    found = simulated(old, new, *charges)
    columns = ["policy", "currency", "billed", "kept", "credited", "rebilled", "stands", "asks"]
    assert totals(found).select(columns).rows() == [
        ("new_only", "GBP", 0, 50_000, 0, 0, 50_000, 0),
        ("new_only", "USD", 181_000, 180_000, 0, 0, 361_000, 0),
        ("from_renewal", "GBP", 0, 50_000, 0, 0, 50_000, 0),
        ("from_renewal", "USD", 181_000, 180_000, 0, 0, 361_000, 0),
        ("credit_and_rebill", "GBP", 0, 50_000, 0, 0, 50_000, 0),
        ("credit_and_rebill", "USD", 181_000, 0, 180_000, 181_000, 362_000, 0),
    ]
    by_partner = totals(found, ["partner_id"]).select("partner_id", "policy").rows()
    assert by_partner == [(one, policy) for one in ("P-1", "P-2") for policy in POLICIES]
    booked = ledger("charge", *charges)
    assert all(one.ties for one in checks(found, {"client": 3, "bundle": 0}, booked))
    lost = checks(found.head(1), {"client": 3, "bundle": 0}, booked)
    assert next(one.name for one in lost if not one.ties) == "clients with a line"
