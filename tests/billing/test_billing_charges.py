"""Buckets in their fixed precedence (invariant 5), charges under their keys (invariant 1), openings (invariant 3)."""

from datetime import date
from itertools import product
from typing import Any

import polars as pl
import pytest
from billing_frames import KEY, QUICK, Row, clients, context, events, ledger, rated
from billing_story import METRICS, Story, numbered, rate
from hypothesis import given
from hypothesis import strategies as st

from connector.billing.charges import KEY as CHARGE_KEY
from connector.billing.charges import new_charges, rateable, settled
from connector.billing.digests import keyed_digest
from connector.domain.words import Bucket
from connector.ledger.schemas import insert_schema

_EVENT = {
    "event_id": pl.UInt32,
    "subject_type": pl.String,
    "subject_id": pl.String,
    "opening": pl.Boolean,
    "unchanged": pl.Boolean,
    "code": pl.String,
    "detail": pl.String,
    "currency": pl.String,
    "event": pl.String,
    "event_on": pl.Date,
}


AS_BILLED = "as created on 2025-04-01"


def bucket_of(rating: Row | None, *, taken: bool = False, **said: Any) -> tuple[Any, ...]:
    """Bucket, code and reason of one client event with this rating."""
    event = {"event_id": 0, "subject_type": "client", "subject_id": "CL-a", "opening": False, "unchanged": False}
    frame = pl.DataFrame([{name: {**event, **said}.get(name) for name in _EVENT}], schema=_EVENT)
    ratings = rated() if rating is None else rated({"event_id": 0, "currency": "USD", **rating})
    key = {"subject_type": "client", "subject_id": "CL-a", "metric": "full-spoke", "ordinal": 1, "revision": 1}
    key |= {"kind": "charge", "event": "created", "event_on": date(2025, 4, 1)}
    known = ledger("charge", key) if taken else ledger("charge")
    return settled(frame, ratings, known, METRICS).select("bucket", "code", "reason").row(0)


CHARGE: Row = {"outcome": "charge", "metric": "full-spoke"}
BLOCKED: Row = {"outcome": "blocked", "metric": "full-spoke", "problem": "rate-size-unknown", "reason": "no size"}
UNRATED: Row = {"outcome": "blocked", "problem": "rate-event", "reason": "cannot occur"}
HELD: Row = {"outcome": "held", "reason": "ask first"}
FREE: Row = {"outcome": "not_billable", "reason": "our own"}
OPENED = ("opening", None, "before the go-live of its selling entity")
INSIDE: Row = {"outcome": "inside_bundle", "reason": "a place"}


@pytest.mark.parametrize(
    ("rating", "said", "taken", "expected"),
    [
        (CHARGE, {}, False, ("awaiting_document", None, None)),
        (CHARGE, {}, True, ("already_billed", None, AS_BILLED)),
        (CHARGE, {"opening": True}, False, OPENED),
        (CHARGE, {"opening": True}, True, ("already_billed", None, AS_BILLED)),
        (BLOCKED, {}, False, ("blocked", "rate-size-unknown", "no size")),
        (BLOCKED, {}, True, ("blocked", "rate-size-unknown", "no size")),
        (BLOCKED, {"opening": True}, False, OPENED),
        (BLOCKED, {"opening": True}, True, ("already_billed", None, AS_BILLED)),
        (UNRATED, {"opening": True}, False, ("blocked", "rate-event", "cannot occur")),
        (HELD, {}, False, ("held", None, "ask first")),
        (HELD, {"opening": True}, True, ("held", None, "ask first")),
        (FREE, {}, False, ("not_billable", None, "our own")),
        (FREE, {"opening": True}, False, ("not_billable", None, "our own")),
        (INSIDE, {}, False, ("inside_bundle", None, "a place")),
        (INSIDE, {"opening": True}, False, OPENED),
        (None, {"unchanged": True}, False, ("unchanged", None, None)),
        (None, {"code": "partner-unknown", "detail": "who"}, False, ("blocked", "partner-unknown", "who")),
        (None, {"code": "client-moved", "detail": "whose"}, True, ("held", "client-moved", "whose")),
    ],
)
def test_invariant_5_every_event_is_in_one_bucket_by_precedence(
    rating: Row | None, said: Row, *, taken: bool, expected: tuple[Any, ...]
) -> None:
    assert bucket_of(rating, taken=taken, **said) == expected


