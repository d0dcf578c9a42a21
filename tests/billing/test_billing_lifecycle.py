"""The deciding event of a record: R3 to R5, go-live, the partner on the event's day, and what is asked first."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from billing_frames import (
    POLICIES,
    TODAY,
    Row,
    clients,
    context,
    entity,
    events,
    identified,
    ledger,
    partner,
    verdicts,
)

from connector.billing.lifecycle import client_events
from connector.billing.master import valid_on
from connector.domain.entities import Policies

MARCH, MAY, JUNE = date(2025, 3, 1), date(2025, 5, 5), date(2025, 6, 1)
BILL_ARCHIVED = Policies("count_first", "keeps_bundle_place", "bill", "stop", "hold", "allow")


def version(records: pl.DataFrame, **said: object) -> pl.DataFrame:
    """The ledger's latest version of the one record, as if it had been read like this before."""
    one = identified(records).row(0, named=True)
    names = ("client_id", "partner_id", "row_digest", "plan", "created_on")
    before = {"sequence": 1, **{name: one[name] for name in names}} | said
    return ledger("client_version", before)


@pytest.mark.parametrize(
    ("row", "event", "on"),
    [
        ({"plan": "full_spoke", "created_on": MAY}, "created", MAY),
        ({"plan": "assessment_only", "created_on": MAY}, "created", MAY),
        ({"plan": "full_spoke", "created_on": MARCH, "upgraded_on": MAY}, "upgraded", MAY),
    ],
)
def test_a_record_has_one_deciding_event(row: Row, event: str, on: date) -> None:
    """R4: the event's own day anchors it."""
    got = events(clients(row)).select("event", "event_on", "plan_source", "opening", "unchanged", "code")
    assert got.rows() == [(event, on, "explicit", False, False, None)]


def test_created_and_upgraded_on_one_day_is_one_event() -> None:
    """What goes wrong, 2: free to paid on one day is a normal path, not double billing (R5)."""
    got = events(clients({"created_on": MAY, "upgraded_on": MAY}))
    assert got.select("event", "event_on", "code").rows() == [("upgraded", MAY, None)]


def test_the_events_day_decides_selling_entity_and_currency() -> None:
    given = context(
        partner(selling_entity="uk", currency="GBP", kind="msp", country="GB", valid_from=JUNE),
        partner(valid_from=date(2025, 1, 1)),
    )
    rows = clients({"created_on": date(2025, 5, 31)}, {"created_on": JUNE}, {"created_on": MARCH, "upgraded_on": JUNE})
    got = events(rows, given).select("selling_entity", "currency", "partner_kind", "partner_country", "code")
    assert got.rows() == [
        ("us", "USD", "advisor", "US", None),
        ("uk", "GBP", "msp", "GB", None),
        ("uk", "GBP", "msp", "GB", None),
    ]


def test_a_partner_without_a_country_is_still_a_partner() -> None:
    got = events(clients({}), context(partner(country=None)))
    assert got.select("partner_country", "selling_entity", "code").rows() == [(None, "us", None)]


def test_a_partner_whose_first_version_is_later_blocks_and_so_does_an_unknown_one() -> None:
    given = context(partner(valid_from=JUNE))
    got = events(clients({"created_on": MAY}, {"partner_id": "P-9", "created_on": MAY}, {"created_on": JUNE}), given)
    assert got.select("code", "detail").rows() == [
        ("partner-not-yet-valid", "no version of partner P-1 is valid on 2025-05-05"),
        ("partner-unknown", "partner P-9 is not in the partner master"),
        (None, None),
    ]


def test_an_event_after_the_runs_day_is_held() -> None:
    rows = clients({"created_on": TODAY}, {"created_on": date(2025, 6, 16)})
    assert events(rows).select("code", "detail").rows() == [
        (None, None),
        ("record-future", "2025-06-16 lies after the run's day 2025-06-15"),
    ]


def test_go_live_is_a_day_of_each_selling_entity() -> None:
    """Invariant 3: the day before go-live is an opening, go-live itself is billed."""
    given = context(
        partner(),
        partner(partner_id="P-2", selling_entity="uk", currency="GBP"),
        entities=(entity(bill_from=date(2025, 3, 1)), entity("uk", "GBP", date(2025, 4, 1))),
    )
    days = [date(2025, 2, 28), date(2025, 3, 1), date(2025, 3, 31), date(2025, 4, 1)]
    got = events(clients(*({"created_on": day, "partner_id": who} for who in ("P-1", "P-2") for day in days)), given)
    assert got["opening"].to_list() == [True, False, False, False, True, True, True, False]


def test_an_upgrade_after_go_live_of_an_older_client_is_no_opening() -> None:
    got = events(clients({"created_on": date(2024, 2, 29), "upgraded_on": MAY}))
    assert got.select("event", "opening", "code").rows() == [("upgraded", False, None)]


def test_a_partner_of_an_entity_the_rulebook_dropped_is_left_to_the_rulebook() -> None:
    got = events(clients({}), context(partner(), entities=(entity("uk", "GBP"),)))
    assert got.select("selling_entity", "opening", "code").rows() == [("us", False, None)]


