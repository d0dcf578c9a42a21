"""R6: how many Assessment Only places a partner has left."""

from datetime import date
from typing import Any

import pytest
from billing_frames import QUICK, TODAY, Row, context, entity, ledger, partner
from hypothesis import given
from hypothesis import strategies as st

from connector.billing.balance import Balance, balances
from connector.billing.context import Context
from connector.domain.entities import Policies

FREES = Policies("count_first", "frees_bundle_place", "hold", "stop", "hold", "allow")
MAY = date(2025, 5, 1)


def size(where: str, currency: str, on: date) -> int | None:
    """Ten places in a bundle until June, twenty from then on; none are sold by `uk`."""
    return None if (where, currency) != ("us", "USD") else 10 if on < date(2025, 6, 1) else 20


def bought(quantity: int = 1, on: date = MAY, **said: Any) -> Row:
    charge = {"partner_id": "P-1", "selling_entity": "us", "currency": "USD", "kind": "charge"}
    return charge | {"event_on": on, "quantity": quantity} | said


def client(number: int = 1, **said: Any) -> Row:
    version = {"client_id": f"CL-{number}", "partner_id": "P-1", "plan": "assessment_only", "created_on": MAY}
    return version | said


def balance(*clients: Row, purchases: tuple[Row, ...] = (), given: Context | None = None) -> tuple[Balance, ...]:
    return balances(ledger("charge", *purchases), ledger("client_version", *clients), size, given or context(partner()))


def test_left_is_opening_and_included_and_bought_less_used() -> None:
    given = context(partner(opening_places=3, included_places=5), partner(partner_id="P-0"))
    got = balance(client(1), client(2), purchases=(bought(2), bought(1, date(2025, 6, 1))), given=given)
    assert got == (Balance("P-0", 0, 0, 0, 0), Balance("P-1", 3, 5, 40, 2))
    assert [one.left for one in got] == [0, 46]


def test_more_used_than_there_are_is_shown_as_less_than_none() -> None:
    assert [one.left for one in balance(client(1), client(2))] == [-2]


@pytest.mark.parametrize(("until", "included"), [(None, 5), (TODAY, 5), (date(2025, 6, 14), 0), (date(2024, 2, 29), 0)])
def test_included_places_end_with_their_last_day(until: date | None, included: int) -> None:
    given = context(partner(included_places=5, included_until=until))
    assert [one.included for one in balance(given=given)] == [included]


@pytest.mark.parametrize(
    ("version", "keeps", "frees"),
    [
        (client(), 1, 1),
        (client(plan="full_spoke", upgraded_on=MAY), 1, 0),
        (client(plan="full_spoke"), 0, 0),
        (client(created_on=date(2025, 2, 28)), 0, 0),
        (client(created_on=date(2025, 3, 1)), 1, 1),
        (client(partner_id="P-9"), 0, 0),
    ],
)
def test_what_takes_a_place_follows_the_declared_policy(version: Row, keeps: int, frees: int) -> None:
    got = [balance(version, given=context(partner(), policies=policy)) for policy in (context().policies, FREES)]
    assert [one[0].used for one in got] == [keeps, frees]


def test_purchases_before_go_live_and_bundles_nobody_sells_add_no_places() -> None:
    opening = bought(4, date(2025, 2, 1), kind="opening")
    unsold = bought(selling_entity="uk", currency="GBP")
    assert [one.bought for one in balance(purchases=(opening, unsold))] == [0]


def test_the_version_of_the_day_decides_and_a_partner_not_yet_valid_is_left_out() -> None:
    given = context(
        partner(included_places=5),
        partner(included_places=7, valid_from=TODAY),
        partner(included_places=9, valid_from=date(2025, 6, 16)),
        partner(partner_id="P-2", valid_from=date(2025, 6, 16)),
    )
    assert balance(given=given) == (Balance("P-1", 0, 7, 0, 0),)


def test_a_partner_of_an_entity_the_rulebook_dropped_is_left_out() -> None:
    given = context(
        partner(included_places=5), partner(partner_id="P-2", selling_entity="uk", currency="GBP"), entities=(entity(),)
    )
    assert balance(given=given) == (Balance("P-1", 0, 5, 0, 0),)


def test_no_partners_have_no_balance() -> None:
    given = context()
    nobody = Context(**{**vars(given), "partners": given.partners.clear()})
    assert balance(client(), purchases=(bought(),), given=nobody) == ()


_places = st.none() | st.integers(0, 50)


@QUICK
@given(_places, _places, st.lists(st.integers(1, 5), max_size=4), st.lists(st.booleans(), max_size=5))
def test_balance_counts_every_purchase_and_every_client_once(
    opening: int | None, included: int | None, quantities: list[int], upgraded: list[bool]
) -> None:
    given = context(partner(opening_places=opening, included_places=included))
    versions = [
        client(at, plan="full_spoke" if up else "assessment_only", upgraded_on=MAY if up else None)
        for at, up in enumerate(upgraded)
    ]
    (got,) = balance(*versions, purchases=tuple(bought(quantity) for quantity in quantities), given=given)
    expected = (opening or 0) + (included or 0) + 10 * sum(quantities) - len(upgraded)
    assert (got.left, got.used) == (expected, len(upgraded))


def licence(places: int, since: date, until: date | None = None) -> Row:
    return partner(included_places=places, included_until=until, valid_from=since)


@pytest.mark.parametrize(
    ("days", "included", "left"),
    [
        ((), 3, 3),
        ((date(2025, 4, 1), date(2025, 4, 2)), 5, 3),  # two of the first licence stay used, the third is gone
        ((date(2025, 4, 1),) * 5, 6, 1),  # three of the first licence; the other two are not of the second, but count
        ((date(2025, 5, 10),), 3, 2),
    ],
)
def test_included_places_that_were_used_in_the_time_of_a_licence_outlive_it(
    days: tuple[date, ...], included: int, left: int
) -> None:
    """First a licence of three places until April, then one of three from May on."""
    licences = (licence(3, date(2025, 1, 1), date(2025, 4, 30)), licence(3, MAY, date(2026, 4, 30)))
    clients = [client(number, created_on=day) for number, day in enumerate(days)]
    [found] = balance(*clients, given=context(*licences))
    assert (found.included, found.left) == (included, left)


def test_a_licence_ends_where_the_next_begins_and_an_edited_version_begins_none() -> None:
    licences = (
        licence(3, date(2025, 1, 1), date(2025, 12, 31)),
        licence(4, date(2025, 2, 1), date(2025, 12, 31)),
        licence(2, date(2025, 6, 1)),
    )
    [found] = balance(client(1, created_on=MAY), given=context(*licences))
    assert (found.included, found.left) == (3, 2)
