"""Numbers without a gap, and a chain that notices what was rewritten."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from ledger_rows import NOW, fill, frame

from connector.ledger import append, chain_append, chain_faults, chain_head, next_numbers, open_store, read, transaction


def _numbers(count: int, kind: str = "invoice", entity: str = "us", prefix: str = "US-") -> list[str]:
    with transaction():
        return next_numbers(entity, kind, prefix, count)


def test_numbers_follow_each_other_per_entity_and_kind(ledger: Path) -> None:
    got = [_numbers(2), _numbers(0), _numbers(1), _numbers(1, "credit", prefix="USC-"), _numbers(1, entity="uk")]
    assert got == [["US-000001", "US-000002"], [], ["US-000003"], ["USC-000001"], ["US-000001"]]
    open_store(ledger)
    assert _numbers(1) == ["US-000004"]


def test_a_transaction_that_fails_gives_its_numbers_back(ledger: Path) -> None:
    assert ledger.exists()
    given = []

    def broken() -> None:
        with transaction():
            given.extend(next_numbers("us", "invoice", "US-", 3))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert (given, _numbers(1)) == (["US-000001", "US-000002", "US-000003"], ["US-000001"])


def test_numbers_grow_beyond_six_digits_but_not_beyond_what_the_books_take(ledger: Path) -> None:
    assert ledger.exists()
    assert _numbers(1_000_000)[-2:] == ["US-999999", "US-1000000"]
    assert _numbers(1, prefix="A" * 14) == ["A" * 14 + "1000001"]
    with pytest.raises(ValueError, match="is longer than 21 characters"):
        _numbers(1, prefix="A" * 15)
    assert _numbers(1) == ["US-1000002"]


def test_numbers_are_given_only_within_a_transaction(ledger: Path) -> None:
    assert ledger.exists()
    with pytest.raises(RuntimeError, match="belongs into the transaction of the entries it serves"):
        next_numbers("us", "invoice", "US-", 1)
    with pytest.raises(ValueError, match="-1 numbers cannot be given"):
        _numbers(-1)


def _link(payload: str, entity: str = "us") -> str:
    with transaction():
        return chain_append(entity, payload, NOW)


def test_each_link_is_the_new_head_of_its_entity(ledger: Path) -> None:
    assert ledger.exists()
    assert chain_head("us") == "0" * 64
    first, second, other = _link("a"), _link("b"), _link("a", "uk")
    assert (chain_head("us"), chain_head("uk"), len({first, second, other})) == (second, other, 3)
    rows = read("chain_link", columns=["entity", "sequence", "payload_digest", "previous", "digest", "at"]).rows()
    assert rows == [
        ("us", 1, "a", "0" * 64, first, NOW),
        ("us", 2, "b", first, second, NOW),
        ("uk", 1, "a", "0" * 64, other, NOW),
    ]
    assert [chain_faults(one) for one in ("us", "uk", "au")] == [(), (), ()]


def test_a_chain_depends_on_everything_in_it(tmp_path: Path) -> None:
    heads = set()
    for n, (entity, payload, at) in enumerate(
        [("us", "a", NOW), ("uk", "a", NOW), ("us", "b", NOW), ("us", "a", NOW + timedelta(microseconds=1))]
    ):
        open_store(tmp_path / f"{n}.db")
        with transaction():
            heads.add(chain_append(entity, payload, at))
    assert len(heads) == 4


def test_a_link_belongs_into_a_transaction_and_its_time_has_a_zone(ledger: Path) -> None:
    assert ledger.exists()
    with pytest.raises(RuntimeError, match="a link of the hash chain belongs into the transaction"):
        chain_append("us", "a", NOW)
    with pytest.raises(ValueError, match="has no time zone"), transaction():
        chain_append("us", "a", NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("tampering", "faults"),
    [
        (
            "UPDATE chain_link SET payload_digest = 'x' WHERE sequence = 2",
            ("link 2 of us was changed after it was written",),
        ),
        ("DELETE FROM chain_link WHERE sequence = 2", ("link 3 of us does not follow link 1",)),
        ("DELETE FROM chain_link WHERE sequence = 3", ("the head of us is not its last link, 2",)),
        (
            "UPDATE chain_link SET digest = 'x' WHERE sequence = 3",
            ("link 3 of us was changed after it was written", "the head of us is not its last link, 3"),
        ),
        ("UPDATE chain_head SET sequence = 9", ("the head of us is not its last link, 3",)),
    ],
)
def test_what_was_rewritten_behind_the_guards_is_found(ledger: Path, tampering: str, faults: tuple[str, ...]) -> None:
    for payload in "abc":
        _link(payload)
    other = sqlite3.connect(ledger, isolation_level=None)
    other.executescript(f"DROP TRIGGER guard_chain_link_update; DROP TRIGGER guard_chain_link_delete; {tampering}")
    other.close()
    assert chain_faults("us") == faults


def test_a_link_and_its_entries_stand_or_fall_together(ledger: Path) -> None:
    assert ledger.exists()
    fill()

    def broken() -> None:
        with transaction():
            append("client", frame("client", {"client_id": "CL-2"}))
            chain_append("uk", "a", NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert (read("client").height, chain_head("uk")) == (1, "0" * 64)
