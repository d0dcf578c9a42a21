"""Pushes to a real Tryton whose answers are lost or come too late, and pushes that are killed: each is posted once."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import psycopg
import pytest
from postgres_server import Databases
from push_kit import TENANT, approve, document, states
from tryton_kit import now, settings
from tryton_proxy import CREATE, POST, Proxy, between
from tryton_server import TrytonServer, need

from connector.accounting.answers import ContactFound, NumberTaken, OutcomeUnknown
from connector.accounting.connect import connect
from connector.accounting.port import Submission
from connector.ledger import Place, close_store, open_store
from connector.runs.push import push

MANY, ROUNDS, SHARE = 12, 40, 0.4
WRITES = (CREATE, POST, "model.account.invoice.delete", "model.party.party.create")
LOST = ("drop_before", "late_commit", "reply_lost_after_commit", "error_500_before", "error_500_after")


class Rested:
    """A clock that jumps when someone sleeps, once all that was abandoned has ended: so long a quiet period is."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy, self._ahead = proxy, timedelta()

    def clock(self) -> datetime:
        return now() + self._ahead

    def sleep(self, seconds: float) -> None:
        self._proxy.rest()
        self._ahead += timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def on_postgres_server(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrytonServer]:
    """A Tryton whose database is PostgreSQL's, for the tests of this file."""
    need()
    url = databases.make(ledger=False)
    server = TrytonServer(tmp_path_factory.mktemp("tryton-postgres"), url)
    server.start()
    yield server
    server.stop()
    databases.drop(url)


@pytest.fixture(params=["sqlite", "postgres"])
def tryton_server(request: pytest.FixtureRequest) -> TrytonServer:
    made = request.getfixturevalue("on_postgres_server" if request.param == "postgres" else "tryton")
    assert isinstance(made, TrytonServer)
    return made


def posted_once(server: TrytonServer, numbers: list[str]) -> None:
    """Each is posted exactly once, under a number of its own, and no draft is left."""
    rows = server.run("SELECT reference, state, number, move FROM account_invoice ORDER BY reference")
    own = [row for row in rows if row[0] in numbers]
    assert [(reference, state) for reference, state, _, _ in own] == [(number, "posted") for number in sorted(numbers)]
    assert len({number for _, _, number, _ in own}) == len({move for *_, move in own}) == len(numbers)
    assert {state for _, state, _, _ in rows} == {"posted"}


def seeds() -> list[int]:
    return [int(one) for one in os.environ.get("CONNECTOR_TRYTON_SEEDS", "1").split(",")]


@pytest.mark.parametrize("seed", seeds())
def test_writes_that_are_abandoned_end_as_one_posted_document_each(
    tryton_server: TrytonServer, store: Place, seed: int
) -> None:
    random, first = Random(seed), 1000 * seed
    wanted = [document(first + n, partner=n % 3) for n in range(MANY)]
    approve(wanted)
    with between(tryton_server.url) as proxy:
        proxy.decide = lambda method: random.choice(LOST) if method in WRITES and random.random() < SHARE else ""
        time_ = Rested(proxy)
        made = settings(proxy.url, own={"database": tryton_server.database}, name=TENANT)
        for _ in range(ROUNDS):
            push(connect(made, time_.clock, time_.sleep), store=store, clock=time_.clock, sleep=time_.sleep)
            if set(states().values()) == {"done"}:
                break
            time_.sleep(made.quiet_seconds + 2)
        lost = len(proxy.methods)
    assert states() == {one.number: "done" for one in wanted}
    assert lost > len(wanted) / 2
    posted_once(tryton_server, [one.number for one in wanted])


def test_pushes_that_are_killed_end_as_one_posted_document_each(
    tryton_server: TrytonServer, store: Place, tmp_path: Path
) -> None:
    random = Random(7)
    wanted = [document(500 + n, partner=n % 3) for n in range(MANY)]
    approve(wanted)
    close_store()
    with between(tryton_server.url) as proxy:
        for turn, calls in enumerate([2, 3, 4, 5, 0]):
            _pushed(proxy, tryton_server, tmp_path, turn, calls, random.uniform(0, 0.2))
            proxy.rest()
    open_store(store)
    assert states() == {one.number: "done" for one in wanted}
    posted_once(tryton_server, [one.number for one in wanted])


def test_a_locked_database_is_doubt_and_what_it_finishes_late_is_found(on_postgres_server: TrytonServer) -> None:
    """Somebody's transaction holds the sequences: the call that was given up is carried out once they are free."""
    server, one, soon = on_postgres_server, document(900), now() + timedelta(minutes=5)
    made = settings(server.url, own={"database": server.database}, time_out_seconds=4)
    system = connect(made, now, time.sleep)
    party = replace(one.party, partner_id="P-900", name="Partner 900")
    contact = system.create_contacts([party], "k", soon)["P-900"]
    assert isinstance(contact, ContactFound)
    sent = Submission(one, contact.contact_id)
    with psycopg.connect(server.postgres) as holding:
        holding.execute("LOCK TABLE ir_sequence_strict IN ACCESS EXCLUSIVE MODE")
        for epoch in (0, 1):  # the second meets the first, which is still at work
            assert isinstance(system.create([replace(sent, epoch=epoch)], soon)[one.number], OutcomeUnknown)
            assert system.read_back([one.number]) == {}
        holding.rollback()
    # Whoever comes while both are carried out is answered 503; a machine that is quick enough is done by then.
    met = system.create([replace(sent, epoch=2)], soon)[one.number]
    assert met == OutcomeUnknown("Tryton is not available, or its database is locked.") or isinstance(met, NumberTaken)
    while not system.read_back([one.number]):
        assert now() < soon
        time.sleep(0.2)
    assert isinstance(system.create([replace(sent, epoch=3)], soon)[one.number], NumberTaken)
    posted_once(server, [one.number])


def _pushed(proxy: Proxy, server: TrytonServer, folder: Path, turn: int, calls: int, seconds: float) -> None:
    """Push in a process that is killed a moment after it has made so many calls about invoices, or never."""
    proxy.methods.clear()
    driver = Path(__file__).with_name("tryton_driver.py")
    path = os.pathsep.join([str(driver.parent), str(driver.parents[1])])
    command = [sys.executable, str(driver), proxy.url, server.database, str(folder), str(turn)]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}) as process:
        while process.poll() is None:
            if calls and sum("account.invoice." in method for method in proxy.methods) >= calls:
                time.sleep(seconds)
                process.kill()
            time.sleep(0.005)
    assert process.returncode == (-9 if calls else 0)
