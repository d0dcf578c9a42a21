"""What a row says otherwise after it was billed is a question or a flag, and never bills; under annual terms too."""

from typing import Any

import pytest
from terms_kit import approved, renewing, told
from world import World, client

FIRST = {"created": "2025-04-01"}
UPGRADED = {"created": "2025-04-01", "upgraded": "2025-05-01"}
CHANGED, DOMAIN = "client-changed-after-billing", "client-domain-known"


@pytest.mark.parametrize("annual", [False, True])
@pytest.mark.parametrize(
    ("before", "after", "code", "bucket"),
    [
        (UPGRADED, {**UPGRADED, "upgraded": "2025-06-02"}, CHANGED, "already_billed"),
        (FIRST, {**FIRST, "upgraded": "2025-05-01"}, CHANGED, "already_billed"),
        (FIRST, {**FIRST, "size": "51-200"}, CHANGED, "already_billed"),
        (FIRST, {"created": "2025-04-02"}, CHANGED, "already_billed"),
        (FIRST, {**FIRST, "partner": "P-2"}, "client-moved", "held"),
        (FIRST, {**FIRST, "plan": "Assessment Only"}, "client-downgraded", "held"),
        (FIRST, {**FIRST, "number": "B", "site": "a.example"}, DOMAIN, "held"),
        (FIRST, {"created": "2025-05-02", "site": "other.example"}, "client-id-reused", "held"),
    ],
)
def test_no_edit_bills_again(
    alone: World, before: dict[str, str], after: dict[str, str], code: str, bucket: str, *, annual: bool
) -> None:
    if annual:
        renewing(alone)
    approved(alone, alone.partners(), alone.clients(client("A", **before)), as_of="2025-06-20")
    edited = alone.clients(client(**{"number": "A", **after}), name="edited.csv")
    plan = alone.plan(edited, as_of="2025-06-21").plain
    assert (plan["documents"], plan["amounts_minor"], told(plan)) == ([], {}, [])
    assert (plan["buckets"]["clients"], [one["code"] for one in plan["problems"] if one["code"] != "record-gone"]) == (
        {bucket: 1},
        [code],
    )


def test_two_clients_that_come_with_one_domain_are_both_asked_about(alone: World) -> None:
    rows: list[Any] = [client("A", site="one.example"), client("B", site="one.example")]
    plan = alone.plan(alone.partners(), alone.clients(*rows)).plain
    assert (plan["buckets"]["clients"], plan["documents"]) == ({"held": 2}, [])
    assert {one["code"] for one in plan["problems"]} == {"client-domain-shared"}


def test_an_undated_upgrade_is_billed_once_on_the_day_of_its_upload_where_the_rules_say_so(alone: World) -> None:
    path = alone.folder / "rules" / "billing.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("upgrade: hold", "upgrade: upload_day"), encoding="utf-8")
    partners = alone.partners()
    approved(alone, partners, alone.clients(client("A", plan="Assessment Only")), as_of="2025-06-20")
    plan = approved(alone, alone.clients(client("A")), as_of="2025-06-25")
    [line] = plan["documents"][0]["document"]["lines"]
    assert line["description"].endswith("upgraded 2025-06-25")
    again = alone.plan(alone.clients(client("A", name="Renamed")), as_of="2025-06-30").plain
    assert (again["documents"], again["problems"]) == ([], [])