def test_an_unchanged_record_asks_nothing_and_an_edited_one_is_not_unchanged() -> None:
    records = clients({"count_low": 30})
    before = version(records)
    assert events(records, versions=before).select("unchanged", "known_sequence", "code").rows() == [(True, 1, None)]
    edited = clients({"count_low": 31})
    assert events(edited, versions=before).select("unchanged", "known_sequence", "code").rows() == [(False, 1, None)]


def test_an_unchanged_record_of_an_unknown_partner_is_still_blocked() -> None:
    records = clients({})
    got = events(records, context(partner(partner_id="P-2")), version(records))
    assert got.select("unchanged", "code").rows() == [(False, "partner-unknown")]


@pytest.mark.parametrize(
    ("before", "row", "expected"),
    [
        ({"partner_id": "P-2"}, {}, ("client-moved", "it stood under partner P-2 before")),
        (
            {"plan": "full_spoke"},
            {"plan": "assessment_only"},
            ("client-downgraded", "it was on a full feature Spoke and is now Assessment Only"),
        ),
        (
            {"plan": "assessment_only"},
            {"plan": "full_spoke"},
            ("client-upgrade-undated", "it was Assessment Only and has no upgrade day"),
        ),
        ({"plan": "assessment_only"}, {"plan": "full_spoke", "upgraded_on": MAY}, (None, None)),
        ({"plan": "full_spoke"}, {"plan": "full_spoke", "upgraded_on": MAY}, (None, None)),
    ],
)
def test_what_changed_against_the_known_version_is_asked(
    before: Row, row: Row, expected: tuple[str | None, str | None]
) -> None:
    """R5: a downgrade is a question, never a credit; an upgrade needs its day."""
    records = clients(row)
    got = events(records, versions=version(records, row_digest="other", **before))
    assert got.select("code", "detail").rows() == [expected]


@pytest.mark.parametrize(
    ("policy", "row", "known", "code"),
    [
        ("hold", {"status": "archived"}, None, "client-archived"),
        ("bill", {"status": "archived"}, None, None),
        ("hold", {"status": "archived", "plan": "assessment_only"}, None, None),
        ("hold", {"status": "archived", "created_on": date(2025, 2, 1)}, None, None),
        ("hold", {"status": "archived", "upgraded_on": MAY}, "assessment_only", "client-archived"),
        ("bill", {"status": "archived", "upgraded_on": MAY}, "assessment_only", None),
        ("hold", {"status": "archived"}, "full_spoke", None),
        ("hold", {"status": "active"}, None, None),
    ],
)
def test_a_client_archived_before_it_was_billed_follows_the_policy(
    policy: str, row: Row, known: str | None, code: str | None
) -> None:
    records = clients(row)
    given = context(policies=BILL_ARCHIVED if policy == "bill" else POLICIES)
    before = ledger("client_version") if known is None else version(records, row_digest="other", plan=known)
    assert verdicts(events(records, given, before)) == [code]


@pytest.mark.parametrize(
    ("row", "plan", "upgraded_on", "expected"),
    [
        ({}, "assessment_only", None, ("upgraded", MAY, None)),
        ({"upgraded_on": date(2025, 4, 3)}, "assessment_only", None, ("upgraded", date(2025, 4, 3), None)),
        ({"plan": "assessment_only"}, "assessment_only", None, ("created", date(2025, 4, 1), None)),
        ({}, "full_spoke", date(2025, 4, 20), ("upgraded", date(2025, 4, 20), None)),
        ({}, "full_spoke", None, ("created", date(2025, 4, 1), None)),
    ],
)
def test_an_undated_upgrade_is_of_the_upload_that_first_says_so_where_the_rules_say_that(
    row: Row, plan: str, upgraded_on: date | None, expected: tuple[str, date, str | None]
) -> None:
    given = context(as_of=MAY, policies=replace(POLICIES, undated_upgrade="upload_day"))
    records = clients(row)
    before = version(records, row_digest="other", plan=plan, upgraded_on=upgraded_on)
    assert events(records, given, before).select("event", "event_on", "code").row(0) == expected


def test_no_records_are_no_events() -> None:
    got = events(clients())
    assert (got.height, {"event", "event_on", "opening", "unchanged", "known_sequence"} <= set(got.columns)) == (
        0,
        True,
    )


def test_no_partners_at_all_blocks_every_record() -> None:
    given = context()
    nobody = client_events(
        identified(clients({}, {})),
        ledger("client_version"),
        type(given)(**{**vars(given), "partners": given.partners.clear()}),
    )
    assert verdicts(nobody) == ["partner-unknown", "partner-unknown"]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2023, 12, 31), None),
        (date(2024, 1, 1), 1),
        (date(2024, 2, 28), 1),
        (date(2024, 2, 29), 2),
        (date(2024, 3, 1), 2),
        (date(2024, 12, 31), 2),
        (date(2025, 1, 1), 3),
        (None, None),
    ],
)
def test_a_version_holds_from_its_day_to_the_day_before_the_next(day: date | None, expected: int | None) -> None:
    starts = [date(2025, 1, 1), date(2024, 1, 1), date(2024, 2, 29)]
    versions = pl.DataFrame({"id": ["A"] * 3 + ["B"], "valid_from": [*starts, starts[1]], "n": [3, 1, 2, 9]})
    asked = pl.DataFrame({"id": ["A", "C"], "on": [day, day]}, schema={"id": pl.String, "on": pl.Date})
    assert valid_on(asked, versions, "id", "on")["n"].to_list() == [expected, None]
