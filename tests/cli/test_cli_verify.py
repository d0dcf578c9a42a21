"""`connector verify` through the command line: sound, altered, and cut off."""

import sqlite3
from pathlib import Path

from world import World, client


def _ledger(world: World) -> Path:
    return next(world.folder.rglob("ledger.sqlite3"))


def _behind(world: World, *statements: str) -> None:
    other = sqlite3.connect(_ledger(world), isolation_level=None)
    guards = other.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in guards:
        other.execute(f"DROP TRIGGER {name}")
    for one in statements:
        other.execute(one)
    for _, sql in guards:
        other.execute(sql)
    other.close()


def test_everything_that_was_billed_and_sent_is_proved(world: World) -> None:
    world.bill(world.partners(), world.clients(client("A"), client("B")))
    found = world.run("verify")
    assert (found.code, found.plain["sound"], found.plain["faults"]) == (0, True, [])
    assert {one["entity"] for one in found.plain["chains"]} == {"ledger", "uk", "us"}
    assert (found.plain["rows"]["charge"], found.plain["rows"]["receipt"]) == (2, 1)
    heads = world.run("status").plain["chain_heads"]
    assert heads == {one["entity"]: one["head"] for one in found.plain["chains"]}
    told = world.run("verify", "--head", f"us={heads['us']}", as_json=False)
    assert told.code == 0
    assert "entries in 16 tables are as they were written. Keep the heads elsewhere." in told.out
    assert heads["us"] in told.out


def test_who_made_an_entry_stands_in_the_fault(world: World, monkeypatch: object) -> None:
    getattr(monkeypatch, "setenv")("CONNECTOR_USER", "ann")  # noqa: B009 - the fixture's own method
    world.bill(world.partners(), world.clients(client("A")))
    _behind(world, "UPDATE receipt SET total_minor = total_minor + 1")
    found = world.run("verify")
    assert found.code == 1
    [fault] = found.plain["faults"]
    assert (fault["table"], fault["by"], fault["entity"]) == ("receipt", "ann", "us")
    told = world.run("verify", as_json=False)
    assert told.out.count("The first altered entry: receipt D-") == 1
    assert "Stop billing from this ledger" in told.out


def test_many_altered_entries_are_counted(alone: World) -> None:
    run = alone.plan(alone.partners(), alone.clients(*(client(f"C{n}") for n in range(30)))).plain["run"]
    assert alone.run("approve", run).code == 0
    _behind(alone, "UPDATE charge SET quantity = 2")
    told = alone.run("verify", as_json=False)
    assert "… and 10 more; with --json all of them are listed." in told.out


def test_a_head_that_is_not_on_its_chain_or_no_head_at_all(alone: World) -> None:
    run = alone.plan(alone.partners(), alone.clients(client("A"))).plain["run"]
    alone.run("approve", run)
    assert alone.run("verify", "--head", f"us={'0' * 64}").plain["faults"][0]["table"] == "the chain of"
    wrong = alone.run("verify", "--head", "us")
    assert (wrong.code, wrong.plain["error"]) == (2, "--head 'us' is no head")
