"""Nothing is billed twice, however often, in whatever order and however edited the facts arrive (invariants 1, 2)."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from billing_frames import GO_LIVE, QUICK, Row, bundles, clients, context, partner
from billing_story import Story
from hypothesis import given
from hypothesis import strategies as st

MAY, JUNE = date(2025, 5, 1), date(2025, 6, 1)
ONCE = [("charge", "full-spoke", 300_000)]
FULL: Row = {"client_ref": "C-1", "domain": "a.example", "plan": "full_spoke", "created_on": MAY}
ASSESSMENT: Row = {**FULL, "plan": "assessment_only"}
UPGRADED: Row = {**FULL, "upgraded_on": JUNE}


def told(*uploads: Row) -> tuple[list[str], Story]:
    """The bucket of one client over several uploads, and the ledger after them."""
    story = Story()
    return [story.upload(clients(row)).clients["bucket"][0] for row in uploads], story


def test_wrong_1_the_same_workbook_again_bills_nothing() -> None:
    buckets, story = told(FULL, FULL, FULL)
    assert (buckets, story.billed()) == (["awaiting_document", "unchanged", "unchanged"], ONCE)


def test_wrong_2_free_to_paid_on_one_day_is_billed_once() -> None:
    buckets, story = told({**UPGRADED, "created_on": JUNE}, {**UPGRADED, "created_on": JUNE})
    assert (buckets, story.billed()) == (["awaiting_document", "unchanged"], ONCE)


def test_wrong_2_an_upgrade_after_its_creation_is_billed_once() -> None:
    buckets, story = told(ASSESSMENT, UPGRADED, UPGRADED)
    assert (buckets, story.billed()) == (["inside_bundle", "awaiting_document", "unchanged"], ONCE)


def test_wrong_2_an_upgrade_that_arrives_before_its_creation_is_billed_once() -> None:
    """The older fact asks for a downgrade: it is held, and the newer one is unchanged when it comes again."""
    buckets, story = told(UPGRADED, ASSESSMENT, UPGRADED)
    assert (buckets, story.billed()) == (["awaiting_document", "held", "unchanged"], ONCE)


def test_wrong_2_an_upgrade_that_arrives_twice_with_two_dates_is_billed_once() -> None:
    buckets, story = told(ASSESSMENT, UPGRADED, {**UPGRADED, "upgraded_on": MAY})
    assert (buckets, story.billed()) == (["inside_bundle", "awaiting_document", "already_billed"], ONCE)


def test_wrong_3_what_was_billed_is_not_rated_again_at_another_price() -> None:
    """The headcount sets the price here: it grows tenfold, the charge stays (re-tiering is a decision)."""
    buckets, story = told(FULL, {**FULL, "count_low": 300})
    assert (buckets, story.billed()) == (["awaiting_document", "already_billed"], ONCE)


def test_wrong_11_the_corrected_workbook_is_no_new_client() -> None:
    edited = {**FULL, "name": "Corrected", "country": "GB", "users": 4, "domain": "corrected.example"}
    buckets, story = told(FULL, edited, edited)
    assert (buckets, story.billed()) == (["awaiting_document", "already_billed", "unchanged"], ONCE)


def test_wrong_11_a_missing_row_is_no_cancellation() -> None:
    story = Story()
    story.upload(clients(FULL), bundles({}))
    gone = story.upload(clients(), bundles())
    assert (gone.clients.height, gone.charges.height) == (0, 0)
    assert story.billed() == [("charge", "assessment-bundle", 150_000), *ONCE]
    assert told(FULL)[0] == ["awaiting_document"]


def test_invariant_1_a_client_under_a_new_id_is_held() -> None:
    buckets, story = told(FULL, {**FULL, "client_ref": "C-2"})
    assert (buckets, story.billed()) == (["awaiting_document", "held"], ONCE)


def test_invariant_1_a_client_that_moves_to_another_partner_is_held() -> None:
    buckets, story = told(FULL, {**FULL, "partner_id": "P-2"}, {**FULL, "partner_id": "P-2", "client_ref": "C-2"})
    assert (buckets, story.billed()) == (["awaiting_document", "held", "held"], ONCE)


def test_invariant_1_a_client_of_a_partner_that_changed_entity_and_currency_is_not_billed_again() -> None:
    story = Story()
    story.upload(clients(FULL))
    moved = context(partner(), partner(selling_entity="uk", currency="GBP", valid_from=MAY))
    again = story.upload(clients({**FULL, "users": 7}), given=moved)
    assert (again.clients["bucket"].to_list(), story.billed()) == (["already_billed"], ONCE)


def test_invariant_1_a_created_read_again_as_upgraded_is_not_billed_again() -> None:
    buckets, story = told(FULL, UPGRADED, {**UPGRADED, "created_on": GO_LIVE})
    assert (buckets, story.billed()) == (["awaiting_document", "already_billed", "already_billed"], ONCE)


def test_invariant_1_a_client_dated_back_before_go_live_keeps_its_charge() -> None:
    buckets, story = told(FULL, {**FULL, "created_on": date(2025, 2, 1)})
    assert (buckets, story.billed()) == (["awaiting_document", "already_billed"], ONCE)


def test_invariant_1_a_bundle_is_billed_once_whatever_its_date() -> None:
    story = Story()
    rows: list[Row] = [{}, {}, {"purchased_on": MAY}, {"quantity": 5}, {"purchased_on": date(2025, 1, 5)}]
    got = [story.upload(purchases=bundles(row)).bundles["bucket"][0] for row in rows]
    assert got == ["awaiting_document", "unchanged", "already_billed", "held", "already_billed"]
    assert story.billed() == [("charge", "assessment-bundle", 150_000)]


def test_invariant_1_one_client_twice_in_an_upload_by_two_aliases_is_billed_by_neither() -> None:
    story = Story()
    story.upload(clients(ASSESSMENT))
    twice = story.upload(clients(UPGRADED, {**UPGRADED, "client_ref": None}))
    assert (twice.clients["bucket"].to_list(), story.billed()) == (["blocked", "blocked"], [])


@pytest.mark.parametrize(
    "edit",
    [
        {"partner_id": "P-2"},
        {"created_on": JUNE},
        {"created_on": date(2025, 2, 1)},
        {"upgraded_on": JUNE},
        {"plan": "assessment_only"},
        {"plan": None, "template": "T"},
        {"domain": "other.example"},
        {"domain": None},
        {"client_ref": None},
        {"client_ref": "C-2"},
        {"status": "archived"},
        {"count_low": None},
        {"count_low": 9999},
        {"name": "Another", "country": "FR", "users": 9, "advisors": 9},
    ],
)
def test_invariant_1_no_edit_of_a_billed_client_bills_it_again(edit: Row) -> None:
    assert told(FULL, {**FULL, **edit}, {**FULL, **edit, "users": 5})[1].billed() == ONCE


_edits = st.fixed_dictionaries(
    {},
    optional={
        "partner_id": st.sampled_from(["P-1", "P-2"]),
        "created_on": st.dates(date(2025, 2, 20), date(2025, 6, 15)),
        "upgraded_on": st.none() | st.dates(date(2025, 5, 1), date(2025, 6, 15)),
        "plan": st.sampled_from(["full_spoke", "assessment_only"]),
        "status": st.sampled_from(["active", "archived"]),
        "count_low": st.sampled_from([None, 30, 31]),
        "domain": st.sampled_from(["a.example", "b.example", None]),
    },
)


@QUICK
@given(st.lists(_edits, min_size=1, max_size=5))
def test_a_client_with_an_id_has_at_most_one_charge_over_any_history(history: list[Row]) -> None:
    buckets, story = told(*({**FULL, **edit} for edit in history))
    assert len(story.billed()) <= 1
    first = next((at for at, bucket in enumerate(buckets) if bucket == "awaiting_document"), len(buckets))
    assert not {"awaiting_document", "opening"} & set(buckets[first + 1 :])


_clients = st.fixed_dictionaries(
    {
        "client_ref": st.sampled_from([None, "C-1", "C-2"]),
        "domain": st.sampled_from(["a.example", "b.example", "c.example"]),
        "partner_id": st.sampled_from(["P-1", "P-2"]),
        "plan": st.sampled_from(["full_spoke", "assessment_only"]),
        "upgraded_on": st.sampled_from([None, JUNE]),
    }
)
_uploads = st.lists(st.lists(_clients, max_size=4), max_size=4)


@QUICK
@given(_uploads)
def test_no_charge_key_alias_or_version_comes_twice_over_any_uploads(uploads: list[list[Row]]) -> None:
    """`Story` asserts it after each upload, as the database would; here for clients that share ids and domains."""
    story = Story()
    for rows in uploads:
        assert story.upload(clients(*rows)).clients["bucket"].null_count() == 0
    again = story.upload(clients(*(uploads or [[]])[-1]))
    assert again.charges["charge_id"].to_list() == []
    assert story.charges["subject_id"].is_unique().all()


_facts = st.lists(
    st.fixed_dictionaries(
        {
            "client": st.integers(1, 4),
            "plan": st.sampled_from(["full_spoke", "assessment_only"]),
            "day": st.integers(1, 9),
        }
    ),
    max_size=6,
)


@QUICK
@given(_facts, st.randoms(use_true_random=False))
def test_invariant_2_dated_facts_bill_the_same_in_any_order_of_arrival(
    facts: list[dict[str, Any]], random: Any
) -> None:
    """Each fact is an upload of one client as an export of that day showed it."""

    def history(order: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
        story = Story()
        for fact in order:
            full = fact["plan"] == "full_spoke"
            day = date(2025, 5, fact["day"])
            row = {**ASSESSMENT, "client_ref": f"C-{fact['client']}", "domain": f"{fact['client']}.example"}
            story.upload(clients({**row, "plan": fact["plan"], "upgraded_on": day if full else None}))
        return story.billed()

    mixed = list(facts)
    random.shuffle(mixed)
    assert history(facts) == history(mixed)


def test_a_charge_id_follows_from_the_key_alone() -> None:
    one, other = Story(), Story()
    for story, row in ((one, FULL), (other, {**FULL, "partner_id": "P-2", "count_low": 99, "created_on": JUNE})):
        story.upload(clients(row))
    ids = pl.concat([one.charges, other.charges]).select("subject_id", "charge_id")
    assert ids.unique().height == 1
