"""R7: one event per bundle purchase; partner and purchase reference are its identity (invariant 1)."""

from datetime import date
from typing import Any

import pytest
from billing_frames import QUICK, Row, bundles, context, ledger, partner
from hypothesis import given
from hypothesis import strategies as st

from connector.billing.bundles import bundle_events

APRIL, MAY = date(2025, 4, 1), date(2025, 5, 31)


def charged(reference: str = "PO-1", quantity: int = 1, on: date = APRIL, kind: str = "charge") -> Row:
    """A bundle that stands in the ledger."""
    subject = f"P-1/{reference}"
    return {"subject_type": "bundle", "subject_id": subject, "quantity": quantity, "event_on": on, "kind": kind}


def found(*rows: Row, known: tuple[Row, ...] = ()) -> list[tuple[Any, ...]]:
    frame = bundle_events(bundles(*rows), ledger("charge", *known), context())
    return frame.select("subject_id", "event", "event_on", "unchanged", "opening", "code").rows()


def test_a_purchase_is_one_event_of_its_partner() -> None:
    frame = bundle_events(bundles({"purchased_on": MAY}), ledger("charge"), context(partner(country=None)))
    names = ("subject_id", "event", "event_on", "selling_entity", "currency", "partner_country", "opening", "code")
    assert frame.select(names).rows() == [("P-1/PO-1", "bundle", MAY, "us", "USD", None, False, None)]


def test_one_reference_of_two_partners_is_two_purchases() -> None:
    got = found({"reference": "PO-1"}, {"reference": "PO-1", "partner_id": "P-2"})
    assert [(row[0], row[-1]) for row in got] == [("P-1/PO-1", None), ("P-2/PO-1", None)]


def test_a_reference_with_a_slash_stays_one_reference() -> None:
    assert found({"reference": "2025/04/7"})[0][0] == "P-1/2025/04/7"


def test_a_billed_purchase_that_comes_again_is_unchanged() -> None:
    """What goes wrong, 1: the same workbook again."""
    assert found({}, known=(charged(),)) == [("P-1/PO-1", "bundle", APRIL, True, False, None)]


def test_a_changed_quantity_is_a_correction_so_it_is_asked_about() -> None:
    frame = bundle_events(bundles({"quantity": 3}), ledger("charge", charged()), context())
    assert frame.select("unchanged", "code", "detail").rows() == [
        (False, "bundle-quantity-changed", "1 bundles were billed, now it says 3")
    ]


def test_an_edited_date_is_neither_unchanged_nor_a_question() -> None:
    """Invariant 1: the date is an attribute; the charge key settles it."""
    assert found({"purchased_on": MAY}, known=(charged(),)) == [("P-1/PO-1", "bundle", MAY, False, False, None)]


def test_repeated_and_contradicting_purchases() -> None:
    got = found(
        {"reference": "A"},
        {"reference": "A"},
        {"reference": "B"},
        {"reference": "B", "quantity": 2},
        {"reference": "C"},
    )
    assert [row[-1] for row in got] == [None, "record-duplicate", "record-duplicate-id", "record-duplicate-id", None]


def test_the_verdict_names_the_places() -> None:
    frame = bundle_events(bundles({"reference": "B"}, {"reference": "B", "quantity": 2}), ledger("charge"), context())
    assert frame["detail"].to_list() == ["one purchase reference, different contents: bundles.csv:2, bundles.csv:3"] * 2


@pytest.mark.parametrize(
    ("row", "opening", "code"),
    [
        ({"purchased_on": date(2025, 2, 28)}, True, None),
        ({"purchased_on": date(2025, 3, 1)}, False, None),
        ({"purchased_on": date(2025, 6, 16)}, False, "record-future"),
        ({"purchased_on": date(2024, 12, 31)}, False, "partner-not-yet-valid"),
        ({"partner_id": "P-9"}, False, "partner-unknown"),
    ],
)
def test_a_purchase_is_judged_like_any_event(row: Row, *, opening: bool, code: str | None) -> None:
    assert [one[-2:] for one in found(row)] == [(opening, code)]


def test_no_purchases_are_no_events() -> None:
    assert found() == []


@QUICK
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "reference": st.sampled_from(["A", "B"]),
                "quantity": st.sampled_from([1, 2]),
                "partner_id": st.sampled_from(["P-1", "P-2"]),
            }
        ),
        max_size=6,
    ),
    st.randoms(use_true_random=False),
)
def test_the_verdicts_on_purchases_do_not_depend_on_the_order_of_the_rows(rows: list[Row], random: Any) -> None:
    mixed = list(rows)
    random.shuffle(mixed)
    known = (charged("A"), charged("B", 2))

    def judged(upload: list[Row]) -> list[str]:
        frame = bundle_events(bundles(*upload), ledger("charge", *known), context())
        return sorted(map(repr, frame.select("subject_id", "quantity", "unchanged", "code").rows()))

    assert judged(rows) == judged(mixed)