def test_invariant_5_no_combination_is_without_a_bucket() -> None:
    ratings = [CHARGE, BLOCKED, UNRATED, HELD, FREE, INSIDE]
    buckets = {
        bucket_of(rating, taken=taken, opening=opening)[0]
        for rating, taken, opening in product(ratings, [True, False], [True, False])
    }
    assert buckets <= {bucket.value for bucket in Bucket} - {"unchanged", "billed"}


def test_only_what_is_not_judged_and_not_settled_is_rated() -> None:
    frame = pl.DataFrame({"code": [None, "x", None], "unchanged": [False, False, True], "n": [1, 2, 3]})
    assert rateable(frame)["n"].to_list() == [1]


def test_invariant_1_the_key_has_no_partner_date_event_or_money_in_it() -> None:
    assert CHARGE_KEY == ("subject_type", "subject_id", "metric", "ordinal", "revision")


def test_invariant_10_a_charge_knows_why() -> None:
    done = Story().upload(clients({"band_low": 11, "band_high": 50, "upgraded_on": date(2025, 5, 5)}))
    subject = done.clients["client_id"][0]
    key = f"client\x1f{subject}\x1ffull-spoke\x1f1\x1f1"
    assert done.charges.rows(named=True) == [
        {
            "charge_id": "CH-" + keyed_digest(key, KEY)[:16],
            "subject_type": "client",
            "subject_id": subject,
            "metric": "full-spoke",
            "ordinal": 1,
            "revision": 1,
            "kind": "charge",
            "event": "upgraded",
            "event_on": date(2025, 5, 5),
            "partner_id": "P-1",
            "selling_entity": "us",
            "currency": "USD",
            "unit_minor": 300_000,
            "quantity": 1,
            "amount_minor": 300_000,
            "item": "SPOKE",
            "term": "once",
            "tier": "30",
            "size_source": "count",
            "count_low": 30,
            "band_low": 11,
            "band_high": 50,
            "size_as_of": None,
            "price_book": "standard",
            "price_place": "rules/prices.yaml:7",
            "rule_id": "rule",
            "rule_place": "rules/billing.yaml:9",
            "rulebook_digest": "rulebook",
            "list_minor": 300_000,
            "basis": None,
            "adjustments": None,
            "lost": None,
            "near_tiers": None,
            "source": "clients.xlsx",
            "source_id": None,
            "sheet": "Clients",
            "row": 2,
        }
    ]


def test_charges_are_what_the_ledger_takes_but_for_the_source_and_the_run() -> None:
    given = context()
    found = numbered(events(clients({}, {"created_on": date(2025, 2, 1)}), given), "client")
    made = new_charges(settled(found, rate(rateable(found)), ledger("charge"), METRICS), given)
    wanted = dict(pl.Schema(insert_schema("charge")))
    own = {name: wanted[name] for name in wanted if name not in ("run_id", "recorded_at")}
    assert {name: kind for name, kind in made.schema.items() if name != "source"} == own
    assert (
        new_charges(
            found.clear().with_columns(
                made.clear().drop(found.columns, strict=False), bucket=pl.lit(""), billed_quantity=pl.lit(1)
            ),
            given,
        ).height
        == 0
    )


def test_invariant_3_an_opening_is_0_and_occupies_its_key() -> None:
    story = Story()
    first = story.upload(clients({"created_on": date(2025, 2, 28), "count_low": None}))
    assert first.clients.select("bucket", "code").rows() == [("opening", None)]
    assert story.charges.select("kind", "metric", "event_on", "unit_minor", "amount_minor").rows() == [
        ("opening", "full-spoke", date(2025, 2, 28), 0, 0)
    ]
    later = story.upload(clients({"created_on": date(2025, 2, 28), "upgraded_on": date(2025, 5, 1), "count_low": 9}))
    assert later.clients.select("bucket", "code", "reason").rows() == [
        ("held", "client-was-opened", "an opening entry of 2025-02-28 stands for it")
    ]
    assert later.charges.height == 0


