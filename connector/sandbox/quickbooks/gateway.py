"""The way of a call: token, company, limits, faults, request id, work.

Owns that order. What a stranger would get wrong: a single call is one transaction together with the memory of its
answer; a batch is one transaction for each item, so that a call which is killed in the middle has done a part of it.
"""

import logging
import sqlite3
import uuid
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from connector.sandbox import atwork, faults, replies, store
from connector.sandbox.atwork import RealTime
from connector.sandbox.faults import NO_FAULT, Fault
from connector.sandbox.jsontext import Record
from connector.sandbox.quickbooks import (
    batch,
    early,
    errors,
    limits,
    lists,
    requestids,
    routes,
    settings,
    stamps,
    tokens,
)
from connector.sandbox.quickbooks.batch import Item
from connector.sandbox.quickbooks.companies import Company
from connector.sandbox.quickbooks.context import Context, preferences_of
from connector.sandbox.quickbooks.errors import Refused
from connector.sandbox.quickbooks.limits import MARK, THROTTLES, Call
from connector.sandbox.quickbooks.requestids import Repeatable
from connector.sandbox.quickbooks.routes import BATCH, Route
from connector.sandbox.quickbooks.settings import Switches
from connector.sandbox.replies import Reply, Request
from connector.sandbox.store import Store

