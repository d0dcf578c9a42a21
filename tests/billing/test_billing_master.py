"""The partner master: dated versions, into which uploads only import."""

from datetime import date
from typing import Any

import pytest
from billing_frames import KEY, QUICK, Row, entity, ledger, partner, partners, verdicts
from hypothesis import given
from hypothesis import strategies as st

from connector.billing.digests import digest_contents
from connector.billing.master import PARTNER_FACTS, import_partners

ENTITIES = {"us": entity(), "uk": entity("uk", "GBP"), "jp": entity("jp", "JPY"), "kw": entity("kw", "KWD")}
JUNE = date(2025, 6, 1)


def imported(*rows: Row, known: tuple[Row, ...] = ()) -> list[tuple[bool, str | None, str | None]]:
    """Of each uploaded row: whether it adds a version, and its verdict."""
    before = partners(*known)
    versions = ledger(
        "partner_version",
        *(
            {"partner_id": row["partner_id"], "valid_from": row["valid_from"], "content_digest": digest}
            for row, digest in zip(known, digest_contents(before, PARTNER_FACTS, KEY).to_list(), strict=True)
        ),
    )
    return import_partners(partners(*rows), versions, ENTITIES, KEY).select("is_new", "code", "detail").rows()


def test_a_new_partner_and_a_new_first_day_are_new_versions() -> None:
    got = imported(partner(), partner(valid_from=JUNE, terms_days=60), known=(partner(partner_id="P-2"),))
    assert got == [(True, None, None), (True, None, None)]


def test_the_same_version_again_is_nothing_new() -> None:
    """What goes wrong, 1: the same workbook again."""
    assert imported(partner(), known=(partner(),)) == [(False, None, None)]


@pytest.mark.parametrize("fact", sorted(PARTNER_FACTS))
def test_any_other_fact_for_the_same_first_day_is_a_conflict(fact: str) -> None:
    other: dict[str, Any] = {
        "terms_days": 31,
        "included_places": 5,
        "opening_places": 5,
        "included_until": JUNE,
        "selling_entity": "uk",
        "currency": "GBP",
    }
    changed = {fact: other.get(fact, "x")}
    if fact in ("selling_entity", "currency"):
        changed = {"selling_entity": "uk", "currency": "GBP"}
    got = imported(partner(**changed), known=(partner(),))
    assert got == [(False, "partner-conflict", "it is known with other contents for the same first day")]


def test_two_statements_for_one_first_day_are_both_refused_whichever_comes_last() -> None:
    rows = (partner(), partner(terms_days=60), partner(partner_id="P-2"), partner(partner_id="P-2"))
    detail = "the upload states it differently in partners.xlsx:Partners!2, partners.xlsx:Partners!3"
    conflict = (False, "partner-conflict", detail)
    again = (False, "record-duplicate", "the same row stands in the upload before")
    assert imported(*rows) == [conflict, conflict, (True, None, None), again]


@pytest.mark.parametrize(
    ("said", "code", "detail"),
    [
        ({"selling_entity": "fr"}, "partner-selling-entity", "fr is no selling entity of the rulebook"),
        ({"currency": "GBP"}, "partner-currency", "us bills in USD, not in GBP"),
        ({"selling_entity": "uk"}, "partner-currency", "uk bills in GBP, not in USD"),
        ({"selling_entity": "jp", "currency": "JPY"}, None, None),
        ({"selling_entity": "kw", "currency": "KWD"}, None, None),
    ],
)
def test_a_partner_is_billed_by_a_declared_entity_in_its_currency(
    said: Row, code: str | None, detail: str | None
) -> None:
    assert imported(partner(**said)) == [(code is None, code, detail)]


def test_no_partners_are_no_versions() -> None:
    assert imported(known=(partner(),)) == []


_uploads = st.lists(
    st.builds(
        lambda who, day, terms, where: partner(partner_id=who, valid_from=day, terms_days=terms, selling_entity=where),
        st.sampled_from(["P-1", "P-2"]),
        st.sampled_from([date(2025, 1, 1), JUNE]),
        st.sampled_from([30, 60]),
        st.sampled_from(["us", "fr"]),
    ),
    max_size=6,
)


@QUICK
@given(_uploads, st.randoms(use_true_random=False))
def test_the_verdicts_on_partners_do_not_depend_on_the_order_of_the_rows(rows: list[Row], random: Any) -> None:
    mixed = list(rows)
    random.shuffle(mixed)

    def judged(upload: list[Row]) -> list[str]:
        frame = import_partners(partners(*upload), ledger("partner_version"), ENTITIES, KEY)
        return sorted(map(repr, frame.select("partner_id", "valid_from", "content_digest", "is_new", "code").rows()))

    assert judged(rows) == judged(mixed)


@QUICK
@given(_uploads)
def test_an_import_adds_at_most_one_version_for_a_first_day(rows: list[Row]) -> None:
    frame = import_partners(partners(*rows), ledger("partner_version"), ENTITIES, KEY)
    assert frame.filter("is_new").select("partner_id", "valid_from").is_unique().all()
    assert all(new == (code is None) for new, code in zip(frame["is_new"], verdicts(frame), strict=True))
