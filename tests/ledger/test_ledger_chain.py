"""The hash chain: each transaction adds a link for each entity it wrote for, and what was rewritten is noticed."""

import json
import sqlite3
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from ledger_rows import NOW, documents, fill, frame

from connector.ledger import (
    Place,
    RefusedError,
    acting,
    append,
    chain_faults,
    chain_head,
    chain_heads,
    open_store,
    read,
    seal,
    transaction,
)
from connector.ledger.chain import chain_append


def _client(name: str) -> None:
    append("client", frame("client", {"client_id": name}))


def test_each_transaction_is_a_new_link_and_the_new_head(ledger: Place) -> None:
    assert ledger.exists()
    assert (chain_head("ledger"), chain_heads()) == ("0" * 64, {})
    _client("CL-1")
    first = chain_head("ledger")
    documents(1)
    _client("CL-2")
    columns = ["entity", "sequence", "previous", "digest", "at", "by"]
    assert read("chain_link", columns=columns).rows() == [
        ("ledger", 1, "0" * 64, first, NOW, ""),
        ("us", 1, "0" * 64, chain_head("us"), NOW, ""),
        ("ledger", 2, first, chain_head("ledger"), NOW, ""),
    ]
    assert chain_heads() == {"ledger": chain_head("ledger"), "us": chain_head("us")}
    assert [chain_faults(one) for one in ("ledger", "us", "au")] == [(), (), ()]


def test_a_link_says_what_it_covers_who_made_it_and_when(ledger: Place) -> None:
    assert ledger.exists()
    later = NOW + timedelta(hours=1)
    with acting("ben"), transaction():
        documents(1)
        append("document_line", frame("document_line").clear())
        _client("CL-1")
        heads = seal(later, "ann")
        append("document_event", frame("document_event"))
    assert heads["ledger"] == chain_head("ledger")
    links = read("chain_link", columns=["entity", "sequence", "at", "by", "contents", "payload_digest"]).rows()
    told = [(entity, n, at, by, json.loads(contents)) for entity, n, at, by, contents, _ in links]
    digest = sha256(b"client;client_id=4:CL-1;recorded_at=26:2025-03-04 05:06:07.000089;run_id=3:R-1;").hexdigest()
    assert told[0] == (
        "ledger",
        1,
        later,
        "ann",
        {"client": {"rows": 1, "digest": sha256(digest.encode()).hexdigest()}},
    )
    assert [one[:4] for one in told[1:]] == [("us", 1, later, "ann"), ("us", 2, NOW, "ben")]
    assert [list(one[4]) for one in told[1:]] == [["document"], ["document_event"]]
    assert [payload for *_, payload in links] == [sha256(one[4].encode()).hexdigest() for one in links]


def test_rows_of_a_document_are_in_the_chain_of_its_entity(ledger: Place) -> None:
    assert ledger.exists()
    append("document", frame("document", {"document_id": "D-2", "selling_entity": "uk", "number": "UK-1"}))
    documents(1)
    several = [{"document_id": one} for one in ("D-1", "D-2")]
    append("document_event", frame("document_event", *several))
    assert read("chain_link", columns=["entity", "sequence"]).rows() == [("uk", 1), ("us", 1), ("uk", 2), ("us", 2)]


def test_a_line_of_no_document_is_refused(ledger: Place) -> None:
    assert ledger.exists()
    with pytest.raises(RefusedError, match="there is no document D-1"):
        append("document_line", frame("document_line"))


def test_a_chain_depends_on_everything_in_it(tmp_path: Path) -> None:
    heads = set()
    usual = ("us", "a", NOW, "ann", "b")
    others = [("uk", "a", NOW, "ann", "b"), ("us", "b", NOW, "ann", "b"), ("us", "a", NOW, "ben", "b")]
    later = ("us", "a", NOW + timedelta(microseconds=1), "ann", "b")
    for n, (entity, contents, at, by, batch) in enumerate([usual, *others, later, ("us", "a", NOW, "ann", "c")]):
        open_store(tmp_path / f"{n}.db")
        with transaction():
            heads.add(chain_append(entity, contents, at, by=by, batch=batch))
    assert len(heads) == 6


def test_a_link_belongs_into_a_transaction_and_its_time_has_a_zone(ledger: Place) -> None:
    assert ledger.exists()
    with pytest.raises(RuntimeError, match="a link of the hash chain belongs into the transaction"):
        chain_append("us", "a", NOW, by="", batch="b")
    with pytest.raises(RuntimeError, match="this belongs into a transaction of the ledger"):
        seal(NOW, "ann")
    with pytest.raises(ValueError, match="has no time zone"), transaction():
        chain_append("us", "a", NOW.replace(tzinfo=None), by="", batch="b")


@pytest.mark.parametrize(
    ("tampering", "faults"),
    [
        (
            "UPDATE chain_link SET payload_digest = 'x' WHERE sequence = 2",
            ((2, "link 2 of ledger was changed after it was written"),),
        ),
        (
            "UPDATE chain_link SET contents = '{}' WHERE sequence = 2",
            ((2, "link 2 of ledger was changed after it was written"),),
        ),
        (
            "UPDATE chain_link SET by = 'eve' WHERE sequence = 1",
            ((1, "link 1 of ledger was changed after it was written"),),
        ),
        ("DELETE FROM chain_link WHERE sequence = 2", ((3, "link 3 of ledger does not follow link 1"),)),
        ("DELETE FROM chain_link WHERE sequence = 3", ((2, "the head of ledger is not its last link, 2"),)),
        (
            "UPDATE chain_link SET digest = 'x' WHERE sequence = 3",
            (
                (3, "link 3 of ledger was changed after it was written"),
                (3, "the head of ledger is not its last link, 3"),
            ),
        ),
        ("UPDATE chain_head SET sequence = 9", ((3, "the head of ledger is not its last link, 3"),)),
        ("DELETE FROM chain_head", ((3, "the head of ledger is not its last link, 3"),)),
    ],
)
def test_what_was_rewritten_behind_the_guards_is_found(
    ledger_file: Path, tampering: str, faults: tuple[tuple[int, str], ...]
) -> None:
    for name in ("CL-1", "CL-2", "CL-3"):
        _client(name)
    other = sqlite3.connect(ledger_file, isolation_level=None)
    other.executescript(f"DROP TRIGGER guard_chain_link_update; DROP TRIGGER guard_chain_link_delete; {tampering}")
    other.close()
    assert chain_faults("ledger") == faults


def test_a_link_and_its_entries_stand_or_fall_together(ledger: Place) -> None:
    assert ledger.exists()
    fill()
    heads = chain_heads()

    def broken() -> None:
        with transaction():
            _client("CL-2")
            seal(NOW, "ann")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert (read("client").height, chain_heads()) == (1, heads)
    _client("CL-2")
    assert chain_faults("ledger") == ()