SERVICE = "quickbooks"
MIDWAY = "error_500_midway"
TIMED_OUT = "timeout_504"
KINDS = (*faults.COMMON, *THROTTLES, MIDWAY, TIMED_OUT)
Answer = TypeVar("Answer")
_log = logging.getLogger(__name__)
_LATE = b"<html><head><title>504 Gateway Time-out</title></head><body><center><h1>504</h1></center></body></html>"


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call that may go ahead: whose it is, what applies to it, and what is to go wrong."""

    company: Company
    route: Route
    switches: Switches
    most_items: int
    fault: Fault
    arrived_ms: int


class Gateway:
    """Answers every call of this service; ``None`` means: drop the connection."""

    def __init__(self, held: Store, companies: Iterable[Company], time: RealTime) -> None:
        """Answer for those companies out of that state file."""
        self._store = held
        self._time = time
        self._companies = {company.realm: company for company in companies}
        self._slots = atwork.Slots()
        self._running = atwork.Running()
        with held.transaction() as db:
            lists.seed(db, self._companies.values())

    @staticmethod
    def owns(path: str) -> bool:
        """Whether a path is one of this service."""
        return path.rstrip("/") in tokens.PATHS or path.startswith("/v3/")

    def finish(self) -> None:
        """Wait for work that was to be committed late."""
        self._time.finish()

    def answer(self, request: Request) -> Reply | None:
        """The reply to a call, or ``None`` to drop its connection."""
        reply = self._about_tokens(request) if not request.path.startswith("/v3/") else self._about_books(request)
        return None if reply is None else reply.adding((("intuit_tid", str(uuid.uuid4())),))

    def _about_tokens(self, request: Request) -> Reply | None:
        with self._store.transaction() as db:
            store.count(db, f"{MARK}request {request.method} {request.path}")
            fault = faults.take(db, request, SERVICE, "", routes.ROOT) or NO_FAULT
            switches, now = settings.switches(db), store.now_ms(db)
            if fault.kind in ("drop_before", "late_commit"):
                return None
            refused = early.of_fault(fault, request, switches, now)
            reply = refused or tokens.answer(db, request, self._companies, switches)
        if fault.kind == "slow":
            self._time.sleep(float(max(fault.seconds, Decimal(0))))
        if fault.kind.startswith("error_500"):
            return errors.internal_error(now)
        return None if fault.kind == "reply_lost_after_commit" else reply

    def _about_books(self, request: Request) -> Reply | None:
        found = routes.route(request.path)
        if found is None:
            return replies.plain(404, "The sandbox has no such path")
        with self._store.transaction() as db:
            store.count(db, f"{MARK}request {request.method} {found.resource}")
            refused = tokens.check(db, request, found.realm)
            company = self._companies.get(found.realm)
            if refused is not None or company is None:
                return refused or errors.unauthorised(store.now_ms(db))
            most = settings.limits(db).second if settings.switches(db).second_limit == "concurrent" else 1_000_000
        with self._slots.take(SERVICE, found.realm, most) as is_free:
            admitted = self._admit(request, company, found, is_free=is_free)
            return self._faulty(request, admitted) if isinstance(admitted, Admitted) else admitted

    def _admit(self, request: Request, company: Company, found: Route, *, is_free: bool) -> Admitted | Reply:
        with self._store.transaction() as db:
            held, switches, now = settings.limits(db), settings.switches(db), store.now_ms(db)
            if not is_free:
                store.count(db, f"{MARK}breach concurrent")
                return limits.refusal(switches, switches.retry_after_seconds, now)
            items = batch.size(request) if found.resource == BATCH else 0
            refused = limits.admit(db, Call(found.realm, items, found.is_read(request.method)), held, switches)
            if refused is not None:
                return refused
            root = f"{routes.ROOT}{found.realm}/"
            fault = faults.take(db, request, SERVICE, found.realm, root) or NO_FAULT
        return Admitted(company, found, switches, held.batch_items, fault, now)

    def _faulty(self, request: Request, call: Admitted) -> Reply | None:
        """The call's reply, or what the fault ordered for it makes of that."""
        with self._store.transaction() as db:
            now = store.now_ms(db)
        if call.fault.kind == "drop_before":
            return None
        refused = early.of_fault(call.fault, request, call.switches, now) or early.of_careless(
            request, call.route, call.switches, now
        )
        if refused is not None:
            return refused
        if call.fault.kind == "late_commit":
            self._time.begin(lambda: self._once(request, call))
            return None
        reply = self._once(request, call)
        instead: dict[str, Reply | None] = {
            "error_500_after": errors.internal_error(now),
            MIDWAY: errors.internal_error(now),
            TIMED_OUT: Reply(504, _LATE, replies.HTML),
            "reply_lost_after_commit": None,
        }
        return instead.get(call.fault.kind, reply)

    def _once(self, request: Request, call: Admitted) -> Reply:
        with self._alone(request, call):
            self._time.sleep(_delay_seconds(call))
            try:
                return self._batch(request, call) if call.route.resource == BATCH else self._single(request, call)
            except Exception:  # noqa: BLE001  # whatever breaks is the 500 of the real service
                _log.exception("the sandbox broke on %s %s", request.method, request.target)
                with self._store.transaction() as db:
                    return errors.internal_error(store.now_ms(db))

    def _alone(self, request: Request, call: Admitted) -> AbstractContextManager[object]:
        """Wait until no other call with this request id is at work, if the switches say so."""
        key = request.query.get("requestid", "")
        if not key or call.switches.requestid_running == "execute":
            return nullcontext()
        return self._running.hold(call.company.realm, key, wait=True)

    def _single(self, request: Request, call: Admitted) -> Reply:
        key = request.query.get("requestid", "") if request.method == "POST" else ""
        is_kept = bool(key) and call.switches.requestid_single == "replay"
        digest = requestids.fingerprint(request.path, request.query.get("operation", ""), request.body.hex())
        asked = Repeatable(call.company.realm, key, digest, call.arrived_ms)
        with self._store.transaction() as db:
            now = store.now_ms(db)
            answer = requestids.recall(db, asked, call.switches) if is_kept else None
            if answer is None:
                answer = _savepoint(_context(db, call), lambda made: routes.perform(made, request, call.route))
                if is_kept and answer is not None:
                    requestids.remember(db, asked, answer)
        if answer is None:
            return replies.plain(405, f"{request.method} is not allowed here")
        if isinstance(answer, tuple):
            return errors.reply(answer, now)
        return replies.as_json(200, {**answer, "time": stamps.with_ms(now)})

    def _batch(self, request: Request, call: Admitted) -> Reply:
        with self._store.transaction() as db:
            now = store.now_ms(db)
        if request.method != "POST":
            return replies.plain(405, f"{request.method} is not allowed here")
        found = batch.items(request, call.most_items)
        if isinstance(found, tuple):
            return errors.reply(found, now)
        if call.fault.kind == MIDWAY:
            found = found[: len(found) // 2]
        requestid = request.query.get("requestid", "")
        answers = {item.bid: self._item(requestid, item, call) for item in batch.queries_first(found)}
        told = [batch.told(item, answers[item.bid]) for item in found]
        if call.switches.batch_order == "reversed":
            told.reverse()
        return replies.as_json(200, {"BatchItemResponse": told, "time": stamps.with_ms(now)})

    def _item(self, requestid: str, item: Item, call: Admitted) -> Record | Refused:
        """One item in a transaction of its own."""
        self._time.sleep(call.switches.latency_ms_per_item / 1000)
        is_kept = bool(requestid) and call.switches.requestid_batch != "ignore" and not isinstance(item.asked, str)
        key, digest = f"{requestid}{item.bid}", requestids.fingerprint(item.text)
        asked = Repeatable(call.company.realm, key, digest, call.arrived_ms)
        with self._store.transaction() as db:
            if is_kept:
                held = requestids.recall(db, asked, call.switches)
                if held is not None and call.switches.requestid_batch == "fault":
                    return (errors.business("The request was already processed"),)
                if held is not None:
                    return held
            answer = _savepoint(_context(db, call), lambda made: batch.perform(made, item))
            if is_kept:
                requestids.remember(db, asked, answer)
        return answer


def _context(db: sqlite3.Connection, call: Admitted) -> Context:
    return Context(db, call.company, preferences_of(db, call.company), call.switches, store.now_ms(db))


def _savepoint(context: Context, work: Callable[[Context], Answer]) -> Answer | Refused:
    """Do the work; what is refused leaves nothing behind."""
    if context.preferences.is_suspended:
        return (errors.suspended(),)
    context.db.execute("savepoint work")
    answer = work(context)
    if isinstance(answer, tuple):
        context.db.execute("rollback to work")
    context.db.execute("release work")
    return answer


def _delay_seconds(call: Admitted) -> float:
    """How long the work waits: what the fault orders, and what the latency switch says."""
    ordered = Decimal(0)
    if call.fault.kind in ("slow", "late_commit"):
        default = call.switches.late_commit_seconds if call.fault.kind == "late_commit" else Decimal(0)
        ordered = call.fault.seconds if call.fault.seconds >= 0 else default
    return float(ordered) + call.switches.latency_ms_per_call / 1000
