"""Invariant 5: everything is counted, and dropping any one thing is noticed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest
from billing_documents import charge, drafts
from billing_frames import QUICK, bundles, clients, frame, ledger
from billing_story import Story
from hypothesis import given
from hypothesis import strategies as st

from connector.billing.counts import Check, bucket_counts, charge_checks, money_checks, row_checks
from connector.billing.invoicing import Draft
from connector.tables import ROWS


def wrong(checks: Sequence[Check]) -> list[str]:
    return [check.name for check in checks if not check.ties]


def rows(*kinds: str, source: str = "a.xlsx") -> pl.DataFrame:
    """One row per kind; `clients` and `bundles` are record rows of that kind of record."""
    records = ("clients", "bundles", "partners", "templates")
    return frame(
        ROWS,
        [
            {"source": source, "sheet": "S", "row": number, "hidden": False}
            | {"record_kind": kind if kind in records else "", "kind": "record" if kind in records else kind}
            for number, kind in enumerate(kinds, 1)
        ],
    )


@QUICK
@given(
    st.lists(
        st.sampled_from(["header", "title", "blank", "total", "clients", "bundles", "blocked"]), min_size=1, max_size=8
    ),
    st.data(),
)
def test_invariant_5_dropping_or_doubling_any_one_row_is_noticed(kinds: list[str], data: st.DataObject) -> None:
    whole = rows(*kinds)
    records = {name: kinds.count(name) for name in ("clients", "bundles")}
    at = data.draw(st.integers(0, len(kinds) - 1))
    fewer = pl.concat([whole[:at], whole[at + 1 :]])
    more = pl.concat([whole, whole[at : at + 1]])
    counted = {"a.xlsx": len(kinds)}
    assert wrong(row_checks(whole, counted, records)) == []
    named = ["rows of a.xlsx"] + [f"{kinds[at]} rows that are records"] * (kinds[at] in records)
    assert [wrong(row_checks(changed, counted, records)) for changed in (fewer, more)] == [named, named]


def test_invariant_5_rows_of_a_source_nobody_read_and_records_nobody_passed_on_are_noticed() -> None:
    frames = pl.concat([rows("clients"), rows("partners", source="b.xlsx")])
    assert row_checks(frames, {"a.xlsx": 1, "c.xlsx": 2}, {"clients": 1}) == (
        Check("rows of a.xlsx", 1, 1),
        Check("rows of c.xlsx", 0, 2),
        Check("rows of b.xlsx", 1, 0),
        Check("clients rows that are records", 1, 1),
        Check("partners rows that are records", 1, 0),
    )


def story() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Clients in many buckets, bundles, and their charges."""
    done = Story().upload(
        clients(
            {},
            {},
            {"plan": "assessment_only"},
            {"created_on": date(2025, 2, 1)},
            {"plan": "assessment_only", "created_on": date(2025, 2, 1)},
            {"domain": "own.example"},
            {"domain": "ask.example"},
            {"partner_id": "P-9"},
        ),
        bundles({}, {"quantity": 2}),
    )
    return done.clients, done.bundles, done.charges


def test_invariant_5_buckets_are_counted_in_their_precedence() -> None:
    counted = bucket_counts(story()[0])
    assert list(counted.items()) == [
        ("blocked", 1),
        ("held", 1),
        ("not_billable", 1),
        ("opening", 2),
        ("inside_bundle", 1),
        ("awaiting_document", 2),
    ]


def test_invariant_5_records_buckets_and_charges_tie() -> None:
    done, bought, charges = story()
    assert charge_checks([done, bought], 10, charges) == (
        Check("records in exactly one bucket", 10, 10),
        Check("records charged against charges", 4, 4),
        Check("records opened against opening entries", 1, 1),
        Check("charge keys once", 5, 5),
    )


@pytest.mark.parametrize("at", range(5))
def test_invariant_5_dropping_or_doubling_any_one_charge_is_noticed(at: int) -> None:
    done, bought, charges = story()
    fewer = pl.concat([charges[:at], charges[at + 1 :]])
    more = pl.concat([charges, charges[at : at + 1]])
    name = "opened against opening entries" if charges["kind"][at] == "opening" else "charged against charges"
    assert wrong(charge_checks([done, bought], 10, fewer)) == [f"records {name}"]
    assert wrong(charge_checks([done, bought], 10, more)) == [f"records {name}", "charge keys once"]


@pytest.mark.parametrize("at", range(8))
def test_invariant_5_dropping_any_one_record_is_noticed(at: int) -> None:
    done, bought, charges = story()
    fewer = pl.concat([done[:at], done[at + 1 :]])
    assert "records in exactly one bucket" in wrong(charge_checks([fewer, bought], 10, charges))


def test_invariant_5_a_record_without_a_bucket_is_noticed() -> None:
    done, bought, charges = story()
    lost = done.with_columns(bucket=pl.when(pl.col("bucket") != "held").then("bucket"))
    assert wrong(charge_checks([lost, bought], 10, charges)) == ["records in exactly one bucket"]


def _without(draft: Draft, at: int) -> Draft:
    lines = draft.document.lines
    return replace(draft, document=replace(draft.document, lines=lines[:at] + lines[at + 1 :]))


_charges = st.lists(
    st.tuples(st.sampled_from([("us", "USD"), ("uk", "GBP")]), st.integers(1, 10**6)), min_size=1, max_size=6
)


@QUICK
@given(_charges, st.data())
def test_invariant_5_dropping_any_one_line_or_charge_is_noticed_in_count_and_money(
    made: list[tuple[tuple[str, str], int]], data: st.DataObject
) -> None:
    listed: list[dict[str, Any]] = [
        dict(charge(f"{at}", selling_entity=where, currency=currency, unit_minor=minor, amount_minor=minor))
        for at, ((where, currency), minor) in enumerate(made)
    ]
    charges, documents = ledger("charge", *listed), drafts(*listed)
    waiting = charges.clear()
    assert wrong(money_checks(charges, waiting, documents)) == []
    one = data.draw(st.integers(0, len(documents) - 1))
    at = data.draw(st.integers(0, len(documents[one].document.lines) - 1))
    fewer = (*documents[:one], _without(documents[one], at), *documents[one + 1 :])
    assert untied(money_checks(charges, waiting, fewer)) == ["", documents[one].document.currency]
    gone = data.draw(st.integers(0, charges.height - 1))
    less = pl.concat([charges[:gone], charges[gone + 1 :]])
    assert untied(money_checks(less, waiting, documents)) == ["", charges["currency"][gone]]


def untied(checks: Sequence[Check]) -> list[str]:
    """The currencies of the equations that do not hold; "" for the count."""
    return [check.currency for check in checks if not check.ties]


def test_invariant_5_what_waits_is_counted_beside_what_is_on_documents() -> None:
    listed = [charge("A"), charge("B", currency="JPY", amount_minor=7)]
    charges = ledger("charge", *listed)
    assert money_checks(charges, charges[1:], drafts(listed[0])) == (
        Check("charges against lines", 2, 2),
        Check("charges against lines", 7, 7, "JPY"),
        Check("charges against lines", 10_000, 10_000, "USD"),
    )


def test_nothing_ties_with_nothing() -> None:
    assert money_checks(ledger("charge"), ledger("charge"), ()) == (Check("charges against lines", 0, 0),)
    assert row_checks(rows(), {}, {}) == ()
