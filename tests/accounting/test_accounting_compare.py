"""What stands under our number is ours only if contact, currency, total and status all agree."""

from dataclasses import replace

import pytest
from accounting_kit import CONTACT, document

from connector.accounting.compare import differences, drift
from connector.accounting.port import RemoteDocument

OURS = RemoteDocument("X-1", "US-000001", CONTACT, "USD", 10_000, 825, 10_825, "AUTHORISED")
ADOPTABLE = frozenset({"AUTHORISED", "PAID"})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ()),
        ({"status": "PAID"}, ()),
        ({"contact_id": "C-2"}, (f"its contact is C-2, not {CONTACT}",)),
        ({"currency": "EUR"}, ("its currency is EUR, not USD",)),
        ({"total_minor": 10_826}, ("its total is USD 108.26, not USD 108.25",)),
        ({"status": "VOIDED"}, ("its status is VOIDED, not AUTHORISED or PAID",)),
        (
            {"status": "DRAFT", "total_minor": 1, "contact_id": "C-2"},
            (
                f"its contact is C-2, not {CONTACT}",
                "its total is USD 0.01, not USD 108.25",
                "its status is DRAFT, not AUTHORISED or PAID",
            ),
        ),
    ],
)
def test_differences(changes: dict[str, object], expected: tuple[str, ...]) -> None:
    assert differences(document(), CONTACT, replace(OURS, **changes), ADOPTABLE) == expected  # type: ignore[arg-type]


def test_a_document_of_a_partner_without_a_known_contact_is_not_ours() -> None:
    expected = (f"its contact is {CONTACT}, and no contact of this partner is known",)
    assert differences(document(), None, OURS, ADOPTABLE) == expected


def test_drift_is_any_total_that_was_not_predicted() -> None:
    assert drift(document(), OURS) is None
    other = replace(OURS, net_minor=10_001, tax_minor=824)
    assert drift(document(), other) == "predicted USD 108.25 (tax USD 8.25), booked USD 108.25 (tax USD 8.24)"
