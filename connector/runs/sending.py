"""Sending a run: every tenant it touches, one after the other, then reading back and tying out.

One tenant's trouble never stops another's. A run closes only when everything of it is in the books and ties.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import polars as pl

from connector import ledger
from connector.accounting.connect import Connect, connect
from connector.accounting.port import AccountingSystem
from connector.ledger import allocations, outbox
from connector.net.errors import SetupError
from connector.runs import store
from connector.runs.asking import Clock
from connector.runs.config import Config
from connector.runs.drift import booked_documents
from connector.runs.errors import USAGE, StopError
from connector.runs.known import read_partners
from connector.runs.push import Progress, PushResult, push
from connector.runs.reading_back import Books, ToImport, read_back
from connector.runs.tenants import system_of
from connector.runs.tieout import TieOut, tie_out


@dataclass(frozen=True)
class Sent:
    """What a push did.

    Attributes:
        results: by tenant.
        setup_faults: by tenant: a sentence and the next step, where nothing can work before a person acts.
        unread: tenants that could not be read back, and why.
        tied: the tie-out of every run that was touched, with the books' own figures where they were read.
        files: by tenant, where documents are written to files, those of the runs touched that a person has to import.
    """

    results: Mapping[str, PushResult]
    setup_faults: Mapping[str, tuple[str, str]]
    unread: Mapping[str, str]
    tied: tuple[TieOut, ...]
    files: Mapping[str, tuple[ToImport, ...]] = field(default_factory=dict)

    @property
    def remains(self) -> bool:
        """Whether something is still to be sent or decided."""
        open_ones = (
            result.waiting or result.rejected or result.quarantined or result.unapplied
            for result in self.results.values()
        )
        return any(open_ones) or bool(self.unread) or not all(tied.ties for tied in self.tied)

    def to_plain(self) -> dict[str, Any]:
        """What a push did, as JSON values; `tie_out` is the last run's, `tie_outs` has every run that was touched."""
        tied = [one.to_plain() for one in self.tied]
        faults = {name: {"message": one, "next_step": two} for name, (one, two) in self.setup_faults.items()}
        return {
            "run": tied[-1]["run"] if tied else "",
            "tenants": {name: self._result(name, result) for name, result in self.results.items()},
            "setup_faults": faults,
            "not_read_back": dict(self.unread),
            "files_to_import": {name: [asdict(one) for one in files] for name, files in self.files.items()},
            "tie_out": tied[-1] if tied else None,
            "tie_outs": tied,
        }

    def _result(self, name: str, result: PushResult) -> dict[str, Any]:
        """What became of a tenant's documents. Those that were written to a file are not called booked."""
        plain = asdict(result)
        if name not in self.files:
            return plain
        return {"written_to_file": plain.pop("booked"), "found_in_file": plain.pop("adopted"), **plain}


@dataclass(frozen=True)
class Wish:
    """What a push is asked to do.

    Attributes:
        run_id: the run to send and tie out; empty for every approved run that is not closed.
        by: who asks.
        until_done: wait out the limits of each minute.
        retry_rejected: send refused documents again.
    """

    run_id: str
    by: str
    until_done: bool = False
    retry_rejected: bool = False


def send(
    config: Config, wish: Wish, clock: Clock, report: Callable[[Progress], None], connect: Connect = connect
) -> Sent:
    """Send what is approved, oldest first, then read back and tie out every run that this touched.

    Whatever waits in the outbox is sent, also of other runs than the one asked for: their numbers are older.

    Raises:
        StopError: there is no such run, or it is not approved.
    """
    wanted = _wanted(wish.run_id)
    documents = ledger.read("document")
    if wish.retry_rejected:
        own = documents.filter(pl.col("run_id").is_in(wanted))
        _link_contacts(own, clock.now().date())
        outbox.retry_rejected(own["document_id"].to_list(), clock.now())
        allocations.retry_rejected(own["document_id"].to_list(), clock.now())
    waiting = {item.tenant for item in outbox.items(states=outbox.OPEN)}
    waiting |= {item.tenant for item in allocations.items()}
    tenants = {*waiting, *documents.filter(pl.col("run_id").is_in(wanted))["tenant"].to_list()}
    results: dict[str, PushResult] = {}
    faults: dict[str, tuple[str, str]] = {}
    systems: dict[str, AccountingSystem] = {}
    for name in sorted(tenants):
        try:
            systems[name] = system_of(config, name, clock, connect, lambda told: report(Progress(told, 0, 1)))
            if name in waiting:
                results[name] = _push(config, systems[name], wish, clock, report)
        except SetupError as error:
            faults[name] = (error.message, error.next_step)
            systems.pop(name, None)
    touched = documents.filter(pl.col("number").is_in(_settled(results)))["run_id"].to_list()
    runs = sorted({*wanted, *touched})
    books = read_back(booked_documents().filter(pl.col("run_id").is_in(runs)), systems, clock)
    tied = tuple(_tied(run, documents, {*books.unread, *faults}, books) for run in runs)
    for one in tied:
        _close(one, wish.by, clock)
    files = {name: books.to_import.get(name, ()) for name, system in systems.items() if system.capabilities.upload}
    return Sent(results, faults, books.unread, tied, files)


def _link_contacts(documents: pl.DataFrame, today: date) -> None:
    """Link the contacts that the partner master names by now, for documents approved before it did."""
    master = read_partners().filter((pl.col("valid_from") <= today) & pl.col("contact_id").is_not_null())
    current = master.sort("valid_from").unique("partner_id", keep="last")
    linked = documents.select("tenant", "partner_id").unique().join(current, on="partner_id").sort("partner_id")
    columns = linked.select("tenant", "partner_id", "contact_id", how=pl.lit("declared"))
    ledger.put("contact_link", columns.select(list(ledger.insert_schema("contact_link"))))


def _wanted(run_id: str) -> list[str]:
    """The runs to tie out."""
    if not run_id:
        return [state.run_id for state in store.run_states() if state.state == "approved"]
    state = store.state_of(run_id)
    if state.state in store.NOT_APPROVED:
        next_step = f"'connector show {state.run_id}', then 'connector approve {state.run_id}'."
        raise StopError(f"{state.run_id} is not approved", next_step, USAGE)
    return [state.run_id]


def _push(
    config: Config, system: AccountingSystem, wish: Wish, clock: Clock, report: Callable[[Progress], None]
) -> PushResult:
    return push(
        system,
        store=config.ledger,
        clock=clock.now,
        sleep=clock.sleep,
        until_done=wish.until_done,
        report=report,
        monotonic=clock.monotonic,
    )


def _settled(results: Mapping[str, PushResult]) -> list[str]:
    return [number for result in results.values() for number in (*result.booked, *result.adopted)]


def _tied(run: str, documents: pl.DataFrame, blind: set[str], books: Books) -> TieOut:
    """A run tied out, with the books' own figures where all of its tenants could be read."""
    own = documents.filter(pl.col("run_id") == run)
    if blind & {*own["tenant"].to_list()}:
        return tie_out(run)
    numbers = own["number"].to_list()
    standing = {one: books.standing[one] for one in numbers if one in books.standing}
    return tie_out(run, standing, {one: books.accepted[one] for one in numbers if one in books.accepted})


def _close(tied: TieOut, by: str, clock: Clock) -> None:
    if tied.complete and store.state_of(tied.run_id).state != "closed":
        with ledger.transaction():
            store.add_event(tied.run_id, "closed", clock.now(), by)
