"""Numbers without a gap."""

import pytest

from connector.ledger import Place, next_numbers, open_store, transaction


def _numbers(count: int, kind: str = "invoice", entity: str = "us", prefix: str = "US-") -> list[str]:
    with transaction():
        return next_numbers(entity, kind, prefix, count)


def test_numbers_follow_each_other_per_entity_and_kind(ledger: Place) -> None:
    got = [_numbers(2), _numbers(0), _numbers(1), _numbers(1, "credit", prefix="USC-"), _numbers(1, entity="uk")]
    assert got == [["US-000001", "US-000002"], [], ["US-000003"], ["USC-000001"], ["US-000001"]]
    open_store(ledger)
    assert _numbers(1) == ["US-000004"]


def test_a_transaction_that_fails_gives_its_numbers_back(ledger: Place) -> None:
    assert ledger.exists()
    given = []

    def broken() -> None:
        with transaction():
            given.extend(next_numbers("us", "invoice", "US-", 3))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert (given, _numbers(1)) == (["US-000001", "US-000002", "US-000003"], ["US-000001"])


def test_numbers_grow_beyond_six_digits_but_not_beyond_what_the_books_take(ledger: Place) -> None:
    assert ledger.exists()
    assert _numbers(1_000_000)[-2:] == ["US-999999", "US-1000000"]
    assert _numbers(1, prefix="A" * 14) == ["A" * 14 + "1000001"]
    with pytest.raises(ValueError, match="is longer than 21 characters"):
        _numbers(1, prefix="A" * 15)
    assert _numbers(1) == ["US-1000002"]


def test_numbers_are_given_only_within_a_transaction(ledger: Place) -> None:
    assert ledger.exists()
    with pytest.raises(RuntimeError, match="belongs into the transaction of the entries it serves"):
        next_numbers("us", "invoice", "US-", 1)
    with pytest.raises(ValueError, match="-1 numbers cannot be given"):
        _numbers(-1)
