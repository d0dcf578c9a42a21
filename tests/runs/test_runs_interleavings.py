"""Any interleaving of uploads, edits, upgrades, moves, renewals, price changes, corrections, crashes and retries.

Record frames go through the same plan, approval, correction and push as files do, in one process on one open ledger.
`CONNECTOR_HISTORIES` asks for more and longer sequences than those of a usual run.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from frames_kit import Office, source
from history_kit import (
    MOST_CLIENTS,
    PARTNERS,
    Folder,
    charge_ids,
    on_postgresql,
    on_sqlite,
    record,
    renewing_folder,
    standing,
)
from history_oracle import BANDS, CHANGE_DAY, FIRST_DAY, Client, Oracle, net
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from postgres_server import Databases

from connector import ledger
from connector.domain.words import SETTLED, RecordKind
from connector.ledger import Place
from connector.runs.crashpoints import POINTS
from connector.runs.errors import StopError
from connector.runs.runplan import RunPlan

ON_SQLITE, ON_POSTGRES = 300, 60
PARTS = 4
ASKED = int(os.environ.get("CONNECTOR_HISTORIES", "0")) // PARTS
STEPS = 12 if ASKED else 6

numbers = st.integers(0, MOST_CLIENTS - 1)
bands = st.sampled_from(BANDS)
ago = st.integers(0, 60)
partners = st.sampled_from(["P-1", "P-2"])
shuffled = st.randoms(use_true_random=False)
crashes = st.none() | st.none() | st.sampled_from([one for one in POINTS if not one.startswith(("erase:", "sync:"))])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return renewing_folder(tmp_path_factory.mktemp("interleavings"))


class History(RuleBasedStateMachine):
    """An office, its clients as they are, and what must have been billed of them."""

    def __init__(self, folder: Folder, fresh: Callable[[], Place]) -> None:
        super().__init__()
        self.folder = folder
        self.office = Office(replace(folder.config, ledger=fresh()), folder.before, date(2025, 4, 20))
        self.clients: dict[int, Client] = {}
        self.oracle = Oracle()
        self.last: tuple[tuple[Any, ...], date] | None = None  # the last upload, and its day

    @initialize(several=st.lists(st.tuples(partners, st.booleans(), bands, ago), min_size=1, max_size=3))
    def begin(self, several: Sequence[tuple[str, bool, str, int]]) -> None:
        """The first clients."""
        for number, (partner, full, band, days) in enumerate(several):
            self.add(number, band, days, partner, full=full)

    @rule(number=numbers, band=bands, days=ago, full=st.booleans(), partner=partners)
    def add(self, number: int, band: str, days: int, partner: str, *, full: bool) -> None:
        """A new client; one that is there already is left as it is."""
        created = max(FIRST_DAY, self.office.today - timedelta(days))
        self.clients.setdefault(number, Client(number, partner, full, created, band))

    @rule(number=numbers, band=bands, name=st.sampled_from(["Client", "Renamed"]))
    def edit(self, number: int, band: str, name: str) -> None:
        """Another headcount and another name, which bill nothing again."""
        self._edit(number, band=band, name=name)

    @rule(number=numbers, days=ago)
    def upgrade(self, number: int, days: int) -> None:
        """An Assessment Only client becomes a full Spoke, perhaps before anybody has heard of it."""
        one = self.clients.get(number)
        if one is not None and not one.full:
            day = max(one.created, self.office.today - timedelta(days))
            self._edit(number, full=True, upgraded=day)

    @rule(number=numbers, dated=st.booleans())
    def archive(self, number: int, *, dated: bool) -> None:
        self._edit(number, archived=True, archived_on=self.office.today if dated else None)

    @rule(number=numbers)
    def reactivate(self, number: int) -> None:
        self._edit(number, archived=False, archived_on=None)

    @rule(number=numbers)
    def move(self, number: int) -> None:
        """To the other partner: held with a question, and answered when it moves back."""
        if number in self.clients:
            self._edit(number, partner={"P-1": "P-2", "P-2": "P-1"}[self.clients[number].partner])

    @rule(days=st.integers(1, 45))
    def wait(self, days: int) -> None:
        self.office.today += timedelta(days)

    @precondition(lambda self: self.office.today < CHANGE_DAY and not self.oracle.changed)
    @rule()
    def change_prices(self) -> None:
        """A new version of the price book, from a day that has not come yet."""
        self.office.files, self.oracle.changed = self.folder.after, True

    @rule(order=shuffled, part=st.booleans(), crash=crashes)
    def bill(self, order: Random, crash: str | None, *, part: bool) -> None:
        """Upload the list in any order, or a part of it."""
        listed = self._listed(order, part=part)
        self._bill(self._upload(listed), listed, crash)

    @precondition(lambda self: self.last is not None and self.last[1] == self.office.today)
    @rule()
    def upload_again(self) -> None:
        """The same upload on the same day is nothing."""
        self._is_billed(*self.last[0])

    @precondition(lambda self: self.oracle.known)
    @rule(crash=crashes)
    def bill_by_time(self, crash: str | None) -> None:
        """A plan without files: terms that have begun."""
        self._bill((), None, crash)

    @rule(order=shuffled)
    def approve_a_stale_plan(self, order: Random) -> None:
        """Of two plans over the same rows the second is approved, and the first is refused whole."""
        listed = self._listed(order, part=False)
        upload = self._upload(listed)
        first = self.office.plan(*upload)
        self._bill(upload, listed, None)
        before, heads = standing(), ledger.chain_heads()
        settled = pl.col("bucket").is_in(SETTLED)
        if first.frames["charges"].is_empty() and first.frames["clients"].filter(settled).is_empty():
            return  # it writes nothing, and rests on nothing that was written
        with pytest.raises(StopError, match="was planned on something that has changed"):
            self.office.approve(first.run_id)
        assert (standing(), ledger.chain_heads()) == (before, heads)

    @precondition(lambda self: self.oracle.terms)
    @rule(pick=st.integers(0, 99), bill_again=st.booleans(), crash=crashes)
    def correct(self, pick: int, crash: str | None, *, bill_again: bool) -> None:
        """A term that is billed is credited, and billed again by what is known now where that differs."""
        oracle = self.oracle
        key = sorted(oracle.terms)[pick % len(oracle.terms)]
        term, client = oracle.terms[key], oracle.known[key[0]]
        charge = charge_ids()[key]
        again = oracle.again(key)
        wrong = None
        if term.credited:
            wrong = "credited before"
        elif bill_again and (client.archived or key[0] in oracle.asked):
            wrong = "it cannot be billed again now"
        elif bill_again and (again.amount, again.band) == (term.amount, term.band):
            wrong = "it would be billed just the same"
        if wrong is not None:
            with pytest.raises(StopError, match=wrong):
                self.office.correct(charge, bill_again=bill_again)
            return
        if bill_again:
            oracle.terms[key] = again
        else:
            oracle.take_back(key)
        self._carry_out(lambda: self.office.correct(charge, bill_again=bill_again), crash)
        self._agrees()

    def teardown(self) -> None:
        """Whatever was asked is answered; then everything is billed, nothing twice, and everything proves."""
        try:
            self._finish()
        finally:
            ledger.close_store()

    def _finish(self) -> None:
        for number, known in self.oracle.known.items():
            self._edit(number, partner=known.partner)
        listed = list(self.clients.values())
        upload = self._upload(listed)
        self._bill(upload, listed, None)
        self._is_billed(*upload)
        assert all(one.ties for one in self.office.push().tied)
        assert applied_credits() == self.office.applied_credits()
        assert ledger.verify().faults == ()
        assert [one for one in self.office.proofs() if one.wrong] == []

    def _edit(self, number: int, **changes: Any) -> None:
        if number in self.clients:
            self.clients[number] = replace(self.clients[number], **changes)

    def _listed(self, order: Random, *, part: bool) -> list[Client]:
        """The rows of an upload: all of them, or a part with half of those of the last one, in any order."""
        listed = list(self.clients.values())
        order.shuffle(listed)
        if part and self.oracle.listed:
            old = [one for one in listed if one.number in self.oracle.listed]
            new = [one for one in listed if one.number not in self.oracle.listed]
            listed = old[: (len(self.oracle.listed) + 1) // 2] + new[: len(new) // 2]
        return listed

    def _upload(self, listed: Sequence[Client]) -> tuple[Any, ...]:
        clients = source("clients.csv", RecordKind.CLIENTS, [record(one) for one in listed])
        return (PARTNERS, clients) if self.last is None else (clients,)

    def _bill(self, upload: tuple[Any, ...], listed: Sequence[Client] | None, crash: str | None) -> None:
        if listed is not None:
            self.oracle.plan(listed)
        self.oracle.approve(listed or (), self.office.today)
        self._carry_out(lambda: self.office.plan(*upload), crash)
        self.last = (upload, self.office.today) if upload else self.last
        self._agrees()

    def _carry_out(self, made: Callable[[], RunPlan], crash: str | None) -> None:
        """Plan, approve and push, each done again where it is stopped."""
        office = self.office
        plan = office.stopped_at(crash, made) or made()
        if office.stopped_at(crash, lambda: office.approve(plan.run_id)) is None and crash == "approve:committed":
            with pytest.raises(StopError, match="was approved before"):
                office.approve(plan.run_id)
        elif crash is not None and crash.startswith("approve:"):
            office.approve(plan.run_id)
        sent = office.stopped_at(crash, lambda: office.push(plan.run_id)) or office.push(plan.run_id)
        assert not sent.remains

    def _is_billed(self, *upload: Any) -> None:
        again = self.office.plan(*upload)
        assert (again.drafts, again.amounts) == ((), {})

    def _agrees(self) -> None:
        """Each charge key stands once, and net charges are what the second opinion says."""
        rows = standing()
        assert max(Counter(row[:4] for row in rows).values(), default=1) == 1
        found = {}
        for who, metric, ordinal, revision, amount, back in rows:
            assert metric == "full-spoke"
            assert amount == back or revision == max(row[3] for row in rows if row[:3] == (who, metric, ordinal))
            found[who, ordinal] = found.get((who, ordinal), 0) + amount - back
        assert found == net(self.oracle.terms)


def applied_credits() -> dict[str, int]:
    """By credit note, what the ledger believes to be applied of it; every one of them is settled."""
    rows = ledger.read("allocation")
    assert set(rows["state"]) <= {"done"}
    return dict(rows.select("number", "amount_minor").iter_rows())


def run(folder: Folder, fresh: Callable[[], Place], usual: int) -> None:
    """So many sequences, or as many as the environment asks for."""
    run_state_machine_as_test(
        partial(History, folder, fresh),
        settings=settings(
            max_examples=ASKED or usual,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


# In parts, so that several processes can share them. Coverage is measured in one.
@pytest.mark.parametrize("_part", [0, *(pytest.param(part, marks=pytest.mark.unmeasured) for part in range(1, PARTS))])
def test_any_interleaving_on_sqlite(folder: Folder, tmp_path: Path, _part: int) -> None:
    run(folder, on_sqlite(tmp_path), ON_SQLITE // PARTS)


@pytest.mark.unmeasured
def test_any_interleaving_on_postgresql(folder: Folder, databases: Databases) -> None:
    run(folder, on_postgresql(databases), ON_POSTGRES)
