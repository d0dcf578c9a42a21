"""Sending a run: every tenant it touches, one after the other, then reading back and tying out.

One tenant's trouble never stops another's. A run closes only when everything of it is in the books and ties.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from connector import ledger
from connector.accounting.connect import connect
from connector.accounting.port import AccountingSystem, RemoteDocument, RetryLater, SetupError
from connector.ledger import outbox
from connector.ledger.outbox import State
from connector.runs import store
from connector.runs.config import Config
from connector.runs.errors import INPUT, StopError
from connector.runs.push import Progress, PushResult, push
from connector.runs.tieout import TieOut, tie_out

_OPEN = (State.READY, State.SENDING, State.RETRY)


@dataclass(frozen=True)
class Clock:
    """Time, as the wiring hands it in: the moment in UTC, and a wait in seconds."""

    now: Callable[[], datetime]
    sleep: Callable[[float], None]


@dataclass(frozen=True)
class Sent:
    """What a push of a run did.

    Attributes:
        run_id: the run.
        results: by tenant.
        setup_faults: by tenant: a sentence and the next step, where nothing can work before a person acts.
        unread: tenants that could not be read back, and why.
        tied: the tie-out, with the books' own figures where they were read.
    """

    run_id: str
    results: Mapping[str, PushResult]
    setup_faults: Mapping[str, tuple[str, str]]
    unread: Mapping[str, str]
    tied: TieOut

    @property
    def remains(self) -> bool:
        """Whether something is still to be sent or decided."""
        open_ones = (result.waiting or result.rejected or result.quarantined for result in self.results.values())
        return any(open_ones) or bool(self.unread) or not self.tied.ties


def send_run(
    config: Config,
    run_id: str,
    clock: Clock,
    *,
    until_done: bool,
    retry_rejected: bool,
    report: Callable[[Progress], None],
) -> Sent:
    """Send what is approved, oldest first, in every tenant that the run touches or that has something waiting.

    Args:
        config: the working folder.
        run_id: the run to tie out; it must be approved.
        clock: time.
        until_done: wait out the limits of each minute.
        retry_rejected: send the run's refused documents again.
        report: told what happens.

    Raises:
        StopError: there is no such run, or it is not approved.
    """
    state = store.state_of(run_id)
    if state.state == "planned":
        raise StopError(
            f"{state.run_id} is not approved",
            f"'connector show {state.run_id}', then 'connector approve {state.run_id}'.",
            INPUT,
        )
    own = ledger.read("document", "run_id = ?", [state.run_id])
    if retry_rejected:
        outbox.retry_rejected(own["document_id"].to_list(), clock.now())
    waiting = {item.tenant for item in outbox.items(states=_OPEN)}
    results: dict[str, PushResult] = {}
    faults: dict[str, tuple[str, str]] = {}
    systems: dict[str, AccountingSystem] = {}
    for name in sorted({*own["tenant"].to_list(), *waiting}):
        try:
            systems[name] = _system(config, name, clock)
            if name in waiting:
                results[name] = push(
                    systems[name],
                    store=config.ledger,
                    clock=clock.now,
                    sleep=clock.sleep,
                    until_done=until_done,
                    report=report,
                )
        except SetupError as error:
            faults[name] = (error.message, error.next_step)
            systems.pop(name, None)
    remote, unread = _read_back(own, systems)
    tied = tie_out(state.run_id, None if unread or faults else remote)
    sent = Sent(state.run_id, results, faults, unread, tied)
    if not sent.remains and not faults and state.state != "closed":
        with ledger.transaction():
            store.add_event(state.run_id, "closed", clock.now(), state.created_by)
    return sent


def _system(config: Config, name: str, clock: Clock) -> AccountingSystem:
    if name not in config.tenants:
        raise SetupError(f"connector.yaml has no tenant {name}, which documents wait for", "Declare it again there.")
    return connect(config.tenants[name], clock.now, clock.sleep)


def _read_back(
    own: pl.DataFrame, systems: Mapping[str, AccountingSystem]
) -> tuple[dict[str, RemoteDocument], dict[str, str]]:
    """The run's booked documents as the books have them now; tenants that cannot be read are told."""
    booked = ledger.read("receipt").join(own.select("document_id", "tenant", "number"), on="document_id")
    remote: dict[str, RemoteDocument] = {}
    unread: dict[str, str] = {}
    for name, system in systems.items():
        numbers: Sequence[str] = booked.filter(pl.col("tenant") == name)["number"].to_list()
        if not numbers:
            continue
        try:
            found = system.read_back(numbers)
        except SetupError as error:
            unread[name] = error.message
            continue
        if isinstance(found, RetryLater):
            unread[name] = found.reason
        else:
            remote |= found
    return remote, unread
