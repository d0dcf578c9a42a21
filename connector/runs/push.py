"""Sending what was approved: the push of one accounting tenant.

Safe to stop at any point and to run again: a document is in the books once. Two pushes of one tenant exclude each
other. A push waits for the remote to come to rest by itself; for limits it waits only when told to, never for a day.
"""

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime, timedelta

from connector.accounting.answers import RetryLater
from connector.accounting.port import AccountingSystem
from connector.ledger import Place, allocations, outbox, process_lock
from connector.ledger.outbox import OutboxItem
from connector.net.errors import SetupError
from connector.runs import push_apply
from connector.runs.crashpoints import reached
from connector.runs.push_result import Progress, PushResult, Refused, Waiting
from connector.runs.push_round import run_round
from connector.runs.push_work import LONGEST_WAIT, Work

__all__ = ["Progress", "PushResult", "Refused", "Waiting", "push"]

_ROUNDS_WITHOUT_PROGRESS = 3
_ROUNDS_WITHOUT_PROGRESS_UNTIL_DONE = 20
_NO_PROGRESS = "The accounting system settled nothing for several attempts; push again later."


def ignore(_progress: Progress) -> None:
    """Take a report and do nothing with it."""


def push(
    system: AccountingSystem,
    *,
    store: Place,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    until_done: bool = False,
    report: Callable[[Progress], None] = ignore,
    pool: Callable[[int], Executor] = ThreadPoolExecutor,
    monotonic: Callable[[], float] | None = None,
) -> PushResult:
    """Send a tenant's approved documents, and look up those of which it is not known whether they were booked.

    Args:
        system: the tenant's accounting system.
        store: the open ledger's place, where the lock is.
        clock: the time in UTC.
        sleep: takes seconds.
        until_done: wait out limits and short outages too.
        report: told what happens.
        pool: what makes so many calls at a time; a simulation hands in one that makes them in order.
        monotonic: seconds that only grow, so that setting the clock meanwhile does not shorten the quiet period.

    Raises:
        SetupError: credentials or addresses are wrong; what was settled until then stays settled.
        StoreError: another push of this tenant is under way, or the ledger cannot be written.
    """
    with process_lock(store, f"push {system.tenant}"):
        reached("push:locked")
        _release(system.tenant)
        reached("push:released")
        work = Work(system, clock, sleep, report, len(_open(system)), pool, monotonic)
        try:
            stop = _drain(work, until_done=until_done)
        except SetupError:
            _release(system.tenant)
            raise
        return _account(work, stop)


def _release(tenant: str) -> None:
    outbox.release_dead(tenant)
    allocations.release_dead(tenant)


def _open(system: AccountingSystem) -> list[OutboxItem]:
    return outbox.items(system.tenant, outbox.OPEN)


def _drain(work: Work, *, until_done: bool) -> RetryLater | None:
    """Go on until nothing is left, or return why not; credits are applied once no document is ready to be sent."""
    able = work.system.capabilities
    most = _ROUNDS_WITHOUT_PROGRESS_UNTIL_DONE if until_done else _ROUNDS_WITHOUT_PROGRESS
    idle = 0
    while idle < most:
        now = work.clock()
        hold = _hold(work, now)
        if hold is not None:
            if not until_done or hold.not_before - now > LONGEST_WAIT:
                return hold
            _wait(work, hold)
            continue
        due = outbox.claimable(work.system.tenant, now, able.batch_size * able.in_flight)
        ready = [] if _doubt(work, now) else [item for item in due if _ready_at(work, item, now) <= now]
        credit = [] if ready else push_apply.ready(work, now)
        if not ready and not credit:
            rest = _rest(work, now)
            if rest is None or rest.not_before - now > max(LONGEST_WAIT, able.quiet * 2):
                return rest
            _wait(work, rest)
            continue
        settled = work.tally.settled + work.tally.credited
        if ready:
            run_round(work, ready)
            reached("push:round")
        else:
            push_apply.run_round(work, credit)
        idle = 0 if work.tally.settled + work.tally.credited > settled else idle + 1
    return RetryLater(work.clock(), _NO_PROGRESS, whole_tenant=True)


def _hold(work: Work, now: datetime) -> RetryLater | None:
    """Why no call to the tenant has a chance now."""
    if work.stop is not None and work.stop.not_before > now:
        return work.stop
    work.stop = None
    stored = outbox.tenant_hold(work.system.tenant)
    return RetryLater(*stored, whole_tenant=True) if stored is not None and stored[0] > now else None


def _ready_at(work: Work, item: OutboxItem, now: datetime) -> datetime:
    """When a document may go on: its own time, and after the quiet period if it may have been sent."""
    waits = [now, item.not_before or now, item.lease_until or now]
    if item.first_sent is not None and item.last_sent is not None:
        waits.append(max(work.quiet_until(item.last_sent), now + work.unrest(item.document_id)))
    return max(waits)


def _doubt(work: Work, now: datetime) -> list[datetime]:
    """Until when nothing is sent, because it is not known of other documents whether they were booked."""
    if not work.system.capabilities.one_by_one:
        return []
    sent = [_ready_at(work, item, now) for item in _open(work.system) if item.first_sent is not None]
    return [when for when in sent if when > now]


def _rest(work: Work, now: datetime) -> RetryLater | None:
    """Until when the next document waits, and why; None when there is none."""
    pending = [(_ready_at(work, item, now), item.detail) for item in _open(work.system)]
    pending += push_apply.waits(work, now)
    if not pending:
        return None
    when, detail = min(pending)
    when = max([when, *_doubt(work, now)])
    return RetryLater(when, detail or "It is not known yet whether what was sent was booked.", whole_tenant=False)


def _wait(work: Work, until: RetryLater) -> None:
    left = max(until.not_before - work.clock(), timedelta())
    work.tell(f"Waiting {left.total_seconds():.0f} s: {until.reason}")
    work.sleep(left.total_seconds())


def _account(work: Work, stop: RetryLater | None) -> PushResult:
    now = work.clock()
    waiting = []
    pending = [(item.number, _ready_at(work, item, now), item.detail) for item in _open(work.system)]
    for number, when, detail in [*pending, *push_apply.pending(work, now)]:
        then = max(when, stop.not_before) if stop is not None and stop.whole_tenant else when
        reason = detail or ("" if stop is None else stop.reason)
        waiting.append(Waiting(number, then if then > now else None, reason))
    if stop is None or not waiting:
        return work.tally.result(tuple(waiting), "", None)
    return work.tally.result(tuple(waiting), stop.reason, stop.not_before if stop.not_before > now else None)
