"""Sending a run: every tenant it touches, one after the other, then reading back and tying out.

One tenant's trouble never stops another's. A run closes only when everything of it is in the books and ties.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from connector import ledger
from connector.accounting.connect import Connect, connect
from connector.accounting.port import AccountingSystem, RemoteDocument, RetryLater
from connector.domain.money import Money
from connector.ledger import outbox
from connector.net.errors import SetupError
from connector.runs import store
from connector.runs.config import Config
from connector.runs.errors import USAGE, StopError
from connector.runs.known import read_partners
from connector.runs.push import Progress, PushResult, push
from connector.runs.tieout import TieOut, tie_out


@dataclass(frozen=True)
class Clock:
    """Time, as the wiring hands it in: the moment in UTC, and a wait in seconds."""

    now: Callable[[], datetime]
    sleep: Callable[[float], None]


@dataclass(frozen=True)
class Sent:
    """What a push did.

    Attributes:
        results: by tenant.
        setup_faults: by tenant: a sentence and the next step, where nothing can work before a person acts.
        unread: tenants that could not be read back, and why.
        tied: the tie-out of every run that was touched, with the books' own figures where they were read.
    """

    results: Mapping[str, PushResult]
    setup_faults: Mapping[str, tuple[str, str]]
    unread: Mapping[str, str]
    tied: tuple[TieOut, ...]

    @property
    def remains(self) -> bool:
        """Whether something is still to be sent or decided."""
        open_ones = (result.waiting or result.rejected or result.quarantined for result in self.results.values())
        return any(open_ones) or bool(self.unread) or not all(tied.ties for tied in self.tied)


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
    waiting = {item.tenant for item in outbox.items(states=outbox.OPEN)}
    tenants = {*waiting, *documents.filter(pl.col("run_id").is_in(wanted))["tenant"].to_list()}
    results: dict[str, PushResult] = {}
    faults: dict[str, tuple[str, str]] = {}
    systems: dict[str, AccountingSystem] = {}
    for name in sorted(tenants):
        try:
            systems[name] = _system(config, name, clock, report, connect)
            if name in waiting:
                results[name] = _push(config, systems[name], wish, clock, report)
        except SetupError as error:
            faults[name] = (error.message, error.next_step)
            systems.pop(name, None)
    touched = documents.filter(pl.col("number").is_in(_settled(results)))["run_id"].to_list()
    runs = sorted({*wanted, *touched})
    remote, unread = _read_back(documents.filter(pl.col("run_id").is_in(runs)), systems, clock)
    blind = {*unread, *faults}
    tied = tuple(tie_out(run, _of_run(documents, run, blind, remote)) for run in runs)
    for one in tied:
        _close(one, wish.by, clock)
    return Sent(results, faults, unread, tied)


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


def _system(
    config: Config, name: str, clock: Clock, report: Callable[[Progress], None], connect: Connect
) -> AccountingSystem:
    if name not in config.tenants:
        raise SetupError(f"connector.yaml has no tenant {name}, which documents wait for", "Declare it again there.")

    def patiently(seconds: float) -> None:
        report(Progress(f"Waiting {seconds:.0f} s, to keep within the calls of a minute that {name} allows", 0, 1))
        clock.sleep(seconds)

    return connect(config.tenants[name], clock.now, patiently)


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
    )


def _settled(results: Mapping[str, PushResult]) -> list[str]:
    return [number for result in results.values() for number in (*result.booked, *result.adopted)]


def _of_run(
    documents: pl.DataFrame, run: str, blind: set[str], remote: Mapping[str, RemoteDocument]
) -> dict[str, RemoteDocument] | None:
    """What was read back of one run; None when a tenant of it could not be read."""
    own = documents.filter(pl.col("run_id") == run)
    if blind & set(own["tenant"].to_list()):
        return None
    return {number: remote[number] for number in own["number"].to_list() if number in remote}


def _close(tied: TieOut, by: str, clock: Clock) -> None:
    if tied.complete and store.state_of(tied.run_id).state != "closed":
        with ledger.transaction():
            store.add_event(tied.run_id, "closed", clock.now(), by)


def _read_back(
    documents: pl.DataFrame, systems: Mapping[str, AccountingSystem], clock: Clock
) -> tuple[dict[str, RemoteDocument], dict[str, str]]:
    """The booked documents as the books have them now, and the tenants that cannot be read.

    What is not there any more, is voided, or has another total is drift: it is noted, and left out of the figures.
    """
    receipts = ledger.read("receipt").select("document_id", booked_minor="total_minor")
    booked = receipts.join(documents, on="document_id").join(_own_taxes(), on="document_id", how="left")
    remote: dict[str, RemoteDocument] = {}
    unread: dict[str, str] = {}
    for name, system in systems.items():
        own = booked.filter(pl.col("tenant") == name)
        if own.is_empty():
            continue
        try:
            found = _found(system, own)
        except SetupError as error:
            unread[name] = error.message
            continue
        if isinstance(found, RetryLater):
            unread[name] = found.reason
            continue
        for row in own.iter_rows(named=True):
            drift = _drift(row, found.get(row["number"]), system.capabilities.adoptable)
            if drift:
                _note_drift(row["document_id"], drift, clock)
            else:
                remote[row["number"]] = found[row["number"]]
    return remote, unread


def _own_taxes() -> pl.DataFrame:
    """The documents whose tax the books computed themselves, and rightly so."""
    events = ledger.read("document_event").filter(pl.col("state") == "tax")
    return events.select("document_id", own_tax=pl.lit(value=True)).unique()


def _found(system: AccountingSystem, booked: pl.DataFrame) -> dict[str, RemoteDocument] | RetryLater:
    """What the books have under the numbers of these documents, kind by kind."""
    found: dict[str, RemoteDocument] = {}
    for (kind,), own in booked.group_by("kind", maintain_order=True):
        read = system.read_back(own["number"].to_list(), str(kind))
        if isinstance(read, RetryLater):
            return read
        found |= read
    return found


def _drift(row: Mapping[str, Any], found: RemoteDocument | None, live: frozenset[str]) -> str:
    """How a document in the books differs from the one that was approved; empty when it does not."""
    if found is None:
        return "it is not in the books any more"
    if found.status not in live:
        return f"it is {found.status} in the books"
    if found.others:
        return f"another one has its number in the books: {', '.join(found.others)}"
    expected = row["booked_minor"] if row["own_tax"] else row["total_minor"]
    if (found.currency, found.total_minor) != (row["currency"], expected):
        approved = Money(expected, row["currency"])
        return f"its total is {Money(found.total_minor, found.currency)} in the books, not {approved}"
    return ""


def _note_drift(document_id: str, drift: str, clock: Clock) -> None:
    known = ledger.read("document_event", "document_id = ? AND state = ?", [document_id, "drift"])["detail"].to_list()
    if drift not in known:
        outbox.record_event(document_id, "drift", drift, clock.now())
