"""One history of pushes from one seed: documents, faults, crashes, stalls, clocks, workers; and what must come of it.

The product's own push, outbox, adapters and clients work against the sandbox; only time and network are simulated. A
history is judged by the sandbox's state file, not by what the product believes.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import consent_kit
from push_kit import approve, document, with_line
from push_variants import SOUND, Crippled, Variant
from simulated_books import BOOKS, LATE_MS, QUICKBOOKS, XERO
from simulated_credits import Credits, referring
from simulated_stage import InOrder, KilledError, SimulatedTime, Stage
from simulated_wire import Wire

from connector.accounting.answers import Booked, ContactFound, RetryLater
from connector.accounting.connect import connect
from connector.accounting.port import AccountingSystem, Submission
from connector.accounting.totals import predict_tax_minor
from connector.domain.documents import CREDIT_NOTE, INVOICE, Document
from connector.ledger import StoreError, allocations, outbox, read
from connector.ledger.outbox import OPEN, State
from connector.net.errors import SetupError
from connector.runs import crashpoints
from connector.runs.push import push
from connector.sandbox import quickbooks as qb

_IN_DOUBT = ("push:settled", "push:round")
_BEFORE_THE_WIRE = ("push:intent", "push:before-wire")
_DEAD = ("VOIDED", "DELETED")
_ROUNDS_OF_CALM = 30
_FIRST_YEAR = timedelta(days=300)


class BrokenError(AssertionError):
    """A history that must not be: what is wrong, how to play it again, and what happened."""


class History:
    """What one seed makes happen. The ledger is open; each history has a tenant and numbers of its own in it."""

    def __init__(self, provider: str, seed: int, folder: Path, variant: Variant = SOUND) -> None:
        self.provider, self.seed, self.folder, self.variant = provider, seed, folder, variant
        self.random = Random(f"{provider} {seed}")
        self.books = BOOKS[provider]
        self.tenant = f"{provider}-{seed}"
        self.state = folder / f"{self.tenant}.sqlite3"
        self.time = SimulatedTime(self.random, LATE_MS)
        self.stage = Stage(self.time, self.random)
        self.core = self.books.core(self.state, self.time, self.random)
        self.wire = Wire(self.core, self.random, self.time.advance, self._event, self.books.kinds, self.books.paths)
        self.ahead = timedelta()  # of this machine's clock before the true time
        lag = self._declared()
        self.quiet = int(lag) + 3  # above what the sandbox declares: the clocks of workers differ by up to a second
        made = self.books.settings(folder / self.tenant)
        self.settings = replace(made, name=self.tenant, quiet_seconds=self.quiet)
        self.documents = self._drafted()
        self.foreign = {one.number for one in self.documents if self.random.random() < 0.1}
        self.credits = Credits(self.tenant, self.state, self.documents, self.foreign)
        self.lives: dict[int, int] = {}
        self.is_unsteady = False  # the clock is set while a push is under way

    def _declared(self) -> float:
        path = self.books.paths[0].replace("faults", "declaration")
        return float(self.wire.control("GET", path, {})["quiet_seconds"])

    def _drafted(self) -> list[Document]:
        made = []
        partners = self.random.randint(1, 3)
        for place in range(self.random.randint(2, 5)):
            net = self.random.randint(1, 2_000_000)
            one = document(place, self.random.randint(1, partners), tenant=self.tenant, currency=self.books.currency)
            number = f"{self.provider[0].upper()}{self.seed}-{place}"
            kind = CREDIT_NOTE if self.random.random() < 0.25 else INVOICE
            line = {"charge_id": f"CH-{number}", "unit_minor": net, "net_minor": net, **self.books.line}
            percent = line.get("tax_percent", one.lines[0].tax_percent)
            line["tax_minor"] = predict_tax_minor(net, percent, one.currency)
            made.append(replace(with_line(one, **line), number=number, kind=kind))
        return referring(made, self.seed) if self.provider == XERO else made

    def play(self) -> None:
        """All of it, and the judgement.

        Raises:
            BrokenError: a document is in the books twice, or lost, or believed to be what it is not.
        """
        crashpoints.watch(self._event)
        try:
            with self.wire.connected():
                self._begin()
                self._trouble()
                self._calm()
            self.judge(self.documents)
        finally:
            crashpoints.disarm()
            self.core.close()

    def _begin(self) -> None:
        if self.provider == QUICKBOOKS:
            consent_kit.agree(self.settings, qb.UK_COMPANY, self.time.now)
        system = self._system(timedelta())
        for number in sorted(self.foreign):
            (one,) = [one for one in self.documents if one.number == number]
            strange = replace(one, party=replace(one.party, partner_id="P-9", name="Somebody else"))
            answer = system.find_contacts([strange.party])
            assert not isinstance(answer, RetryLater)
            contact = answer["P-9"]
            if not isinstance(contact, ContactFound):
                contact = system.create_contacts([strange.party], "foreign", self.time.now() + _FIRST_YEAR)["P-9"]
            assert isinstance(contact, ContactFound), contact
            made = system.create([Submission(strange, contact.contact_id)], self.time.now() + _FIRST_YEAR)[number]
            assert isinstance(made, Booked), made
            self.time.advance(self.quiet * 1000)

    def _trouble(self) -> None:
        self.wire.chance = self.random.choice((0.2, 0.5, 0.8))
        left = list(self.documents)
        while left:
            count = self.random.randint(1, 3)
            approve(left[:count])
            del left[:count]
            for _ in range(self.random.choice((1, 1, 2))):
                if self._is_open():
                    self._workers(self.random.choice((1, 2)))
                    self.judge_on_the_way()
                self.time.advance(self.random.choice((0, 500, 5_000, 60_000, 400_000)))

    def _is_open(self) -> bool:
        return bool(outbox.items(self.tenant, OPEN) or allocations.items(self.tenant))

    def _workers(self, count: int) -> None:
        if count == 1:
            self._alone()
            return
        # Each has lost the other's lock, as when a server's connection ends, and has a clock of its own.
        skews = [timedelta(milliseconds=self.random.randint(-500, 500)) for _ in range(count)]
        fixed = [self.ahead + skew for skew in skews]
        self.stage.run(
            [lambda skew=skew, n=n: self._process(f"lock {n}", lambda: skew) for n, skew in enumerate(fixed)]
        )

    def _alone(self) -> None:
        """One worker, whose clock may be set before it begins, or while it works: then it lives till all is at rest."""
        if self.random.random() < 0.3:
            self._set_clock()
        self.is_unsteady = self.random.random() < (0.3 if self.variant.is_steady else 1)
        self.stage.run([lambda: self._process("lock", lambda: self.ahead)])
        if self.is_unsteady:
            self.time.advance(self.quiet * 1000)
        self.is_unsteady = False

    def _set_clock(self) -> None:
        """The machine's clock is put back at any time, and forward only while nothing is in doubt."""
        jump = timedelta(seconds=self.random.randint(-4000, 4000))
        items = [*outbox.items(self.tenant, OPEN), *allocations.items(self.tenant)]
        pending = [how for how in read("contact_link", "tenant = ?", [self.tenant])["how"] if how.startswith("crea")]
        if jump < timedelta() or not (pending or any(item.first_sent is not None for item in items)):
            self.ahead += jump
            self.wire.log.append(f"the clock is set by {jump}")

    def _system(self, ahead: timedelta | Callable[[], timedelta]) -> AccountingSystem:
        settings = self.settings
        clock = self._clock(ahead)
        system = connect(settings, clock, self.stage.sleep, self._seconds)
        return Crippled(system, self.variant, self.random) if self.variant != SOUND else system  # type: ignore[return-value]

    def _seconds(self) -> float:
        return self.time.now_ms() / 1000

    def _clock(self, ahead: timedelta | Callable[[], timedelta]) -> Callable[[], datetime]:
        return lambda: self.time.now() + (ahead if isinstance(ahead, timedelta) else ahead())

    def _process(self, lock: str, ahead: Callable[[], timedelta]) -> None:
        """One run of the command."""
        is_mortal = self.wire.chance and self.random.random() < 0.6 and not self.is_unsteady
        self.lives[self.stage.who()] = self.random.randint(1, 60) if is_mortal else -1
        self.wire.log.append(f"a push begins ({lock})")
        try:
            result = push(
                self._system(ahead),
                store=self.folder / f"{self.tenant} {lock}",
                clock=self._clock(ahead),
                sleep=self.stage.sleep,
                until_done=self.random.random() < 0.5,
                pool=InOrder,
                monotonic=self._seconds if self.variant.is_steady else None,
            )
            self.wire.log.append(f"the push ends: {result}")
        except KilledError:
            self.wire.log.append("the push is killed")
            raise
        except (SetupError, StoreError) as error:
            self.wire.log.append(f"the push gives up: {error}")

    def _event(self, name: str) -> None:
        """A point or a call: the process may end here, stall, or another may go on."""
        if not self.wire.chance:
            return
        me = self.stage.who()
        if self.is_unsteady and self.random.random() < (0.5 if name in _IN_DOUBT else 0.05):
            jump = timedelta(seconds=self.random.randint(-4000, 4000))
            self.ahead += jump
            self.wire.log.append(f"  the clock is set by {jump} at {name}")
        if name != "wire:before":
            if self.random.random() < (0.15 if name in _BEFORE_THE_WIRE else 0.02):
                self.wire.log.append(f"  {me} stalls at {name}")
                self.stage.sleep(self.random.choice((1, self.quiet, self.quiet * 3)))
            self.stage.may_hand_over(0.3)
        self.lives[me] = self.lives.get(me, -1) - 1
        if self.lives[me] == 0:
            self.wire.log.append(f"  {me} is killed at {name}")
            raise KilledError

    def _calm(self) -> None:
        """Nothing goes wrong any more, and a person sends refused documents again."""
        self.wire.chance = 0
        self.wire.control("DELETE", self.books.paths[0], {})
        for _ in range(_ROUNDS_OF_CALM):
            refused = [item.document_id for item in outbox.items(self.tenant, [State.REJECTED])]
            outbox.retry_rejected(refused, self.time.now())
            refused = [item.document_id for item in allocations.items(self.tenant, [State.REJECTED])]
            allocations.retry_rejected(refused, self.time.now())
            if not self._is_open():
                break
            self.stage.run([lambda: self._process("lock", lambda: self.ahead)])
            self.judge_on_the_way()
            self.time.advance(3_600_000)
        self.time.advance(self.quiet * 1000)

    def judge_on_the_way(self) -> None:
        """What must never be, whatever is still to come."""
        held = self._held()
        for item in outbox.items(self.tenant):
            count = len(held.get(item.number, []))
            if count > 1:
                self._broken(f"{item.number} is in the books {count} times: a duplicate")
            if item.state is State.REJECTED and count and item.number not in self.foreign:
                self._broken(f"{item.number} is in the books and Rejected: {item.detail}")
        for fault in self.credits.faults_on_the_way():
            self._broken(fault)

    def judge(self, documents: Sequence[Document]) -> None:
        """What must be in the end: every document once in the books with its total, or with a person."""
        self.judge_on_the_way()
        held = self._held()
        items = {item.number: item for item in outbox.items(self.tenant)}
        receipts = {row["remote_number"]: row for row in self._receipts()}
        for one in documents:
            state, found = items[one.number].state, held.get(one.number, [])
            if one.number in self.foreign:
                if (state, len(found)) != (State.QUARANTINED, 1):
                    self._broken(f"{one.number}, another's number, is {state}: {items[one.number].detail}")
                continue
            if state is not State.DONE:
                self._broken(f"{one.number} is {state}: {items[one.number].detail}; {len(found)} in the books")
            if not found:
                self._broken(f"{one.number} is believed booked and is lost")
            ((key, total),) = found
            told = receipts[one.number]
            if (key, total, total) != (told["remote_id"], told["total_minor"], one.total.minor):
                self._broken(f"{one.number} is {total} in the books, {told} in the receipt, {one.total} as approved")
        contacts = {
            (one.party.partner_id, receipts[one.number]["contact_id"]) for one in documents if one.number in receipts
        }
        if len(contacts) != len({partner for partner, _ in contacts}):
            self._broken(f"a partner has two contacts: {contacts}")
        for fault in self.credits.faults():
            self._broken(fault)

    def _receipts(self) -> Iterator[dict[str, Any]]:
        frame = read("receipt", "remote_number LIKE ?", [f"{self.provider[0].upper()}{self.seed}-%"])
        return frame.iter_rows(named=True)

    def _held(self) -> dict[str, list[tuple[str, int]]]:
        """Living documents of the books: number → ids and totals in minor units."""
        kinds = (self.books.names[INVOICE], self.books.names[CREDIT_NOTE])
        sql = "select number, id, body from objects where kind in (?, ?) and status not in (?, ?)"
        found: dict[str, list[tuple[str, int]]] = {}
        for number, key, body in self._asked(sql, (*kinds, *_DEAD)):
            total = json.loads(body, parse_float=Decimal)[self.books.total]
            found.setdefault(number, []).append((key, int(Decimal(total) * 100)))
        return found

    def _asked(self, sql: str, values: tuple[str, ...]) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.state)) as db:
            return db.execute(sql, values).fetchall()

    def _broken(self, what: str) -> None:
        again = f"CONNECTOR_PUSH_SEED={self.seed} pytest -k {self.provider} tests/runs/test_runs_push_simulation.py"
        told = "\n".join(self.wire.log[-200:])
        raise BrokenError(f"{self.provider} {self.seed}: {what}\nplay it again: {again}\n{told}")
