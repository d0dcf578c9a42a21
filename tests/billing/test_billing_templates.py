"""R10: a client made from a template has the template's plan as it was on the creation day, and keeps it."""

from datetime import date

import polars as pl
import pytest
from billing_frames import KEY, Row, clients, context, events, ledger, templates, verdicts

from connector.billing.master import import_templates

BEFORE, CHANGE, AFTER = date(2025, 3, 31), date(2025, 4, 1), date(2025, 4, 2)
_CHANGED = (
    {"template": "T", "plan": "full_spoke", "valid_from": CHANGE},
    {"template": "T", "plan": "assessment_only", "valid_from": date(2025, 1, 1)},
)


@pytest.mark.parametrize(("day", "plan"), [(BEFORE, "assessment_only"), (CHANGE, "full_spoke"), (AFTER, "full_spoke")])
def test_a_client_keeps_the_plan_of_its_creation_day(day: date, plan: str) -> None:
    given = context(template_rows=templates(*_CHANGED))
    got = events(clients({"plan": None, "template": "T", "created_on": day}), given)
    assert got.select("plan", "plan_source", "event", "code").rows() == [(plan, "template", "created", None)]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"plan": None, "template": "T"}, ("assessment_only", "template", None)),
        ({"plan": None, "template": "T", "partner_id": "P-2"}, ("full_spoke", "template", None)),
        ({"plan": "full_spoke", "template": "T"}, ("full_spoke", "explicit", None)),
        ({"plan": "full_spoke", "template": None}, ("full_spoke", "explicit", None)),
        ({"plan": None, "template": "T", "upgraded_on": AFTER}, ("full_spoke", "template", None)),
        ({"plan": None, "template": "Gone"}, (None, "template", "template-unknown")),
        ({"plan": None, "template": "Gone", "upgraded_on": AFTER}, (None, "template", "template-unknown")),
        ({"plan": None, "template": "Late"}, (None, "template", "template-unknown")),
    ],
)
def test_a_partners_own_template_goes_before_the_common_one(row: Row, expected: tuple[str | None, ...]) -> None:
    given = context(
        template_rows=templates(
            {"template": "T", "plan": "full_spoke"},
            {"template": "T", "partner_id": "P-1", "plan": "assessment_only"},
            {"template": "Late", "valid_from": AFTER},
        )
    )
    got = events(clients({"created_on": CHANGE, **row}), given)
    assert got.select("plan", "plan_source", "code").rows() == [expected]


def test_before_its_own_template_begins_a_partner_has_the_common_one() -> None:
    given = context(
        template_rows=templates(
            {"template": "T", "plan": "full_spoke"},
            {"template": "T", "partner_id": "P-1", "plan": "assessment_only", "valid_from": AFTER},
        )
    )
    rows = clients(*({"plan": None, "template": "T", "created_on": day} for day in (CHANGE, AFTER)))
    assert events(rows, given)["plan"].to_list() == ["full_spoke", "assessment_only"]


def test_an_unknown_template_is_told_with_the_day() -> None:
    got = events(clients({"plan": None, "template": "Gone", "created_on": CHANGE}))
    assert got["detail"].to_list() == ["template Gone has no plan on 2025-04-01"]


def test_a_new_template_is_imported_and_a_known_one_is_nothing_new() -> None:
    known = ledger("template_version", {"template": "T", "plan": "full_spoke", "valid_from": date(2025, 1, 1)})
    uploaded = templates(
        {}, {"template": "U"}, {"partner_id": "P-1"}, {"valid_from": CHANGE, "plan": "assessment_only"}
    )
    got = import_templates(uploaded, known, KEY)
    assert got.select("template", "partner_id", "is_new", "code").rows() == [
        ("T", "", False, None),
        ("U", "", True, None),
        ("T", "P-1", True, None),
        ("T", "", True, None),
    ]


def test_another_plan_for_the_same_first_day_is_a_conflict() -> None:
    """A client keeps its plan; a template cannot be rewritten behind the clients that were made from it."""
    known = ledger("template_version", {"template": "T", "plan": "full_spoke", "valid_from": date(2025, 1, 1)})
    got = import_templates(templates({"plan": "assessment_only"}), known, KEY)
    assert got.select("is_new", "code").rows() == [(False, "template-conflict")]


def test_two_plans_for_one_first_day_in_one_upload_are_both_refused() -> None:
    uploaded = templates({}, {"plan": "assessment_only"}, {"template": "U"}, {"template": "U"})
    got = import_templates(uploaded, ledger("template_version"), KEY)
    assert verdicts(got) == ["template-conflict", "template-conflict", None, "record-duplicate"]
    assert got.filter("is_new")["template"].to_list() == ["U"]


def test_no_templates_are_no_versions() -> None:
    assert import_templates(templates(), ledger("template_version"), KEY).filter(pl.col("is_new")).height == 0