def test_what_was_billed_and_is_stated_differently_is_flagged_and_not_billed_again() -> None:
    story = Story()
    story.upload(clients({"count_low": 9}))
    later = story.upload(clients({"count_low": 9000, "created_on": date(2025, 4, 2)}))
    assert later.clients.select("bucket", "flag_code").rows() == [("already_billed", "client-changed-after-billing")]
    assert "now it says created on 2025-04-02" in later.clients["flag_detail"][0]


def test_a_renamed_metric_asks_instead_of_billing_again() -> None:
    frame = pl.DataFrame(
        [{"event_id": 0, "subject_type": "client", "subject_id": "CL-a", "opening": False, "unchanged": False}]
    )
    frame = frame.select(pl.lit(None).cast(kind).alias(name) if name not in frame.columns else pl.col(name).cast(kind)
                         for name, kind in _EVENT.items())  # fmt: skip
    old = {"subject_type": "client", "subject_id": "CL-a", "metric": "spoke", "ordinal": 1, "revision": 1}
    known = ledger("charge", {**old, "kind": "charge", "event": "created", "event_on": date(2025, 4, 1)})
    done = settled(frame, rated({"event_id": 0, "currency": "USD", **CHARGE}), known, METRICS)
    assert done.select("bucket", "code", "reason").row(0) == ("held", "charge-other-metric", "it was billed as spoke")


def test_invariant_3_an_assessment_only_opening_takes_no_key() -> None:
    story = Story()
    row = {"plan": "assessment_only", "created_on": date(2025, 2, 28)}
    assert story.upload(clients(row)).clients["bucket"].to_list() == ["opening"]
    assert story.billed() == []
    story.upload(clients({**row, "plan": "full_spoke", "upgraded_on": date(2025, 5, 1)}))
    assert story.billed() == [("charge", "full-spoke", 300_000)]


_kinds = st.sampled_from(["full_spoke", "assessment_only"])
_rows = st.lists(
    st.fixed_dictionaries(
        {
            "client_ref": st.sampled_from([None, "C-1", "C-2", "C-3", "C-4"]),
            "domain": st.sampled_from(["a.example", "own.example", "ask.example", "d.example", "e.example"]),
            "partner_id": st.sampled_from(["P-1", "P-2", "P-9"]),
            "plan": _kinds,
            "count_low": st.sampled_from([None, 1, 30]),
            "created_on": st.sampled_from([date(2025, 2, 1), date(2025, 4, 1), date(2025, 12, 1)]),
            "upgraded_on": st.sampled_from([None, date(2025, 5, 1)]),
        }
    ),
    max_size=6,
)


@QUICK
@given(_rows, st.randoms(use_true_random=False))
def test_buckets_and_charges_do_not_depend_on_the_order_of_the_rows(rows: list[Row], random: Any) -> None:
    mixed = list(rows)
    random.shuffle(mixed)
    one, other = Story(), Story()
    first, second = one.upload(clients(*_named(rows))), other.upload(clients(*_named(mixed)))

    def judged(frame: pl.DataFrame) -> list[str]:
        return sorted(map(repr, frame.select("row_digest", "client_id", "bucket", "code").rows()))

    def made(frame: pl.DataFrame) -> list[str]:
        return sorted(map(repr, frame.drop("row").rows()))

    assert judged(first.clients) == judged(second.clients)
    assert made(first.charges) == made(second.charges)
    assert first.clients["bucket"].null_count() == 0


def _named(rows: list[Row]) -> list[Row]:
    """A name that follows from the contents, so that shuffled rows stay the same rows."""
    return [{**row, "name": "N"} for row in rows]
