"""What stands under our number is ours only if contact, currency, total and status all agree."""

from dataclasses import replace
from decimal import Decimal

import pytest
from accounting_kit import CONTACT, connected, document, line

from connector.accounting.answers import RemoteDocument
from connector.accounting.compare import differences, drift, tax_of_the_books
from connector.accounting.totals import tax_per_rate_minor, taxes_half_even_minor

OURS = RemoteDocument("X-1", "US-000001", CONTACT, "USD", 10_000, 825, 10_825, "AUTHORISED")
ABLE = connected().capabilities
ELSEWHERE, AUTOMATED = replace(ABLE, tax="line_or_rate"), replace(ABLE, tax="remote")


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
    assert differences(document(), CONTACT, replace(OURS, **changes), ABLE) == expected  # type: ignore[arg-type]


def test_a_document_of_a_partner_without_a_known_contact_is_not_ours() -> None:
    expected = (f"its contact is {CONTACT}, and no contact of this partner is known",)
    assert differences(document(), None, OURS, ABLE) == expected


def test_drift_is_any_total_that_was_not_predicted() -> None:
    assert drift(document(), OURS, "line") is None
    other = replace(OURS, net_minor=10_001, tax_minor=824)
    assert drift(document(), other, "line") == "predicted USD 108.25 (tax USD 8.25), booked USD 108.25 (tax USD 8.24)"


THREE = tuple(
    line(tax_percent=Decimal(15), unit_minor=net, net_minor=net, tax_minor=tax)
    for net, tax in ((2506, 376), (2561, 384), (2563, 384))
)


def booked(net: int, tax: int) -> RemoteDocument:
    return replace(OURS, net_minor=net, tax_minor=tax, total_minor=net + tax)


def test_the_known_example_in_both_roundings() -> None:
    made = document(lines=THREE)
    assert (made.tax.minor, tax_per_rate_minor(THREE, "USD")) == (1144, 1145)
    found = [booked(7630, tax) for tax in (1144, 1145, 1146)]
    wrong = "predicted USD 87.74 (tax USD 11.44), booked USD 87.76 (tax USD 11.46)"
    assert [drift(made, one, "line_or_rate") for one in found] == [None, None, wrong]
    assert [len(differences(made, CONTACT, one, ELSEWHERE)) for one in found] == [0, 0, 1]
    assert [len(differences(made, CONTACT, one, ABLE)) for one in found] == [0, 1, 1]
    assert tax_of_the_books(made, found[0]) is None
    words = "the books computed the tax: USD 11.45, so that the total is USD 87.75 (predicted tax USD 11.44)"
    assert tax_of_the_books(made, found[1]) == words


def test_tax_that_only_the_books_know_is_taken_from_them_and_the_net_must_match() -> None:
    made = document(lines=THREE)
    assert drift(made, booked(7630, 9900), "remote") is None
    assert differences(made, CONTACT, booked(7630, 9900), AUTOMATED) == ()
    assert drift(made, booked(7629, 1144), "remote") == "predicted USD 76.30 before tax, booked USD 76.29"
    assert drift(made, replace(booked(7630, 0), currency="EUR"), "remote") is not None
    expected = ("its total is USD 87.73, not USD 87.74",)
    assert differences(made, CONTACT, booked(7629, 1144), AUTOMATED) == expected


def test_another_document_of_the_number_is_a_difference() -> None:
    expected = ("it is not the only one: X-2, X-3 has the same number",)
    assert differences(document(), CONTACT, replace(OURS, others=("X-2", "X-3")), ABLE) == expected


def test_books_that_round_to_the_even_digit_may_do_so_by_line_or_by_rate_and_by_what_is_given_back() -> None:
    nets = ((200, 17), (200, 17), (-200, -17))
    lines = tuple(line(unit_minor=net, net_minor=net, tax_minor=tax) for net, tax in nets)
    one = replace(document(), lines=lines)
    assert taxes_half_even_minor(lines, "USD") == (16, 17)
    told = {tax: drift(one, booked(200, tax), "line_or_rate_even") is None for tax in (15, 16, 17, 18)}
    assert told == {15: False, 16: True, 17: True, 18: False}
